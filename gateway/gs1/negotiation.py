"""Which of a product's links answer a request: by what the scan has, by type, language and media type. Pure.

A link type that is not there leads nowhere. A language that is not there does: to links that are for everybody, to
those in the brand's own language, or to all.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from gateway.http.accept import media_weight, preferences
from gateway.http.languages import wanted_languages
from schemas.brand.destinations import is_registered
from schemas.brand.links import Link
from schemas.gs1.digital_link import DigitalLink

_VOCABULARIES: Final = ("https://gs1.org/voc/", "http://gs1.org/voc/", "https://ref.gs1.org/voc/")
_QUALIFIERS: Final = {"22": "variant", "10": "lot", "21": "serial"}
_NO_LANGUAGE: Final = frozenset(("und", "mul", "zxx"))
"""Undetermined, several, none (ISO 639-2): such a link is for everybody."""


class Answer(NamedTuple):
    """A link with its address filled in, which is under the brand's destinations."""

    link: Link
    url: str


def available(links: Iterable[Link], scanned: DigitalLink, destinations: tuple[str, ...]) -> tuple[Answer, ...]:
    """The links that count for what was scanned: those whose address it fills, and of a type those that name most."""
    values = values_of(scanned)
    filled = [(link, url) for link in links if (url := link.filled(values)) is not None]
    most: dict[str, int] = {}
    for link, _ in filled:
        most[link.type] = max(most.get(link.type, 0), len(link.names))
    return tuple(
        Answer(link, url)
        for link, url in filled
        if len(link.names) == most[link.type] and is_registered(url, destinations)
    )


def values_of(scanned: DigitalLink) -> Mapping[str, str]:
    """What a link's address may name."""
    named = {_QUALIFIERS[ai]: value for ai, value in scanned.qualifiers if ai in _QUALIFIERS}
    return {"key": scanned.key.value, **named}


def link_type(written: str) -> str:
    """A link type in its short form."""
    for vocabulary in _VOCABULARIES:
        if written.startswith(vocabulary):
            return f"gs1:{written.removeprefix(vocabulary)}"
    return written


def best(
    answers: Sequence[Answer], type: str, accept_language: str, accept: str, own_language: str = ""
) -> tuple[Answer, ...]:
    """The answers of a type that suit best; none where the type is absent, several where they are equals.

    :param own_language: the brand's, which counts where the client takes no language that is there, and no link is for
        everybody.
    """
    of_type = [answer for answer in answers if link_type(answer.link.type) == type]
    spoken = (
        _in_languages(of_type, wanted_languages(accept_language))
        or [answer for answer in of_type if not _languages(answer)]
        or _in_languages(of_type, (own_language.lower(),) if own_language else ())
        or of_type
    )
    accepted = preferences(accept)
    weights = [media_weight(accepted, answer.link.media_type) for answer in spoken]
    heaviest = max(weights, default=0.0)
    return tuple(answer for answer, weight in zip(spoken, weights, strict=True) if weight == heaviest)


def _in_languages(answers: list[Answer], wanted: Sequence[str]) -> list[Answer]:
    """Those in the first language that any of them has, as the client writes it or shorter (a lookup, RFC 4647, 3.4);
    otherwise those in a variety of the first one."""
    for language in wanted:
        if language == "*":
            return answers
        parts = language.split("-")
        for size in range(len(parts), 0, -1):
            if found := [one for one in answers if "-".join(parts[:size]) in _languages(one)]:
                return found
    for language in wanted:
        if found := [one for one in answers if any(own.startswith(f"{language}-") for own in _languages(one))]:
            return found
    return []


def _languages(answer: Answer) -> frozenset[str]:
    return frozenset(language.lower() for language in answer.link.languages) - _NO_LANGUAGE
