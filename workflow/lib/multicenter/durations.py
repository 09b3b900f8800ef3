"""How days become months and years: in one place, and only when a duration is shown or an expression asks for it."""

DAYS_PER_MONTH = 30.4375
DAYS_PER_YEAR = 365.25
