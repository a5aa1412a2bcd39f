"""Records the topics of the whole system after a few events, as text for `tests/support/data_recipe.py`.

    python -m tests.support.record_data

replaces `tests/support/released_v1`. Run it for a version that is released, never again for that version later.
"""

import asyncio
import contextlib
import json
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import GroupLoadInProgressError

from processors.registry import PROCESSORS
from schemas.codec.avro import AVRO_DIR
from tests.support.data_recipe import IDENTIFIER_KEY, RELEASED, RecordedSchemas
from tests.support.full_stack import FullStack, wait_until
from tests.support.servers import start_kafka

ANN_PHONE, ANN_CARD = {"type": "device", "value": "ann-phone"}, {"type": "customer", "value": "C-1"}
BEN_MAIL, BEN_PHONE = {"type": "email", "value": "ben@shop.example"}, {"type": "device", "value": "ben-phone"}
QUIET_S = 10
"""Long enough for every process to commit what it has taken."""
LOAD_S = 30
EVENTS: list[dict[str, Any]] = [
    {"type": "ad_click", "identifiers": [ANN_PHONE], "channel": "search", "campaign": "spring"},
    {"type": "scan", "identifiers": [ANN_PHONE], "tag": "mitte-espresso", "store": "mitte"},
    {"type": "sale", "identifiers": [ANN_PHONE, ANN_CARD], "store": "mitte",
     "properties": {"amount": "30.50", "currency": "EUR"}},
    {"type": "store_entry", "identifiers": [BEN_PHONE], "store": "mitte"},
    {"type": "sale", "identifiers": [BEN_MAIL], "store": "mitte", "properties": {"amount": "10.00", "currency": "EUR"}},
    {"type": "return", "identifiers": [BEN_MAIL], "store": "mitte",
     "properties": {"amount": "10.00", "currency": "EUR", "sale_event_id": "released-4"}},
    {"type": "identity_linked", "identifiers": [BEN_MAIL, BEN_PHONE]},
    {"type": "sale", "identifiers": [BEN_MAIL], "properties": {"amount": "-1", "currency": "EUR"}},
    {"type": "stock_reported", "store": "mitte", "properties": {"sku": "espresso", "quantity": 7}},
    {"type": "cost_reported", "campaign": "spring", "channel": "search",
     "properties": {"amount": "12.25", "currency": "EUR"}},
]  # fmt: skip
"""Ann clicks, scans and buys, and her card joins her phone; Ben buys and returns, and an operator links his phone."""


def main() -> None:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        data = Path(folder) / "data"
        (data / "secrets").mkdir(parents=True)
        (data / "secrets" / "identifier.key").write_text(IDENTIFIER_KEY + "\n")
        stack = FullStack(data, FOOTPATH_BRAND=str(RELEASED / "brand"))
        stack.start()
        for number, event in enumerate(EVENTS):
            stack.send({"event_id": f"released-{number}", "occurred_at": f"2026-03-01T12:{number:02}:00Z", **event})
            time.sleep(1)
        wait_until(lambda: stack.value("SELECT count() FROM reward_posted FINAL") == 4)
        time.sleep(QUIET_S)
        assert stack.stop() == 0
        shutil.rmtree(RELEASED / "schemas", ignore_errors=True)
        shutil.copytree(AVRO_DIR, RELEASED / "schemas", ignore=shutil.ignore_patterns("released.txt"))
        server = start_kafka(data / "kafka")
        try:
            asyncio.run(_read(server.bootstrap, RELEASED))
        finally:
            server.stop()


async def _read(bootstrap: str, recording: Path) -> None:
    """Writes topics, records and committed offsets of a Kafka to the recording."""
    for old in recording.glob("*.jsonl"):
        old.unlink()
    schemas = RecordedSchemas(recording / "schemas")
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        names = sorted(name for name in await admin.list_topics() if not name.startswith("__"))
        resources = [ConfigResource(ConfigResourceType.TOPIC, name, {"cleanup.policy": ""}) for name in names]
        policies = {
            name: entries[0][1]
            for answer in await admin.describe_configs(resources)
            for _code, _message, _kind, name, entries in answer.resources
        }
        # The sink's tables are empty in the rebuilt directory, so it must read every topic from the start.
        groups = {f"footpath-{name}": await _committed(admin, f"footpath-{name}") for name in PROCESSORS}
    finally:
        await admin.close()
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, isolation_level="read_committed")
    topics = {}
    async with consumer:
        for name in names:
            partitions = [TopicPartition(name, number) for number in sorted(consumer.partitions_for_topic(name) or ())]
            if not partitions:
                await consumer._client.set_topics(names)
                partitions = [TopicPartition(name, number) for number in sorted(consumer.partitions_for_topic(name))]
            ends = await consumer.end_offsets(partitions)
            topics[name] = {
                "partitions": len(partitions),
                "cleanup_policy": policies[name],
                "ends": [ends[at] for at in partitions],
            }
            records = [record async for record in _records(consumer, ends, schemas)]
            lines = (json.dumps(record, ensure_ascii=False) + "\n" for record in records)
            (recording / f"{name}.jsonl").write_text("".join(lines))
    described = {"topics": topics, "groups": groups}
    (recording / "topics.json").write_text(json.dumps(described, indent=1) + "\n")


async def _committed(admin: AIOKafkaAdminClient, group: str) -> list[tuple[str, int, int, str]]:
    """Topic, partition, offset and metadata of what the group has committed; waits while the broker loads groups."""
    async with asyncio.timeout(LOAD_S):
        while True:
            with contextlib.suppress(GroupLoadInProgressError):
                if found := await admin.list_consumer_group_offsets(group):
                    return sorted((at.topic, at.partition, one.offset, one.metadata) for at, one in found.items())
            await asyncio.sleep(0.2)


async def _records(consumer: AIOKafkaConsumer, ends: dict[TopicPartition, int], schemas: RecordedSchemas) -> Any:
    consumer.assign(list(ends))
    await consumer.seek_to_beginning()
    while any([await consumer.position(at) < end for at, end in ends.items()]):
        for records in (await consumer.getmany(timeout_ms=200)).values():
            for record in records:
                yield {
                    "partition": record.partition,
                    "offset": record.offset,
                    "timestamp": record.timestamp,
                    "key": _text(record.key),
                    "headers": [[name, value.decode("latin-1")] for name, value in record.headers],
                    "value": None if record.value is None else schemas.decode(record.value),
                }


def _text(key: bytes) -> Any:
    try:
        return key.decode()
    except UnicodeDecodeError:
        return {"hex": key.hex()}


if __name__ == "__main__":
    main()
