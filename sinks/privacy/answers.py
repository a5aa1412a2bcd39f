"""Answers to requests about data as events: the state of a request, the parts of its data, and their end."""

import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from schemas.events import PrivacyAnswered
from schemas.ids import derived
from schemas.topics import DAY_US
from sinks.privacy.progress import DONE, Progress

PART_BYTES: Final = 512 << 10
"""Of the compressed document in one record, some 5,000 events."""
DATA_KEPT_US: Final = 7 * DAY_US
"""How long the data of an answer can be fetched."""
LOOKED_AT_US: Final = {"show": 3_600_000_000, "profile": 1_800_000_000, "me": 1_800_000_000}
"""By action, how long what somebody looked at is kept, and whether it was asked for at all: what the privacy page has
shown, what staff saw of the shopper they served, which ends with the visit, and a phone's own points and coupons."""


def answer(
    progress: Progress, status: str, at_us: int, detail: Mapping[str, Any] | None = None, parts: int = 0
) -> PrivacyAnswered:
    """The state of a request from now on. :param detail: what whoever asked may see; it names nobody."""
    return PrivacyAnswered(
        event_id=derived("privacy answered", progress.request_id, status, str(at_us)),
        occurred_at=at_us,
        request_id=progress.request_id,
        action=progress.action,
        status=status,
        parts=parts,
        detail=json.dumps(progress.stated | dict(detail or {}), separators=(",", ":")),
    )


def parts_of(
    progress: Progress, document: Mapping[str, Any], at_us: int, protect: Callable[[bytes], bytes]
) -> Iterator[PrivacyAnswered]:
    """The document in parts, compressed and then protected."""
    content = gzip.compress(json.dumps(document, ensure_ascii=False).encode(), mtime=0)
    for number, start in enumerate(range(0, len(content), PART_BYTES), 1):
        yield PrivacyAnswered(
            event_id=derived("privacy data", progress.request_id, str(number)),
            occurred_at=at_us,
            request_id=progress.request_id,
            action=progress.action,
            status=DONE,
            part=number,
            body=protect(content[start : start + PART_BYTES]),
        )
