"""Generate a simulated study: truth and extracts. SIMULATED DATA, see README.md.

    python resources/simulated/generate.py [--patients 512] [--centers 15] [--even] [--seed N] [--out DIR]

Without arguments it regenerates the study that is committed beside it. Same arguments, same content.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "workflow" / "lib")]

from kmm import values  # noqa: E402
from kmm.truth import draw_truth, write_truth  # noqa: E402
from kmm.truth_json import write_truth_json  # noqa: E402


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Generate a simulated study (truth and extracts).")
    parser.add_argument("--patients", type=int, default=values.SHIPPED_PATIENTS, help="eligible patients")
    parser.add_argument("--centers", type=int, default=values.SHIPPED_CENTERS)
    parser.add_argument("--even", action="store_true", help="as many patients in each center (default: as shipped)")
    parser.add_argument("--seed", type=int, default=values.SHIPPED_SEED)
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write into")
    parser.add_argument("--truth-only", action="store_true", help="write no extracts")
    args = parser.parse_args(argv)
    try:
        tables = draw_truth(args.seed, args.patients, args.centers, even=args.even)
    except ValueError as error:
        parser.error(str(error))
    write_truth(tables, args.out / "truth")
    write_truth_json(args.out / "truth.json", args.seed, args.patients, args.centers)
    if not args.truth_only:
        from kmm.dialects import write_extracts

        write_extracts(tables, args.out, args.seed, args.patients)
    return 0


if __name__ == "__main__":
    sys.exit(main())
