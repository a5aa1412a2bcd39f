"""The shell against a bare loop and two peers: consume, keyed state with changelog, produce, commit; one process each.

All read the same topic of a real Kafka on the same cores, one after the other; each round begins with another program.
The rows of the output topic are counted from outside, and each program's output is read back: the counts of every key
must be 1, 2, 3 … without a gap.
"""

import asyncio
from collections import defaultdict

from schemas.ids import derived
from schemas.kafka.partitioner import partition_of
from schemas.topics import PARTITIONS, changelog
from tests.bench import kafka_client
from tests.bench.baselines.count_job import count_of, value_of
from tests.bench.baselines.row_batches import Row
from tests.bench.environment import BenchEnvironment
from tests.bench.figures import Figure, ratio
from tests.bench.kafka_client import Throughput, cpu_note
from tests.bench.process import NotMeasured

KEYS = 10_000
SOURCE = "footpath.bench-in.v1"
PROGRAMS = {
    "bare": "bare aiokafka batch loop",
    "rocksdb": "the shell, RocksDB",
    "memory": "the shell, in memory",
    "bytewax": "Bytewax with recovery",
    "quix": "Quix Streams with changelog",
}
MODULES = {
    "bare": "aiokafka_count",
    "rocksdb": "footpath_shell",
    "memory": "footpath_shell",
    "bytewax": "bytewax_count",
    "quix": "quix_count",
}
SHARE = {"bare": 1.0, "rocksdb": 0.5, "memory": 0.5, "bytewax": 0.3, "quix": 0.15}
"""Share of the rows that each program processes, so that it runs for several seconds and commits several times."""


def measure(environment: BenchEnvironment) -> list[Figure]:
    rows = environment.size(800_000, 200_000)
    measured: dict[str, list[Throughput]] = defaultdict(list)
    with environment.kafka(with_brand=False) as kafka:
        asyncio.run(_fill(kafka.bootstrap, rows))
        for number in range(environment.rounds):
            names = list(PROGRAMS)
            first = number % len(names)
            for name in names[first:] + names[:first]:
                environment.progress(f"round {number + 1} of {environment.rounds}: {PROGRAMS[name]}")
                measured[name].append(
                    asyncio.run(_run(environment, kafka.bootstrap, name, number, int(rows * SHARE[name])))
                )
    return _figures(measured)


async def _fill(bootstrap: str, rows: int) -> None:
    await kafka_client.create_topics(bootstrap, SOURCE)
    partitions: list[list[Row]] = [[] for _ in range(PARTITIONS)]
    for number in range(rows):
        key = f"key-{number * 7919 % KEYS:07}"
        value = value_of(derived("bench", str(number)), key)
        partitions[partition_of(key, PARTITIONS)].append((key.encode(), value, []))
    await kafka_client.fill_topic(bootstrap, SOURCE, partitions)


async def _run(environment: BenchEnvironment, bootstrap: str, name: str, number: int, rows: int) -> Throughput:
    group = f"bench-{name}-{number}"
    sink = f"footpath.bench-out-{name}-{number}.v1"
    await kafka_client.create_topics(bootstrap, sink, f"{sink}-changelog", changelog(group))
    module = f"tests.bench.baselines.{MODULES[name]}"
    folder = environment.new_folder(name) / "state"
    store = [name] if MODULES[name] == "footpath_shell" else []
    with environment.process(name, module, bootstrap, SOURCE, sink, group, str(folder), *store) as process:
        throughput = await kafka_client.measure_throughput(bootstrap, sink, rows, process)
    await _check(bootstrap, sink, rows, name)
    return throughput


async def _check(bootstrap: str, sink: str, rows: int, name: str) -> None:
    counts: dict[bytes, list[int]] = defaultdict(list)
    for record in await kafka_client.read_topic(bootstrap, sink):
        counts[record.key].append(count_of(record.value))
    total = sum(map(len, counts.values()))
    wrong = sum(of_key != list(range(1, len(of_key) + 1)) for of_key in counts.values())
    if total < rows or wrong:
        raise NotMeasured(f"{PROGRAMS[name]} is wrong: {total} rows of {rows}, {wrong} keys do not count 1, 2, 3 …")


def _figures(measured: dict[str, list[Throughput]]) -> list[Figure]:
    rates = {name: [one.rows_per_s for one in of_name] for name, of_name in measured.items()}
    figures = [
        ratio("shell to a bare aiokafka loop", rates["rocksdb"], rates["bare"], 0.4, "with RocksDB"),
        ratio("shell to Quix Streams", rates["rocksdb"], rates["quix"], 3),
        ratio("shell to Bytewax", rates["rocksdb"], rates["bytewax"], 1.3),
    ]
    for name, title in PROGRAMS.items():
        figures.append(Figure(f"  {title}", "events/s", rates[name], note=cpu_note(measured[name])))
    return figures
