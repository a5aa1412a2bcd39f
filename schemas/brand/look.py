"""What a brand looks like: ``brand.look``."""

from collections.abc import Iterator

from schemas.brand.colours import (
    BLACK,
    CODE_CONTRAST,
    CODE_LIGHT_CONTRAST,
    SHAPE_CONTRAST,
    TEXT_CONTRAST,
    WHITE,
    camera_grey,
    contrast,
    is_colour,
    luminance,
    under_red_light,
)
from schemas.brand.item import Mistake, Part, Sections, unregistered_picture

DEFAULT_PRIMARY, DEFAULT_BACKGROUND, DEFAULT_TEXT = "#1b1b1f", "#fafaf7", "#1b1b1f"


class Look(Part, frozen=True):
    """Colours as ``#rrggbb``, and a logo. ``primary`` is that of the button; the colours of the dark follow from these.

    ``code_dark`` and ``code_light`` are those of the modules of QR codes, dark ones on light ones.

    ``logo`` is the address of a picture, three times as wide as high at most.
    """

    primary: str = DEFAULT_PRIMARY
    background: str = DEFAULT_BACKGROUND
    text: str = DEFAULT_TEXT
    logo: str = ""
    code_dark: str = BLACK
    code_light: str = WHITE

    def mistakes(self, brand: Sections) -> Iterator[Mistake]:
        wrong = False
        for name in ("primary", "background", "text"):
            if not is_colour(colour := getattr(self, name)):
                wrong = True
                yield f"look.{name}", f"{colour!r} is no colour such as #1a7f4b"
        if not wrong:
            yield from self._low_contrast("text", TEXT_CONTRAST)
            yield from self._low_contrast("primary", SHAPE_CONTRAST)
        yield from self._code_mistakes()
        if self.logo:
            yield from unregistered_picture("look.logo", self.logo, brand)

    def _code_mistakes(self) -> Iterator[Mistake]:
        names = ("code_dark", "code_light")
        if wrong := [name for name in names if not is_colour(getattr(self, name))]:
            for name in wrong:
                yield f"look.{name}", f"{getattr(self, name)!r} is no colour such as #1a7f4b"
            return
        # Eyes and decoders weigh colours differently: saturated green is light to the ones and not to the others.
        greys = camera_grey(self.code_dark), camera_grey(self.code_light)
        if luminance(self.code_dark) >= luminance(self.code_light):
            yield "look.code_dark", "is lighter than code_light: many readers take no light codes on dark"
        elif (found := min(contrast(self.code_dark, self.code_light), contrast(*greys))) < CODE_CONTRAST:
            yield "look.code_dark", f"has a contrast of {found:.2f} with code_light; codes need {CODE_CONTRAST}"
        if (found := max(contrast(self.code_light, WHITE), contrast(greys[1], WHITE))) > CODE_LIGHT_CONTRAST:
            yield "look.code_light", f"has a contrast of {found:.2f} with white; {CODE_LIGHT_CONTRAST} is the most"

    @property
    def red_light_warning(self) -> str:
        """What is wrong with the colours of codes that tills scan; empty where nothing is."""
        found = contrast(under_red_light(self.code_dark), under_red_light(self.code_light))
        if found >= CODE_CONTRAST:
            return ""
        return (
            f"look.code_dark has a contrast of {found:.2f} with look.code_light in the red light of many tills; "
            f"codes need {CODE_CONTRAST}"
        )

    def _low_contrast(self, name: str, least: float) -> Iterator[Mistake]:
        found = contrast(getattr(self, name), self.background)
        if found < least:
            yield f"look.{name}", f"has a contrast of {found:.2f} with the background; WCAG AA asks for {least}"
