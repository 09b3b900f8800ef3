"""Encodings, separators, quotation marks, line ends, and damaged bytes."""

from __future__ import annotations

import csv
import io
import struct
import zipfile

import numpy as np
from mutate import NOTICE, RECOVER, Mutation, choose, delimited, kind

from extracts import BOMS, STATISTICAL, Extract, NotApplicable, Page, text_facts


def damaged(extract: Extract, name: str, data: bytes, told: str, blind: int = 0) -> Mutation:
    """The mutation that a file's other bytes are; blind: how many, if the judge must find out what they changed."""
    if data == extract.files[name]:
        raise NotApplicable("the same")
    return Mutation("", 0, extract, {**extract.files, name: data}, told, name, blind=blind)


def text_page(rng: np.random.Generator, extract: Extract) -> tuple[Page, str, bytes, str]:
    """A delimited page with its text, byte order mark and encoding."""
    page = choose(rng, delimited(extract).pages)
    mark, encoding, _, _ = text_facts(extract.files[page.file], page.config)
    return page, extract.files[page.file][len(mark) :].decode(encoding), mark, encoding


@kind(NOTICE)
def other_encoding(rng: np.random.Generator, extract: Extract) -> Mutation:
    page, text, _, encoding = text_page(rng, extract)
    target = choose(
        rng, [e for e in ("utf-8", "cp949", "utf-16", "utf-16-le", "utf-8-sig", "johab", "utf-32") if e != encoding]
    )
    try:
        data = text.encode(target)
    except UnicodeEncodeError as error:
        raise NotApplicable(str(error)) from error
    return damaged(extract, page.file, data, f"{encoding} -> {target}")


@kind(RECOVER)
def byte_order_mark(rng: np.random.Generator, extract: Extract) -> Mutation:
    page, text, mark, encoding = text_page(rng, extract)
    if encoding != "utf-8":
        raise NotApplicable("not Unicode")
    data = text.encode(encoding) if mark else BOMS["utf-8"] + text.encode(encoding)
    return damaged(extract, page.file, data, "byte order mark " + ("removed" if mark else "added"))


@kind(NOTICE)
def mark_of_another_encoding(rng: np.random.Generator, extract: Extract) -> Mutation:
    page, text, _, encoding = text_page(rng, extract)
    mark = choose(rng, [m for e, m in BOMS.items() if e != "utf-8" or encoding != "utf-8"])
    return damaged(extract, page.file, mark + text.encode(encoding), f"{mark!r} before {encoding}")


@kind(NOTICE)
def decoded_wrongly(rng: np.random.Generator, extract: Extract) -> Mutation:
    """Someone opened the file in another encoding and saved it in the right one."""
    page, text, mark, encoding = text_page(rng, extract)
    wrong = choose(rng, ["latin-1", "cp1252", "utf-8", "cp949"])
    try:
        data = mark + text.encode(encoding).decode(wrong, "replace").encode(encoding, "replace")
    except LookupError as error:
        raise NotApplicable(str(error)) from error
    if text.isascii():
        raise NotApplicable("ASCII")
    return damaged(extract, page.file, data, f"read as {wrong}")


@kind(NOTICE)
def other_separator(rng: np.random.Generator, extract: Extract) -> Mutation:
    page, text, mark, encoding = text_page(rng, extract)
    separator = text_facts(extract.files[page.file], page.config)[2]
    other = choose(rng, [s for s in ",;\t|" if s != separator])
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    stream = io.StringIO()
    csv.writer(stream, delimiter=other, lineterminator="\r\n").writerows(rows)
    return damaged(extract, page.file, mark + stream.getvalue().encode(encoding), f"{separator!r} -> {other!r}")


@kind(NOTICE)
def quotation_mark(rng: np.random.Generator, extract: Extract) -> Mutation:
    """A stray quotation mark at the beginning of a cell, or one of a pair left out."""
    page, text, mark, encoding = text_page(rng, extract)
    separator = text_facts(extract.files[page.file], page.config)[2]
    marks = [i for i, c in enumerate(text) if c == '"']
    starts = [i for i, c in enumerate(text) if c in (separator, "\n")][:-1]
    if marks and rng.integers(2):
        at = choose(rng, marks)
        text = text[:at] + text[at + 1 :]
    else:
        at = choose(rng, starts) + 1
        text = text[:at] + '"' + text[at:]
    line = text.count("\n", 0, at) + 1
    return damaged(extract, page.file, mark + text.encode(encoding), f"quotation mark in line {line}", 1)


@kind(RECOVER)
def line_ends(rng: np.random.Generator, extract: Extract) -> Mutation:
    page, text, mark, encoding = text_page(rng, extract)
    lines = text.replace("\r\n", "\n").split("\n")
    ends = choose(rng, [["\n"], ["\r\n"], ["\r"], ["\n", "\r\n"], ["\n\n"], ["\r\n\r\n"], ["\r\r\n"]])
    data = "".join(line + ends[i % len(ends)] for i, line in enumerate(lines[:-1]))
    return damaged(extract, page.file, mark + data.encode(encoding), f"line ends {ends}")


@kind(RECOVER)
def all_cells_quoted(rng: np.random.Generator, extract: Extract) -> Mutation:
    page, text, mark, encoding = text_page(rng, extract)
    _, _, separator, end = text_facts(extract.files[page.file], page.config)
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    stream = io.StringIO()
    csv.writer(stream, delimiter=separator, lineterminator=end, quoting=csv.QUOTE_ALL).writerows(rows)
    return damaged(extract, page.file, mark + stream.getvalue().encode(encoding), "all cells quoted")


@kind(RECOVER)
def last_line_end(rng: np.random.Generator, extract: Extract) -> Mutation:
    page, text, mark, encoding = text_page(rng, extract)
    stripped = text.rstrip("\r\n") + choose(rng, ["", "\n\n\n", "\r\n \r\n", "\x1a"])
    return damaged(extract, page.file, mark + stripped.encode(encoding), f"ends with {stripped[-4:]!r}")


def any_file(rng: np.random.Generator, extract: Extract) -> tuple[str, bytes]:
    name = choose(rng, extract.files)
    return name, extract.files[name]


@kind(NOTICE)
def cut_off(rng: np.random.Generator, extract: Extract) -> Mutation:
    name, data = any_file(rng, extract)
    size = int(rng.integers(1, len(data)))
    return damaged(extract, name, data[:size], f"cut off at byte {size} of {len(data)}", 100)


@kind(NOTICE)
def cut_off_near_the_end(rng: np.random.Generator, extract: Extract) -> Mutation:
    name, data = any_file(rng, extract)
    size = len(data) - int(rng.integers(1, 200))
    return damaged(extract, name, data[:size], f"cut off at byte {size} of {len(data)}", 100)


@kind(NOTICE)
def bits_flipped(rng: np.random.Generator, extract: Extract) -> Mutation:
    name, data = any_file(rng, extract)
    changed, n = bytearray(data), int(rng.integers(1, 5))
    for at in rng.integers(0, len(data), n):
        changed[at] ^= 1 << int(rng.integers(8))
    return damaged(extract, name, bytes(changed), f"{n} bits flipped", n)


@kind(NOTICE)
def bytes_replaced(rng: np.random.Generator, extract: Extract) -> Mutation:
    name, data = any_file(rng, extract)
    at, n = int(rng.integers(len(data))), int(rng.integers(1, 9))
    new = data[:at] + rng.bytes(n) + data[at + n :]
    return damaged(extract, name, new[: len(data)], f"{n} bytes replaced at {at}", n)


@kind(NOTICE)
def bytes_inserted(rng: np.random.Generator, extract: Extract) -> Mutation:
    name, data = any_file(rng, extract)
    at, n = int(rng.integers(len(data))), int(rng.integers(1, 9))
    return damaged(extract, name, data[:at] + rng.bytes(n) + data[at:], f"{n} bytes inserted at {at}", n)


@kind(NOTICE)
def bytes_removed(rng: np.random.Generator, extract: Extract) -> Mutation:
    name, data = any_file(rng, extract)
    at, n = int(rng.integers(len(data))), int(rng.integers(1, 9))
    return damaged(extract, name, data[:at] + data[at + n :], f"{n} bytes removed at {at}", n)


@kind(NOTICE)
def block_of_zeros(rng: np.random.Generator, extract: Extract) -> Mutation:
    name, data = any_file(rng, extract)
    size = int(choose(rng, [16, 512, 4096]))
    at = int(rng.integers(max(1, len(data) - size)))
    return damaged(
        extract, name, data[:at] + b"\0" * min(size, len(data) - at) + data[at + size :], f"{size} zeros at {at}", size
    )


@kind(NOTICE)
def repeated_block(rng: np.random.Generator, extract: Extract) -> Mutation:
    name, data = any_file(rng, extract)
    at, size = int(rng.integers(len(data))), int(choose(rng, [64, 512, 4096]))
    return damaged(extract, name, data[:at] + data[at : at + size] + data[at:], f"{size} bytes at {at} twice", size)


def binary(rng: np.random.Generator, extract: Extract, formats: tuple[str, ...]) -> tuple[str, bytes]:
    page = extract.pages[0]
    if page.format not in formats:
        raise NotApplicable("another format")
    return page.file, extract.files[page.file]


@kind(NOTICE)
def statistical_header(rng: np.random.Generator, extract: Extract) -> Mutation:
    """Bytes of the header of a statistical package's file."""
    name, data = binary(rng, extract, STATISTICAL)
    changed, n = bytearray(data), int(rng.integers(1, 9))
    for at in rng.integers(0, int(choose(rng, [200, 1000, 8000])), n):
        changed[at] = int(rng.integers(256))
    return damaged(extract, name, bytes(changed), f"{n} bytes of the header", n)


@kind(NOTICE)
def statistical_count(rng: np.random.Generator, extract: Extract) -> Mutation:
    """A number in the header of a statistical package's file becomes huge, zero or negative."""
    name, data = binary(rng, extract, STATISTICAL)
    at = int(rng.integers(0, 2000)) // 4 * 4
    size = int(choose(rng, [2, 4, 8]))
    number = choose(rng, [0, 1, 2 ** (8 * size - 1) - 1, 2 ** (8 * size) - 1, 2 ** (8 * size - 2), 65535])
    new = int(number).to_bytes(size, choose(rng, ["little", "big"]))
    return damaged(extract, name, data[:at] + new + data[at + size :], f"{number} at {at} ({size} bytes)", 2 * size)


@kind(NOTICE)
def old_workbook_header(rng: np.random.Generator, extract: Extract) -> Mutation:
    """Bytes of the header, the sector table or the directory of an old workbook."""
    name, data = binary(rng, extract, ("xls",))
    changed, n = bytearray(data), int(rng.integers(1, 5))
    directory = 512 * (1 + struct.unpack_from("<I", data, 48)[0])
    start = int(choose(rng, [0, directory, 512 * (1 + struct.unpack_from("<I", data, 76)[0])]))
    for at in rng.integers(start, min(start + 512, len(data)), n):
        changed[at] = int(rng.integers(256))
    return damaged(extract, name, bytes(changed), f"{n} bytes at {start}", n)


def rezipped(extract: Extract, change: dict[str, bytes | None]) -> Mutation:
    """A workbook with members changed (None: removed)."""
    name = extract.pages[0].file
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(extract.files[name])) as old,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for item in old.namelist():
            data = change.get(item, old.read(item))
            if data is not None:
                new.writestr(item, data)
    told = ", ".join(f"{item} {'removed' if data is None else 'damaged'}" for item, data in change.items())
    return damaged(extract, name, stream.getvalue(), told, 100)


def members(extract: Extract) -> dict[str, bytes]:
    if extract.pages[0].format != "xlsx":
        raise NotApplicable("no xlsx")
    with zipfile.ZipFile(io.BytesIO(extract.files[extract.pages[0].file])) as archive:
        return {item: archive.read(item) for item in archive.namelist()}


@kind(NOTICE)
def member_removed(rng: np.random.Generator, extract: Extract) -> Mutation:
    return rezipped(extract, {choose(rng, members(extract)): None})


@kind(NOTICE)
def member_cut_off(rng: np.random.Generator, extract: Extract) -> Mutation:
    """A part of the workbook ends early although its check sum is right."""
    parts = members(extract)
    name = choose(
        rng, [item for item in parts if item.endswith(".xml") and "docProps" not in item and "theme" not in item]
    )
    return rezipped(extract, {name: parts[name][: int(rng.integers(len(parts[name])))]})


@kind(NOTICE)
def member_damaged(rng: np.random.Generator, extract: Extract) -> Mutation:
    """Bytes of a part's XML are replaced although its check sum is right."""
    parts = members(extract)
    name = choose(rng, [item for item in parts if item.endswith((".xml", ".rels"))])
    data, n = bytearray(parts[name]), int(rng.integers(1, 5))
    for at in rng.integers(0, len(data), n):
        data[at] = int(rng.integers(32, 127))
    mutation = rezipped(extract, {name: bytes(data)})
    mutation.blind = n
    return mutation
