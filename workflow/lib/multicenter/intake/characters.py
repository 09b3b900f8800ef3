"""Characters that nobody sees and that make two equal texts differ."""

from __future__ import annotations

import re

INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")  # soft hyphen, zero-width blanks and joiners, marks
