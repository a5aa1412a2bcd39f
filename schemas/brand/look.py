"""What a brand looks like: ``brand.look``."""

from collections.abc import Iterator

from schemas.brand.colours import SHAPE_CONTRAST, TEXT_CONTRAST, contrast, is_colour
from schemas.brand.item import Mistake, Part, Sections, unregistered_picture

DEFAULT_PRIMARY, DEFAULT_BACKGROUND, DEFAULT_TEXT = "#1b1b1f", "#fafaf7", "#1b1b1f"


class Look(Part, frozen=True):
    """Colours as ``#rrggbb``, and a logo. ``primary`` is that of the button; the colours of the dark follow from these.

    ``logo`` is the address of a picture, three times as wide as high at most.
    """

    primary: str = DEFAULT_PRIMARY
    background: str = DEFAULT_BACKGROUND
    text: str = DEFAULT_TEXT
    logo: str = ""

    def mistakes(self, brand: Sections) -> Iterator[Mistake]:
        wrong = False
        for name in ("primary", "background", "text"):
            if not is_colour(colour := getattr(self, name)):
                wrong = True
                yield f"look.{name}", f"{colour!r} is no colour such as #1a7f4b"
        if not wrong:
            yield from self._low_contrast("text", TEXT_CONTRAST)
            yield from self._low_contrast("primary", SHAPE_CONTRAST)
        if self.logo:
            yield from unregistered_picture("look.logo", self.logo, brand)

    def _low_contrast(self, name: str, least: float) -> Iterator[Mistake]:
        found = contrast(getattr(self, name), self.background)
        if found < least:
            yield f"look.{name}", f"has a contrast of {found:.2f} with the background; WCAG AA asks for {least}"
