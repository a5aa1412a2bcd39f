"""Requests about data between a real Kafka and a real ClickHouse: answered once, when everybody has said their part."""

import asyncio
import gzip
import json
import random
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from aiokafka import AIOKafkaProducer

import schemas.privacy
from deploy.setup import topics
from schemas.events import (
    ConsentChanged,
    ErasureApplied,
    Event,
    EventRejected,
    PrivacyAnswered,
    PrivacyResolved,
    ProfileErased,
)
from schemas.reasons import RejectReason
from schemas.topics import EVENT_REJECTED, PRIVACY_ANSWERED
from sinks.privacy.progress import PROCESSORS
from sinks.privacy.receipt import digest
from tests.sinks.privacy.test_places import everything_of, named_in, secret, sums
from tests.sinks.test_serve import eventually, sink
from tests.support.contacts import records
from tests.support.hangs import HANG_S
from tests.support.reject_keys import reveal
from tests.support.servers import KafkaServer, start_kafka
from tests.support.sink_events import micros, uid
from tests.support.sink_store import CODEC, Store
from tests.support.topic_reader import read_events

AT = micros("2026-04-01")
NUMBERS = count()
ROWS = {"touchpoint_identified": 4, "touchpoint_recorded": 4, "touch": 4} | dict.fromkeys(
    (
        "scan_routed",
        "reward_posted",
        "consent_changed",
        "identity_matched",
        "state_moved",
        "event_rejected",
        "profile_shown",
    ),
    2,
)
EXPORT_SCHEMA = json.loads((Path(schemas.privacy.__file__).parent / "export.schema.json").read_text())


@dataclass(frozen=True)
class Ann:
    """Somebody who asks; another one in every test, since they share a Kafka."""

    name: str

    @property
    def profiles(self) -> dict[str, str]:
        return {uid(self.name): f"customer:{self.name}", uid(f"{self.name}'s phone"): f"device:{self.name}"}

    @property
    def words(self) -> tuple[str, ...]:
        """What must not be found of her."""
        return f"secret-{self.name}", *self.profiles, *self.profiles.values()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer]:
    server = start_kafka(tmp_path_factory.mktemp("kafka"))
    topics.apply(server.bootstrap)
    yield server
    server.stop()


@pytest.fixture
def stream(shared: KafkaServer) -> KafkaServer:
    """Not one of each test's own: a worker reads all requests that there were, and carries out none twice."""
    return shared


@pytest.fixture
def ann() -> Ann:
    return Ann(f"ann-{next(NUMBERS)}-")


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


def resolved(action: str, whom: Ann, nobody: bool = False, number: int = 0, of: int = 1, at: int = AT) -> Event:
    found = {} if nobody else whom.profiles
    return PrivacyResolved(
        event_id=uid(f"resolved {action} {whom} {number}"), occurred_at=at, request_id=request_of(action, whom),
        action=action, scope="person", identifier=f"customer:{number}", number=number, of=of,
        person_id=next(iter(found), ""), identifiers=tuple(found.values()), source_profile_ids=tuple(found),
    )  # fmt: skip


def request_of(action: str, whom: Ann) -> str:
    return uid(f"{action} {whom.name}")


def erasure(whom: Ann) -> list[Event]:
    """What identity and then all processors publish."""
    request, (person, *_) = request_of("erase", whom), whom.profiles
    return [
        resolved("erase", whom),
        *(
            ProfileErased(event_id=uid(f"erased {profile}"), occurred_at=AT, request_id=request, person_id=person,
                          source_profile_id=profile, identifier=identifier)
            for profile, identifier in whom.profiles.items()
        ),
        *(
            ErasureApplied(event_id=uid(f"{processor} {profile}"), occurred_at=AT, request_id=request,
                           processor=processor, source_profile_id=profile, removed=2)
            for processor in PROCESSORS for profile in whom.profiles
        ),
    ]  # fmt: skip


def answers(stream: KafkaServer, request: str) -> list[PrivacyAnswered]:
    found: list[PrivacyAnswered] = read_events(stream.bootstrap, PRIVACY_ANSWERED)
    return [one for one in found if one.request_id == request]


def answered(stream: KafkaServer, request: str) -> PrivacyAnswered:
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


def with_others(ann: Ann) -> list[Event]:
    return people(ann.name, f"bob of {ann.name.strip('-')}")


def has_all(store: Store) -> bool:
    """Whether every table has its rows of two people."""
    return all(store.one(f"SELECT uniqExact(_key) FROM {table}") >= rows for table, rows in ROWS.items())


def test_whoever_asks_is_erased_once_all_have_said_so(
    stream: KafkaServer, store: Store, tmp_path: Path, ann: Ann
) -> None:
    publish(stream, with_others(ann))
    with sink(stream, store, tmp_path / "log") as process:
        eventually(lambda: has_all(store), "all rows")
        before, told, request = sums(store), erasure(ann), request_of("erase", ann)
        publish(stream, told[:-1])
        time.sleep(2)
        assert not [one for one in answers(stream, request) if one.status == "done"], "matching has not said its part"
        publish(stream, told)
        receipt = json.loads(answered(stream, request).detail)
        assert named_in(store, *ann.words) == []
        assert sums(store) == before
        assert receipt["source_profiles"] == 2 and receipt["processors"] == dict.fromkeys(PROCESSORS, 4)
        assert receipt["tables"]["touchpoint_identified"] == 2 and receipt["sha256"] == digest(receipt)
        assert not any(word in json.dumps(receipt) for word in (ann.name, *ann.words))

        # What was on its way, and the same request once more: nobody comes back, and the answer stays.
        late = [one for one in people(ann.name) if not isinstance(one, EventRejected)]
        publish(stream, [*late, *told])
        eventually(lambda: store.one("SELECT count() FROM touchpoint_identified") >= 6, "the late rows")
        assert named_in(store, *ann.words) == []
        assert sums(store) == before
        process.kill()
    with sink(stream, store, tmp_path / "log"):
        time.sleep(3)
        done = [one for one in answers(stream, request) if one.status == "done"]
        assert len(done) == 1, "a restart reads what was answered"


@pytest.mark.usefixtures("long_form")
def test_an_erasure_goes_on_after_kills(stream: KafkaServer, store: Store, tmp_path: Path, ann: Ann) -> None:
    publish(stream, with_others(ann))
    with sink(stream, store, tmp_path / "log"):
        eventually(lambda: has_all(store), "all rows")
        before = sums(store)
    publish(stream, erasure(ann))
    for seconds in (1.5, 2.5, 3.5):
        with sink(stream, store, tmp_path / "log"):
            time.sleep(seconds)
    with sink(stream, store, tmp_path / "log"):
        answered(stream, request_of("erase", ann))
        assert named_in(store, *ann.words) == []
        assert sums(store) == before


def test_a_backup_brings_nobody_back(stream: KafkaServer, store: Store, tmp_path: Path, ann: Ann) -> None:
    publish(stream, with_others(ann))
    kept = (
        "touchpoint_identified", "touchpoint_recorded", "reward_posted", "touch", "scan_routed", "experiment_exposed"
    )  # fmt: skip
    with sink(stream, store, tmp_path / "log"):
        eventually(lambda: has_all(store), "all rows")
        before = sums(store)
        for table in kept:
            store.client.command(f"CREATE TABLE backup_{table} AS {table}")
            store.client.command(f"INSERT INTO backup_{table} SELECT * FROM {table}")
        publish(stream, erasure(ann))
        answered(stream, request_of("erase", ann))
    try:
        for table in (*kept, "profile_erased"):
            store.client.command(f"TRUNCATE TABLE {table}")
        for table in kept:
            store.client.command(f"INSERT INTO {table} SELECT * FROM backup_{table}")
    finally:
        for table in kept:
            store.client.command(f"DROP TABLE backup_{table} SYNC")
    assert named_in(store, *ann.words)
    with sink(stream, store, tmp_path / "log"):
        eventually(lambda: named_in(store, *ann.words) == [], "she is erased again")
        assert sums(store) == before


def test_nothing_known_is_said_and_not_called_done(stream: KafkaServer, store: Store, tmp_path: Path, ann: Ann) -> None:
    publish(stream, [resolved("erase", ann, nobody=True, number=number, of=2) for number in (0, 1)])
    publish(stream, [resolved("export", ann, nobody=True, number=0, of=2)])
    strange = msgspec.structs.replace(resolved("show", ann), source_profile_ids=())
    publish(stream, [strange])
    with sink(stream, store, tmp_path / "log"):
        assert answered(stream, request_of("erase", ann)).status == "nobody"
        assert not answers(stream, request_of("export", ann)), "identity has not said all"
        assert not answers(stream, request_of("show", ann)), "a stranger wrote it, and others go on"
        rejected = [one for one in read_events(stream.bootstrap, EVENT_REJECTED) if one.stage == "privacy"]
        assert {one.reason for one in rejected} == {RejectReason.INVALID}


def read_document(stream: KafkaServer, request: str) -> dict[str, Any]:
    """The data of an answer, out of its parts."""
    count = answered(stream, request).parts
    by_number = {one.part: one.body for one in answers(stream, request) if one.part}
    assert sorted(by_number) == list(range(1, count + 1))
    assert not any(b"touchpoints" in body or body[:2] == b"\x1f\x8b" for body in by_number.values()), "it is encrypted"
    content = b"".join(reveal(by_number[number]) for number in sorted(by_number))
    document: dict[str, Any] = json.loads(gzip.decompress(content))
    jsonschema.validate(document, EXPORT_SCHEMA)
    return document


def test_an_export_has_everything_and_nobody_else(stream: KafkaServer, store: Store, tmp_path: Path, ann: Ann) -> None:
    publish(stream, with_others(ann))
    with sink(stream, store, tmp_path / "log"):
        eventually(lambda: has_all(store), "all rows")
        publish(stream, [resolved("export", ann), resolved("show", ann, at=time.time_ns() // 1000)])
        document = read_document(stream, request_of("export", ann))
        lists = "decisions", "experiments", "ledger", "consent_history", "identity", "looks", "matches"
        assert [len(document[name]) for name in lists] == [1] * len(lists)
        assert [one["type"] for one in document["touchpoints"]] == ["scan", "sale"]
        assert document["touchpoints"][0]["properties"] == json.loads(secret(ann.name))
        assert document["summary"]["touchpoints"]["count"] == 2 and document["summary"]["purchases"]["count"] == 1
        assert "bob" not in json.dumps(document)
        assert document["consents"][0]["purpose"] == "marketing"
        shown = read_document(stream, request_of("show", ann))
        assert set(shown) == {"request_id", "made_at", "scope", "identifiers", "summary", "consents"}
        assert shown["summary"] == document["summary"]


def test_what_a_page_has_shown_is_forgotten_with_its_request(
    stream: KafkaServer, store: Store, tmp_path: Path, ann: Ann
) -> None:
    request, unseen = request_of("show", ann), Ann("nobody waits for her")

    def given(part: int) -> PrivacyAnswered:
        return PrivacyAnswered(
            event_id=uid(f"{request} {part}"), occurred_at=AT, request_id=request, action="show", status="done",
            part=part, parts=0 if part else 2, body=b"x",
        )  # fmt: skip

    publish(stream, [resolved("show", ann), resolved("show", unseen), *map(given, (0, 1, 2))])

    def last() -> dict[str, bytes | None]:
        found = asyncio.run(records(stream.bootstrap, PRIVACY_ANSWERED))
        return {key: value for key, value in found if key.startswith((request, request_of("show", unseen)))}

    with sink(stream, store, tmp_path / "log"):
        eventually(lambda: list(last().values()) == [None] * 3, "tombstones")
        assert set(last()) == {request, f"{request}/1", f"{request}/2"}, "and the other one is answered to nobody"


def test_a_profile_is_answered_to_whoever_waits_and_soon_forgotten(
    stream: KafkaServer, store: Store, tmp_path: Path, ann: Ann
) -> None:
    publish(stream, with_others(ann))
    late = Ann("her shopper has left")
    with sink(stream, store, tmp_path / "log"):
        eventually(lambda: has_all(store), "all rows")
        asked = resolved("profile", ann, at=time.time_ns() // 1000)
        publish(stream, [asked, resolved("profile", late)])
        found = read_profile(stream, request_of("profile", ann))
        assert found["allowed"] is True and found["visit"] is None and found["offers"] == []
        assert [one["products"] for one in found["purchases"]] == [[]]
        assert found["balance"] > 0
        assert not any(word in json.dumps(found) for word in (ann.name, *ann.words))
        publish(stream, [asked])
        time.sleep(1)
        assert len([one for one in answers(stream, request_of("profile", ann)) if not one.part]) == 1, "asked once"
        assert not answers(stream, request_of("profile", late)), "nobody waits any more"

        publish(stream, erasure(ann))
        answered(stream, request_of("erase", ann))
        assert store.one("SELECT countIf(identifier != '') FROM profile_shown") == 1, "hers is gone, and Bob's is there"
        assert store.one("SELECT sum(shown) FROM profile_look") == 2, "a look stays one"


def test_a_person_who_withdrew_is_not_looked_at(stream: KafkaServer, store: Store, tmp_path: Path, ann: Ann) -> None:
    publish(stream, with_others(ann))
    person = next(iter(ann.profiles))
    publish(stream, [
        ConsentChanged(event_id=uid(f"no {ann.name}"), occurred_at=AT, person_id=person, source_profile_id=person,
                       purpose="personalisation", kind="choice", after="withdrawn", source_event_id="s")
    ])  # fmt: skip
    with sink(stream, store, tmp_path / "log"):
        eventually(lambda: has_all(store) and store.one("SELECT count() FROM consent_changed") >= 3, "all rows")
        publish(stream, [resolved("profile", ann, at=time.time_ns() // 1000)])
        assert read_profile(stream, request_of("profile", ann)) == {"allowed": False}


def read_profile(stream: KafkaServer, request: str) -> dict[str, Any]:
    """A profile, out of the one part of its answer."""
    assert answered(stream, request).parts == 1
    [part] = [one for one in answers(stream, request) if one.part]
    found: dict[str, Any] = json.loads(gzip.decompress(reveal(part.body)))
    return found


def test_many_who_wait_are_answered_beside_each_other_and_once(
    stream: KafkaServer, store: Store, tmp_path: Path, ann: Ann
) -> None:
    publish(stream, with_others(ann))
    now = time.time_ns() // 1000
    phones = [Ann(f"{ann.name}{number}-") for number in range(20)]
    asked = [resolved("me", whom, at=now) for whom in (ann, *phones)]
    with sink(stream, store, tmp_path / "log"):
        eventually(lambda: has_all(store), "all rows")
        publish(stream, asked)
        publish(stream, asked)
        for whom in (ann, *phones):
            assert answered(stream, request_of("me", whom)).status == "done"
        time.sleep(1)
        final = [one for whom in (ann, *phones) for one in answers(stream, request_of("me", whom)) if not one.part]
        assert len(final) == len(asked)
        text = json.dumps(read_profile(stream, request_of("me", ann)))
        assert not any(word in text for word in ann.words)
