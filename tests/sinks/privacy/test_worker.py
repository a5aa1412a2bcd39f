"""Requests about data between a real Kafka and a real ClickHouse: answered once, when everybody has said their part."""

import asyncio
import gzip
import json
import random
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import jsonschema
from aiokafka import AIOKafkaProducer

import schemas.privacy
from schemas.events import ErasureApplied, Event, EventRejected, PrivacyAnswered, PrivacyResolved, ProfileErased
from schemas.topics import PRIVACY_ANSWERED
from sinks.privacy.progress import PROCESSORS
from sinks.privacy.receipt import digest
from tests.sinks.privacy.test_places import everything_of, named_in, secret, sums
from tests.sinks.test_serve import eventually, sink
from tests.support.contacts import records
from tests.support.hangs import HANG_S
from tests.support.reject_keys import reveal
from tests.support.servers import KafkaServer
from tests.support.sink_events import micros, uid
from tests.support.sink_store import CODEC, Store
from tests.support.topic_reader import read_events

AT = micros("2026-04-01")
ANN = {uid("ann"): "customer:ann", uid("ann's phone"): "device:ann"}
ROWS = {"touchpoint_identified": 4, "touchpoint_recorded": 4, "touch": 4} | dict.fromkeys(
    ("scan_routed", "reward_posted", "consent_changed", "identity_matched", "state_moved", "event_rejected"), 2
)
EXPORT_SCHEMA = json.loads((Path(schemas.privacy.__file__).parent / "export.schema.json").read_text())


def publish(stream: KafkaServer, events: Iterable[Event]) -> None:
    """In a transaction, as workers do: behind the records of a topic are its markers."""

    async def send() -> None:
        producer = AIOKafkaProducer(
            bootstrap_servers=stream.bootstrap, acks="all", linger_ms=5, transactional_id="workers"
        )
        await producer.start()
        try:
            async with producer.transaction():
                for event in events:
                    topic, key, value, headers = CODEC.record(event)
                    await producer.send(topic.name, value, key, headers=headers)
        finally:
            await producer.stop()

    asyncio.run(send())


def resolved(
    action: str, whom: dict[str, str], request: str = "r", number: int = 0, of: int = 1, at: int = AT
) -> PrivacyResolved:
    return PrivacyResolved(
        event_id=uid(f"resolved {request} {number}"), occurred_at=at, request_id=uid(request), action=action,
        scope="person", identifier=f"customer:{number}", number=number, of=of,
        person_id=next(iter(whom), ""), identifiers=tuple(whom.values()), source_profile_ids=tuple(whom),
    )  # fmt: skip


def applied(processor: str, whom: dict[str, str], request: str = "r") -> list[Event]:
    """What a processor publishes for an erasure."""
    done: list[Event] = [
        ErasureApplied(event_id=uid(f"{processor} {profile}"), occurred_at=AT, request_id=uid(request),
                       processor=processor, source_profile_id=profile, removed=2)
        for profile in whom
    ]  # fmt: skip
    if processor == "identity":
        done += [
            ProfileErased(event_id=uid(f"erased {profile}"), occurred_at=AT, request_id=uid(request),
                          person_id=next(iter(whom)), source_profile_id=profile, identifier=identifier)
            for profile, identifier in whom.items()
        ]  # fmt: skip
    return done


def erasure(whom: dict[str, str], request: str = "r") -> list[Event]:
    return [resolved("erase", whom, request), *(one for name in PROCESSORS for one in applied(name, whom, request))]


def answers(stream: KafkaServer, request: str = "r") -> list[PrivacyAnswered]:
    found: list[PrivacyAnswered] = read_events(stream.bootstrap, PRIVACY_ANSWERED)
    return [one for one in found if one.request_id == uid(request)]


def answered(stream: KafkaServer, request: str = "r") -> PrivacyAnswered:
    """The answer, once it is there."""
    until = time.monotonic() + HANG_S
    while True:
        last = [one for one in answers(stream, request) if not one.part and one.status != "working"]
        if last:
            return last[-1]
        assert time.monotonic() < until, f"no answer in {HANG_S} s"
        time.sleep(0.2)


def people(*names: str) -> list[Event]:
    return [one for name in names for events in everything_of(name, random.Random(name)) for one in events]


def has_all(store: Store) -> bool:
    """Whether every table has its rows of ann and bob."""
    return all(store.one(f"SELECT uniqExact(_key) FROM {table}") >= rows for table, rows in ROWS.items())


def test_whoever_asks_is_erased_once_all_have_said_so(stream: KafkaServer, store: Store, tmp_path: Path) -> None:
    publish(stream, people("ann", "bob"))
    with sink(stream, store, tmp_path / "log") as process:
        eventually(lambda: has_all(store), "all rows")
        before = sums(store)
        told = erasure(ANN)
        publish(stream, told[:-1])
        time.sleep(2)
        assert not [one for one in answers(stream) if one.status == "done"], "matching has not said its part"
        publish(stream, told)
        receipt = json.loads(answered(stream).detail)
        assert named_in(store, "secret-ann", uid("ann"), uid("ann's phone"), ":ann") == []
        assert sums(store) == before
        assert receipt["source_profiles"] == 2 and receipt["processors"] == dict.fromkeys(PROCESSORS, 4)
        assert receipt["tables"]["touchpoint_identified"] == 2 and receipt["sha256"] == digest(receipt)
        assert "ann" not in json.dumps(receipt) and not any(profile in json.dumps(receipt) for profile in ANN)

        # What was on its way, and the same request once more: nobody comes back, and the answer stays.
        late = [one for one in people("ann") if not isinstance(one, EventRejected)]
        publish(stream, [*late, *told])
        eventually(lambda: store.one("SELECT count() FROM touchpoint_identified") >= 6, "the late rows")
        assert named_in(store, "secret-ann", uid("ann"), uid("ann's phone"), ":ann") == []
        assert sums(store) == before
        process.kill()
    with sink(stream, store, tmp_path / "log"):
        time.sleep(3)
        assert [one.status for one in answers(stream)].count("done") == 1, "a restart reads what was answered"


def test_an_erasure_goes_on_after_kills(stream: KafkaServer, store: Store, tmp_path: Path) -> None:
    publish(stream, people("ann", "bob"))
    with sink(stream, store, tmp_path / "log"):
        eventually(lambda: has_all(store), "all rows")
        before = sums(store)
    publish(stream, erasure(ANN))
    for seconds in (1.5, 2.5, 3.5):
        with sink(stream, store, tmp_path / "log"):
            time.sleep(seconds)
    with sink(stream, store, tmp_path / "log"):
        answered(stream)
        assert named_in(store, "secret-ann", uid("ann"), uid("ann's phone"), ":ann") == []
        assert sums(store) == before


def test_a_backup_brings_nobody_back(stream: KafkaServer, store: Store, tmp_path: Path) -> None:
    publish(stream, people("ann", "bob"))
    kept = ("touchpoint_identified", "touchpoint_recorded", "reward_posted", "touch", "scan_routed")
    with sink(stream, store, tmp_path / "log"):
        eventually(lambda: has_all(store), "all rows")
        before = sums(store)
        for table in kept:
            store.client.command(f"CREATE TABLE backup_{table} AS {table}")
            store.client.command(f"INSERT INTO backup_{table} SELECT * FROM {table}")
        publish(stream, erasure(ANN))
        answered(stream)
    try:
        for table in (*kept, "profile_erased"):
            store.client.command(f"TRUNCATE TABLE {table}")
        for table in kept:
            store.client.command(f"INSERT INTO {table} SELECT * FROM backup_{table}")
    finally:
        for table in kept:
            store.client.command(f"DROP TABLE backup_{table} SYNC")
    assert named_in(store, "secret-ann")
    with sink(stream, store, tmp_path / "log"):
        gone = lambda: named_in(store, "secret-ann", uid("ann"), uid("ann's phone"), ":ann") == []  # noqa: E731
        eventually(gone, "she is erased again")
        assert sums(store) == before


def test_nothing_known_is_said_and_not_called_done(stream: KafkaServer, store: Store, tmp_path: Path) -> None:
    publish(stream, [resolved("erase", {}, number=0, of=2), resolved("erase", {}, number=1, of=2)])
    publish(stream, [resolved("export", {}, request="half", number=0, of=2)])
    with sink(stream, store, tmp_path / "log"):
        assert answered(stream).status == "nobody"
        assert not answers(stream, "half"), "identity has not said all"


def export(stream: KafkaServer, request: str, count: int) -> dict[str, Any]:
    parts: Sequence[PrivacyAnswered] = [one for one in answers(stream, request) if one.part]
    assert len({one.part for one in parts}) == count
    by_number = {one.part: one.body for one in parts}
    assert not any(b"secret" in gzip.compress(body) or b"touchpoints" in body for body in by_number.values())
    content = b"".join(reveal(by_number[number]) for number in sorted(by_number))
    document: dict[str, Any] = json.loads(gzip.decompress(content))
    jsonschema.validate(document, EXPORT_SCHEMA)
    return document


def test_an_export_has_everything_and_nobody_else(stream: KafkaServer, store: Store, tmp_path: Path) -> None:
    publish(stream, people("ann", "bob"))
    with sink(stream, store, tmp_path / "log"):
        eventually(lambda: has_all(store), "all rows")
        now = time.time_ns() // 1000
        publish(stream, [resolved("export", ANN), resolved("show", ANN, request="show", at=now)])
        document = export(stream, "r", answered(stream).parts)
        assert {len(document[name]) for name in ("decisions", "ledger", "consent_history", "identity", "matches")} == {
            1
        }
        assert [one["type"] for one in document["touchpoints"]] == ["scan", "sale"]
        assert document["touchpoints"][0]["properties"] == json.loads(secret("ann"))
        assert document["summary"]["touchpoints"]["count"] == 2 and document["summary"]["purchases"]["count"] == 1
        assert "bob" not in json.dumps(document) and uid("bob") not in json.dumps(document)
        assert document["consents"][0]["purpose"] == "marketing"
        shown = export(stream, "show", answered(stream, "show").parts)
        assert set(shown) == {"request_id", "made_at", "scope", "identifiers", "summary", "consents"}
        assert shown["summary"] == document["summary"]


def test_what_a_page_has_shown_is_forgotten_with_its_request(stream: KafkaServer, store: Store, tmp_path: Path) -> None:
    def answered(part: int, status: str = "done") -> PrivacyAnswered:
        return PrivacyAnswered(
            event_id=uid(f"a{part}{status}"), occurred_at=AT, request_id=uid("r"), action="show", status=status,
            part=part, parts=0 if part else 2, body=b"x",
        )  # fmt: skip

    publish(stream, [resolved("show", ANN), resolved("show", ANN, request="nobody waits"), *map(answered, (0, 1, 2))])
    with sink(stream, store, tmp_path / "log"):

        def last() -> dict[str, bytes | None]:
            return dict(asyncio.run(records(stream.bootstrap, PRIVACY_ANSWERED)))

        eventually(lambda: list(last().values()) == [None] * 3, "tombstones")
        assert set(last()) == {uid("r"), f"{uid('r')}/1", f"{uid('r')}/2"}, "and the other one is answered to nobody"
