"""The colours of a page, by day and in the dark, from those that a brand states. Each is read well on its ground."""

from typing import Final, NamedTuple

from schemas.brand.colours import SHAPE_CONTRAST, TEXT_CONTRAST, WHITE, contrast, mixed, readable_on
from schemas.brand.look import Look

DARK_BACKGROUND: Final = "#16161a"
DARK_TEXT: Final = "#f2f2ee"
GREY_RANGE: Final = 24
"""Of the channels of a colour that counts as grey: in the dark it becomes the colour of texts."""
SOFT: Final = (0.35, 0.25, 0.15)
"""How much of the ground a quieter text has, the most that is read well."""
LINE: Final = 0.82


class Palette(NamedTuple):
    """``on_primary`` is the text of the button, ``soft`` that of lesser texts, ``line`` that of lines."""

    primary: str
    on_primary: str
    background: str
    text: str
    soft: str
    line: str

    @property
    def variables(self) -> str:
        """As custom properties of CSS."""
        return (
            f"--p:{self.primary};--q:{self.on_primary};--b:{self.background};--t:{self.text};--s:{self.soft};"
            f"--l:{self.line}"
        )


def palettes(look: Look) -> tuple[Palette, Palette]:
    """The colours by day and in the dark."""
    day = _palette(look.primary, look.background, look.text)
    return day, _palette(_in_the_dark(look.primary), DARK_BACKGROUND, DARK_TEXT)


def _palette(primary: str, background: str, text: str) -> Palette:
    quieter = (mixed(text, background, share) for share in SOFT)
    soft = next((one for one in quieter if contrast(one, background) >= TEXT_CONTRAST), text)
    return Palette(primary, readable_on(primary), background, text, soft, mixed(text, background, LINE))


def _in_the_dark(primary: str) -> str:
    channels = [int(primary[at : at + 2], 16) for at in (1, 3, 5)]
    if max(channels) - min(channels) <= GREY_RANGE:
        return DARK_TEXT
    lighter = (mixed(primary, WHITE, share / 20) for share in range(21))
    return next(one for one in lighter if contrast(one, DARK_BACKGROUND) >= SHAPE_CONTRAST + 1)
