"""Real workers on real Kafka: somebody is erased, and after compaction no byte of theirs is left in a changelog or a
store."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest

from deploy.operate.replay.state import replay
from deploy.setup.topics import apply
from processors.registry import PROCESSORS
from schemas.events import ErasureApplied, PrivacyRequested, PrivacyResolved, TouchpointRecorded
from schemas.ids import derived, person_of
from schemas.matching.traits import PROPERTY, encode_traits
from schemas.topics import ERASURE_APPLIED, PRIVACY_RESOLVED, TOUCHPOINT_IDENTIFIED, changelog
from tests.support.event_stream import EventStream
from tests.support.servers import KafkaServer, start_kafka
from tests.support.stream_cluster import CODEC, MAIN, StreamCluster, until
from tests.support.topic_settings import alter

ALL = ("identity", "context", "rewards", "consent", "matching")
PURGES_SOON = f"""
from processors.shell import partition
partition.PURGE_WITHIN_S = 0.2
{MAIN}
"""
CARD, PHONE = "loyalty:canary-card", "device:canary-phone"
PRODUCT, POLICY, SALE = "CANARY-PRODUCT", "canary-policy", "canary-receipt-4711"
COMPACTS_SOON = {
    "cleanup.policy": "compact",
    "segment.ms": "100",
    "min.cleanable.dirty.ratio": "0.001",
    "delete.retention.ms": "0",
    "file.delete.delay.ms": "100",
}
AT = 1_772_445_600_000_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("erased-kafka")


@pytest.fixture(scope="module")
def broker(folder: Path) -> Iterator[KafkaServer]:
    """A broker of its own, which compacts all the time."""
    server = start_kafka(folder, log_cleaner_backoff_ms=200)
    apply(server.bootstrap)
    yield server
    server.stop()


def touch(number: int, type: str, *identifiers: str, **fields: object) -> TouchpointRecorded:
    return TouchpointRecorded(
        event_id=str(fields.pop("event_id", derived("canary", str(number)))),
        occurred_at=AT + number,
        received_at=AT + number,
        type=type,
        source="till",
        primary_identifier=identifiers[0],
        identifiers=identifiers,
        **fields,  # type: ignore[arg-type]
    )


def canary_events() -> list[TouchpointRecorded]:
    """A phone, a card with it, what they bought, said and are called."""
    name = {"given_name": "Canaria", "family_name": "Vogel", "birth_date": "1984-02-29"}
    properties = msgspec.json.encode({PROPERTY: encode_traits(name, b"key")}).decode()
    said = msgspec.json.encode({"purposes": ["marketing"], "policy_version": POLICY}).decode()
    return [
        touch(1, "scan", PHONE, tag="shelf", store="mitte"),
        touch(2, "page_view", CARD, PHONE, properties=properties),
        touch(3, "sale", CARD, product=PRODUCT, amount_micros=5_000_000, currency="EUR", event_id=SALE, store="mitte"),
        touch(4, "sale", PHONE, product=PRODUCT, amount_micros=5_000_000, currency="EUR", store="mitte"),
        touch(5, "consent_given", CARD, properties=said),
    ]


def found(folders: list[Path]) -> dict[str, list[str]]:
    """The files in which each of the canaries is."""
    contents = {}
    for file in (file for folder in folders for file in folder.rglob("*") if file.is_file()):
        with suppress(FileNotFoundError):  # compacted away meanwhile
            contents[f"{file.name} of {file.parent.name}"] = file.read_bytes()
    canaries = (PRODUCT, POLICY, SALE, derived("canary", "1"))
    return {one: [name for name, raw in contents.items() if one.encode() in raw] for one in canaries}


async def test_no_byte_of_who_was_erased_is_left_after_compaction(cluster: StreamCluster, folder: Path) -> None:
    for name in ALL:
        await alter(cluster.kafka, changelog(name), COMPACTS_SOON)
    worker = "all"
    cluster.start(*ALL, instance=worker, main=PURGES_SOON)
    others = EventStream("others", people=20)
    await cluster.send([*others.take(100), *canary_events()])
    await cluster.quiet(*ALL)
    logs = [log for name in ALL for log in (folder / "log").glob(f"{changelog(name)}-*")]
    stores = [cluster.data]
    before = found(logs)
    assert all(before[one] for one in (PRODUCT, POLICY, SALE)), "or the search would find nothing anyway"

    request = PrivacyRequested(
        event_id="asked",
        request_id="request",
        action="erase",
        scope="person",
        identifier=PHONE,
        source="page",
        occurred_at=AT,
    )
    await cluster.send([request])
    await cluster.quiet(*ALL)
    [resolved] = await cluster.events(PRIVACY_RESOLVED)
    assert isinstance(resolved, PrivacyResolved) and resolved.identifiers == (CARD, PHONE)
    reports: list[ErasureApplied] = await cluster.events(ERASURE_APPLIED)
    assert {(one.processor, one.source_profile_id) for one in reports} == {
        (name, person_of(one)) for name in ALL for one in (CARD, PHONE)
    }
    assert len(reports) == 2 * len(ALL) and all(
        sum(one.removed for one in reports if one.processor == name) > 0 for name in ALL
    ), reports

    # Late events of theirs, and as many of others as it takes to close the segments.
    await cluster.send([touch(7, "scan", PHONE, tag="shelf", store="mitte", reply_partition=0), touch(8, "sale", CARD)])

    async def is_gone() -> bool:
        await cluster.send(others.take(40))
        await cluster.quiet(*ALL)
        await asyncio.sleep(0.5)
        return not any(found([*logs, *stores]).values())

    await until(is_gone, f"the canaries to leave changelogs and stores: {found([*logs, *stores])}")
    answered = [one for one in await cluster.events(TOUCHPOINT_IDENTIFIED) if one.event_id == derived("canary", "7")]
    assert len(answered) == 1 and person_of(PHONE) not in (answered[0].person_id, answered[0].source_profile_id)

    cluster.stop(worker)
    for name in ALL:
        rebuilt = await replay(PROCESSORS[name], cluster.kafka, CODEC, cluster.data / "replay" / name, write=False)
        assert all(part.equal for part in rebuilt.partitions), (name, rebuilt)
    assert not any(found(sorted((cluster.data / "replay").glob("*/rebuilt"))).values())
