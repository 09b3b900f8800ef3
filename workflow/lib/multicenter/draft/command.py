"""`desk.py draft`: profile an extract that nobody has mapped, and draft its center file."""

from __future__ import annotations

import argparse
from pathlib import Path

SUFFIXES = (".csv", ".html", ".htm")


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
    from multicenter.draft.desk import Desk

    desk = Desk(args.desk)
    out = desk.target(args.center, args.out)
    desk.refuse_identifiers(args.center, args.files)
    tables = desk.read(args.files)
    delivery = desk.draft(args.center, tables)
    profile = desk.profile(tables, delivery)
    desk.write(delivery, out)
    if args.profile:
        desk.write_profile(profile, args.profile)
    print(desk.as_text(profile))
    if args.profile:
        print(f"\nProfile: {args.profile}")
    n = delivery.counts
    print(
        f"\nDraft: {out}\n{n['sure']} columns are mapped, {n['open']} are open; each says why. Answer those, then run."
    )
    return 0
