"""Builds the data directory of an earlier version from a recording of its topics, byte for byte and offset for offset.

A recording is a folder of text (`tests/support/released_v1`): `schemas/` with the Avro schemas that wrote the records,
a JSON Lines file a topic with its records as JSON, `topics.json` with the settings of the topics and the committed
offsets of the consumer groups, and `brand/`. States on changelogs are hex digits. Records are encoded with the schemas
of the recording and with no code of the project, so that a later change of an event class cannot change them.
`tests/support/record_data.py` makes a recording.
"""

import asyncio
import io
import json
from pathlib import Path
from typing import Any

import fastavro
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.structs import OffsetAndMetadata
from fastavro.schema import fingerprint, to_parsing_canonical_form

from tests.support.servers import start_kafka

IDENTIFIER_KEY = "00" * 32
RELEASED = Path(__file__).parent / "released_v1"
MARKER = b"\xc3\x01"
"""First bytes of Avro's single-object encoding; 8 bytes of the schema's fingerprint (CRC-64-AVRO) follow."""


def build_data(data: Path, recording: Path = RELEASED) -> None:
    """Writes the recording into a new data directory of `footpath up`; ClickHouse's part stays empty."""
    (data / "secrets").mkdir(parents=True)
    (data / "secrets" / "identifier.key").write_text(IDENTIFIER_KEY + "\n")
    server = start_kafka(data / "kafka")
    try:
        asyncio.run(_write(server.bootstrap, recording))
    finally:
        server.stop()


class RecordedSchemas:
    """The Avro schemas of a recording; encodes and decodes without the project's codec."""

    def __init__(self, folder: Path) -> None:
        self._parsed: dict[str, Any] = {}
        self._prints: dict[str, bytes] = {}
        for file in sorted(folder.glob("*.avsc")):
            document, name = json.loads(file.read_text()), file.name.removesuffix(".avsc")
            self._prints[name] = bytes.fromhex(fingerprint(to_parsing_canonical_form(document), "CRC-64-AVRO"))
            self._parsed[name] = fastavro.parse_schema(_plain_types(document), named_schemas={})
        self._names = {value: name for name, value in self._prints.items()}

    def decode(self, value: bytes) -> dict[str, Any]:
        """Schema name and fields of a record in single-object encoding; hex digits of anything else."""
        name = self._names.get(value[2:10]) if value.startswith(MARKER) else None
        if name is None:
            return {"hex": value.hex()}
        return {
            "schema": name,
            "event": _as_text(fastavro.schemaless_reader(io.BytesIO(value[10:]), self._parsed[name], None)),
        }

    def encode(self, record: dict[str, Any]) -> bytes:
        """The bytes that `decode` was given."""
        if "hex" in record:
            return bytes.fromhex(record["hex"])
        out = io.BytesIO()
        out.write(MARKER + self._prints[record["schema"]])
        fastavro.schemaless_writer(out, self._parsed[record["schema"]], _as_bytes(record["event"]))
        return out.getvalue()


async def _write(bootstrap: str, recording: Path) -> None:
    """Topics, then their records with the recorded offsets, then the groups' offsets."""
    described = json.loads((recording / "topics.json").read_text())
    schemas = RecordedSchemas(recording / "schemas")
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        new = [
            NewTopic(name, topic["partitions"], 1, topic_configs={"cleanup.policy": topic["cleanup_policy"]})
            for name, topic in described["topics"].items()
        ]
        await admin.create_topics(new)
    finally:
        await admin.close()
    plain = AIOKafkaProducer(bootstrap_servers=bootstrap)
    transactional = AIOKafkaProducer(bootstrap_servers=bootstrap, transactional_id="recording")
    async with plain, transactional:
        writer = _Writer(plain, transactional, schemas)
        for name, topic in described["topics"].items():
            records = [json.loads(line) for line in (recording / f"{name}.jsonl").read_text().splitlines()]
            for number, end in enumerate(topic["ends"]):
                of_partition = [record for record in records if record["partition"] == number]
                await writer.write(TopicPartition(name, number), of_partition, end)
    for group, offsets in described["groups"].items():
        consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=group, enable_auto_commit=False)
        async with consumer:
            committed = {
                TopicPartition(topic, int(partition)): OffsetAndMetadata(offset, metadata)
                for topic, partition, offset, metadata in offsets
            }
            consumer.assign(list(committed))
            await consumer.commit(committed)


class _Writer:
    """Writes records at their recorded offsets.

    Offsets without a record are the markers of transactions: one behind the records of a committed transaction, more
    where a transaction was aborted. Records with such an offset behind them are therefore written in a transaction.
    """

    def __init__(self, plain: AIOKafkaProducer, transactional: AIOKafkaProducer, schemas: RecordedSchemas) -> None:
        self._plain = plain
        self._transactional = transactional
        self._schemas = schemas

    async def write(self, at: TopicPartition, records: list[dict[str, Any]], end: int) -> None:
        """:param end: next offset of the partition after the last record and its marker."""
        run: list[dict[str, Any]] = []
        following = 0
        for record in [*records, {"offset": end}]:
            if record["offset"] > following:
                await self._run(at, run, record["offset"] - following)
                run = []
            run.append(record)
            following = record["offset"] + 1
        for record in run[:-1]:
            await self._send(self._plain, at, record)

    async def _run(self, at: TopicPartition, records: list[dict[str, Any]], gap: int) -> None:
        """Records without a gap between them, and ``gap`` offsets without a record behind them."""
        if records:
            async with self._transactional.transaction():
                for record in records:
                    await self._send(self._transactional, at, record)
            gap -= 1
        if gap == 1 and not records:
            raise ValueError(f"{at}: a single offset without a record follows no record")
        if gap == 1:
            raise ValueError(f"{at}: two markers in a row cannot be written behind one transaction")
        if gap:
            await self._transactional.begin_transaction()
            for _ in range(gap - 1):
                await self._transactional.send_and_wait(at.topic, b"", partition=at.partition)
            await self._transactional.abort_transaction()

    async def _send(self, producer: AIOKafkaProducer, at: TopicPartition, record: dict[str, Any]) -> None:
        key = record["key"]
        await producer.send_and_wait(
            at.topic,
            None if record["value"] is None else self._schemas.encode(record["value"]),
            bytes.fromhex(key["hex"]) if isinstance(key, dict) else key.encode(),
            partition=at.partition,
            timestamp_ms=record["timestamp"],
            headers=[(name, text.encode("latin-1")) for name, text in record["headers"]],
        )


def _plain_types(node: Any) -> Any:
    """The schema without logical types: times stay integers, decimals bytes."""
    if isinstance(node, dict):
        return {key: _plain_types(value) for key, value in node.items() if key != "logicalType"}
    return [_plain_types(value) for value in node] if isinstance(node, list) else node


def _as_text(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    if isinstance(value, dict):
        return {key: _as_text(one) for key, one in value.items()}
    return [_as_text(one) for one in value] if isinstance(value, list) else value


def _as_bytes(value: Any) -> Any:
    if isinstance(value, dict):
        if value.keys() == {"hex"}:
            return bytes.fromhex(value["hex"])
        return {key: _as_bytes(one) for key, one in value.items()}
    return [_as_bytes(one) for one in value] if isinstance(value, list) else value
