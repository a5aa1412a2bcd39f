"""Avro's binary encoding as Python code that is generated for one schema: some three times as fast as an interpreter of
schemas in C, because events become bytes, and bytes events, without a dict between them.

The generated functions cover the usual case only. Everything else (a value of another type, an array in several blocks,
a number longer than needed, bytes that are no record) raises :class:`Unusual`, and the caller falls back to fastavro,
which implements all of Avro and raises the right error. So every value that they accept means the same to every reader.
Numbers and lengths are Avro's zigzag varints (Avro 1.12 specification, "Binary Encoding").
"""

import struct
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import msgspec

Encode = Callable[[Any], bytes]
Decode = Callable[[bytes, int], Any]

_DOUBLE = struct.Struct("<d")
_PLAIN = (AttributeError, IndexError, OverflowError, TypeError, ValueError, struct.error)


ARRAYS_KEPT = 1024
"""Encoded arrays of records that an encoder caches: the same few recur."""


class Unusual(Exception):
    """A value or bytes that the generated functions do not cover."""


def build_encode(schema: Any, frame: bytes) -> Encode:
    """``encode(event) -> frame + body``. :raises Unusual: in ``encode``; fastavro then encodes or raises."""
    writer = _Writer()
    parts = ", ".join(writer.record(schema, "event"))
    body = "\n        ".join(writer.lines)
    source = f"def encode(event):\n    try:\n        {body}\n        return join((frame, {parts}))\n"
    source += "    except plain as error:\n        raise Unusual from error\n"
    names = {"frame": frame, "plain": _PLAIN, "Unusual": Unusual}
    encode: Encode = _compiled(source, "encode", writer.names | names)
    return encode


def _build_items(schema: Any) -> Encode:
    """``encode(items)`` for an array: one block, and the empty block that ends it."""
    writer = _Writer()
    parts = ", ".join(writer.record(schema, "item") if isinstance(schema, dict) else writer.field(schema, "item"))
    body = "".join(f"        {line}\n" for line in writer.lines)
    source = f"def encode(items):\n    parts = [size[len(items)]]\n    for item in items:\n{body}"
    source += f"        parts += ({parts},)\n    if items:\n        parts.append(b'\\0')\n    return join(parts)\n"
    encode: Encode = _compiled(source, "encode", writer.names)
    return lru_cache(ARRAYS_KEPT)(encode) if isinstance(schema, dict) else encode


def build_decode(schema: Any, kind: type[msgspec.Struct]) -> Decode:
    """``decode(value, start) -> event``; the record must end where the value ends. :raises Unusual: as above."""
    reader = _Reader()
    made = reader.record(schema, kind)
    body = "\n        ".join(reader.lines)
    source = f"def decode(b, i):\n    odd = 0\n    try:\n        {body}\n        made = {made}\n"
    source += "    except plain as error:\n        raise Unusual from error\n"
    source += "    if odd & 1 or i != len(b):\n        raise Unusual\n    return made\n"
    names = {"plain": _PLAIN, "Unusual": Unusual, "long": _read_long, "double": _DOUBLE.unpack_from}
    decode: Decode = _compiled(source, "decode", names | reader.names)
    return decode


class _Writer:
    """Generates an encoder: collects statements that assign encoded pieces to names, and yields the names in order."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.names: dict[str, Any] = dict(_write_names())
        self._count = 0

    def record(self, schema: Any, value: str) -> list[str]:
        return [part for field in schema["fields"] for part in self.field(field["type"], f"{value}.{field['name']}")]

    def field(self, kind: Any, value: str) -> Iterator[str]:
        name = f"v{self._count}"
        self._count += 1
        kind = _bare(kind)
        match kind:
            case "string":
                self.lines.append(f"{name} = {value}.encode()")
                yield from (f"size[len({name})]", name)
            case "bytes":
                self.lines.append(f"{name} = {value}")
                yield from (f"size[len({name})]", name)
            case "long" | "int":
                yield f"{kind}_of({value})"
            case "double":
                yield f"double_of({value})"
            case ["null", "long" | "int" as number]:
                self.lines.append(f"{name} = {value}")
                yield f"b'\\0' if {name} is None else b'\\2' + {number}_of({name})"
            case {"type": "array", "items": items}:
                self.names[f"items{name}"] = _build_items(items)
                yield f"items{name}({value})"
            case _:
                raise TypeError(f"no encoder for the Avro type {kind!r}")


class _Reader:
    """Generates a decoder: collects statements that read field after field into names of their own."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.names: dict[str, Any] = {}
        self._count = 0

    def record(self, schema: Any, kind: type[msgspec.Struct]) -> str:
        types = {field.name: field.type for field in msgspec.structs.fields(kind)}
        values = [(field["name"], self._field(field["type"], types[field["name"]])) for field in schema["fields"]]
        self.names[kind.__name__] = kind
        return f"{kind.__name__}({', '.join(f'{name}={value}' for name, value in values)})"

    def _field(self, kind: Any, typed: Any) -> str:
        name = f"v{self._count}"
        self._count += 1
        kind = _bare(kind)
        match kind:
            case "string" | "bytes":
                decoded, empty = (".decode()", "''") if kind == "string" else ("", "b''")
                self._number("n")
                self.lines += ["if n:", "    odd |= n", "    j = i + (n >> 1)", f"    {name} = b[i:j]{decoded}"]
                self.lines += ["    i = j", "else:", f"    {name} = {empty}"]
            case "long" | "int":
                self._number("n")
                self.lines.append(f"{name} = n >> 1 ^ -(n & 1)")
            case "double":
                self.lines += [f"({name},) = double(b, i)", "i += 8"]
            case ["null", "long" | "int"]:
                self.lines += [f"{name} = None", "if b[i] == 2:", "    i += 1"]
                self._number("n", indent="    ")
                self.lines += [f"    {name} = n >> 1 ^ -(n & 1)", "elif b[i] == 0:", "    i += 1", "else:"]
                self.lines.append("    raise Unusual")
            case {"type": "array", "items": items}:
                self._array(name, items, typed)
            case _:
                raise TypeError(f"no decoder for the Avro type {kind!r}")
        return name

    def _number(self, name: str, indent: str = "") -> None:
        lines = [f"{name} = b[i]", "i += 1", f"if {name} > 127:", f"    {name}, i = long(b, {name}, i)"]
        self.lines += [indent + line for line in lines]

    def _array(self, name: str, items: Any, typed: Any) -> None:
        """One block of items and the empty block at the end, as every writer writes it that does not stream."""
        outer, self.lines = self.lines, []
        item = typed.__args__[0]
        made = self.record(items, item) if isinstance(items, dict) else self._field(items, item)
        inner, self.lines = self.lines, outer
        self._number("n")
        self.lines += ["odd |= n", f"{name} = []", "if n:", "    for _ in range(n >> 1):"]
        self.lines += [f"        {line}" for line in inner]
        self.lines += [f"        {name}.append({made})", "    if b[i]:", "        raise Unusual", "    i += 1"]
        self.lines.append(f"{name} = tuple({name})")


def _bare(kind: Any) -> Any:
    """The type without the wrapper that is left of a removed logical type."""
    return kind["type"] if isinstance(kind, dict) and kind.keys() == {"type"} else kind


def _read_long(b: bytes, first: int, at: int) -> tuple[int, int]:
    """The rest of a varint whose first byte has the continuation bit: its unsigned value, and where it ends."""
    value, shift = first & 0x7F, 7
    while True:
        byte = b[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if value >> 64 or not byte:
                raise ValueError("longer than needed")
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("longer than any number")


@lru_cache(1)
def long_encoder() -> Callable[[int], bytes]:
    """``encode(number)``: a whole number of 64 bits as Avro's varint, joined from tables of two-byte varints with and
    without the continuation bit. :raises OverflowError: in ``encode``, a number of more than 64 bits."""
    last = [_varint(value) for value in range(1 << 14)]
    more = [bytes((value & 0x7F | 0x80, value >> 7 | 0x80)) for value in range(1 << 14)]

    def encode(value: int) -> bytes:
        number = value << 1 ^ value >> 63
        if number < 1 << 14:
            return last[number]
        if number < 1 << 28:
            return more[number & 0x3FFF] + last[number >> 14]
        if number < 1 << 42:
            return more[number & 0x3FFF] + more[number >> 14 & 0x3FFF] + last[number >> 28]
        if number < 1 << 56:
            return (
                more[number & 0x3FFF] + more[number >> 14 & 0x3FFF] + more[number >> 28 & 0x3FFF] + last[number >> 42]
            )
        if number < 1 << 64:
            return _varint(number)
        raise OverflowError(value)

    return encode


@lru_cache(1)
def _write_names() -> dict[str, Any]:
    """Names that generated encoders use."""
    long_of = long_encoder()

    def int_of(value: int) -> bytes:
        if -(1 << 31) <= value < 1 << 31:
            return long_of(value)
        raise OverflowError(value)

    size = [_varint(2 * length) for length in range(1 << 13)]
    return {"size": size, "long_of": long_of, "int_of": int_of, "double_of": _DOUBLE.pack, "join": b"".join}


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _compiled(source: str, name: str, names: dict[str, Any]) -> Any:
    exec(compile(source, f"<avro {name}>", "exec"), names)
    return names[name]
