"""The counting job in Bytewax with recovery: state snapshots in SQLite, one epoch a second."""

from datetime import timedelta

import bytewax.operators as op
from bytewax.connectors.kafka import KafkaSink, KafkaSinkMessage, KafkaSource
from bytewax.dataflow import Dataflow
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.run import cli_main

from tests.bench.baselines.count_job import COMMIT_S, LINGER_MS, counted, read_job


def count(number: int | None, value: bytes) -> tuple[int, bytes]:
    number = (number or 0) + 1
    return number, counted(value, number)


def main() -> None:
    job = read_job()
    job.folder.mkdir(parents=True, exist_ok=True)
    init_db_dir(job.folder, 1)
    producer = {
        "linger.ms": str(LINGER_MS),
        "partitioner": "murmur2_random",
        "queue.buffering.max.messages": "1000000",
    }
    flow = Dataflow("bench")
    stream = op.input("in", flow, KafkaSource([job.kafka], [job.source], batch_size=1000))
    keyed = op.map("key", stream, lambda message: (message.key.decode(), message.value))
    numbered = op.stateful_map("count", keyed, count)
    messages = op.map("message", numbered, lambda pair: KafkaSinkMessage(pair[0].encode(), pair[1]))
    op.output("out", messages, KafkaSink([job.kafka], job.sink, add_config=producer))
    cli_main(flow, epoch_interval=timedelta(seconds=COMMIT_S), recovery_config=RecoveryConfig(job.folder))


if __name__ == "__main__":
    main()
