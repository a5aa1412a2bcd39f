"""Intake: an event is its sender's namespace and id, and counts once, whoever sends it again."""

import random
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.events_api.idempotency import IdempotencyCache, Sighting, joined, known_of, sighting
from processors.intake.core import MOST_IDENTIFIERS
from processors.intake.core import PROCESSOR as INTAKE
from processors.rewards.core import PROCESSOR as REWARDS
from processors.shell.state.records import Active
from processors.step import Drop, Effect, Emit, Reject
from schemas.events import OrderClaimed, RewardPosted, TouchpointReceived, TouchpointRecorded
from schemas.identifiers.types import BLOCKED, strongest
from schemas.ids import event_id_of
from tests.support.harness import Harness
from tests.support.identity.assertions import published_people
from tests.support.identity.builders import START, hashed
from tests.support.identity.network import Network
from tests.support.reference import reference

PHONE, CARD, CUSTOMER = hashed("device", "phone"), hashed("loyalty", "card"), hashed("customer", "anna")
DAY_S = 86_400
HASHES = {"one": "1" * 32, "other": "2" * 32}


def received(
    *identifiers: str, id: str = "1001", namespace: str = "tills", content: str = "one", at: int = 0, **fields: Any
) -> TouchpointReceived:
    """A sale as a gateway publishes it; ``content`` names what it states, ``at`` is in seconds."""
    known = {
        "type": "sale",
        "occurred_at": START + at * 1_000_000,
        "received_at": START,
        "source": "till-1",
        "primary_identifier": strongest(identifiers) if identifiers else "",
        "identifiers": identifiers,
        "amount_micros": 33_000_000,
        "currency": "EUR",
        "content": HASHES[content],
    }
    return TouchpointReceived(event_id=event_id_of(namespace, id), **known | fields)


def outcome(effect: Effect) -> str:
    """What becomes of an event, in a few words."""
    match effect:
        case Emit(OrderClaimed() as event):
            return f"{event.event_id} claims its order"
        case Emit(TouchpointRecorded() as event):
            names = {PHONE: "phone", CARD: "card", CUSTOMER: "customer"}
            return f"{event.event_id} #{event.revision} {' '.join(names.get(i, i) for i in event.identifiers)}".strip()
        case Reject(reason, _, field):
            return f"{reason}: {field}"
        case Drop(reason):
            return str(reason)
    raise AssertionError(effect)


def run(intake: Harness, *events: TouchpointReceived) -> list[str]:
    """What becomes of events, of those that claim an order too."""
    found: list[str] = []
    for event in events:
        for effect in intake.apply(event):
            if isinstance(effect, Emit) and isinstance(effect.event, OrderClaimed):
                found += [outcome(one) for one in intake.apply(effect.event)]
            else:
                found.append(outcome(effect))
    return found


def test_an_event_goes_on_as_it_is_and_once(intake: Harness) -> None:
    event = received(CUSTOMER, PHONE)
    [first] = intake.apply(event)
    fields = {name: getattr(event, name) for name in TouchpointRecorded.__struct_fields__}
    assert first == Emit(TouchpointRecorded(**fields))
    assert run(intake, event, received(PHONE), received()) == ["duplicate"] * 3


def test_a_receipt_with_the_card_after_all_is_the_same_sale_with_both(intake: Harness) -> None:
    """It stays with the source profile that it has: whoever reads it finds the sale that it knows."""
    assert run(intake, received(PHONE), received(CUSTOMER, PHONE), received(CARD), received(CUSTOMER, CARD)) == [
        "tills/1001 #0 phone",
        "tills/1001 #1 phone customer",
        "tills/1001 #2 phone customer card",
        "duplicate",
    ]


def test_a_receipt_of_nobody_becomes_that_of_whoever_shows_the_card(intake: Harness) -> None:
    events = [effect.event for event in (received(), received(CARD, PHONE)) for effect in intake.apply(event)]  # type: ignore[union-attr]
    assert [(event.primary_identifier, event.revision) for event in events] == [("", 0), (CARD, 1)]


def test_another_event_under_the_id_is_a_conflict_and_changes_nothing(intake: Harness) -> None:
    """Whether it comes with the same identifiers, with more or with none."""
    assert run(
        intake,
        received(PHONE),
        received(PHONE, content="other"),
        received(CUSTOMER, PHONE, content="other"),
        received(content="other"),
        received(PHONE, CUSTOMER),
    ) == ["tills/1001 #0 phone", *["conflict: event_id"] * 3, "tills/1001 #1 phone customer"]


def test_ids_of_two_namespaces_are_two_events(intake: Harness) -> None:
    """Two tills that count for themselves, and a stranger who guesses the next receipt's id."""
    assert run(intake, received(PHONE, namespace="web", content="other"), received(PHONE)) == [
        "web/1001 #0 phone",
        "tills/1001 #0 phone",
    ]


def test_no_event_grows_without_an_end(intake: Harness) -> None:
    several = [hashed("device", number) for number in range(MOST_IDENTIFIERS)]
    assert run(intake, received(*several))[0].startswith("tills/1001 #0")
    assert run(intake, received(PHONE)) == ["conflict: identifiers"]


ORDER = '{"order_id":"A-77"}'


def test_one_order_sent_under_two_ids_pays_once(intake: Harness) -> None:
    first, again = received(CUSTOMER, properties=ORDER), received(CUSTOMER, id="1002", at=5, properties=ORDER)
    assert run(intake, first, again) == ["tills/1001 #0 customer", "conflict: properties.order_id"]
    completed = received(CUSTOMER, PHONE, properties=ORDER)
    assert run(intake, completed, first) == ["tills/1001 #1 customer phone", "duplicate"]


@pytest.mark.parametrize(
    "other",
    [
        {"store": "lisbon-chiado"},
        {"namespace": "web-shop"},
        {"amount_micros": 34_000_000},
        {"at": DAY_S},
        {"identifiers": (CARD,)},
        {"identifiers": ()},
        {"properties": '{"order_id":"A-77","till":"T2"}'},
        {"properties": '{"order_id":"A-78"}'},
        {"properties": '{"shipment":{"order_id":"A-77"}}'},
    ],
    ids=lambda other: next(iter(other)),
)
def test_the_same_number_alone_makes_no_two_sales_one(intake: Harness, other: dict[str, Any]) -> None:
    """Of two stores, two senders, two payments of one order, two days, two customers, two tills."""
    namespace, at = other.get("namespace", "tills"), other.get("at", 5)
    fields = {name: value for name, value in other.items() if name not in ("namespace", "at")}
    if "identifiers" in fields:
        fields["primary_identifier"] = next(iter(fields["identifiers"]), "")
    second = received(CUSTOMER, id="1002", namespace=namespace, at=at, **{"properties": ORDER} | fields)
    assert run(intake, received(CUSTOMER, properties=ORDER), second)[1].startswith(f"{namespace}/1002 #0")


@pytest.mark.parametrize("number", ['"0"', '"n/a"', "null", '""', "[1]", '{"a":1}'])
def test_a_number_that_is_none_makes_no_order(intake: Harness, number: str) -> None:
    properties = f'{{"order_id":{number}}}'
    sales = [received(CUSTOMER, id=id, properties=properties) for id in ("1001", "1002")]
    assert run(intake, *sales) == ["tills/1001 #0 customer", "tills/1002 #0 customer"]


@dataclass
class Gateway:
    """What a gateway does with an event that it has validated; a restart empties its cache."""

    cache: IdempotencyCache = field(default_factory=IdempotencyCache)

    def takes(self, event: TouchpointReceived) -> bool:
        """Whether it publishes the event. One that conflicts with what it took is rejected there."""
        known, this = self.cache.get(event.event_id), known_of(event, event.content)
        if sighting(known, this) in (Sighting.SAME, Sighting.OTHER):
            return False
        self.cache.add({event.event_id: joined(known, this)})
        return True


SHOWN = st.lists(st.sampled_from([PHONE, CARD, CUSTOMER, f"email:{BLOCKED}"]), unique=True, max_size=3)


@given(st.lists(SHOWN, min_size=1, max_size=6), st.integers(0, 1 << 32))
def test_whatever_of_a_sale_is_sent_again_it_is_one_sale_of_one_person_and_pays_once(
    shown: list[list[str]], seed: int
) -> None:
    """Any subsets of its identifiers, in any order and with repetitions, over crashes of identity; rewards takes what
    follows in any order between topics."""
    sendings = [received(*ids) if set(ids) - {f"email:{BLOCKED}"} else received() for ids in shown]
    intake, chance = Harness(INTAKE, reference()), random.Random(seed)
    passed = [e.event for event in sendings for e in intake.apply(event) if isinstance(e, Emit)]
    given_ids = {identifier for event in sendings for identifier in event.identifiers}
    assert {event.event_id for event in passed} == {"tills/1001"}
    assert [event.revision for event in passed] == list(range(len(passed)))  # type: ignore[attr-defined]
    assert set(passed[-1].identifiers) - {f"email:{BLOCKED}"} == given_ids - {f"email:{BLOCKED}"}  # type: ignore[attr-defined]

    network = Network(reference(), chance, 4, crashes=0.05)
    network.run(passed, backlog=chance.randint(1, 5))  # type: ignore[arg-type]
    touchpoints = {(one.event_id, one.revision): one for one in network.touchpoints}
    assert len(touchpoints) == len(passed)
    profiles = {one.source_profile_id for one in touchpoints.values()} - {""}
    assert len(profiles) == bool(given_ids), "the sale stays with one source profile"

    people = published_people(network)
    real = given_ids - {f"email:{BLOCKED}"}
    joined = [one for one in network.changes if one.other_identifier and one.change == "linked"]
    assert len(real) < 2 or {end for one in joined for end in (one.identifier, one.other_identifier)} == real
    rewards = Harness(REWARDS, reference())
    topics = [list(network.touchpoints), list(network.changes)]
    effects: list[Effect] = []
    while topics := [topic for topic in topics if topic]:
        effects += (now := rewards.apply(chance.choice(topics).pop(0)))
        effects += rewards.deliver(now)
    posted = {
        e.event.event_id: e.event.points for e in effects if isinstance(e, Emit) and isinstance(e.event, RewardPosted)
    }
    assert list(posted.values()) == ([66] if real else [])
    balances = [r.state.balance for r in rewards.records.values() if isinstance(r, Active) and r.state is not None]
    assert sum(balances) == (66 if real else 0)
    assert len({people.get(profile, profile) for profile in profiles}) <= 1


@given(st.lists(st.tuples(SHOWN, st.integers(0, 1), st.booleans()), min_size=1, max_size=8))
def test_two_gateways_that_restart_lose_no_identifier_and_repeat_none(
    sendings: list[tuple[list[str], int, bool]],
) -> None:
    """What a gateway answers as a duplicate intake would have dropped: its answers are no other than without them."""
    gateways, direct, behind = [Gateway(), Gateway()], Harness(INTAKE, reference()), Harness(INTAKE, reference())
    passed: dict[str, list[TouchpointRecorded]] = {"direct": [], "behind": []}
    for shown, number, restarts in sendings:
        event = received(*shown) if set(shown) - {f"email:{BLOCKED}"} else received()
        if restarts:
            gateways[number] = Gateway()
        passed["direct"] += [e.event for e in direct.apply(event) if isinstance(e, Emit)]  # type: ignore[misc]
        if gateways[number].takes(event):
            passed["behind"] += [e.event for e in behind.apply(event) if isinstance(e, Emit)]  # type: ignore[misc]
    assert passed["behind"] == passed["direct"]


def test_a_redemption_that_is_sent_again_is_asked_for_again() -> None:
    """Its sender has lost the answer; what it says of another person under its id is another one."""
    intake = Harness(INTAKE, reference())
    spent = received(CARD, type="points_spent", amount_micros=None, currency="")
    assert [outcome(effect) for effect in intake.apply(spent, spent, spent)] == [
        "tills/1001 #0 card",
        "tills/1001 #1 card",
        "tills/1001 #2 card",
    ]
    assert [outcome(one) for one in intake.apply(msgspec.structs.replace(spent, content="2" * 32))] == [
        "conflict: event_id"
    ]
