"""The rewards step with 20 rules that have conditions: the stream task alone (decode, decide, encode, no Kafka)."""

import time
from collections.abc import Sequence

import msgspec

from processors.reference import Reference
from processors.rewards.core import PROCESSOR
from processors.shell.reject_limit import RejectLimit
from processors.shell.state.store import MemoryStore
from processors.shell.task import StreamTask
from schemas.brand.model import Brand, Reward
from schemas.topics import TOUCHPOINT_IDENTIFIED
from tests.bench import kafka_client, workload
from tests.bench.baselines.row_batches import Row
from tests.bench.context import BATCH, PEOPLE
from tests.bench.environment import BenchEnvironment
from tests.bench.figures import Figure

RULES = 20
CONDITIONS = (
    "event.type in ['scan', 'nfc_tap'] && (!has(event.trust) || event.trust >= 50)",
    "tag.placement == 'shelf' && time.weekday in ['Sa', 'Su']",
    "time.daypart == 'night' && store.country == 'DE'",
    "product.category == 'coffee' && time.hour < 9",
    "store.country == 'DE' && time.public_holiday",
    "has(event.trust) && event.trust < 70",
    "event.campaign == 'spring' && tag.placement != 'receipt'",
    "'counter' in event.trust_reasons",
    "person.tier == 'gold' && tag.placement == 'receipt'",
    "person.balance > 1000000 && tag.placement == 'poster'",
    "tag.placement == 'packaging' && time.hour >= 17",
    "event.type == 'nfc_tap' && time.hour < 8",
    "product.id == 'KB-105' && time.daypart == 'evening'",
    "tag.placement == 'event' && !time.public_holiday",
    "event.campaign == 'tea-week' && time.weekday == 'Tu'",
    "store.id == 'lisbon-alfama' && product.category == 'tea' && time.hour < 10",
    "tag.placement == 'screen' && time.daypart == 'noon'",
    "time.date == '2026-12-24'",
    "tag.id == 'mitte-screen' && event.campaign == 'autumn-roast'",
    "product.category == 'cups' || tag.placement == 'receipt'",
)


def measure(environment: BenchEnvironment) -> list[Figure]:
    rows = environment.size(100_000, 20_000)
    environment.progress(f"generating {rows:,} scans")
    scans = kafka_client.by_partition(map(workload.row, workload.scans(rows, PEOPLE)))[0]
    rates: dict[str, list[float]] = {name: [] for name in brands()}
    for number in range(environment.rounds):
        environment.progress(f"round {number + 1} of {environment.rounds}")
        for name, brand in brands().items():
            rates[name].append(run_task(scans, brand))
    return [
        Figure(f"rewards step, {RULES} rules with conditions", "events/s", rates["rules"], at_least=15_000),
        Figure("  the same without conditions", "events/s", rates["plain"]),
    ]


def brands() -> dict[str, Brand]:
    """The demo brand with 20 rules for scans, each with a condition, of which one or two hold for an event, as in
    practice: measured are finding them and posting their entries. Beside it one rule without a condition."""
    demo = workload.demo_brand()
    rules = tuple(_rule(number) for number in range(RULES))
    plain = tuple(msgspec.structs.replace(rule, condition=msgspec.UNSET) for rule in rules[:1])
    return {
        "rules": msgspec.structs.replace(demo, rewards=rules),
        "plain": msgspec.structs.replace(demo, rewards=plain),
    }


def _rule(number: int) -> Reward:
    return Reward(
        id=f"r{number:02}",
        version=1,
        on=("scan", "nfc_tap"),
        points=1 + number,
        condition=CONDITIONS[number],
    )


def run_task(rows: Sequence[Row], brand: Brand) -> float:
    """Events per second of CPU time of one partition's stream task; effects are encoded and discarded."""
    reference = Reference(brand)
    task = StreamTask(
        PROCESSOR, workload.CODEC, MemoryStore(), 0, reject_limit=RejectLimit(1), publish=lambda effect: None
    )
    records = [workload.Record(offset, key, value) for offset, (key, value, _) in enumerate(rows)]
    began = time.process_time()
    for at in range(0, len(records), BATCH):
        task.process(TOUCHPOINT_IDENTIFIED.name, records[at : at + BATCH], reference)
    return len(records) / (time.process_time() - began)
