"""`footpath identity`: an override is sent through the gateway, a person is printed as ClickHouse stores it."""

import csv
import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import clickhouse_connect
import pytest

from schemas.events import Event, RewardPosted, TouchpointIdentified, TouchpointRecorded
from schemas.identifiers.pseudonyms import Pseudonyms
from schemas.ids import own_id_of, person_of
from schemas.kinds import OVERRIDES
from schemas.topics import TOUCHPOINT_RECEIVED
from sinks.store.migrate import migrate
from tests.support.command_line import footpath
from tests.support.demo_gateway import KEY, DemoGateway
from tests.support.servers import start_clickhouse
from tests.support.sink_events import edge, micros, uid
from tests.support.sink_store import Store
from tests.support.topic_reader import read

CLIENT = Pseudonyms(bytes(32), "DE")
CARD = CLIENT.identifier("customer", "C-1")
PHONE = CLIENT.identifier("phone", "+4915123456789")
MAIL = CLIENT.identifier("email", "ann@shop.example")
ANN = person_of(CARD)


def identity(*args: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return footpath("identity", *args, **environment)


def overrides(gateway: DemoGateway) -> list[TouchpointRecorded]:
    """Every override on the topic."""
    return [event for event in read(gateway, TOUCHPOINT_RECEIVED, ("test",)) if event.type in OVERRIDES]


def test_an_override_becomes_an_event_without_raw_values(gateway: DemoGateway) -> None:
    target = {"FOOTPATH_GATEWAY": gateway.target.gateway, "FOOTPATH_API_KEY": KEY}
    before = {event.event_id for event in overrides(gateway)}
    with gateway.running():
        joined = identity("link", "phone", "0151 23456789", "customer", "C-1", **target)
        parted = identity("unlink", "customer", f"hash:{CARD.partition(':')[2]}", "email", "Ann@shop.example", **target)
        alone = identity("link", "customer", "C-1", "customer", " C-1", **target)
        nobody = identity("unlink", "customer", "C-1", "email", "noreply@shop.example", **target)
    assert [joined.returncode, parted.returncode] == [0, 0], joined.stderr + parted.stderr
    published = {event.type: event for event in overrides(gateway) if event.event_id not in before}
    assert set(published["identity_linked"].identifiers) == {PHONE, CARD}
    assert set(published["identity_unlinked"].identifiers) == {CARD, MAIL}
    assert own_id_of(published["identity_linked"].event_id) in joined.stdout
    for refused, why in ((alone, "two different ones"), (nobody, "placeholder")):
        assert refused.returncode == 1 and why in refused.stderr and len(refused.stderr.splitlines()) == 1


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Settings of a ClickHouse in which Ann is in quarantine because of her device, and of the key of the hashes."""
    directory = tmp_path_factory.mktemp("identity")
    part = start_clickhouse(directory / "clickhouse")
    (directory / "secrets").mkdir()
    (directory / "secrets" / "identifier.key").write_text("00" * 32)
    migrate(part.url)
    seen = TouchpointIdentified(
        event_id=uid("sale"), person_id=ANN, source_profile_id=ANN, type="sale", occurred_at=micros("2026-03-01"),
        received_at=micros("2026-03-01"), source="till", primary_identifier=CARD, identifiers=(CARD, PHONE),
        amount_micros=1, currency="EUR",
    )  # fmt: skip
    earned = RewardPosted(
        event_id=uid("points"), person_id=ANN, source_profile_id=ANN, kind="earned", points=40, rule="buy",
        rule_version=1, source_event_id=uid("sale"), occurred_at=micros("2026-03-01"),
    )  # fmt: skip
    stored: list[list[Event]] = [
        [seen],
        [earned],
        [
            edge((CARD, PHONE), "linked", 1, cause="sale", at="2026-03-01"),
            edge((CARD, MAIL), "refused", 1, reason="hub", cause="form"),
            edge((CARD, "device:" + "d" * 32), "refused", 1, reason="person_size", cause="visit"),
        ],
    ]
    for events in stored:
        Store(part).put(events)
    yield {"FOOTPATH_CLICKHOUSE": part.url, "FOOTPATH_DATA": str(directory)}
    part.stop()


def test_a_person_is_found_by_any_identifier_and_by_its_id(store: dict[str, str]) -> None:
    by_hash = identity(
        "show", "phone", f"hash:{PHONE.partition(':')[2]}", "--json", FOOTPATH_CLICKHOUSE=store["FOOTPATH_CLICKHOUSE"]
    )
    found = [
        identity("show", "customer", " C-1 ", "--json", **store),
        identity("show", "phone", "+49 151 23456789", "--json", **store),
        identity("show", "--person", ANN, "--json", **store),
        by_hash,
    ]
    assert {answer.returncode for answer in found} == {0}, [answer.stderr for answer in found]
    assert len({answer.stdout for answer in found}) == 1
    person = json.loads(found[0].stdout)
    assert (person["person_id"], person["touchpoints"], person["points"]) == (ANN, 1, 40)
    assert person["identifiers"] == sorted([CARD, PHONE])
    statuses = {one["other_identifier"]: (one["status"], one["reason"]) for one in person["edges"]}
    assert statuses == {
        PHONE: ("linked", ""),
        MAIL: ("refused", "hub"),
        "device:" + "d" * 32: ("refused", "person_size"),
    }


def test_the_brands_own_customer_numbers_find_their_people(store: dict[str, str], tmp_path: Path) -> None:
    """The store has hashes; who has the key makes them of the brand's list, and joins."""
    numbers = tmp_path / "numbers.txt"
    numbers.write_text('C-1\n\n C-2 \nunknown\n"a, b"\n', encoding="utf-8-sig")
    found = identity("pseudonyms", "customer", str(numbers), **store)
    assert found.returncode == 0, found.stderr
    rows = list(csv.DictReader(found.stdout.splitlines()))
    assert [row["value"] for row in rows] == ["C-1", "C-2", "unknown", '"a, b"']
    hashes = {row["hash"]: row["value"] for row in rows if row["hash"]}
    assert f"customer:{rows[0]['hash']}" == CARD and rows[2]["hash"] == ""
    client = clickhouse_connect.get_client(dsn=store["FOOTPATH_CLICKHOUSE"], database="footpath")
    people = client.query("SELECT person_id::String, type, hash FROM person_identifier").result_rows
    assert sorted((kind, hash) for _, kind, hash in people) == sorted(tuple(one.split(":")) for one in (CARD, PHONE))
    assert {who: hashes[hash] for who, kind, hash in people if kind == "customer"} == {ANN: "C-1"}
    without_key = identity("pseudonyms", "customer", str(numbers), FOOTPATH_CLICKHOUSE=store["FOOTPATH_CLICKHOUSE"])
    assert without_key.returncode == 1 and "needs the key" in without_key.stderr


def test_a_terminal_gets_tables_whose_hashes_can_be_copied(store: dict[str, str]) -> None:
    shown = identity("show", "--person", ANN, **store)
    assert shown.returncode == 0, shown.stderr
    for text in (
        ANN,
        "1 touchpoints, 40 points",
        f"phone hash:{PHONE.partition(':')[2]}",
        "hub",
        "linked",
        "2026-03-01",
    ):
        assert text in shown.stdout


def test_the_quarantine_says_how_to_settle_each_edge(store: dict[str, str]) -> None:
    shown = identity("quarantine", **store)
    for other in (f"device hash:{'d' * 32}", f"email hash:{MAIL.partition(':')[2]}"):
        for verb in ("link", "unlink"):
            assert f"  footpath identity {verb} customer hash:{CARD.partition(':')[2]} {other}\n" in shown.stdout
    assert "2 edges refused, 2 other people affected" in shown.stdout
    (waiting,) = json.loads(identity("quarantine", "--json", **store).stdout)
    assert waiting["person_id"] == ANN and {one["reason"] for one in waiting["refused"]} == {"hub", "person_size"}
    assert {*waiting["affected"]} == {person_of(MAIL), person_of("device:" + "d" * 32)}


def test_what_an_operator_can_correct_is_reported_in_one_line(store: dict[str, str], tmp_path: Path) -> None:
    bare = start_clickhouse(tmp_path / "bare")
    try:
        client = clickhouse_connect.get_client(dsn=bare.url, autogenerate_session_id=False)
        client.command("CREATE DATABASE IF NOT EXISTS footpath")
        for args, environment, messages in (
            (("show",), {}, "show needs the type and value of an identifier, or --person"),
            (("show", "customer", "C-2"), store, "nobody has been seen with customer:"),
            (("show", "--person", uid("nobody")), store, f"nobody has been seen with the id {uid('nobody')}"),
            (("show", "customer", "null"), store, "is a placeholder"),
            (("show", "email", "ann"), store, "is no e-mail address"),
            (("show", "email", "a@b.de"), store | {"FOOTPATH_IDENTIFIER_KEY_FILE": "/none"}, "KEY_FILE=/none: No such"),
            (("quarantine",), {"FOOTPATH_CLICKHOUSE": "http://127.0.0.1:1"}, "ClickHouse does not answer"),
            (("train", "x.yaml"), {"FOOTPATH_CLICKHOUSE": "http://me:geheim@127.0.0.1:1"}, "does not answer"),
            (("train", "x.yaml"), {"FOOTPATH_CLICKHOUSE": bare.url}, "run `footpath store migrate`"),
            (("quarantine",), {"FOOTPATH_CLICKHOUSE": bare.url}, "run `footpath store migrate`"),
            (("link", "customer", "C-1", "phone", "+1"), {"FOOTPATH_DATA": "/nowhere"}, "no stack runs in /nowhere"),
        ):  # fmt: skip
            answer = identity(*args, **environment)
            assert answer.returncode == 1 and answer.stdout == "", args
            assert messages in answer.stderr and len(answer.stderr.splitlines()) == 1, answer.stderr
            assert "geheim" not in answer.stderr
    finally:
        bare.stop()


def test_a_random_mac_is_asked_for_as_it_is_today(store: dict[str, str]) -> None:
    today = CLIENT.identifier("mac", "da:a1:19:00:11:22", int(datetime.now(UTC).timestamp() * 1_000_000))
    answer = identity("show", "mac", "da:a1:19:00:11:22", **store)
    assert f"nobody has been seen with {today}" in answer.stderr
