"""The page's own words, a module for each language; those of a brand are in its configuration."""

from typing import Final

from gateway.landing.words.arabic import ARABIC
from gateway.landing.words.dutch import DUTCH
from gateway.landing.words.english import ENGLISH
from gateway.landing.words.french import FRENCH
from gateway.landing.words.german import GERMAN
from gateway.landing.words.hebrew import HEBREW
from gateway.landing.words.italian import ITALIAN
from gateway.landing.words.model import Words
from gateway.landing.words.polish import POLISH
from gateway.landing.words.portuguese import PORTUGUESE
from gateway.landing.words.spanish import SPANISH
from schemas.languages import of_language

WORDS: Final = {
    words.language: words
    for words in (
        ENGLISH, GERMAN, FRENCH, SPANISH, ITALIAN, PORTUGUESE, DUTCH, POLISH, ARABIC, HEBREW
    )
}  # fmt: skip
"""By language; English is for all others."""


def words_of(language: str) -> Words:
    """The words in a page's language, else in English."""
    return of_language(WORDS, language) or ENGLISH
