"""The store outlives its Kafka: records of a new one count as later, whatever their offsets; none is passed over."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.structs import OffsetAndMetadata

from deploy.operate.replay.table import rebuild
from deploy.setup import topics
from schemas.events import CostReported
from schemas.kafka.topic_ids import TopicId, TopicReplaced, check_same_topics
from schemas.topics import COST_REPORTED, PARTITIONS, TOUCHPOINT_IDENTIFIED
from sinks.clickhouse.topic_incarnation import claim_incarnations
from sinks.clickhouse.topic_positions import belongs_elsewhere
from sinks.clickhouse.writer import build_client
from sinks.serve import GROUP
from tests.sinks.test_serve import encoded, eventually, publish, scans, sink, unread
from tests.support.hangs import HANG_S
from tests.support.servers import KafkaServer, start_kafka
from tests.support.sink_store import CODEC, Store

GARBAGE = "SELECT count() FROM event_rejected FINAL"
AMOUNT = "SELECT toInt64(amount) FROM cost_reported FINAL"


@pytest.fixture
def other(tmp_path: Path) -> Iterator[KafkaServer]:
    """Another Kafka, new and empty."""
    server = start_kafka(tmp_path / "other-kafka")
    topics.apply(server.bootstrap)
    yield server
    server.kill()


def costs(amount: int) -> list[bytes | None]:
    """What a campaign cost; the statement that is sent last counts."""
    stated = CostReported(
        event_id="till/49-and-7",
        occurred_at=0,
        received_at=0,
        source="till",
        campaign="spring",
        amount_micros=amount * 1_000_000,
        currency="EUR",
    )
    return encoded([stated])


def test_a_store_gets_a_new_and_empty_kafka(
    stream: KafkaServer, other: KafkaServer, store: Store, tmp_path: Path
) -> None:
    """In the old Kafka a thousand records came before the last costs and a broken record; in the new one they are the
    first ones. The same again changes nothing, and a rebuild from the new topic keeps what only the old one had."""
    store.client.command("TRUNCATE TABLE footpath.kafka_topic")
    with sink(stream, store, tmp_path / "log"):
        publish(stream, COST_REPORTED, 50 * costs(49))
        publish(stream, TOUCHPOINT_IDENTIFIED, [*encoded(scans(range(20))), b"garbage of the old"])
        eventually(lambda: store.ask(AMOUNT) == [(49,)], "the old Kafka's costs")
        eventually(lambda: store.one(GARBAGE) == 1, "the old Kafka's reject")
    for times in (1, 2):
        with sink(other, store, tmp_path / "log"):
            publish(other, COST_REPORTED, costs(7))
            publish(other, TOUCHPOINT_IDENTIFIED, [*encoded(scans(range(20, 40))), b"garbage of the new"])
            eventually(lambda: asyncio.run(unread(other, TOUCHPOINT_IDENTIFIED)) == 0, "all of the new Kafka")
            eventually(lambda: store.ask(AMOUNT) == [(7,)], "the new Kafka's costs")
            eventually(lambda n=times: store.one(GARBAGE) == 1 + n, "the new Kafka's reject")  # type: ignore[misc]
    assert store.one("SELECT uniqExact(event_id) FROM touchpoint") == 40
    assert "other topics than those of the same names before" in (tmp_path / "log").read_text()
    compared = asyncio.run(
        rebuild(TOUCHPOINT_IDENTIFIED, other.bootstrap, store.part.url, store.client, CODEC, check=False)
    )
    assert all(one.equal for one in compared) and compared[0].copied >= 20
    assert store.one("SELECT uniqExact(event_id) FROM touchpoint") == 40


@pytest.mark.usefixtures("long_form")
def test_a_topic_is_made_again_under_a_sink(stream: KafkaServer, store: Store, tmp_path: Path) -> None:
    """The sink ends rather than take the new topic's offsets for the old one's, and the next one reads it whole. An
    offset that was committed for the old topic is not taken for one of the new topic either."""
    log = tmp_path / "log"
    with sink(stream, store, log) as process:
        publish(stream, TOUCHPOINT_IDENTIFIED, encoded(scans(range(100))))
        eventually(lambda: store.one("SELECT uniqExact(event_id) FROM touchpoint") == 100, "the old topic's rows")
        asyncio.run(_delete(stream, TOUCHPOINT_IDENTIFIED.name))
        eventually(lambda: _made(stream), "the topics again")
        assert process.wait(HANG_S) == 1
    assert f"{TOUCHPOINT_IDENTIFIED.name} was deleted and made again" in log.read_text()
    publish(stream, TOUCHPOINT_IDENTIFIED, encoded(scans(range(100, 130))))
    asyncio.run(_commit_of_another_topic(stream))
    for _ in range(2):
        with sink(stream, store, log):
            eventually(lambda: store.one("SELECT uniqExact(event_id) FROM touchpoint") == 130, "the new topic's rows")
            eventually(lambda: asyncio.run(unread(stream, TOUCHPOINT_IDENTIFIED)) == 0, "the new topic")
        assert store.ask("SELECT count(), uniqExact(event_id) FROM touchpoint") == [(130, 130)]
    assert "their topics were made again" in log.read_text()


def test_each_topic_of_a_name_has_its_incarnation(store: Store) -> None:
    store.client.command("TRUNCATE TABLE footpath.kafka_topic")
    first, again, elsewhere = TopicId("here", "1"), TopicId("here", "2"), TopicId("there", "1")

    async def claim() -> list[dict[str, int]]:
        client = await build_client(store.part.url)
        try:
            return [
                await claim_incarnations(client, {"sales": topic_id, "stock": first})
                for topic_id in (first, first, again, elsewhere, again, first)
            ]
        finally:
            await client.close()

    found = asyncio.run(claim())
    assert [one["sales"] for one in found] == [0, 0, 1, 2, 1, 0]
    assert {one["stock"] for one in found} == {0}


def test_positions_name_their_topic() -> None:
    here = TopicId("here", "1")
    assert belongs_elsewhere("here/2", here) and belongs_elsewhere("there/1", here)
    assert not belongs_elsewhere("here/1", here)
    assert not belongs_elsewhere("", here), "committed by an earlier version"
    check_same_topics({"sales": here}, {"sales": here, "stock": TopicId("here", "9")})
    check_same_topics({"sales": here}, {})
    with pytest.raises(TopicReplaced, match="sales was deleted and made again: here/1 is there/1 now"):
        check_same_topics({"sales": here}, {"sales": TopicId("there", "1")})


async def _delete(stream: KafkaServer, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=stream.bootstrap)
    await admin.start()
    try:
        await admin.delete_topics([topic])
    finally:
        await admin.close()


def _made(stream: KafkaServer) -> bool:
    steps = topics.apply(stream.bootstrap)
    return all(step.action == "keep" for step in steps)


async def _commit_of_another_topic(stream: KafkaServer) -> None:
    """Offsets at the end of the topic, as a sink left them that read one of the same name."""
    consumer = AIOKafkaConsumer(bootstrap_servers=stream.bootstrap, group_id=GROUP, enable_auto_commit=False)
    await consumer.start()
    try:
        tps = [TopicPartition(TOUCHPOINT_IDENTIFIED.name, number) for number in range(PARTITIONS)]
        consumer.assign(tps)
        ends = await consumer.end_offsets(tps)
        await consumer.commit({tp: OffsetAndMetadata(end, str(TopicId("here", "1"))) for tp, end in ends.items()})
    finally:
        await consumer.stop()
