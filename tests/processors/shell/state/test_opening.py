"""What is done with a state that does not fit what Kafka has: nothing is ever passed over."""

import pytest

from processors.shell.state.changelog import WATERMARK
from processors.shell.state.opening import (
    ORIGIN,
    KafkaWentBack,
    TopicPositions,
    next_offsets,
    origin_rows,
    stored_offsets,
    why_foreign,
)
from processors.shell.state.store import MemoryStore
from schemas.kafka.topic_ids import TopicId

LOG, SALES, SCANS = "changelog", "sales", "scans"
HERE = TopicId("here", "1")


def kafka(
    log: tuple[int, int] = (0, 50), sales: tuple[int, int] = (0, 100), log_id: TopicId = HERE, sales_id: TopicId = HERE
) -> TopicPositions:
    """A partition of three topics."""
    return TopicPositions({LOG: log_id, SALES: sales_id, SCANS: HERE}, {LOG: log, SALES: sales, SCANS: (0, 10)})


def store(origin: TopicId | None = HERE, position: int = 50, sales: int | None = 99) -> MemoryStore:
    """A store that has the records of `sales` up to this offset."""
    made = MemoryStore()
    made.write([(WATERMARK + SALES.encode(), b"%d" % sales)] if sales is not None else [], position)
    if origin is not None:
        made.claim(str(origin))
        made.write([(ORIGIN + SALES.encode(), str(origin).encode())], position)
    return made


@pytest.mark.parametrize(
    ("what", "kept", "positions", "reason"),
    [
        ("its own Kafka", store(), kafka(), ""),
        ("a new store", store(None, 0, None), kafka(), ""),
        ("a store of an earlier version", store(None), kafka(), ""),
        ("another cluster", store(), kafka(log_id=TopicId("there", "1")), "it belongs to another Kafka cluster"),
        (
            "another cluster, new and empty",
            store(),
            kafka((0, 0), (0, 0), log_id=TopicId("there", "2")),
            "it belongs to another Kafka cluster",
        ),
        (
            "a store of an earlier version, Kafka new and empty",
            store(None),
            kafka((0, 0), (0, 0)),
            "Kafka is older than the store: changelog and sales end before it",
        ),
        (
            "a restored volume",
            store(),
            kafka((0, 20), (0, 40)),
            "Kafka is older than the store: changelog and sales end before it",
        ),
        (
            "a changelog made again that has a state",
            store(),
            kafka((0, 5), log_id=TopicId("here", "2")),
            "its changelog was deleted and made again, and has a state already",
        ),
        ("a changelog made again and empty: the store has the state", store(), kafka((0, 0)), ""),
        ("a changelog that lost its end", store(), kafka((0, 20)), ""),
        ("a Kafka that has no ids of topics", store(), TopicPositions({}, kafka().ranges), ""),
    ],
)
def test_a_store_is_used_with_its_own_kafka_only(
    what: str, kept: MemoryStore, positions: TopicPositions, reason: str
) -> None:
    assert why_foreign(kept, LOG, [SALES, SCANS], positions) == reason, what


def test_work_goes_on_after_the_watermark() -> None:
    assert next_offsets(store(), [SALES, SCANS], kafka()) == {SALES: 100, SCANS: 0}
    assert stored_offsets(store(), [SALES, SCANS]) == {SALES: 100}


def test_a_topic_of_which_nothing_was_read_is_read_from_its_beginning() -> None:
    assert next_offsets(store(None, 0, None), [SALES], kafka(sales=(7, 100))) == {SALES: 7}
    expired = kafka(sales=(100, 100))._replace(committed={SALES: 100})
    assert next_offsets(store(None, 0, None), [SALES], expired) == {SALES: 100}, "all that the group has read is gone"


def test_a_state_that_is_gone_stops_the_worker_with_words() -> None:
    """To go on at the group's offset would pass over what the state has lost; to begin anew would publish it again."""
    read = kafka()._replace(committed={SALES: 100})
    with pytest.raises(
        KafkaWentBack, match=r"state of what was read of sales, up to offset 99, is gone.*`footpath replay"
    ):
        next_offsets(store(None, 0, None), [SALES], read)
    assert next_offsets(store(), [SALES], read) == {SALES: 100}


def test_a_topic_that_was_made_again_is_read_from_its_beginning() -> None:
    again = kafka(sales=(0, 300), sales_id=TopicId("here", "2"))
    assert next_offsets(store(), [SALES], again) == {SALES: 0}
    assert origin_rows(store(), [SALES], again) == {SALES: (ORIGIN + SALES.encode(), b"here/2")}


def test_records_that_expired_unread_are_no_error() -> None:
    assert next_offsets(store(), [SALES], kafka(sales=(150, 300))) == {SALES: 150}


def test_a_topic_that_lost_its_end_stops_the_worker_with_words() -> None:
    with pytest.raises(KafkaWentBack, match=r"sales ends at offset 40, .* up to 99: .* `footpath replay state`"):
        next_offsets(store(), [SALES], kafka(sales=(0, 40)))


def test_the_id_of_a_topic_is_written_down_once() -> None:
    unknown = store(None)
    assert origin_rows(unknown, [SALES], kafka()) == {SALES: (ORIGIN + SALES.encode(), b"here/1")}
    assert origin_rows(store(), [SALES], kafka()) == {}
