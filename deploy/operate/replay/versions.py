"""Versions that a processor has published: a rebuilt state must not count from lower ones."""

from typing import Any

import msgspec

from deploy.operate.replay.topic_reader import events_of
from processors.shell.state.records import Active, StateRecordCodec
from processors.step import Processor
from schemas.codec.avro import Codec
from schemas.kafka.client_settings import Kafka

Versions = dict[str, int]
"""The highest published version by id."""


async def read_versions(kafka: Kafka, codec: Codec, processor: Processor[Any]) -> Versions:
    """The topic that carries the processor's versions, read from its first record to its last; empty for a processor
    that publishes none."""
    published = processor.published
    if published is None:
        return {}
    highest: Versions = {}
    async for _, event in events_of(kafka, codec, published.topic):
        for id, version in published.versions_of(event):
            highest[id] = max(highest.get(id, 0), version)
    return highest


def with_versions(
    processor: Processor[Any], records: StateRecordCodec, key: bytes, row: bytes, versions: Versions
) -> bytes:
    """The row with a state whose versions are no lower than ``versions``, so that readers take its next event."""
    if processor.published is None:
        return row
    record = records.decode(row)
    if not isinstance(record, Active) or record.state is None:
        return row
    return records.encode(
        msgspec.structs.replace(record, state=processor.published.raised(key.decode(), record.state, versions))
    )
