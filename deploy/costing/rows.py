"""Reads a CSV file of costs as events ready to send, and says of every other row why it is none. Pure."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import msgspec

from deploy.errors import Refused
from deploy.importing.lines import Line
from schemas.ids import derived, mark_bytes

NEEDED = ("day", "campaign", "amount")
COLUMNS = ("day", "campaign", "channel", "placement", "store", "amount", "currency")
SAID = ("line", "reason")
"""Columns of the file with rejected rows, which may be mended and sent as it is: they are left out then."""
NAMES = ("campaign", "channel", "placement", "store")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the line that it begins in (from 1) and its fields as they came."""

    line: int
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that did not get in, and why."""

    row: Row
    reason: str


class Wrong(Exception):
    """What is wrong with a row, naming the column."""


class Costs:
    """The rows of one file.

    :raises Refused: the first line is no header that names every needed column, and no unknown one, once.
    """

    def __init__(self, text: Iterable[str], name: str) -> None:
        self._tape = _Tape(text)
        self._rows = csv.reader(self._tape)
        first = next(self._read(), Row(1, ()))
        self.header = tuple(field.strip().lower() for field in first.fields)
        self._first_of: dict[bytes, int] = {}
        for column in NEEDED:
            if column not in self.header:
                raise Refused(
                    f"{name}: the first line must be a header with {', '.join(COLUMNS)} (separated by commas; "
                    f"{', '.join(NEEDED)} are needed); it has no {column}"
                )
        for column in self.header:
            if column not in (*COLUMNS, *SAID):
                raise Refused(f"{name}: no column is called {column!r}; there are {', '.join(COLUMNS)}")
            if self.header.count(column) > 1:
                raise Refused(f"{name}: the header has {column} twice")

    def __iter__(self) -> Iterator[tuple[Row, Line | Rejected]]:
        """Every row that is not blank, in order, with its event or why there is none."""
        for row in self._read():
            if not any(field.strip() for field in row.fields):
                continue
            try:
                yield row, Line(row.line, self._event(row))
            except Wrong as wrong:
                yield row, Rejected(row, str(wrong))

    def _read(self) -> Iterator[Row]:
        while True:
            begins = self._tape.line + 1
            try:
                fields = next(self._rows, None)
            except csv.Error:
                fields = [self._tape.taken]
            if fields is None:
                return
            yield Row(begins, tuple(fields))
            self._tape.forget()

    def _event(self, row: Row) -> bytes:
        """:raises Wrong: the row is no cost of a campaign on a day, or the file has one of the same key already."""
        if len(row.fields) != len(self.header):
            raise Wrong(f"has {len(row.fields)} fields, and the header {len(self.header)}")
        cost = {column: field.strip() for column, field in zip(self.header, row.fields, strict=True)}
        if any("\udc80" <= character <= "\udcff" for field in cost.values() for character in field):
            raise Wrong("is no UTF-8")
        day, names = _day(cost["day"]), {name: cost.get(name, "") for name in NAMES}
        if not names["campaign"]:
            raise Wrong("campaign: is missing")
        if not cost["amount"]:
            raise Wrong("amount: is missing")
        self._once(row.line, (day, *names.values()))
        paid = {name: cost[name] for name in ("amount", "currency") if cost.get(name)}
        event = {
            "event_id": derived("cost", day, *names.values(), *(f"{name}={text}" for name, text in paid.items())),
            "type": "cost_reported",
            "occurred_at": f"{day}T00:00:00Z",
            **{name: text for name, text in names.items() if text},
            "properties": paid,
        }
        return msgspec.json.encode(event)

    def _once(self, line: int, key: Sequence[str]) -> None:
        first = self._first_of.setdefault(mark_bytes("\x1f".join(key)), line)
        if first != line:
            raise Wrong(
                f"says the same day, campaign, channel, placement and store as line {first}: add them up in one row"
            )


def _day(text: str) -> str:
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    raise Wrong(f"day: {text!r} is no day such as 2026-03-01")


class _Tape:
    """Lines on their way to the CSV reader; ``taken`` are those of the row that is being read."""

    def __init__(self, text: Iterable[str]) -> None:
        self._lines = iter(text)
        self.line = 0
        self.taken = ""

    def __iter__(self) -> "_Tape":
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.line += 1
        self.taken += line
        return line

    def forget(self) -> None:
        self.taken = ""
