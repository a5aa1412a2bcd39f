"""What somebody who wrote an unknown name may have meant."""

from collections.abc import Iterable
from difflib import get_close_matches

MAX_LISTED = 20
"""Names that an error lists in full; more would hide what it says."""
MAX_COMPARED = 1_000
"""Names that are compared by likeness, which takes some 10 µs each; of more none is suggested."""

USUAL_ERRORS = {"UK": "GB", "EL": "GR", "EURO": "EUR", "€": "EUR", "$": "USD", "£": "GBP", "RMB": "CNY"}
"""Codes that are in use beside the ISO ones, and the ISO ones."""


def closest(name: str, known: Iterable[str]) -> str:
    """The known name that is most like this one; empty where none is near."""
    names = sorted(known)
    if len(names) > MAX_COMPARED:
        return ""
    by_letters = {one.casefold(): one for one in names}
    if found := by_letters.get(name.strip().casefold()):
        return found
    usual = USUAL_ERRORS.get(name.strip().upper(), "")
    if usual in names:
        return usual
    near = get_close_matches(name.casefold(), by_letters, n=1, cutoff=0.7)
    return by_letters[near[0]] if near else ""


def suggestion(name: str, known: Iterable[str]) -> str:
    """The end of an error's sentence: what was probably meant, and which names there are where they are few."""
    names = list(known)
    near = closest(name, names)
    if not 0 < len(names) <= MAX_LISTED:
        return f"; did you mean {near!r}?" if near else ""
    listed = f"there are {', '.join(names)}"
    return f"; did you mean {near!r}? ({listed})" if near else f"; {listed}"
