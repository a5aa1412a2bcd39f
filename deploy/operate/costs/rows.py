"""Parses CSV rows of costs to events of the events API; a row that is no cost gets a reason. Pure."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import msgspec

from deploy.operate.importer.lines import Line
from schemas.ids import derived, hash64_bytes
from schemas.process.errors import OperatorError
from schemas.text import name_form

REQUIRED_COLUMNS = ("day", "campaign", "amount")
COLUMNS = ("day", "campaign", "channel", "placement", "store", "amount", "currency")
REJECT_COLUMNS = ("line", "reason")
"""Additional columns of the file with rejected rows; they are ignored when that file is corrected and sent again."""
DIMENSIONS = ("campaign", "channel", "placement", "store")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the number of its first line (from 1) and its fields as the file has them."""

    line: int
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that was not accepted, and the reason."""

    row: Row
    reason: str


class RowError(Exception):
    """A row is no valid cost; the text names the column."""


class Costs:
    """Iterates over the rows of one file.

    :param text: lines of the file with their line ends. :param name: name of the file in error messages.

    :raises OperatorError: the header lacks a required column, or has an unknown or repeated one.
    """

    def __init__(self, text: Iterable[str], name: str) -> None:
        self._lines = _LineRecorder(text)
        self._rows = csv.reader(self._lines)
        first = next(self._read(), Row(1, ()))
        self.header = tuple(field.strip().lower() for field in first.fields)
        self._first_of: dict[bytes, int] = {}
        for column in REQUIRED_COLUMNS:
            if column not in self.header:
                raise OperatorError(
                    f"{name}: the first line must be a header with {', '.join(COLUMNS)} (separated by commas; "
                    f"{', '.join(REQUIRED_COLUMNS)} are needed); it has no {column}"
                )
        for column in self.header:
            if column not in (*COLUMNS, *REJECT_COLUMNS):
                raise OperatorError(f"{name}: no column is called {column!r}; there are {', '.join(COLUMNS)}")
            if self.header.count(column) > 1:
                raise OperatorError(f"{name}: the header has {column} twice")

    def __iter__(self) -> Iterator[tuple[Row, Line | RejectedRow]]:
        """Every row that is not blank, in order, with its event or its rejection."""
        for row in self._read():
            if not any(field.strip() for field in row.fields):
                continue
            try:
                yield row, Line(row.line, self._event(row))
            except RowError as error:
                yield row, RejectedRow(row, str(error))

    def _read(self) -> Iterator[Row]:
        while True:
            first_line = self._lines.number + 1
            try:
                fields = next(self._rows, None)
            except csv.Error:
                fields = [self._lines.recorded]
            if fields is None:
                return
            yield Row(first_line, tuple(fields))
            self._lines.clear()

    def _event(self, row: Row) -> bytes:
        """:raises RowError: the row is no valid cost, or an earlier row of the file has the same key."""
        if len(row.fields) != len(self.header):
            raise RowError(f"has {len(row.fields)} fields, and the header {len(self.header)}")
        values = {column: name_form(field) for column, field in zip(self.header, row.fields, strict=True)}
        if any("\udc80" <= character <= "\udcff" for field in values.values() for character in field):
            raise RowError("is not valid UTF-8")
        day, dimensions = _day(values["day"]), {name: values.get(name, "") for name in DIMENSIONS}
        if not dimensions["campaign"]:
            raise RowError("campaign: is missing")
        if not values["amount"]:
            raise RowError("amount: is missing")
        self._check_unique(row.line, (day, *dimensions.values()))
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


class _LineRecorder:
    """Passes lines to the CSV reader and records those of the current row, so that a row that the reader refuses is
    kept."""

    def __init__(self, text: Iterable[str]) -> None:
        self._text = iter(text)
        self.number = 0
        self.recorded = ""

    def __iter__(self) -> "_LineRecorder":
        return self

    def __next__(self) -> str:
        line = next(self._text)
        self.number += 1
        self.recorded += line
        return line

    def clear(self) -> None:
        """Call after each row."""
        self.recorded = ""
