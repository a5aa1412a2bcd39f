"""The privacy page's own texts, a module for each language, and the choice among them."""

from datetime import UTC, datetime
from typing import Final

from gateway.privacy.texts.english import ENGLISH
from gateway.privacy.texts.german import GERMAN
from gateway.privacy.texts.model import Texts

TEXTS: Final = {texts.language: texts for texts in (ENGLISH, GERMAN)}
"""By language; the first one is for readers of all others."""
MAX_HEADER_CHARS: Final = 500


def wanted_languages(accept_language: str) -> list[str]:
    """The languages that a browser asks for, the most wanted first (RFC 9110, 12.5.4)."""
    found: list[tuple[float, str]] = []
    for part in accept_language[:MAX_HEADER_CHARS].split(","):
        tag, _, parameter = part.partition(";")
        weight = parameter.strip().removeprefix("q=").strip()
        try:
            wanted = float(weight) if weight else 1.0
        except ValueError:
            wanted = 0.0
        if (tag := tag.strip().lower()) and 0 < wanted <= 1:
            found.append((-wanted, tag))
    # Sorted by weight alone: of equal ones the first counts.
    return [tag for _, tag in sorted(found, key=lambda one: one[0])]


def nearest(wanted: list[str], available: list[str]) -> str | None:
    """The tag that is nearest to what is wanted: the same, or one of the same language; None where there is none."""
    lower = {tag.lower(): tag for tag in reversed(available)}
    primary = {tag.partition("-")[0]: own for tag, own in lower.items()}
    for tag in wanted:
        if (found := lower.get(tag) or primary.get(tag.partition("-")[0])) is not None:
            return found
    return None


def texts_for(wanted: list[str], brand_language: str) -> Texts:
    """The texts in the phone's language; where there are none, in the brand's, else in English."""
    found = nearest([*wanted, brand_language.lower()], list(TEXTS))
    return TEXTS[found] if found is not None else ENGLISH


def day(micros: int, texts: Texts) -> str:
    """A time as a day (UTC)."""
    moment = datetime.fromtimestamp(micros / 1_000_000, UTC)
    return texts.day.format(day=moment.day, month=texts.months[moment.month - 1], year=moment.year)
