"""What can happen to a value or row that a finding is about."""

from __future__ import annotations

SET_MISSING, KEPT, IMPUTED, ROW_DROPPED, FLAGGED = "set_missing", "kept", "imputed", "row_dropped", "flagged"
ACTIONS = (SET_MISSING, KEPT, IMPUTED, ROW_DROPPED, FLAGGED)
