"""`footpath consent`: rows of a CSV file are statements once each; what somebody allows is printed with its reasons."""

import csv
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.operate.consent.rows import Statements
from deploy.operate.csv_file.rows import RejectedRow
from deploy.operate.identity.people import People
from deploy.operate.importer.lines import Line
from schemas.brand.items import events_of
from schemas.brand.load import load
from schemas.consent.statements import statement_of
from schemas.events import ConsentChanged, Event, IdentityChanged, TouchpointIdentified
from schemas.identifiers.pseudonyms import Pseudonyms
from schemas.ids import own_id_of, person_of
from schemas.kinds import CONSENT
from schemas.topics import TOUCHPOINT_RECEIVED
from sinks.store.migrate import migrate
from tests.support.brand_files import YAML, write
from tests.support.command_line import footpath
from tests.support.demo_gateway import KEY, DemoGateway
from tests.support.randomness import unique_word
from tests.support.servers import start_clickhouse
from tests.support.sink_events import micros, moved, uid
from tests.support.sink_store import Store
from tests.support.topic_reader import read

HEADER = "occurred_at,type,value,action,purposes,channels,policy_version,text_id\n"
CARD = Pseudonyms(bytes(32), "DE").identifier("customer", "C-1")
ANN = person_of(CARD)


def parsed(text: str) -> list[dict[str, Any] | tuple[int, str]]:
    """The event of each row, or its line and why it is none."""
    found: list[dict[str, Any] | tuple[int, str]] = []
    for _, event in Statements(text.splitlines(keepends=True), "consents.csv"):
        if isinstance(event, Line):
            found.append(json.loads(event.text))
        elif isinstance(event, RejectedRow):
            found.append((event.row.line, event.reason))
    return found


def test_a_row_is_a_statement() -> None:
    [event] = parsed(
        HEADER + "2026-03-01T10:00:00Z,email,ann@shop.example,Granted,identity marketing,sms email,2,privacy\n"
    )
    assert isinstance(event, dict) and event.pop("event_id")
    assert event == {
        "type": "consent_given",
        "occurred_at": "2026-03-01T10:00:00Z",
        "identifiers": [{"type": "email", "value": "ann@shop.example"}],
        "properties": {
            "purposes": ["identity", "marketing"],
            "channels": ["sms", "email"],
            "policy_version": "2",
            "proof": {"where": "import", "text_id": "privacy"},
        },
    }


def test_the_same_row_has_the_same_id_wherever_it_stands() -> None:
    one, other = (f"2026-03-01T10:00:00Z,customer,C-1,{what},identity,,,\n" for what in ("granted", "withdrawn"))
    first, again = parsed(HEADER + one + other), parsed(HEADER + other + "\n" + one)
    assert [event["event_id"] for event in first] == [event["event_id"] for event in again[::-1]]  # type: ignore[call-overload]


def test_what_is_no_statement_says_why() -> None:
    rows = "2026-03-01T10:00:00Z,email,,granted,identity,,,\nx,email,a,perhaps,identity,,,\nx,email\n"
    assert parsed(HEADER + rows) == [
        (2, "value: is missing"), (3, "action: 'perhaps' must be granted or withdrawn"),
        (4, "has 2 fields, and the header 8"),
    ]  # fmt: skip


def test_a_file_is_in_once_however_often_it_is_sent(gateway: DemoGateway, tmp_path: Path) -> None:
    number, file = unique_word(), tmp_path / "consents.csv"
    good = f"2026-03-01T10:00:00Z,customer,{number},granted,analytics marketing,email,,privacy\n"
    bad = f"2026-03-01T10:00:00Z,customer,{number},granted,identity,,1999,privacy\n" \
          f"yesterday,customer,{number},withdrawn,identity,,,\n"  # fmt: skip
    file.write_text(HEADER + good + bad)
    target = {"FOOTPATH_GATEWAY": gateway.target.gateway, "FOOTPATH_API_KEY": KEY}
    with gateway.running():
        for _ in range(2):
            answer = footpath("consent", "import", str(file), **target)
            assert answer.returncode == 2, answer.stderr
            assert answer.stdout == f"{file}: read 3, accepted 1, rejected 2; reasons in {file}.rejected.csv\n"
        with Path(f"{file}.rejected.csv").open(newline="") as text:
            assert [(row["line"], row["reason"].split(":")[0]) for row in csv.DictReader(text)] == [
                ("3", "policy_version"), ("4", "occurred_at"),
            ]  # fmt: skip
    hashed = Pseudonyms(bytes(32), "DE").identifier("customer", number)
    stored = {
        own_id_of(e.event_id): e
        for e in read(gateway, TOUCHPOINT_RECEIVED, ("test",))
        if e.type in CONSENT and e.primary_identifier == hashed
    }
    [event] = stored.values()
    statement = statement_of(event)
    assert statement is not None and statement.keys == ("marketing/email", "analytics")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Settings of a ClickHouse in which Ann, of a card and a device, said something, and of the key of the hashes."""
    directory = tmp_path_factory.mktemp("consent")
    part = start_clickhouse(directory / "clickhouse")
    (directory / "secrets").mkdir()
    (directory / "secrets" / "identifier.key").write_text("00" * 32)
    migrate(part.url)
    consent = "consent:\n  - {id: identity, default: opt_in, gpc: [DE]}\n  - {id: analytics}\n"
    seen = TouchpointIdentified(
        event_id=uid("sale"), person_id=ANN, source_profile_id=ANN, type="sale", occurred_at=micros("2026-03-01"),
        received_at=micros("2026-03-01"), source="till", primary_identifier=CARD, identifiers=(CARD,),
        amount_micros=1, currency="EUR",
    )  # fmt: skip

    def said(purpose: str, after: str, day: int, profile: str = ANN, kind: str = "choice") -> ConsentChanged:
        return ConsentChanged(
            event_id=uid(f"{purpose}{after}{day}"), occurred_at=micros(f"2026-03-0{day}"), person_id=profile,
            source_profile_id=profile, purpose=purpose, kind=kind, after=after, source="till", policy_version="2",
            proof='{"text_id":"privacy"}', source_event_id=f"till/{purpose}-{day}",
        )  # fmt: skip

    merge = moved("phone", "phone", 1)
    stored: list[list[Event]] = [
        [seen],
        list(events_of(load(write(directory, YAML + consent)), 1, {})),
        [said("identity", "withdrawn", 1, uid("phone"), "gpc"), said("identity", "granted", 2)],
        [said("personalisation", "withdrawn", 3, uid("phone")), said("marketing", "", 4, ANN, "expiry")],
        [type(merge)(**({f: getattr(merge, f) for f in merge.__struct_fields__} | {"into_person_id": ANN}))],
    ]
    appeared = [
        IdentityChanged(event_id=uid(f"appeared {device}"), occurred_at=1, change="appeared", person_id=uid(profile),
                        identifier=device, source_event_id=uid("cause"))
        for profile, device in (("phone", "device:phone"), ("tablet", "device:tablet"))
    ]  # fmt: skip
    stored.append([*appeared])
    store = Store(part)
    for events in stored:
        store.put(events)
    yield {"FOOTPATH_CLICKHOUSE": part.url, "FOOTPATH_DATA": str(directory)}
    part.stop()


def show(store: dict[str, str], *args: str) -> subprocess.CompletedProcess[str]:
    return footpath("consent", "show", *args, **store)


def test_the_devices_whose_browsers_sent_their_control_are_found(store: dict[str, str]) -> None:
    """What a brand that newly heeds it has checked again."""
    with People.connect(store) as people:
        assert people.signalled_devices() == ["device:phone"]


def test_a_person_is_shown_with_what_they_allow_and_all_that_they_said(store: dict[str, str]) -> None:
    found = json.loads(show(store, "customer", "C-1", "--json").stdout)
    uses = {use["purpose"]: (use["allowed"], use["why"], use["conflicting"], use["is_asked"]) for use in found["uses"]}
    assert uses["identity"] == (True, "granted", True, False)
    assert uses["personalisation"] == (False, "withdrawn", False, False)
    assert uses["analytics"] == (True, "opt_out", False, True)
    assert uses["marketing/sms"] == (True, "opt_out", False, False)
    assert [(one["purpose"], one["kind"], one["after"]) for one in found["said"]] == [
        ("identity", "gpc", "withdrawn"), ("identity", "choice", "granted"), ("personalisation", "choice", "withdrawn"),
        ("marketing", "expiry", ""),
    ]  # fmt: skip
    text = show(store, "customer", f"hash:{CARD.partition(':')[2]}").stdout
    assert "the browser says otherwise" in text and '{"text_id":"privacy"}' in text and ANN in text


def test_somebody_who_was_never_seen_is_an_error(store: dict[str, str]) -> None:
    answer = show(store, "customer", "C-2")
    assert answer.returncode == 1 and "nobody has been seen" in answer.stderr
