"""The shell against a bare loop and two peers: consume, keyed state with changelog, produce, commit; one process each.

All read the same topic of a real Kafka on the same cores, one after the other, round after round in turning order. The
rows of the output topic are counted from outside, and each contender's output is read back: every key must have counted
1, 2, 3 … to its end.
"""

import asyncio
from collections import defaultdict

from schemas.ids import derived, partition_of
from schemas.topics import PARTITIONS, changelog
from tests.bench import stream
from tests.bench.contenders.job import count_of, value_of
from tests.bench.contenders.sending import Row
from tests.bench.figures import Figure, ratio
from tests.bench.ground import Ground, NotMeasured
from tests.bench.stream import Pace, cpu_note

KEYS = 10_000
SOURCE = "footpath.bench-in.v1"
CONTENDERS = {
    "bare": "bare aiokafka batch loop",
    "rocksdb": "the shell, RocksDB",
    "memory": "the shell, in memory",
    "bytewax": "Bytewax with recovery",
    "quix": "Quix Streams with changelog",
}
MODULES = {"rocksdb": "footpath", "memory": "footpath"}
SHARE = {"bare": 1.0, "rocksdb": 0.5, "memory": 0.5, "bytewax": 0.3, "quix": 0.15}
"""Of the rows, so that each runs for several seconds and commits several times."""


def measure(ground: Ground) -> list[Figure]:
    rows = ground.size(800_000, 200_000)
    paces: dict[str, list[Pace]] = defaultdict(list)
    with ground.kafka(with_brand=False) as kafka:
        asyncio.run(_fill(kafka.bootstrap, rows))
        for number in range(ground.rounds):
            names = list(CONTENDERS)
            turn = number % len(names)
            for name in names[turn:] + names[:turn]:
                ground.say(f"round {number + 1} of {ground.rounds}: {CONTENDERS[name]}")
                paces[name].append(asyncio.run(_run(ground, kafka.bootstrap, name, number, int(rows * SHARE[name]))))
    return _figures(paces)


async def _fill(bootstrap: str, rows: int) -> None:
    await stream.make_topics(bootstrap, SOURCE)
    partitions: list[list[Row]] = [[] for _ in range(PARTITIONS)]
    for number in range(rows):
        key = f"key-{number * 7919 % KEYS:07}"
        value = value_of(derived("bench", str(number)), key)
        partitions[partition_of(key, PARTITIONS)].append((key.encode(), value, []))
    await stream.fill(bootstrap, SOURCE, partitions)


async def _run(ground: Ground, bootstrap: str, name: str, number: int, rows: int) -> Pace:
    group = f"bench-{name}-{number}"
    sink = f"footpath.bench-out-{name}-{number}.v1"
    await stream.make_topics(bootstrap, sink, f"{sink}-changelog", changelog(group))
    module = f"tests.bench.contenders.{MODULES.get(name, name)}"
    folder = ground.new_folder(name) / "state"
    more = [name] if name in MODULES else []
    with ground.process(name, module, bootstrap, SOURCE, sink, group, str(folder), *more) as process:
        pace = await stream.pace(bootstrap, sink, rows, process)
    await _check(bootstrap, sink, rows, name)
    return pace


async def _check(bootstrap: str, sink: str, rows: int, name: str) -> None:
    counts: dict[bytes, list[int]] = defaultdict(list)
    for record in await stream.read(bootstrap, sink):
        counts[record.key].append(count_of(record.value))
    total = sum(map(len, counts.values()))
    wrong = sum(of_key != list(range(1, len(of_key) + 1)) for of_key in counts.values())
    if total < rows or wrong:
        raise NotMeasured(f"{CONTENDERS[name]} is wrong: {total} rows of {rows}, {wrong} keys do not count 1, 2, 3 …")


def _figures(paces: dict[str, list[Pace]]) -> list[Figure]:
    rates = {name: [pace.rows_per_s for pace in of_name] for name, of_name in paces.items()}
    figures = [
        ratio("shell to a bare aiokafka loop", rates["rocksdb"], rates["bare"], 0.4, "with RocksDB"),
        ratio("shell to Quix Streams", rates["rocksdb"], rates["quix"], 3),
        ratio("shell to Bytewax", rates["rocksdb"], rates["bytewax"], 1.3),
    ]
    for name, title in CONTENDERS.items():
        figures.append(Figure(f"  {title}", "events/s", rates[name], note=cpu_note(paces[name])))
    return figures
