"""What faust-streaming 0.15.3 does wrong under fire, each by the number of its issue, and what holds here.

The mends are in processors/shell: consumer.py says which of Faust's steps each of them replaces.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from schemas.topics import PARTITIONS, TOUCHPOINT_IDENTIFIED, TOUCHPOINT_RECORDED, changelog
from tests.fire.ground import compacted, configure, empty, workers_broker
from tests.fire.memory import folded, last_words, of_people, on_disk
from tests.parts import KafkaPart
from tests.processors.street import Street, street_on, until
from tests.processors.walkers import Walkers


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaPart]:
    with workers_broker(tmp_path_factory.mktemp("faust-kafka")) as part:
        yield part


@pytest.fixture
async def street(broker: KafkaPart, tmp_path: Path) -> AsyncIterator[Street]:
    async with street_on(broker, tmp_path) as street:
        yield street


async def test_faust_596_no_record_is_skipped_while_a_recovery_ends(street: Street) -> None:
    """Faust resumes, seeks and clears the sources in three steps at the end of a recovery, while its fetcher runs:
    what was fetched in between is lost, or commits stop for good.

    Here events never stop coming while workers join, leave and recover, and each is identified; commits reach the end.
    """
    walkers = Walkers("f596", people=300)
    sent = []
    over = asyncio.Event()

    async def never_stop() -> None:
        while not over.is_set():
            sent.extend(more := walkers.walk(25))
            await street.send(more)
            await asyncio.sleep(0.02)

    sending = asyncio.ensure_future(never_stop())
    street.start("identity", instance="stays", batch_rows="50")
    await street.opened("stays", PARTITIONS)
    opened = 0
    for _ in range(2):
        street.start("identity", instance="comes and goes", batch_rows="50")
        await street.opened("comes and goes", opened + 1)
        street.stop("comes and goes")
        opened = street.log("comes and goes").count('"partition open"')
    over.set()
    await sending
    await street.quiet("identity")
    ids = {event.event_id for event in sent}
    identified = await street.contents(TOUCHPOINT_IDENTIFIED, ids)
    assert identified.keys() == ids


EARLY = 3
"""Of the looks at work under way, the one at which the worker is killed: there has to be work left."""


async def test_faust_606_no_commit_passes_work_in_flight(street: Street) -> None:
    """Faust may commit an offset while a message before it is still being worked on.

    Here there is an identified event on the topic for every offset that is committed, whenever one looks.
    """
    walkers = Walkers("f606", people=500)
    starting = await street.count(TOUCHPOINT_IDENTIFIED)
    first = await street.ends(TOUCHPOINT_RECORDED.name)
    street.start("identity", commit_interval_ms="1", batch_rows="50")
    events = walkers.walk(3000)
    sending = asyncio.ensure_future(street.send(events))
    looks = 0
    while not sending.done() or not await street.is_done("identity"):
        committed = await street.committed("identity")  # first what is committed, then what is there
        there = await street.count(TOUCHPOINT_IDENTIFIED) - starting
        assert sum(max(0, offset - first[place]) for place, offset in committed.items()) <= there
        looks += 1
        if looks == EARLY:
            street.kill("identity")
            street.start("identity", commit_interval_ms="1", batch_rows="50")
    assert looks > EARLY
    identified = await street.contents(TOUCHPOINT_IDENTIFIED, {event.event_id for event in events})
    assert len(identified) == len(events)


async def test_faust_502_what_was_done_is_committed_before_partitions_move(street: Street) -> None:
    """Faust drops the offsets that it has acknowledged and not committed when partitions move: all of that is done
    again.

    Here a worker that has committed nothing yet does so before it hands over, and the next one does nothing twice.
    """
    walkers = Walkers("f502", people=100)
    before = await street.count(TOUCHPOINT_IDENTIFIED)
    street.start("identity", instance="first", commit_interval_ms="60000")
    await street.opened("first", PARTITIONS)
    committed = await street.committed("identity")
    await street.send(walkers.walk(400))

    async def are_identified() -> bool:
        return await street.count(TOUCHPOINT_IDENTIFIED) == before + 400

    await until(are_identified, 30, "the first worker to do its work")
    assert await street.committed("identity") == committed
    street.start("identity", instance="second")
    await street.opened("second", 1)
    street.stop("first")
    await street.quiet("identity")
    assert await are_identified(), "work was done again"


async def test_faust_176_a_recovery_from_a_compacted_changelog_ends(street: Street) -> None:
    """Faust waits for every offset up to the end of the changelog, also for those that compaction took away.

    Here a worker without a disk reads what is there, ends, and has the state.
    """
    walkers = Walkers("f176", people=20)
    await configure(
        street,
        changelog("identity"),
        cleanup_policy="compact",
        segment_ms="100",
        min_cleanable_dirty_ratio="0.01",
        delete_retention_ms="0",
    )
    street.start("identity", instance="first", commit_interval_ms="20")
    events = walkers.walk(12 * 50)
    for end in range(len(events), 0, -50):  # an identifier's row changes when an older event comes
        await street.send([*reversed(events[end - 50 : end])])
        await street.quiet("identity")
    street.stop("first")
    await compacted(street, changelog("identity"))
    street.start("identity", instance="without a disk")
    await street.opened("without a disk", PARTITIONS)
    street.stop("without a disk")
    words = await last_words(street, "identity")
    assert on_disk(street, "without a disk", "identity") == words
    wanted = folded(events)["identity"]
    assert of_people(words, set(wanted)).keys() == wanted.keys()


async def test_faust_597_a_recovery_from_an_emptied_changelog_ends(street: Street) -> None:
    """Faust waits for the record before the end of the changelog, also when the changelog is empty, or when that record
    is a commit marker that no consumer is shown.

    Here a worker without a disk starts from either, and goes on where the committed offsets say.
    """
    walkers = Walkers("f597", people=20)
    sent = []
    before = await street.count(TOUCHPOINT_IDENTIFIED)
    for instance in ("first", "after a marker", "after nothing"):
        if instance == "after nothing":
            await empty(street, changelog("identity"))
        street.start("identity", instance=instance, commit_interval_ms="10")
        await street.opened(instance, PARTITIONS)
        sent += (more := walkers.walk(100))
        await street.send(more)
        await street.quiet("identity")
        street.stop(instance)
        shutil.rmtree(street.data / "workers")
    ids = {event.event_id for event in sent}
    assert (await street.contents(TOUCHPOINT_IDENTIFIED, ids)).keys() == ids
    assert await street.count(TOUCHPOINT_IDENTIFIED) == before + len(ids)
