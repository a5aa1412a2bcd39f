"""Erased source profiles that the tables have again, as after a restore from a backup."""

from datetime import UTC, datetime
from typing import Any, Final

from aiokafka import AIOKafkaConsumer
from clickhouse_connect.driver.asyncclient import AsyncClient

from schemas.codec.avro import Codec, Undecodable
from schemas.kafka.client_options import consumer_options
from schemas.kafka.client_settings import Kafka
from schemas.kafka.compacted import partitions_of_topic
from schemas.topics import PROFILE_ERASED
from sinks.privacy.places import PROFILE

_ERASED: Final = "IN (SELECT source_profile_id FROM profile_erased)"
_NAMED: Final = {
    "touchpoint_identified": PROFILE,
    "reward_posted": PROFILE,
    "experiment_exposed": PROFILE,
    "coupon_changed": "source_profile_id",
    "budget_claimed": PROFILE,
    "budget_answered": PROFILE,
    "consent_changed": PROFILE,
    "referral_changed": "arrayJoin([referrer_profile_id, friend_profile_id])",
    "touch": "source_profile_id",
    "identity_override": "source_profile_id",
}
QUERY: Final = " UNION DISTINCT ".join(
    f"SELECT DISTINCT {profile} AS profile FROM {table} WHERE profile {_ERASED}" for table, profile in _NAMED.items()
) + (
    " UNION DISTINCT SELECT DISTINCT erased.source_profile_id AS profile FROM profile_erased AS erased "
    "WHERE erased.identifier IN (SELECT primary_identifier FROM touchpoint_recorded) "
    "OR erased.identifier IN (SELECT identifier FROM profile_shown)"
)


async def still_there(client: AsyncClient) -> dict[str, dict[str, str]]:
    """Erased source profiles of which rows exist, by request; each with its identifier.

    :raises Exception: one of sinks.clickhouse.writer.ERRORS: ClickHouse is away or refuses.
    """
    result = await client.query(
        "SELECT request_id, groupUniqArray((toString(source_profile_id), identifier)) FROM profile_erased "
        f"WHERE source_profile_id IN (SELECT profile FROM ({QUERY})) GROUP BY request_id"
    )
    return {request_id: dict(pairs) for request_id, pairs in result.result_rows}


async def record_again(client: AsyncClient, kafka: Kafka, codec: Codec) -> None:
    """Puts erasures into the table that it has lost: the topic keeps all of them, a backup those of before.

    :raises KafkaError: Kafka is away. :raises Exception: one of sinks.clickhouse.writer.ERRORS.
    """
    result = await client.query("SELECT DISTINCT event_id FROM profile_erased")
    known = {event_id for (event_id,) in result.result_rows}
    lost = [row for row in await _recorded(kafka, codec) if row[0] not in known]
    if lost:
        await client.insert("profile_erased", lost, column_names=_COLUMNS)


_COLUMNS: Final = (
    "event_id", "request_id", "person_id", "source_profile_id", "identifier", "occurred_at", "_partition", "_offset",
)  # fmt: skip


async def _recorded(kafka: Kafka, codec: Codec) -> list[tuple[Any, ...]]:
    """The topic's events as rows."""
    consumer = AIOKafkaConsumer(
        **consumer_options(kafka), isolation_level="read_committed", auto_offset_reset="earliest"
    )
    rows: list[tuple[Any, ...]] = []
    try:
        await consumer.start()
        places = await partitions_of_topic(consumer, PROFILE_ERASED)
        ends = await consumer.end_offsets(places)
        consumer.assign(places)
        while any([await consumer.position(place) < end for place, end in ends.items()]):
            for place, records in (await consumer.getmany(timeout_ms=500)).items():
                for record in records:
                    try:
                        event = codec.of(PROFILE_ERASED).decode(record.value)
                    except Undecodable:
                        continue
                    at = datetime.fromtimestamp(event.occurred_at / 1e6, UTC)
                    named = event.event_id, event.request_id, event.person_id, event.source_profile_id
                    rows.append((*named, event.identifier, at, place.partition, record.offset))
    finally:
        await consumer.stop()
    return rows
