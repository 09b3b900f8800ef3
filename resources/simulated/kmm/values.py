"""Calibration values of the simulated study. Every number here is an ASSUMPTION, chosen so that the simulated study
looks like the published one; none is a finding about patients, hospitals or drugs.

The published abstract gives only: 512 patients, 359 without and 153 with maintenance, 104/33/16 by drug, median
progression-free survival 26.4 and 44.1 months, and the direction of the adjusted associations.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np

from multicenter.simulate.assign import apportion

DAYS_PER_MONTH = 30.4375
SHIPPED_PATIENTS = 512
SHIPPED_CENTERS = 15
# Chosen by search_seed.py; how and among how many: seed_search.log.
SHIPPED_SEED = 214


@dataclass(frozen=True)
class Center:
    """One hospital: eligible patients in the shipped study, data cut, LDH upper limit, how it writes pseudonyms."""

    code: str
    size: int
    cut: date
    ldh_uln: int
    patient_id: str
    fish: bool = True


CENTERS = (
    Center("SMC", 85, date(2022, 9, 30), 250, "SMC_{n}"),
    Center("SSMH", 80, date(2022, 6, 30), 450, "{n}"),
    Center("CNUHH", 70, date(2023, 6, 30), 225, "{n:04d}"),
    Center("SNUH", 50, date(2022, 3, 31), 225, "S{n:03d}"),
    Center("NCC", 40, date(2022, 12, 31), 240, "{m}"),
    Center("SNUBH", 35, date(2023, 3, 31), 225, "{n}"),
    Center("KUAH", 30, date(2022, 1, 31), 250, "KUA-{n:03d}"),
    Center("JBUH", 22, date(2021, 12, 31), 480, "JB{n:03d}"),
    Center("DSMC", 20, date(2022, 2, 28), 250, "{n}"),
    Center("CNUH", 18, date(2021, 12, 31), 250, "{n:03d}"),
    Center("DAUH", 16, date(2022, 4, 30), 450, "D-{n}"),
    Center("KUGH", 14, date(2023, 6, 30), 250, "KUG{n:03d}"),
    Center("WKUH", 12, date(2022, 5, 31), 225, "W{n:02d}", fish=False),
    Center("KUASH", 11, date(2023, 5, 31), 250, "KUAS-{n:02d}"),
    Center("HPH", 9, date(2023, 6, 30), 240, "H{n:02d}"),
)

# Not eligible, in the order in which the protocol asks: (reason, patients in the shipped study).
EXCLUSIONS = (
    ("NON_VTD", 31),
    ("PD_BEFORE_ASCT", 9),
    ("COMBINATION", 6),
    ("NO_ASCT_DATE", 5),
    ("NO_FOLLOW_UP", 6),
    ("ALLO_FIRST", 2),
    ("AL", 2),
    ("PCL", 1),
)
SHIPPED_EXCLUDED = sum(count for _, count in EXCLUSIONS)
SHIPPED_MAINTAINED = 153
SHIPPED_DRUGS = (104, 33, 16)
SHIPPED_TANDEM = 30
SHIPPED_SALVAGE = 22
GROUPS = ("NONE", "THAL", "LEN", "PI")

# Reimbursement in Korea: ASCT covered below 65 years, below 70 from this date on.
AGE_LIMIT_RAISED = date(2019, 9, 1)
SELF_PAID_ABOVE_LIMIT = 0.03
# Ixazomib could be had from about then.
IXAZOMIB_FROM = date(2017, 7, 1)

AGE_QUANTILES = ((0.0, 0.05, 0.25, 0.50, 0.75, 0.95, 1.0), (29.6, 44.0, 52.0, 58.0, 62.4, 66.8, 69.8))
ISS = (0.31, 0.38, 0.31)
HIGH_RISK_BY_ISS = (0.145, 0.175, 0.225)
LDH_HIGH_BY_ISS = (0.10, 0.12, 0.205)
CREATININE_HIGH_BY_ISS = (0.02, 0.06, 0.265)
PLASMACYTOMA = (0.80, 0.15, 0.05)
CYCLES = ((4, 5, 6), (0.66, 0.12, 0.22))
PRE_BY_CYCLES = {"four": (0.103, 0.42, 0.43, 0.027, 0.02), "more": (0.305, 0.365, 0.30, 0.018, 0.012)}
POST_LEVELS = ("CR", "VGPR", "PR", "MR", "SD", "PD")
POST_BY_PRE = (
    (0.96, 0.04, 0.00, 0.000, 0.000),
    (0.46, 0.47, 0.07, 0.000, 0.000),
    (0.22, 0.28, 0.48, 0.002, 0.018),
    (0.10, 0.20, 0.40, 0.200, 0.100),
    (0.08, 0.14, 0.38, 0.100, 0.300),
)
CONDITIONING = ("MEL200", "MEL140", "BUMEL")
HEAVY_CHAIN = {"IgG": 0.55, "IgA": 0.20, "LCD": 0.21, "IgD": 0.03, "NS": 0.01}
LIGHT_CHAIN = {"kappa": 0.57, "lambda": 0.42, "biclonal": 0.01}
CONSOLIDATION = {"none": 0.89, "VTD": 0.09, "other": 0.02}
MALIGNANCY = {"solid": 12 / 18, "myeloid": 4 / 18, "nmsc": 2 / 18}
CAUSE_AFTER_PROGRESSION = {"MM": 0.8, "infection": 0.1, "other": 0.05, "unknown": 0.05}
CAUSE_WITHOUT_PROGRESSION = {"infection": 0.5, "other": 0.35, "unknown": 0.15}
# Why the first drug was stopped when it was not for progression: thalidomide, lenalidomide, bortezomib or ixazomib.
STOP_REASONS = ("AE", "planned", "patient", "cost", "unknown")
STOP_SHARES = {1: (0.56, 0.18, 0.12, 0.12, 0.02), 2: (0.30, 0.34, 0.10, 0.24, 0.02), 3: (0.40, 0.34, 0.14, 0.10, 0.02)}

MISSING = {"fish": 0.10, "iss": 0.04, "ldh": 0.005}


@dataclass(frozen=True)
class Mechanism:
    """What is planted: hazard ratios, baseline medians (months), and the ways in which groups come about."""

    # Tuned so that the naive medians of many studies average 26.6 and 43.5 months.
    pfs_median: float = 28.3
    hazard_ratios: dict[str, float] = field(
        default_factory=lambda: {
            "iss_iii": 1.35,
            "high_risk": 1.8,
            "post_below_cr": 1.6,
            "ldh_high": 1.25,
            "plasmacytoma": 1.25,
            "age_10y": 1.05,
            "cycles_above_4": 0.9,
        }
    )
    means: dict[str, float] = field(
        default_factory=lambda: {
            "iss_iii": 0.31,
            "high_risk": 0.18,
            "post_below_cr": 0.56,
            "ldh_high": 0.14,
            "plasmacytoma": 0.20,
            "age_10y": 5.65,
            "cycles_above_4": 0.34,
        }
    )
    drug_ratios: tuple[float, float, float] = (0.75, 0.75, 0.30)
    pooled_ratio: float = 0.69
    frailty_sd: float = 0.15
    center_sd: float = 0.9
    use_log_odds_below_cr: float = 0.37
    start_median: float = 3.2
    start_sigma: float = 0.40
    start_limits: tuple[float, float] = (1.0, 12.0)
    follow_up: tuple[float, float] = (18.0, 78.0)
    pps_median: float = 50.0
    pps_ratio_maintained: float = 1.5
    spm_per_100py: float = 1.0
    duration_shape: float = 1.5
    duration_medians: tuple[float, float, float] = (14.0, 26.0, 10.5)
    direct_death: tuple[float, float] = (0.10, 0.02)
    drug_log_odds_year: tuple[float, float, float] = (0.0, 0.35, 0.45)
    drug_center_sd: float = 0.8


PLANTED = Mechanism()


def with_common_ratio(ratio: float) -> Mechanism:
    """The planted mechanism, but every drug has the same permanent hazard ratio (validity benchmarks)."""
    return replace(PLANTED, drug_ratios=(ratio, ratio, ratio), pooled_ratio=ratio)


@dataclass(frozen=True)
class Scale:
    """How large one simulated study is: centers and exact counts."""

    codes: tuple[str, ...]
    sizes: np.ndarray
    maintained: int
    drugs: tuple[int, int, int]
    tandem: int
    salvage: int
    excluded: np.ndarray

    @property
    def patients(self) -> int:
        return int(self.sizes.sum())


def center(code: str) -> Center:
    """The profile behind a center code; a scaled study repeats the profiles as SMC2, SSMH2, …"""
    base = code.rstrip("0123456789")
    return next(c for c in CENTERS if c.code == base)


def scale(patients: int = SHIPPED_PATIENTS, centers: int = SHIPPED_CENTERS, even: bool = False) -> Scale:
    """Counts of a study with `patients` eligible patients in `centers` centers, in the shipped proportions.

    even: every center has as many patients as the others.
    """
    if centers < 1 or (patients < 20 * centers and (patients, centers) != (SHIPPED_PATIENTS, SHIPPED_CENTERS)):
        raise ValueError(f"{patients} patients are too few for {centers} centers (20 a center, and 1 center, at least)")
    rounds = [(c, k) for k in range(-(-centers // len(CENTERS))) for c in CENTERS][:centers]
    codes = tuple(c.code if k == 0 else f"{c.code}{k + 1}" for c, k in rounds)
    sizes = apportion(patients, np.array([1 if even else c.size for c, _ in rounds]))
    factor = patients / SHIPPED_PATIENTS
    maintained = round(SHIPPED_MAINTAINED * factor)
    return Scale(
        codes=codes,
        sizes=sizes,
        maintained=maintained,
        drugs=tuple(int(x) for x in apportion(maintained, np.array(SHIPPED_DRUGS))),
        tandem=round(SHIPPED_TANDEM * factor),
        salvage=round(SHIPPED_SALVAGE * factor),
        excluded=apportion(round(SHIPPED_EXCLUDED * factor), np.array([n for _, n in EXCLUSIONS])),
    )
