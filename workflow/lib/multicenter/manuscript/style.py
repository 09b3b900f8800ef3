"""The one style of every figure: size in millimeters, fonts, colors, lines, and how a figure becomes files.

Colors are Okabe and Ito's (safe for color-blind readers), ordered so that neighbors also differ in lightness; every
curve has its own line style, so that a print in grey can be read.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import matplotlib.colors
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

MM_PER_INCH = 25.4
DOUBLE_COLUMN_MM = 170
MAX_HEIGHT_MM = 225
TEXT_PT = 8.0
LABEL_PT = 8.5
PANEL_PT = 11.0
LINE_PT = 1.3
THIN_PT = 0.6
BAND_ALPHA = 0.16
CROWDED_BAND_ALPHA = 0.09
FONT = "DejaVu Sans"
RASTER_DPI = 600
FORMATS = ("pdf", "svg", "png")

CURVE_COLORS = ("#3A3A3A", "#0072B2", "#E69F00", "#AA3377", "#009E73", "#D55E00", "#56B4E9", "#8C6D00")
CURVE_LINES = (
    "solid",
    (0, (5, 1.6)),
    (0, (4, 1.4, 1, 1.4)),
    (0, (1.2, 1.2)),
    (0, (7, 1.4, 1, 1.4, 1, 1.4)),
    (0, (3, 1)),
    (0, (8, 3)),
    (0, (2, 2, 6, 2)),
)
# Ordered states, best to worst: lightness rises with every step (cividis); the worst is lighter
# than all of them, in a dark outline, and hatched.
STATE_COLORS = ("#00224E", "#3B496C", "#707173", "#A59C74", "#E1CC55")
WORST_COLOR, WORST_HATCH = "#FBE3D6", "////"
WORST_EDGE, WORST_EDGE_PT = "#8A2D00", 1.0
SEEN_COLOR = "#9ECAE9"
OTHER_COLORS = ("#4D4D4D", "#111111", "#B0B0B0", "#FFFFFF", "#DADADA")
OTHER_HATCHES = ("", "", "\\\\\\\\", "....", "xxxx")
MARK_COLOR = "#8A1C1C"

STYLE: dict[str, object] = {
    "font.family": FONT,
    "font.size": TEXT_PT,
    "mathtext.fontset": "dejavusans",
    "axes.labelsize": LABEL_PT,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "xtick.labelsize": TEXT_PT,
    "ytick.labelsize": TEXT_PT,
    "xtick.major.width": 0.8,
    "ytick.major.width": 0.8,
    "xtick.direction": "out",
    "ytick.direction": "out",
    "hatch.linewidth": 0.6,
    "lines.linewidth": LINE_PT,
    "legend.frameon": False,
    "pdf.fonttype": 42,
    "pdf.compression": 6,
    "svg.fonttype": "none",
    "svg.hashsalt": "multicenter",
    "figure.dpi": 100,
    "savefig.dpi": RASTER_DPI,
    "path.simplify": False,
}


def style_context():
    """Return the context in which every figure is drawn and saved; the caller's own settings come back after it."""
    return mpl.rc_context({**mpl.rcParamsDefault, "backend": "agg", **STYLE})


def new_figure(width_mm: float, height_mm: float) -> Figure:
    """Return an empty figure of exactly this size, tied to no window system and to no global state."""
    if not 0 < width_mm <= DOUBLE_COLUMN_MM + 10 or not 0 < height_mm <= MAX_HEIGHT_MM:
        raise ValueError(
            f"a figure is at most {DOUBLE_COLUMN_MM} x {MAX_HEIGHT_MM} mm (got {width_mm:g} x {height_mm:g})"
        )
    figure = Figure(figsize=(width_mm / MM_PER_INCH, height_mm / MM_PER_INCH))
    FigureCanvasAgg(figure)
    return figure


def text_width_mm(figure: Figure, text: str, size: float = TEXT_PT, weight: str = "normal") -> float:
    """Return how wide a text is at printed size, in mm."""
    artist = figure.text(0, 0, text, fontsize=size, fontweight=weight)
    width = artist.get_window_extent(figure.canvas.get_renderer()).width / figure.dpi * MM_PER_INCH
    artist.remove()
    return width


def wrap(figure: Figure, text: str, width: float, weight: str = "normal") -> list[str]:
    """Return the text's lines, broken between words so that each is at most `width` mm wide where a word allows it."""
    lines: list[str] = []
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width_mm(figure, longer, weight=weight) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def curve_look(index: int) -> tuple[str, object]:
    """Return color and line style of the curve with this number."""
    return CURVE_COLORS[index % len(CURVE_COLORS)], CURVE_LINES[index % len(CURVE_LINES)]


def size_mm(figure: Figure) -> tuple[float, float]:
    """Return width and height of a figure in mm."""
    width, height = figure.get_size_inches()
    return float(width) * MM_PER_INCH, float(height) * MM_PER_INCH


def ink_on(color: str) -> str:
    """Return black or white, whichever can be read on this color (relative luminance, WCAG)."""
    channels = [
        value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4 for value in mpl.colors.to_rgb(color)
    ]
    return "black" if sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), channels, strict=True)) > 0.18 else "white"


def save_figure(figure: Figure, stem: str | Path) -> list[Path]:
    """Write <stem>.pdf, .svg and .png (600 dpi) at the figure's own size; the same figure gives the same bytes."""
    stem = Path(stem)
    stem.parent.mkdir(parents=True, exist_ok=True)
    metadata: dict[str, dict[str, object]] = {
        "pdf": {"CreationDate": None, "ModDate": None, "Creator": None, "Producer": None},
        "svg": {"Date": None, "Creator": None},
        "png": {"Software": None},
    }
    written = []
    with style_context():
        for extension in FORMATS:
            path = stem.with_name(f"{stem.name}.{extension}")
            figure.savefig(path, format=extension, metadata=metadata[extension])
            written.append(path)
    return written
