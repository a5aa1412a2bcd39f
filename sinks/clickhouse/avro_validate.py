"""Validates many Avro bodies at once, without decoding them: each must be exactly one record of the schema.

The validator keeps one position per body and moves all of them field by field with numpy, which costs about a
microsecond per body instead of the twelve that decoding one takes. It is strict where readers differ (64-bit numbers in
ten bytes, 32-bit ranges, array blocks without a byte count, UTF-8), so a body that passes means the same to every
reader.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

PADDING = 16
"""Zero bytes that must follow the bodies, so that reading a number stays inside the buffer."""
MAX_ITEMS = 64
"""A body with a longer array does not pass, and is decoded instead: every item costs one step over all bodies."""

Longs = NDArray[np.int64]


class AvroValidator:
    """:param buffer: the bodies at any positions, and PADDING. :param starts, ends: where each body begins and ends."""

    def __init__(self, buffer: bytes, starts: Longs, ends: Longs) -> None:
        self._bytes = np.frombuffer(buffer, np.uint8)
        self._starts, self._ends = starts, ends
        self._at = starts.copy()
        self._valid = np.ones(len(starts), bool)
        self._text = np.zeros(len(buffer) + 1, np.int8)

    def valid(self, schema: Any) -> NDArray[np.bool_]:
        """For each body, whether it is exactly one record of the schema."""
        self._step(schema, np.arange(len(self._starts)))
        self._valid &= self._at == self._ends
        return self._valid & self._is_text()

    def _step(self, schema: Any, rows: Longs) -> None:
        kind = schema["type"] if isinstance(schema, dict) else schema
        match kind:
            case "record":
                for field in schema["fields"]:
                    self._step(field["type"], rows)
            case "string" | "bytes":
                self._skip_counted(rows, text=kind == "string")
            case "long":
                self._long(rows)
            case "int":
                value = self._long(rows)
                self._valid[rows] &= value == value.astype(np.int32)
            case "double":
                self._move(rows, np.int64(8))
            case "array":
                self._array(schema["items"], rows)
            case [*branches]:
                chosen = self._long(rows)
                self._valid[rows] &= (chosen >= 0) & (chosen < len(branches))
                for number, branch in enumerate(branches):
                    if branch != "null":
                        self._step(branch, rows[chosen == number])
            case _:
                raise TypeError(f"cannot validate the Avro type {kind!r}")

    def _array(self, items: Any, rows: Longs) -> None:
        count = self._long(rows)
        self._valid[rows] &= (count >= 0) & (count <= MAX_ITEMS)
        count[~self._valid[rows]] = 0
        for number in range(int(count.max(initial=0))):
            self._step(items, rows[count > number])
        # One block of items, then the empty block that ends every array.
        more = rows[count > 0]
        self._valid[more] &= self._long(more) == 0

    def _skip_counted(self, rows: Longs, text: bool) -> None:
        size = self._long(rows)
        left = self._ends[rows] - self._at[rows]
        fits = (size >= 0) & (size <= left)
        self._valid[rows] &= fits
        size[~fits] = 0
        if text:
            self._text[self._at[rows][fits]] += 1
            self._text[(self._at[rows] + size)[fits]] -= 1
        self._move(rows, size)

    def _move(self, rows: Longs, size: Longs | np.int64) -> None:
        at = self._at[rows] + size
        inside = at <= self._ends[rows]
        self._valid[rows] &= inside
        self._at[rows] = np.where(inside, at, self._ends[rows])

    def _long(self, rows: Longs) -> Longs:
        """The next number of each row (a zigzag varint)."""
        at = self._at[rows]
        byte = self._bytes[at]
        value = (byte & 0x7F).astype(np.uint64)
        size = np.ones(len(rows), np.int64)
        more = np.flatnonzero(byte > 0x7F)
        for number in range(1, 10):
            if not more.size:
                break
            byte = self._bytes[at[more] + number]
            value[more] |= (byte & 0x7F).astype(np.uint64) << np.uint64(7 * number)
            size[more] += 1
            if number == 9:
                self._valid[rows[more[byte > 1]]] = False
            more = more[byte > 0x7F]
        self._move(rows, size)
        return (value >> np.uint64(1)).view(np.int64) ^ -(value & np.uint64(1)).view(np.int64)

    def _is_text(self) -> NDArray[np.bool_]:
        """Whether all texts of a body are UTF-8. Two texts never touch: the length of the second lies between them."""
        inside = np.cumsum(self._text[:-1], dtype=np.int8) > 0
        texts = np.where(inside, self._bytes, np.uint8(0)).tobytes()
        utf8 = np.ones(len(self._starts), bool)
        if not _is_utf8(texts):
            utf8[:] = [_is_utf8(texts[start:end]) for start, end in zip(self._starts, self._ends, strict=True)]
        return utf8


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
