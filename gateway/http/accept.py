"""``Accept``: the media types that a client prefers (RFC 9110, 12.5.1). Pure."""

import re
from typing import Final

MAX_CHARS: Final = 1_000
MAX_RANGES: Final = 50
_RANGE: Final = re.compile(r"\s*([^\s,;]+)\s*((?:;[^,]*)?)")
_WEIGHT: Final = re.compile(r";\s*q\s*=\s*(1(?:\.0{0,3})?|0(?:\.[0-9]{0,3})?)\s*(?:;|$)", re.IGNORECASE)


def preferences(header: str) -> dict[str, float]:
    """Each range of a header, in small letters, with its weight from 0 to 1: the heaviest first, equals in the header's
    order. What is none is left out.
    """
    found: dict[str, float] = {}
    for part in header[:MAX_CHARS].split(",")[:MAX_RANGES]:
        written = _RANGE.fullmatch(part)
        if written is None:
            continue
        weight = _WEIGHT.search(written[2])
        found.setdefault(written[1].lower(), float(weight[1]) if weight else 1.0)
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def media_weight(accepted: dict[str, float], media_type: str) -> float:
    """How well a client takes a media type, from 0 to 1: the most specific range counts. A header that says nothing
    takes everything.

    :param accepted: see :func:`preferences`.
    """
    if not accepted or not media_type:
        return 1.0
    kind = media_type.lower()
    return accepted.get(kind, accepted.get(f"{kind.partition('/')[0]}/*", accepted.get("*/*", 0.0)))
