"""A draft as the text of a center file, every proposal with its confidence and its reason beside it."""

from __future__ import annotations

from typing import Any

import yaml

from multicenter.draft.draft import Delivery, Draft
from multicenter.draft.propose import Candidate, Proposal
from multicenter.errors import StudyError
from multicenter.harmonize.check_open import WHY

WIDTH = 120
DROP = {"drop": WHY}


class _Flow(yaml.SafeDumper):
    """Dumps on one line; no anchors, `~` for nothing."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


_Flow.add_representer(type(None), lambda dumper, _: dumper.represent_scalar("tag:yaml.org,2002:null", "~"))


def center_file(delivery: Delivery) -> str:
    """The text of the draft."""
    n = delivery.counts
    read = {source.found.raw.file for source in delivery.sources}
    unread = {file: "; ".join(what.values()) for file, what in delivery.ignored.items() if file not in read}
    lines = [
        f"# Draft: {n['sure']} columns are mapped, {n['open']} are open. Comments give confidence (0 to 1) and reason.",
        "# Write the answer in the place of each `open:` block (one of its lines, or {drop: why}); no run begins",
        "# while one is left. A `?` is what only the hospital knows.",
        *(
            f"# open: {_plain(f'{file}: {what}')} Map it, or take it out of the extracts."
            for file, what in unread.items()
        ),
        f"center: {flow(delivery.center)}",
        "sources:",
    ]
    for source in delivery.sources:
        lines += _source(source, delivery)
    return "\n".join(lines) + "\n"


def flow(value: Any) -> str:
    """A value as YAML on one line."""
    if isinstance(value, str) and "\n" in value:
        raise StudyError(f"{value!r} holds a line break. Rename it in the file")
    text = yaml.dump(value, Dumper=_Flow, default_flow_style=True, allow_unicode=True, width=10**6, sort_keys=False)
    return text.removesuffix("\n").removesuffix("\n...").strip()


def _source(source: Draft, delivery: Delivery) -> list[str]:
    raw = source.found.raw
    lines = [f"  {flow(source.name)}:"]
    if delivery.several_files:
        lines.append(f"    file: {flow(raw.file)}")
    for name, value in source.found.source.items():
        note = "  # open: are the lines from this one on no patients?" if name == "ends_before" else ""
        lines.append(f"    {name}: {flow(value)}{note}")
    ignored = delivery.ignored.get(raw.file, {})
    first = next(s for s in delivery.sources if s.found.raw.file == raw.file)
    if ignored and source is first:
        lines.append("    ignore_sheets:")
        lines += [f"      {flow(sheet)}: {{open: []}}  # open: {_plain(what)}" for sheet, what in ignored.items()]
    if source.row_is != "patient":
        lines.append(f"    row_is: {source.row_is}  # the ids stand more than once")
    lines += _ident(source)
    if source.missing:
        lines.append(f"    missing: {flow(source.missing)}")
    if source.number:
        lines.append(f"    number: {flow(source.number)}")
    if source.repeats:
        lines.append(
            f"    # {source.repeats} ids stand twice: a decision `duplicates` is needed (see config/README.md)"
        )
    lines.append("    columns:")
    for header, proposal in source.proposals.items():
        lines += column_lines(header, proposal)
    return lines


def _ident(source: Draft) -> list[str]:
    if not source.id_ask:
        return [f"    id: {flow(source.id_column)}"]
    candidates = [source.id_column, *source.id_others] if source.id_column else []
    return [f"    # open: {source.id_ask}", f"    id: {{open: {flow(candidates)}}}"]


def column_lines(header: str, proposal: Proposal) -> list[str]:
    """A column of the draft: what it becomes and why, or what it may be, in the order of the scores."""
    key = flow(header)
    if proposal.sure:
        spec = _short(proposal.spec)
        note = f"# sure {proposal.confidence:.2f}: {_plain('; '.join(proposal.why))}"
        if not isinstance(spec, list):
            return _beside(f"      {key}: {flow(spec)}", note)
        return [f"      {note}", f"      {key}:", *(f"        - {flow(part)}" for part in spec)]
    asks = _plain("; ".join(proposal.ask))
    lines = [f"      # open: {asks}", f"      {key}:", "        open:"]
    likeliest = sorted(enumerate(proposal.candidates), key=lambda pair: -round(pair[1].confidence, 2))
    for n, candidate in likeliest:
        note = f"# {candidate.confidence:.2f} {_plain(_reason(candidate))}"
        for spec in [proposal.spec if n == 0 else candidate.fit.spec, *candidate.fit.others]:
            lines += _beside(f"          - {flow(_short(spec))}", note)
    lines.append(f"          - {flow(DROP)}")
    return lines


def _reason(candidate: Candidate) -> str:
    return "; ".join([candidate.name.why, *candidate.fit.why])


def _short(spec: Any) -> Any:
    """A target without anything but its address is the address."""
    if isinstance(spec, dict) and set(spec) == {"to"}:
        return spec["to"]
    return spec


def _beside(line: str, note: str) -> list[str]:
    if len(line) + len(note) + 2 <= WIDTH:
        return [f"{line}  {note}"]
    indent = " " * (len(line) - len(line.lstrip()))
    return [f"{indent}{note}", line]


def _plain(text: str) -> str:
    """A comment's text: on one line, and without what cannot be printed."""
    return "".join(c if c.isprintable() else "�" for c in " ".join(text.split()))
