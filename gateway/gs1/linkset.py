"""All links of a product as a linkset in JSON (RFC 9264, 4.2), and several as choices. Pure."""

from collections.abc import Sequence
from html import escape
from typing import Any, Final

import msgspec

from gateway.gs1.negotiation import Answer, link_type
from gateway.http.pages import page

LINKSET: Final = "application/linkset+json"
VOCABULARY: Final = "https://gs1.org/voc/"
_encode = msgspec.json.Encoder().encode


def linkset(uri: str, description: str, answers: Sequence[Answer], default_type: str) -> bytes:
    """The linkset.

    :param uri: the one that the links are of. :param default_type: see ``Product.default_type``.
    """
    context: dict[str, Any] = {"anchor": uri, "itemDescription": description}
    for answer in answers:
        context.setdefault(relation(answer.link.type), []).append(_target(answer))
        if answer.link.type == default_type:
            context.setdefault(f"{VOCABULARY}defaultLink", []).append(_target(answer))
    return _encode({"linkset": [context]})


def relation(type: str) -> str:
    """A link type as a relation: a URI, or a registered name."""
    short = link_type(type)
    return VOCABULARY + short.removeprefix("gs1:") if short.startswith("gs1:") else short


def choices_json(answers: Sequence[Answer]) -> bytes:
    """Several links that suit equally, for a program."""
    return _encode({"choices": [_target(answer) for answer in answers]})


def choices_page(answers: Sequence[Answer], language: str, direction: str) -> bytes:
    """The same for a person, as a page of :mod:`gateway.http.pages`: one link a line."""
    items = "".join(
        f'<p><a href="{escape(answer.url)}">{escape(answer.link.title or answer.url)}</a></p>' for answer in answers
    )
    return page(answers[0].link.title or answers[0].url, items, language, direction).encode()


def alternatives(answers: Sequence[Answer]) -> bytes:
    """The value of a ``Link`` header that lists the answers as alternatives (RFC 8288)."""
    return ", ".join(
        f'<{answer.url}>; rel="alternate"'
        + (f'; type="{answer.link.media_type}"' if answer.link.media_type else "")
        + "".join(f'; hreflang="{language}"' for language in answer.link.languages)
        for answer in answers
    ).encode("ascii", "ignore")


def _target(answer: Answer) -> dict[str, Any]:
    link = answer.link
    optional = {"title": link.title, "hreflang": list(link.languages), "type": link.media_type}
    return {"href": answer.url, **{name: value for name, value in optional.items() if value}}
