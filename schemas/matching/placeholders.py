"""Placeholder traits: values that stand for no value, and sample people. They are no evidence that records are of one
person: everybody whose name is unknown has them.

Sample people and addresses are those of German and English forms; default dates are the zero points of spreadsheets,
databases and clocks (1899-12-30, 1900-01-01, 1753-01-01, 1970-01-01), the ends of their ranges, and what is typed where
a date is required.
"""

import re
from collections.abc import Mapping
from typing import Final

from schemas.identifiers.placeholder_words import TYPED, WORDS, listed
from schemas.identifiers.placeholders import bare_form
from schemas.matching.encoding import normalise

_REAL_NAMES: Final = listed("guest|blank|nan|nil|na|void|no|sample|fake|ask|sans|brak|private")
"""Words that are names, too."""
_NO_NAMES: Final = (WORDS | TYPED) - _REAL_NAMES | listed(
    "name|vorname|nachname|familienname|first name|last name|firstname|lastname|given name|family name|surname|nn|n.n"
    "|n.n.|n. n.|kunde|kundin|customer|gast|herr|frau|mr|mrs|foo|bar|walk-in|laufkunde|barverkauf"
)
_KEY_HELD_DOWN: Final = re.compile(r"([a-z])\1{2,}|x{2}")
_SAMPLE_FAMILIES: Final = listed("mustermann|musterfrau|normalverbraucher")
_SAMPLE_PEOPLE: Final = frozenset(
    tuple(sorted(names.split()))
    for names in ("max muster", "erika muster", "hans muster", "john doe", "jane doe", "joe bloggs", "lieschen muller")
)
_SAMPLE_PLACES: Final = re.compile(
    r"muster(?:str(?:asse|eet)?|weg|allee|platz|gasse|stadt|ort|dorf|hausen)|test(?:str(?:asse|eet)?|stadt|ort|city)"
    r"|(?:sample|example|any)(?:street|str|town|city)"
)
_DATES: Final = listed(
    "19000101|19000102|19010101|18991230|18991231|18000101|00010101|17530101|19700101|20000101|11111111|12121212"
    "|99991231|99999999|20991231"
)
_CODES: Final = re.compile(r"(?:0+|9{4,}|12345|123456|123456789|1234567890|([0-9])\1{5,})")


def is_placeholder_trait(name: str, text: str) -> bool:
    """Whether a trait's value stands for no value. :param name: of the trait."""
    bare, normal = bare_form(text), normalise(text)
    match name:
        case "given_name" | "family_name":
            return bare in _NO_NAMES or _KEY_HELD_DOWN.fullmatch(normal) is not None
        case "birth_date":
            return bare in WORDS or bare in TYPED or normal in _DATES or not normal.strip("0")
        case "postal_code" | "national_id":
            return bare in WORDS or bare in TYPED or _CODES.fullmatch(normal) is not None
        case _:
            return (
                bare in WORDS or bare in TYPED or _SAMPLE_PLACES.fullmatch(normal) is not None or not normal.strip("0")
            )


def is_sample_person(values: Mapping[str, str]) -> bool:
    """Whether the names are those of a form's sample person, in either order: then the address is a sample too.

    :param values: traits as :func:`schemas.matching.encoding.normalise` leaves them.
    """
    names = (values.get("given_name", ""), values.get("family_name", ""))
    return not _SAMPLE_FAMILIES.isdisjoint(names) or tuple(sorted(names)) in _SAMPLE_PEOPLE
