"""A state with timers that is rebuilt from its sources is the one that workers left, whatever happened to them:
`footpath replay state` does the timers that they did, at the same times."""

from pathlib import Path

from deploy.operate.replay.rebuilding import Rebuild
from deploy.operate.replay.reference import ReferenceHistory
from processors.shell.state.changelog import WOKEN
from schemas.brand.items import events_of
from schemas.kafka.partitioner import partition_of
from tests.chaos.simulation.reminding import REMINDING
from tests.chaos.simulation.wiring import CODEC, states_of
from tests.support import reminders
from tests.support.source_records import SourceRecord
from tests.support.workload import REFERENCE

SEEDS = 12


def test_a_rebuilt_state_has_done_the_same_timers(tmp_path: Path) -> None:
    cancelled, _ = REMINDING
    history = ReferenceHistory([(0, item) for item in events_of(REFERENCE.brand, 1, {})])
    for seed in range(1, SEEDS):
        case = cancelled.case(seed)
        outcome = cancelled.run(case)
        woken = {number: int(rows.get(WOKEN, 0)) for number, rows in enumerate(outcome.changelogs)}
        rebuild = Rebuild(reminders.PROCESSOR, CODEC, case.partitions, tmp_path / str(seed), history, woken)
        stamp_ms = 0
        for number, event in enumerate(case.history):
            topic, key, value, _ = CODEC.record(event)
            stamp_ms = max(stamp_ms, event.occurred_at // 1000)
            partition = partition_of(key.decode(), case.partitions)
            rebuild.take(topic, partition, SourceRecord(number, key, value, stamp_ms))
        rebuild.save()
        states = [states_of(reminders.PROCESSOR, dict(store.rows())) for store in rebuild.stores]
        rebuild.close()
        assert {key: state for of_one in states for key, state in of_one.items()} == outcome.states, f"seed {seed}"
