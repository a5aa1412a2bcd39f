"""A planned stop: a worker serves its partitions until others have taken them over."""

import asyncio
import signal

from schemas.topics import TOUCHPOINT_IDENTIFIED
from tests.support.event_stream import EventStream
from tests.support.stream_cluster import StreamCluster, until

LONG_SESSION = {"session_timeout_ms": "30000", "heartbeat_interval_ms": "2000"}


async def test_a_worker_that_stops_serves_until_the_others_know(cluster: StreamCluster) -> None:
    """The other worker is frozen, so it cannot take over: what comes after the signal is processed all the same. Then
    it continues and has all partitions, every event and nothing twice."""
    stream = EventStream("planned-stop", people=40)
    first = cluster.start("identity", instance="first", **LONG_SESSION)
    await cluster.opened("first", 2)
    other = cluster.start("identity", instance="other", **LONG_SESSION)
    await cluster.opened("other", 1)
    await cluster.opened("first", 3)
    await cluster.send(before := stream.take(40))
    await cluster.quiet("identity")

    other.send_signal(signal.SIGSTOP)
    try:
        first.terminate()

        async def stops() -> bool:
            return '"stopping"' in cluster.log("first")

        await until(stops, "the first worker to notice the signal")
        after = []
        while first.poll() is None:
            await cluster.send(some := stream.take(4))
            after += some
            await asyncio.sleep(0.05)
        assert first.returncode == 0, cluster.log("first")
        served = {event.event_id for event in await cluster.events(TOUCHPOINT_IDENTIFIED)}
        assert served & {event.event_id for event in after}
        assert not served >= {event.event_id for event in after}, "the frozen one has partitions, too"
    finally:
        other.send_signal(signal.SIGCONT)
    del cluster.workers["first"]
    await cluster.quiet("identity")
    contents = await cluster.contents(TOUCHPOINT_IDENTIFIED, {event.event_id for event in (*before, *after)})
    assert contents.keys() == {event.event_id for event in (*before, *after)}
    assert all(len(of_one) == 1 for of_one in contents.values())
