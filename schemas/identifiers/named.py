"""An identifier with the value that it was made of, for the moment in which the gateway has it."""

from typing import NamedTuple

from schemas.identifiers.pseudonyms import Pseudonyms


class Named(NamedTuple):
    """``given_normal`` is the value in normal form, empty where it was not worked out: see :func:`normal_of`."""

    identifier: str
    kind: str
    value: str
    country: str
    given_normal: str


def normal_of(named: Named, pseudonyms: Pseudonyms) -> str:
    """The value in normal form."""
    return named.given_normal or pseudonyms.normal_form(named.kind, named.value, named.country)


def others_of(named: Named, pseudonyms: Pseudonyms) -> tuple[str, ...]:
    """The living identifiers that the value has under the other keys."""
    return tuple(map(pseudonyms.living, pseudonyms.others(named.kind, normal_of(named, pseudonyms))))
