"""The privacy page's own texts, a module for each language, and the choice among them."""

from datetime import UTC, datetime
from typing import Final

from gateway.privacy.texts.english import ENGLISH
from gateway.privacy.texts.german import GERMAN
from gateway.privacy.texts.model import Texts

TEXTS: Final = {texts.language: texts for texts in (ENGLISH, GERMAN)}
"""By language; the first one is for readers of all others."""


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
