"""Records that are addressed to one stage: what it rejected is published again for it, while all other readers of the
topic have processed the record already."""

from collections.abc import Sequence

HEADER = "footpath-for"
"""Header that names the stage that a record is for; a record without it is for every reader."""


def is_for(headers: Sequence[tuple[str, bytes]], stage: str) -> bool:
    """Whether a record with these headers is for the stage."""
    for name, value in headers:  # noqa: SIM110  # called for every record: a generator would cost as much as the rest
        if name == HEADER and value != stage.encode():
            return False
    return True
