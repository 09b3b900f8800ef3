"""The codes of CNSR in ADTTE."""

EVENT, CENSORED, COMPETING = 0, 1, 2
