"""Workers that are paused (by swapping, a debugger, a hypervisor) until the group removes them, and then continue.

In the long form; the short one is a test of `tests/processors/shell/test_crashes.py`.
"""

import asyncio
import shutil
import signal
import time
from itertools import cycle, islice
from pathlib import Path
from random import Random

import pytest

from deploy.local.processes import worker_names
from schemas.topics import PARTITIONS, TOUCHPOINT_IDENTIFIED, TOUCHPOINT_RECORDED, Topic
from tests.chaos.books import books_brand
from tests.chaos.expected_state import (
    ABOUT_SALES,
    ChangelogContent,
    compare_with_stores,
    read_changelogs,
    single_run_states,
)
from tests.chaos.phone_clients import PhoneClients, Scan
from tests.chaos.reconciliation import reconcile, wait_until_stored
from tests.chaos.signals import send_signal, wait_until_serving
from tests.support.full_stack import FullStack, wait_until
from tests.support.seeds import draw_seed
from tests.support.till_client import TillClient

ROUNDS = 20
RESENT_EVENTS = 500
MAX_PAUSE_S = 1.0
"""Workers commit once a second: within this time a worker is paused at any point between two commits."""


@pytest.mark.timeout(3000)
@pytest.mark.usefixtures("long_form")
def test_a_worker_that_resumes_after_its_partitions_moved_changes_nothing(tmp_path: Path) -> None:
    """A worker is paused in the middle of its work and resumes when other workers have done that work.

    What it still writes changes neither the tables, nor the changelogs, nor the state that a restart restores.
    """
    seed, began = draw_seed(), time.monotonic()
    random = Random(seed)
    # What waits for a budget depends on more than a state's own sources.
    brand = books_brand(tmp_path, limits=False)
    stack = FullStack(tmp_path / "data", workers=2, FOOTPATH_BRAND=str(brand))
    stack.start()
    fenced = 0
    try:
        with TillClient(stack, seed, joining=False) as till, PhoneClients(stack, seed) as phones:
            workers = [names[0] for _, names in worker_names(2)]
            random.shuffle(workers)
            for worker in islice(cycle(workers), ROUNDS):
                time.sleep(random.uniform(0, MAX_PAUSE_S))
                fenced += _pause_until_partitions_moved(stack, phones, worker)
        wait_until_serving(stack)
        wait_until_stored(stack, till, phones)
        before = reconcile(stack, till, phones)
        rounds_s = time.monotonic() - began
        changelogs = asyncio.run(_changelogs_of_a_run_without_faults(stack))
        assert stack.stop() == 0
        compare_with_stores(changelogs, stack.data / "workers")
        shutil.rmtree(stack.data / "workers")
        stack.start()
        till.resend(RESENT_EVENTS)
        till.run_once()
        phones.route_all(stack.logs)
        wait_until_stored(stack, till, phones)
        after = reconcile(stack, till, phones)
        asyncio.run(_changelogs_of_a_run_without_faults(stack))
    finally:
        stack.stop()
    assert not till.violations + phones.violations, (till.violations + phones.violations)[:5]
    assert not phones.missing_answers, phones.missing_answers[:3]
    print(f"{ROUNDS} pauses in {rounds_s:.0f} s, {fenced} workers fenced: {before}; after a restore: {after}")


def _pause_until_partitions_moved(stack: FullStack, phones: PhoneClients, worker: str) -> bool:
    """Pauses a worker until others have its partitions, then resumes it and waits until it has ended or rejoined.

    :returns: whether the worker ended, because it tried to commit and was fenced.
    """
    opened = _opened(stack, worker)
    pid = send_signal(stack, worker, signal.SIGSTOP)
    try:
        scans = phones.route_all(stack.logs)
        _wait_for_work_on_all_partitions(stack, scans)
    finally:
        send_signal(stack, worker, signal.SIGCONT)

    def has_ended() -> bool:
        return stack.run["processes"].get(worker) != pid

    wait_until(lambda: has_ended() or _opened(stack, worker) > opened, stack.logs)
    return has_ended()


def _wait_for_work_on_all_partitions(stack: FullStack, scans: list[Scan]) -> None:
    """Waits until every processor has processed these routed scans, which are on all partitions: their rewards and
    their identified events are stored."""
    events = tuple(scan.event_id for scan in scans)

    def partitions(topic: Topic) -> int:
        return int(stack.value(f"SELECT uniqExact(_partition) FROM {topic.table} WHERE event_id IN {events}"))

    rewarded = f"SELECT uniqExact(source_event_id) FROM reward_posted WHERE source_event_id IN {events}"
    wait_until(
        lambda: stack.value(rewarded) == len(events),
        lambda: f"{stack.value(rewarded)} of {len(events)} scans have their reward\n{stack.logs()}",
    )
    for topic in (TOUCHPOINT_RECORDED, TOUCHPOINT_IDENTIFIED):
        wait_until(
            lambda topic=topic: partitions(topic) == PARTITIONS,
            lambda topic=topic: f"the scans are on {partitions(topic)} partitions of {topic.noun}",
        )


def _opened(stack: FullStack, worker: str) -> int:
    """How often the worker has opened a partition."""
    return (stack.data / "logs" / f"{worker}.log").read_text().count('"partition open"')


async def _changelogs_of_a_run_without_faults(stack: FullStack) -> dict[str, ChangelogContent]:
    """The changelogs, whose last rows must be the states of a single worker without faults."""
    changelogs = await read_changelogs(stack.run["kafka"])
    for name, expected in (await single_run_states(stack.run["kafka"])).items():
        last_rows = changelogs[name].last_rows
        compared = expected.keys() if name in ABOUT_SALES else last_rows.keys() | expected.keys()
        wrong = [key for key in compared if last_rows.get(key) != expected.get(key)]
        assert not wrong, f"{len(wrong)} of {len(expected)} states of {name} differ, e.g. {wrong[:3]}"
    return changelogs
