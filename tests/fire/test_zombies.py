"""Workers that are paused (swap, a debugger, a hypervisor) until they are given up, and then go on as before."""

import asyncio
import shutil
import signal
import time
from itertools import cycle, islice
from pathlib import Path
from random import Random

import pytest

from deploy.local.children import worker_names
from schemas.topics import PARTITIONS, TOUCHPOINT_IDENTIFIED, TOUCHPOINT_RECORDED, Topic
from tests.fire.books import arrived, audit
from tests.fire.clients import Phones, Scan, Till
from tests.fire.seeds import draw_seed
from tests.fire.state import Changelog, compare_with_stores, read_changelogs, undisturbed
from tests.fire.striking import send, serving
from tests.stack.whole import Street, wait_until

ROUNDS, LONG_ROUNDS = 3, 20
MOVED_S, WOKEN_S, ARRIVAL_S = 40, 40, 120
AGAIN = 2000
MOMENT_S = 1.0
"""A commit a second: within this time a worker is paused at any point between two of them."""


@pytest.mark.timeout(1500)
def test_a_worker_that_wakes_up_after_its_partitions_moved_leaves_no_trace(tmp_path: Path, long: bool) -> None:
    """The fault: a worker is paused in the middle of its work, and wakes when others have done that work.

    The promise: whatever it still writes changes nothing: not in the tables, not in the changelogs, not in what a
    restart restores from them.
    """
    seed, began = draw_seed(), time.monotonic()
    random = Random(seed)
    street = Street(tmp_path / "data", workers=2)
    street.start()
    fenced = 0
    try:
        with Till(street, seed, joining=False) as till, Phones(street, seed) as phones:
            names = [names[0] for _, names in worker_names(2)]
            random.shuffle(names)
            for victim in islice(cycle(names), LONG_ROUNDS if long else ROUNDS):
                time.sleep(random.uniform(0, MOMENT_S))
                fenced += _pause_until_given_up(street, phones, victim)
        serving(street)
        arrived(street, till, phones, ARRIVAL_S)
        before = audit(street, till, phones)
        rounds_s = time.monotonic() - began
        changelogs = asyncio.run(_as_if_undisturbed(street))
        assert street.stop() == 0
        compare_with_stores(changelogs, street.data / "workers")
        shutil.rmtree(street.data / "workers")
        street.start()
        till.say_again(AGAIN)
        till.act()
        phones.all_routed(street._tell, MOVED_S)
        arrived(street, till, phones, ARRIVAL_S)
        after = audit(street, till, phones)
        asyncio.run(_as_if_undisturbed(street))
    finally:
        street.stop()
    assert not till.wrong + phones.wrong, (till.wrong + phones.wrong)[:5]
    assert not phones.silences, phones.silences[:3]
    rounds = LONG_ROUNDS if long else ROUNDS
    print(f"{rounds} zombies in {rounds_s:.0f} s, {fenced} of them fenced: {before}; restored from nothing: {after}")


def _pause_until_given_up(street: Street, phones: Phones, victim: str) -> bool:
    """One round. :returns: whether the zombie tried to commit and was ended for it; else it joined again in peace."""
    opened = _opened(street, victim)
    pid = send(street, victim, signal.SIGSTOP)
    try:
        scans = phones.all_routed(street._tell, MOVED_S)
        _cover_all_partitions(street, scans)
    finally:
        send(street, victim, signal.SIGCONT)

    def has_ended() -> bool:
        return street.run["processes"].get(victim) != pid

    wait_until(lambda: has_ended() or _opened(street, victim) > opened, WOKEN_S, street._tell)
    return has_ended()


def _cover_all_partitions(street: Street, scans: list[Scan]) -> None:
    """Every processor has worked on every partition since: scans are decided, and now their points are there too."""
    events = tuple(scan.event for scan in scans)

    def partitions(topic: Topic) -> int:
        return int(street.value(f"SELECT uniqExact(_partition) FROM {topic.table} WHERE event_id IN {events}"))

    paid = f"SELECT uniqExact(source_event_id) FROM reward_posted WHERE source_event_id IN {events}"
    wait_until(
        lambda: street.value(paid) == len(events),
        MOVED_S,
        lambda: f"{street.value(paid)} of {len(events)} scans are paid\n{street._tell()}",
    )
    for topic in (TOUCHPOINT_RECORDED, TOUCHPOINT_IDENTIFIED):
        wait_until(
            lambda topic=topic: partitions(topic) == PARTITIONS,
            MOVED_S,
            lambda topic=topic: f"the phones are on {partitions(topic)} partitions of {topic.noun}",
        )


def _opened(street: Street, worker: str) -> int:
    """How often the worker has opened a partition."""
    return (street.data / "logs" / f"{worker}.log").read_text().count('"partition open"')


async def _as_if_undisturbed(street: Street) -> dict[str, Changelog]:
    """The last word of each changelog is the state of a worker to which nothing ever happened."""
    changelogs = await read_changelogs(street.run["kafka"])
    for name, plain in (await undisturbed(street.run["kafka"])).items():
        last = changelogs[name].last
        wrong = [key for key in last.keys() | plain.keys() if last.get(key) != plain.get(key)]
        assert not wrong, f"{len(wrong)} of {len(plain)} states of {name} differ, e.g. {wrong[:3]}"
    return changelogs
