"""What workers made of a stream of events, compared with a plain fold of the same events."""

from collections.abc import Sequence
from typing import Any

from processors.rewards.state import Account
from schemas.topics import REWARD_POSTED, SCAN_ROUTED, TOUCHPOINT_IDENTIFIED
from tests.support.event_stream import EventStream, expected
from tests.support.stream_cluster import StreamCluster


async def check_against_fold(cluster: StreamCluster, stream: EventStream, events: Sequence[Any]) -> None:
    """Every event identified, every scan answered, every reward posted, each with one content; balances as folded."""
    ids = {event.event_id for event in events}
    entries, balances = expected(events)
    identified = await cluster.contents(TOUCHPOINT_IDENTIFIED, ids)
    assert identified.keys() == ids
    assert all(len(contents) == 1 for contents in identified.values())
    assert await cluster.contents(REWARD_POSTED, ids) == entries
    scans = {event.event_id for event in events if event.type == "scan"}
    routed = await cluster.contents(SCAN_ROUTED, scans)
    assert len(routed) == len(scans) and all(len(contents) == 1 for contents in routed.values())
    states = await cluster.states("rewards")
    assert {key: states[key].balance for key in balances} == balances
    people = {stream.person(number) for number in range(stream.people)}
    assert sum(s.balance for key, s in states.items() if key in people and isinstance(s, Account)) == sum(
        balances.values()
    )
