"""Events to Kafka records and back.

Without a registry the value is Avro's single-object encoding (Avro 1.12 specification, "Single-object encoding"): two
marker bytes, the 64-bit Rabin fingerprint of the writer's schema, the body. With a registry it is Confluent's wire
format: a zero byte, the schema's id as four big-endian bytes, the same body. A reader accepts both.
"""

import io
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, Protocol

import fastavro
import msgspec
from fastavro.schema import fingerprint as avro_fingerprint
from fastavro.schema import to_parsing_canonical_form

from schemas.codec.compiled import Unusual, build_decode, build_encode
from schemas.events import Event, EventRejected
from schemas.reasons import RejectReason
from schemas.topics import BY_EVENT, EVENT_REJECTED, TOPICS, Topic

log = logging.getLogger(__name__)

MARKER = b"\xc3\x01"
HEADER_BYTES = 10
AVRO_DIR = Path(__file__).parents[1] / "avro"

Headers = list[tuple[str, bytes]]
Protect = Callable[[bytes], bytes]

_plain: Callable[[Event], dict[str, Any]] = partial(msgspec.to_builtins, builtin_types=(bytes,))


class Undecodable(Exception):
    """Bytes that are no event of their topic. ``detail`` says what is wrong."""

    def __init__(self, reason: RejectReason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Schema:
    """One revision of a record: file name in ``avro/``, JSON document, parsed form of fastavro, fingerprint (8
    bytes)."""

    name: str
    document: dict[str, Any]
    parsed: Any
    fingerprint: bytes


def fingerprint(document: Mapping[str, Any]) -> bytes:
    """CRC-64-AVRO of the parsing canonical form, little-endian as it stands in single-object encoding."""
    return bytes.fromhex(avro_fingerprint(to_parsing_canonical_form(dict(document)), "CRC-64-AVRO"))


def without_logical_types(node: Any) -> Any:
    """A schema of the same encoding without logical types, so that fastavro leaves times as integers."""
    if isinstance(node, dict):
        return {k: without_logical_types(v) for k, v in node.items() if k != "logicalType"}
    if isinstance(node, list):
        return [without_logical_types(v) for v in node]
    return node


@cache
def load_schema(path: Path) -> Schema:
    """The schema of a file, which never changes."""
    document = json.loads(path.read_text())
    return Schema(
        name=path.name.removesuffix(".avsc"),
        document=document,
        parsed=fastavro.parse_schema(without_logical_types(document), named_schemas={}),
        fingerprint=fingerprint(document),
    )


def revisions(topic: Topic) -> list[Schema]:
    """Every kept revision of a topic's schema, oldest first: ``<table>.v1.avsc``, then ``<table>.v1.1.avsc`` …"""

    def revision(path: Path) -> int:
        return int(path.name.removesuffix(".avsc").removeprefix(f"{topic.table}.v1").removeprefix(".") or 0)

    return [load_schema(path) for path in sorted(AVRO_DIR.glob(f"{topic.table}.v1*.avsc"), key=revision)]


class SchemaIds(Protocol):
    """What the Confluent framing needs of a registry; schemas/codec/schema_registry.py implements it over HTTP."""

    def frame(self, topic: Topic, schema: Schema) -> bytes:
        """Zero byte and the id of the schema in the registry."""

    def fingerprint_of(self, schema_id: int) -> bytes:
        """Fingerprint of the schema that has this id; empty when the registry does not know it."""


class TopicCodec:
    """Encodes and decodes the events of one topic.

    Decoding accepts every revision of the schema in ``avro/``, in either framing, and nothing else; the record must end
    where the value ends.
    """

    def __init__(self, topic: Topic, registry: SchemaIds | None = None) -> None:
        self.topic = topic
        kept = revisions(topic)
        self.schema = kept[-1]
        self._by_fingerprint = {schema.fingerprint: schema for schema in kept}
        self._registry = registry
        self._frame = MARKER + self.schema.fingerprint if registry is None else registry.frame(topic, self.schema)
        self._encode = build_encode(self.schema.parsed, self._frame)
        self._decode = build_decode(self.schema.parsed, topic.event)
        self.content_type = f"application/avro; schema={self.schema.name}".encode()

    def encode(self, event: Event) -> bytes:
        """The framed value of an event. :raises Exception: fastavro's, when a field does not fit the schema."""
        try:
            return self._encode(event)
        except Unusual:
            pass
        out = io.BytesIO()
        out.write(self._frame)
        fastavro.schemaless_writer(out, self.schema.parsed, _plain(event))
        return out.getvalue()

    def headers(self, event_id: str) -> Headers:
        """Headers of a record, as text that Kafka tools can show."""
        return [("event-id", event_id.encode()), ("content-type", self.content_type)]

    def split(self, value: bytes | None) -> tuple[Schema, int]:
        """The writer's schema of a value, and the position where its body starts.

        :raises Undecodable: no marker, or a schema that this topic never had.
        """
        if value is None:
            raise Undecodable(RejectReason.UNDECODABLE, "the record has no value")
        if value[:2] == MARKER and len(value) >= HEADER_BYTES:
            schema = self._by_fingerprint.get(value[2:HEADER_BYTES])
            if schema is None:
                found = value[2:HEADER_BYTES].hex()
                raise Undecodable(
                    RejectReason.UNKNOWN_SCHEMA, f"no schema of {self.topic.name} has the fingerprint {found}"
                )
            return schema, HEADER_BYTES
        if self._registry is not None and value[:1] == b"\0" and len(value) >= 5:
            number = int.from_bytes(value[1:5], "big")
            schema = self._by_fingerprint.get(self._registry.fingerprint_of(number))
            if schema is None:
                raise Undecodable(RejectReason.UNKNOWN_SCHEMA, f"registry schema {number} is none of {self.topic.name}")
            return schema, 5
        raise Undecodable(RejectReason.UNDECODABLE, "the value starts with no Avro single-object marker")

    def decode_dict(self, value: bytes | None) -> dict[str, Any]:
        """The record as a dict, times as integers.

        :raises Undecodable: not an event of this topic.
        """
        schema, start = self.split(value)
        assert value is not None
        body = io.BytesIO(value)
        body.seek(start)
        try:
            newest = None if schema is self.schema else self.schema.parsed
            record = fastavro.schemaless_reader(body, schema.parsed, newest)
        except (EOFError, IndexError, ValueError, TypeError, MemoryError, OverflowError) as error:
            # The message may quote the body.
            raise Undecodable(RejectReason.UNDECODABLE, f"broken body: {type(error).__name__}") from error
        if body.tell() != len(value):
            raise Undecodable(RejectReason.UNDECODABLE, f"{len(value) - body.tell()} bytes follow the record")
        return record  # type: ignore[return-value]

    def decode(self, value: bytes | None) -> Any:
        """The event of this topic. :raises Undecodable: not an event of this topic."""
        if value is not None and value.startswith(self._frame):
            try:
                return self._decode(value, len(self._frame))
            except Unusual:
                pass
        try:
            return msgspec.convert(self.decode_dict(value), self.topic.event)
        except msgspec.ValidationError as error:
            raise Undecodable(RejectReason.UNDECODABLE, str(error)) from error


def keep_nothing(content: bytes) -> bytes:
    """The protection of a process without a key: no bytes."""
    _warn_once()
    return b""


@cache
def _warn_once() -> None:
    log.warning("rejects keep no bytes and cannot be replayed: FOOTPATH_REJECT_KEY_FILE is not set")


class RejectCodec(TopicCodec):
    """The codec of event-rejected. It protects the bytes of every reject that it encodes, so that no process can
    publish or store them in clear; decoding gives them as they are protected.

    :param protect: see :class:`Codec`.
    """

    def __init__(self, registry: SchemaIds | None, protect: Protect) -> None:
        super().__init__(EVENT_REJECTED, registry)
        self._protect = protect

    def encode(self, event: Event) -> bytes:
        assert isinstance(event, EventRejected)
        return super().encode(msgspec.structs.replace(event, raw=self._protect(event.raw)))


class Codec:
    """The codecs of all topics.

    :param protect: protects the bytes that a reject keeps; without it none are kept.
    """

    def __init__(self, registry: SchemaIds | None = None, protect: Protect = keep_nothing) -> None:
        self._by_event = {topic.event: TopicCodec(topic, registry) for topic in TOPICS if topic is not EVENT_REJECTED}
        self._by_event[EVENT_REJECTED.event] = RejectCodec(registry, protect)

    def of(self, topic: Topic) -> TopicCodec:
        return self._by_event[topic.event]

    def record(self, event: Event) -> tuple[Topic, bytes, bytes, Headers]:
        """Topic, key, value and headers of an event."""
        topic = BY_EVENT[type(event)]
        codec = self._by_event[type(event)]
        return topic, topic.key(event).encode(), codec.encode(event), codec.headers(event.event_id)
