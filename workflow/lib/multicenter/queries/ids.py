"""A query's id is made of what is asked, so that it can never stand for another question, whatever is lost."""

from __future__ import annotations

import hashlib
from base64 import b32encode
from collections.abc import Mapping

# What makes a query the same query in the next delivery, wherever its file, row and column went.
KEY = ["center", "patient_id", "table", "item", "variable", "kind", "which"]


def key_of(row: Mapping[str, str]) -> tuple[str, ...]:
    """Return a query's natural key."""
    return tuple(str(row[name]) for name in KEY)


def query_id(row: Mapping[str, str]) -> str:
    """Return the id of the query with this natural key: the center's code and ten letters and digits."""
    said = "\x1f".join(key_of(row)).encode()
    letters = b32encode(hashlib.sha256(said).digest()[:10]).decode()
    return f"{row['center']}-{letters[:5]}-{letters[5:10]}"
