"""`desk.py draft`: profile an extract that nobody has mapped, and draft its center file."""

from __future__ import annotations

import argparse
from pathlib import Path

from multicenter.errors import StudyError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="the files of one delivery, as they came")
    parser.add_argument("--center", required=True, metavar="XX", help="the center's code: letters, digits and _")
    parser.add_argument("--out", type=Path, metavar="YAML", help="the draft (config/centers/XX.yaml if left out)")
    parser.add_argument(
        "--profile", type=Path, metavar="FILE", help="also write the profile: profile.csv or profile.html"
    )


def run(args: argparse.Namespace) -> int:
    """Print the profile, write the draft; returns 0. Raises StudyError for what a person has to mend."""
    from multicenter.draft.desk import Drafting
    from multicenter.draft.report import as_text, write_profile

    drafting = Drafting(args.desk)
    out = drafting.target(args.center, args.out)
    if (
        args.profile
        and args.profile.exists()
        and any(args.profile.samefile(file) for file in args.files if file.exists())
    ):
        raise StudyError(f"{args.profile}: is a file of the delivery. Give --profile another name.")
    drafting.refuse_identifiers(args.center, args.files)
    tables = drafting.read(args.files)
    delivery = drafting.draft(args.center, tables)
    profile = drafting.profile(tables, delivery)
    if args.profile:
        write_profile(profile, args.profile)
    drafting.write(delivery, out)
    print(as_text(profile))
    if args.profile:
        print(f"\nProfile: {args.profile}")
    n = delivery.counts
    print(
        f"\nDraft: {out}\n{n['sure']} columns are mapped, {n['open']} are open; each says why. Answer those, then run."
    )
    return 0
