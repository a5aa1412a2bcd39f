"""Parses CSV rows of costs to events of the events API; a row that is no cost gets a reason. Pure."""

import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import ClassVar

import msgspec

from deploy.operate.csv_file.rows import CsvRows, RejectedRow, Row, RowError
from schemas.ids import derived, hash64_bytes

__all__ = ["Costs", "RejectedRow", "Row"]
DIMENSIONS = ("campaign", "channel", "placement", "store")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Costs(CsvRows):
    """Iterates over the rows of one file of costs; see :class:`CsvRows`."""

    columns: ClassVar[tuple[str, ...]] = ("day", *DIMENSIONS, "amount", "currency")
    required: ClassVar[tuple[str, ...]] = ("day", "campaign", "amount")

    def __init__(self, text: Iterable[str], name: str) -> None:
        super().__init__(text, name)
        self._first_of: dict[bytes, int] = {}

    def event(self, line: int, values: dict[str, str]) -> bytes:
        """:raises RowError: the row is no valid cost, or an earlier row of the file has the same key."""
        day, dimensions = _day(values["day"]), {name: values.get(name, "") for name in DIMENSIONS}
        if not dimensions["campaign"]:
            raise RowError("campaign: is missing")
        if not values["amount"]:
            raise RowError("amount: is missing")
        self._check_unique(line, (day, *dimensions.values()))
        properties = {name: values[name] for name in ("amount", "currency") if values.get(name)}
        event = {
            "event_id": derived(
                "cost", day, *dimensions.values(), *(f"{name}={text}" for name, text in properties.items())
            ),
            "type": "cost_reported",
            "occurred_at": f"{day}T00:00:00Z",
            **{name: text for name, text in dimensions.items() if text},
            "properties": properties,
        }
        return msgspec.json.encode(event)

    def _check_unique(self, line: int, key: Sequence[str]) -> None:
        first = self._first_of.setdefault(hash64_bytes("\x1f".join(key)), line)
        if first != line:
            raise RowError(
                f"has the same day, campaign, channel, placement and store as line {first}: add them up in one row"
            )


def _day(text: str) -> str:
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    raise RowError(f"day: {text!r} is not a day such as 2026-03-01")
