"""The words of ``/me``, a module for each language that the answer pages speak."""

from collections.abc import Sequence
from typing import Final

from gateway.profile.words.arabic import ARABIC
from gateway.profile.words.dutch import DUTCH
from gateway.profile.words.english import ENGLISH
from gateway.profile.words.french import FRENCH
from gateway.profile.words.german import GERMAN
from gateway.profile.words.hebrew import HEBREW
from gateway.profile.words.italian import ITALIAN
from gateway.profile.words.model import MeWords
from gateway.profile.words.polish import POLISH
from gateway.profile.words.portuguese import PORTUGUESE
from gateway.profile.words.spanish import SPANISH
from schemas.languages import lookup

ME_WORDS: Final = {
    words.language: words
    for words in (
        ENGLISH, GERMAN, FRENCH, SPANISH, ITALIAN, PORTUGUESE, DUTCH, POLISH, ARABIC, HEBREW
    )
}  # fmt: skip
"""By language; English is for all others."""


def me_words(wanted: Sequence[str], language: str) -> MeWords:
    """The words that somebody gets. :param wanted: their languages, the most wanted first. :param language: of the
    brand, which is taken before English."""
    return ME_WORDS[lookup([*wanted, language.lower()], tuple(ME_WORDS), "en")]
