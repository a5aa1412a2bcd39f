"""Rows of a CSV file as events of the events API; a row that is none gets a reason. Pure."""

import csv
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from deploy.operate.importer.lines import Line
from schemas.process.errors import OperatorError
from schemas.text import name_form

REJECT_COLUMNS = ("line", "reason")
"""Additional columns of the file with rejected rows; they are ignored when that file is corrected and sent again."""


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
    """A row is no valid event; the text names the column."""


class CsvRows(ABC):
    """Iterates over the rows of one file. Each kind of file says which columns there are, and makes an event of a row.

    :param text: lines of the file with their line ends. :param name: name of the file in error messages.

    :raises OperatorError: the header lacks a required column, or has an unknown or repeated one.
    """

    columns: ClassVar[tuple[str, ...]]
    required: ClassVar[tuple[str, ...]]

    def __init__(self, text: Iterable[str], name: str) -> None:
        self._lines = _LineRecorder(text)
        self._rows = csv.reader(self._lines)
        first = next(self._read(), Row(1, ()))
        self.header = tuple(field.strip().lower() for field in first.fields)
        for column in self.required:
            if column not in self.header:
                raise OperatorError(
                    f"{name}: the first line must be a header with {', '.join(self.columns)} (separated by commas; "
                    f"{', '.join(self.required)} are needed); it has no {column}"
                )
        for column in self.header:
            if column not in (*self.columns, *REJECT_COLUMNS):
                raise OperatorError(f"{name}: no column is called {column!r}; there are {', '.join(self.columns)}")
            if self.header.count(column) > 1:
                raise OperatorError(f"{name}: the header has {column} twice")

    def __iter__(self) -> Iterator[tuple[Row, Line | RejectedRow]]:
        """Every row that is not blank, in order, with its event or its rejection."""
        for row in self._read():
            if not any(field.strip() for field in row.fields):
                continue
            try:
                yield row, Line(row.line, self.event(row.line, self._values(row)))
            except RowError as error:
                yield row, RejectedRow(row, str(error))

    @abstractmethod
    def event(self, line: int, values: dict[str, str]) -> bytes:
        """The JSON of the event of a row, with an id that the row decides. :param values: by column, as name forms.

        :raises RowError: the row is none.
        """

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

    def _values(self, row: Row) -> dict[str, str]:
        if len(row.fields) != len(self.header):
            raise RowError(f"has {len(row.fields)} fields, and the header {len(self.header)}")
        values = {column: name_form(field) for column, field in zip(self.header, row.fields, strict=True)}
        if any("\udc80" <= character <= "\udcff" for field in values.values() for character in field):
            raise RowError("is not valid UTF-8")
        return values


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
