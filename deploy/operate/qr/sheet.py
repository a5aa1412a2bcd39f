"""Label sheets: where each label is, and where its code and its caption are. Pure; all lengths in millimetres, from the
page's upper left corner."""

import re
from dataclasses import dataclass
from typing import Final, NamedTuple

from schemas.process.errors import OperatorError

PAGES: Final = {"a4": (210.0, 297.0), "a3": (297.0, 420.0), "a5": (148.0, 210.0), "letter": (215.9, 279.4)}
CAPTION_MM: Final = 7.0
"""Of a caption below its code."""
WIDE: Final = 1.35
"""A label so much wider than high has its caption beside the code."""
PADDING_MM: Final = 1.5
"""Between a bought label's edge, which printers miss by so much, and what is on it."""
MIN_CODE_MM: Final = 8.0
MAX_MM: Final = 1_000.0
_PAGE: Final = re.compile(r"([0-9]{2,4}(?:\.[0-9]+)?)x([0-9]{2,4}(?:\.[0-9]+)?)")


class Box(NamedTuple):
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Sheet:
    """A page with labels in columns and rows. ``pitch`` is from one label's corner to the next one's; ``cut`` ones are
    printed on plain paper and have crop marks, the others are bought as labels.
    """

    page: tuple[float, float]
    columns: int
    rows: int
    label: tuple[float, float]
    corner: tuple[float, float]
    pitch: tuple[float, float]
    cut: bool = False

    @property
    def labels(self) -> int:
        """How many a page has."""
        return self.columns * self.rows

    def place(self, index: int) -> Box:
        """The label of a page with this number from 0: rows from above, each from the left."""
        row, column = divmod(index, self.columns)
        return Box(
            self.corner[0] + column * self.pitch[0], self.corner[1] + row * self.pitch[1], self.label[0], self.label[1]
        )

    def inner(self, label: Box, caption: bool) -> tuple[Box, Box | None]:
        """Where on a label the code is, with its quiet zone, and the caption."""
        padding = 0.0 if self.cut else PADDING_MM
        x, y, width, height = (
            label.x + padding,
            label.y + padding,
            label.width - 2 * padding,
            label.height - 2 * padding,
        )
        if not caption:
            side = min(width, height)
            return Box(x + (width - side) / 2, y + (height - side) / 2, side, side), None
        if width >= WIDE * height:
            return Box(x, y, height, height), Box(x + height, y, width - height, height)
        side = min(width, height - CAPTION_MM)
        return Box(x + (width - side) / 2, y, side, side), Box(x, y + side, width, height - side)

    def cuts(self) -> tuple[list[float], list[float]]:
        """The x of all vertical cuts and the y of all horizontal ones."""
        xs = {round(self.corner[0] + column * self.pitch[0] + side, 3) for column in range(self.columns)
              for side in (0, self.label[0])}  # fmt: skip
        ys = {round(self.corner[1] + row * self.pitch[1] + side, 3) for row in range(self.rows)
              for side in (0, self.label[1])}  # fmt: skip
        return sorted(xs), sorted(ys)


def _stock(page: str, grid: tuple[int, int], label: tuple[float, float], corner: tuple[float, float],
           pitch: tuple[float, float]) -> Sheet:  # fmt: skip
    return Sheet(PAGES[page], grid[0], grid[1], label, corner, pitch)


STOCK: Final = {
    "a4-2x7": _stock("a4", (2, 7), (99.1, 38.1), (4.65, 15.15), (101.6, 38.1)),
    "a4-3x4": _stock("a4", (3, 4), (63.5, 72.0), (7.25, 4.5), (66.0, 72.0)),
    "a4-3x7": _stock("a4", (3, 7), (63.5, 38.1), (7.25, 15.15), (66.0, 38.1)),
    "a4-3x8": _stock("a4", (3, 8), (70.0, 37.0), (0.0, 0.5), (70.0, 37.0)),
    "a4-5x13": _stock("a4", (5, 13), (38.1, 21.2), (4.75, 10.7), (40.6, 21.2)),
    "letter-2x5": _stock("letter", (2, 5), (101.6, 50.8), (3.97, 12.7), (106.36, 50.8)),
    "letter-3x10": _stock("letter", (3, 10), (66.68, 25.4), (4.76, 12.7), (69.85, 25.4)),
}
"""Bought label sheets by columns and rows. 2x7: Avery L7163; 3x4: L7164; 3x7: L7160; 3x8: 3474; 5x13: L7651;
letter: 5163, 5160."""


def cut_sheet(
    page: str = "a4",
    size: float = 30.0,
    columns: int | None = None,
    rows: int | None = None,
    margin: float = 10.0,
    gap: float = 0.0,
    captions: bool = True,
) -> Sheet:
    """A sheet of plain paper to cut: codes of one size, as many as fit where columns or rows are not given.

    :param page: a name of :data:`PAGES`, or width and height such as 320x450.
    :param size: side of a code with its quiet zone. :param captions: below each code there is room for one.
    :raises OperatorError: it does not fit.
    """
    width, height = _page_size(page)
    if not MIN_CODE_MM <= size <= MAX_MM:
        raise OperatorError(f"--size {size:g}: must be {MIN_CODE_MM:g} to {MAX_MM:g} mm, a fifth of it quiet zone")
    for option, length in (("margin", margin), ("gap", gap)):
        if not 0 <= length <= MAX_MM:
            raise OperatorError(f"--{option} {length:g}: must be 0 to {MAX_MM:g} mm")
    label = (size, size + (CAPTION_MM if captions else 0))
    pitch = (label[0] + gap, label[1] + gap)
    fit = [int((length - 2 * margin + gap + 1e-6) // step) for length, step in zip((width, height), pitch, strict=True)]
    wanted = (fit[0] if columns is None else columns, fit[1] if rows is None else rows)
    for name, count, most in zip(("columns", "rows"), wanted, fit, strict=True):
        if not 1 <= count <= most:
            raise OperatorError(f"--{name}: {max(most, 0)} of {size:g} mm fit on {page} with a margin of {margin:g} mm")
    grid = [count * step - gap for count, step in zip(wanted, pitch, strict=True)]
    corner = ((width - grid[0]) / 2, (height - grid[1]) / 2)
    return Sheet((width, height), wanted[0], wanted[1], label, corner, pitch, cut=True)


def _page_size(page: str) -> tuple[float, float]:
    if page in PAGES:
        return PAGES[page]
    found = _PAGE.fullmatch(page)
    if found is None:
        raise OperatorError(f"--page {page!r} must be {', '.join(PAGES)}, or width and height in mm such as 320x450")
    return float(found[1]), float(found[2])
