"""A record of a source topic with the fields that a stream task reads."""

from typing import NamedTuple


class SourceRecord(NamedTuple):
    """``timestamp`` is in milliseconds since 1970 UTC; the default is 2 March 2026, 10:00 UTC."""

    offset: int
    key: bytes
    value: bytes
    timestamp: int = 1_772_445_600_000
    headers: tuple[tuple[str, bytes], ...] = ()
