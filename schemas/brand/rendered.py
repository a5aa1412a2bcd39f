"""How large a brand's answers become: pages, addresses and records with the longest values of their placeholders."""

import re
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Final, NamedTuple
from urllib.parse import quote

from schemas.brand.placeholders import pieces

MAX_PAGE_BYTES: Final = 11_000
"""Of a page's texts and its address as HTML. With layout and headers a page is under 14 KB, what TCP sends before it
waits for the phone (RFC 6928: ten segments)."""
MAX_ADDRESS_BYTES: Final = 2_000
"""Of an address: proxies take headers of 4 KB and more."""
MAX_ANSWER_BYTES: Final = 700_000
"""Of an answer's record, well under the 1 MiB that Kafka's clients and brokers take by default."""
MAX_REASON_BYTES: Final = 200
"""Of the words in which a record says why a route lost; ``decide`` cuts them."""
MAX_EVENT_NAME_BYTES: Final = 200 * len("%F0%9F%98%80")
"""Of a name such as a campaign in an event, percent-encoded: the gateway takes 200 characters."""
CANDIDATE_BYTES: Final = MAX_REASON_BYTES + 16
CONTENT_BYTES: Final = 64_000
"""Of the facts that a page shows beside its texts, which are bounded in number and length (schemas/content.py)."""
OTHER_BYTES: Final = 8_000
"""Of all other fields of an answer's record: ids, and the names among its inputs."""
EXPERIMENT_BYTES: Final = 1_500
"""Of what the inputs say of one experiment: its id, phase and variant, and the words that say why."""
QUESTION_BYTES: Final = 2_500
"""Of what the inputs say of one question, and of the one that the page asks."""
_SAME_EVERYWHERE: Final = re.compile(r"[A-Za-z0-9._-]*")
"""Texts that are not escaped anywhere."""
_IN_ADDRESSES: Final = "{}:/?#[]@!$&'()*+,;=%-._~"
ISOLATE_BYTES: Final = len("<bdi></bdi>")
"""Around each value in a page; the characters that stand for them in a record are shorter."""


class Longest(NamedTuple):
    """Bytes of the longest value of a placeholder: as text, in HTML, and in an address (which is within HTML too)."""

    text: int
    html: int
    address: int


def longest_of(values: Iterable[str]) -> Longest:
    """The greatest lengths of these values."""
    text = html = address = 0
    for value in set(values):
        if len(value) <= min(text, html, address) and _SAME_EVERYWHERE.fullmatch(value):
            continue
        text = max(text, len(value.encode()))
        html = max(html, len(escape(value).encode()))
        address = max(address, len(quote(value, safe="")))
    return Longest(text, html, address)


def text_mistakes(
    page: bool, texts: Mapping[str, str], longest: Mapping[str, Longest], field: str = "action"
) -> Iterator[tuple[str, str]]:
    """What is too long of an action's texts.

    :param page: whether it is a page. :param texts: ``url``, ``title``, ``text``, ``label`` and ``steps``.
    :param field: of the texts.
    """
    address = _bytes(escape(quote(texts["url"], safe=_IN_ADDRESSES)), longest, "address")
    if address > MAX_ADDRESS_BYTES:
        yield f"{field}.url", f"has {address} bytes with its longest values; {MAX_ADDRESS_BYTES} is the most"
    sizes = {field: _page_bytes(text, longest) for field, text in texts.items() if field != "url"}
    whole = sizes["title"] + sum(sizes.values()) + address
    if page and whole > MAX_PAGE_BYTES:
        name = max(sizes, key=lambda one: sizes[one])
        yield f"{field}.{name}", f"makes a page of {whole} bytes with its longest values; {MAX_PAGE_BYTES} is the most"


def answer_bytes(texts: Iterable[Mapping[str, str]], routes: Iterable[str], longest: Mapping[str, Longest]) -> int:
    """Bytes of the largest record of an answer.

    :param texts: those of each action. :param routes: the ids of all routes, which each answer lists.
    """
    rendered = max((_record_bytes(action, longest) for action in texts), default=0)
    candidates = sum(len(route.encode()) + CANDIDATE_BYTES for route in routes)
    return OTHER_BYTES + CONTENT_BYTES + rendered + candidates


def _record_bytes(texts: Mapping[str, str], longest: Mapping[str, Longest]) -> int:
    """Of an action's texts with the longest names of events, each character percent-encoded."""
    names = {name: Longest(*(max(one, MAX_EVENT_NAME_BYTES) for one in long)) for name, long in longest.items()}
    return sum(_bytes(text, names, "address") + _isolate_bytes(text) for text in texts.values())


def _page_bytes(text: str, longest: Mapping[str, Longest]) -> int:
    return _bytes(escape(text), longest, "html") + _isolate_bytes(text)


def _isolate_bytes(text: str) -> int:
    return ISOLATE_BYTES * sum(is_name for _, is_name in pieces(text))


def _bytes(text: str, longest: Mapping[str, Longest], form: str) -> int:
    return sum(getattr(longest[piece], form) if is_name else len(piece.encode()) for piece, is_name in pieces(text))
