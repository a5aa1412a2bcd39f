"""What an importer reads and sends: lines, and those that were rejected."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its number (from 1) and its bytes; in a batch these are the JSON of an event that has an id."""

    number: int
    text: bytes


@dataclass(frozen=True, slots=True)
class RejectedLine:
    """A line that was not accepted, and the reason."""

    line: Line
    reason: str
