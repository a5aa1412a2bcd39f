"""Records for one reader alone: what one stage refused is published again for it, while all others have done their
work."""

from collections.abc import Sequence

HEADER = "footpath-for"
"""Names the stage that a record is for; a record without it is for everybody."""


def is_for(headers: Sequence[tuple[str, bytes]], stage: str) -> bool:
    """Whether a record with these headers is for the stage."""
    for name, value in headers:  # noqa: SIM110  # asked of every record: a generator would cost as much as the rest
        if name == HEADER and value != stage.encode():
            return False
    return True
