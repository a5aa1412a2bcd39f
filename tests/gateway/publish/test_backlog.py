"""How far the processors are behind, as an import is told."""

import time

from aiokafka import AIOKafkaConsumer, TopicPartition

from gateway.events_api.results import BACKLOG, MANY, SCAN_DELAY
from gateway.publish.backlog import WATCHED, furthest_behind
from schemas.topics import TOUCHPOINT_RECEIVED
from tests.support.gateway_process import GatewayClient, GatewayProcess, page_view
from tests.support.stream_cluster import until

ENDS = {TopicPartition(topic.name, number): 100 for topic in set(WATCHED.values()) for number in (0, 1)}


def committed(name: str, *offsets: int) -> dict[TopicPartition, int]:
    return {TopicPartition(WATCHED[name].name, number): offset for number, offset in enumerate(offsets)}


def test_the_one_furthest_behind_counts() -> None:
    groups = {"intake": committed("intake", 100, 100), "rewards": committed("rewards", 10, 90)}
    assert furthest_behind(ENDS, groups) == 100


def test_a_processor_that_never_ran_is_not_waited_for() -> None:
    assert furthest_behind(ENDS, {"intake": {}, "rewards": committed("rewards", -1, -1)}) == 0
    assert furthest_behind(ENDS, {}) == 0


def test_a_partition_without_an_offset_counts_whole() -> None:
    assert furthest_behind(ENDS, {"identity": committed("identity", 100)}) == 100


def test_more_than_the_end_is_no_credit() -> None:
    assert furthest_behind(ENDS, {"identity": committed("identity", 150, 90)}) == 10


async def test_the_answer_to_a_large_batch_says_it(gateway: GatewayProcess, client: GatewayClient) -> None:
    """Intake has committed one record of what is on its topic; all others have never run."""
    first = TopicPartition(TOUCHPOINT_RECEIVED.name, 0)
    kafka = gateway.environ["FOOTPATH_KAFKA"]
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, group_id="footpath-intake", enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign([first])
        await consumer.commit({first: 1})
    finally:
        await consumer.stop()
    batch = [page_view(event_id=f"backlog-{number}") for number in range(MANY)]
    seen: list[int] = []

    async def is_said() -> bool:
        response = await client.send(*batch)
        seen.append(int(response.headers[BACKLOG]))
        return seen[-1] >= MANY - 1

    await until(is_said, "the backlog", lambda: str(seen))
    assert BACKLOG not in (await client.send(page_view())).headers


async def test_the_answer_to_a_large_batch_says_how_long_scans_wait(client: GatewayClient) -> None:
    """No worker runs, so a scan waits until its deadline."""
    began_s = time.perf_counter()
    await client.scan("shelf-1")
    waited_ms = 1000 * (time.perf_counter() - began_s)
    answer = await client.send(*(page_view(event_id=f"delay-{number}") for number in range(MANY)))
    assert waited_ms / 2 < int(answer.headers[SCAN_DELAY]) <= waited_ms + 1
    assert SCAN_DELAY not in (await client.send(page_view())).headers
