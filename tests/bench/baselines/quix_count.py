"""The counting job in Quix Streams with state in RocksDB and a changelog topic."""

from typing import Any

from quixstreams import Application, State

from tests.bench.baselines.count_job import COMMIT_S, LINGER_MS, counted, read_job


def count(value: bytes, state: State) -> bytes:
    number = state.get("count", 0) + 1
    state.set("count", number)
    return counted(value, number)


def main() -> None:
    job = read_job()
    producer: dict[str, Any] = {"linger.ms": LINGER_MS, "queue.buffering.max.messages": 1_000_000}
    app = Application(
        broker_address=job.kafka,
        consumer_group=job.group,
        auto_offset_reset="earliest",
        state_dir=job.folder,
        commit_interval=COMMIT_S,
        use_changelog_topics=True,
        producer_extra_config=producer | {"partitioner": "murmur2_random"},
        loglevel="WARNING",
    )
    source = app.topic(job.source, key_deserializer="bytes", value_deserializer="bytes")
    sink = app.topic(job.sink, key_serializer="bytes", value_serializer="bytes")
    app.dataframe(source).apply(count, stateful=True).to_topic(sink)
    app.run()


if __name__ == "__main__":
    main()
