"""A change of the identifier key: one value has two identifiers, which all guards count once, in any order."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from processors.identity.guards import limits_of
from processors.identity.people import people_of
from schemas.events import TouchpointRecorded
from schemas.identifiers.rotation import SOURCE, same_value, says_same_value
from schemas.ids import person_of
from tests.stories.test_consent_identity import WHERE, said
from tests.support.identity.assertions import assert_people
from tests.support.identity.builders import START, brand, event, hashed, linked, reference, unlinked
from tests.support.identity.network import Network
from tests.support.identity.oracle import Limits, truth
from tests.support.identity.outcome import Run
from tests.support.identity.random_histories import shuffled

KINDS = ("customer", "loyalty", "email", "device")


def renamed(identifier: str) -> str:
    """The identifier that the same value has under the newer key. Here both are in the same order among others: what
    happens at the same time is taken in that order."""
    return identifier[:-1] + ("1" if identifier[-1] == "0" else "0")


def rekeyed(at: int, identifier: str) -> TouchpointRecorded:
    return same_value(renamed(identifier), identifier, "b", START + at * 1_000_000)


ANNA, BEN, TABLET, MAIL = (hashed(*one) for one in (("customer", 1), ("customer", 2), ("device", 1), ("email", 1)))
NEW_ANNA, NEW_BEN, NEW_TABLET = map(renamed, (ANNA, BEN, TABLET))


def test_a_customer_is_one_before_and_after(run: Run) -> None:
    story = [event(1, ANNA, TABLET), event(9, NEW_ANNA, NEW_TABLET), rekeyed(9, ANNA), rekeyed(9, TABLET)]
    found = run(story, brand())
    assert found.one(ANNA, NEW_ANNA, TABLET, NEW_TABLET) and found.person(NEW_ANNA) == person_of(ANNA)
    assert found.status(ANNA, NEW_ANNA) == "linked"


def test_two_customers_stay_two_and_the_first_keeps_the_device(run: Run) -> None:
    story = [
        event(1, ANNA, TABLET),
        rekeyed(9, TABLET),
        rekeyed(9, ANNA),
        event(9, NEW_BEN, NEW_TABLET),
        rekeyed(9, BEN),
    ]
    found = run(story, brand())
    assert found.one(ANNA, NEW_ANNA, TABLET, NEW_TABLET) and found.one(BEN, NEW_BEN) and found.apart(ANNA, BEN)
    assert found.status(NEW_BEN, NEW_TABLET) == "too_many:customer"


def test_an_operators_link_does_not_make_two_values_one(run: Run) -> None:
    """What counts once is what a gateway knows to be one value, and nothing else that is linked."""
    story = [linked(1, ANNA, BEN), event(2, ANNA, TABLET), event(3, hashed("customer", 3), TABLET)]
    assert run(story, brand()).status(hashed("customer", 3), TABLET) == "too_many:customer"


def test_what_an_operator_parted_stays_apart(run: Run) -> None:
    story = [event(1, ANNA, MAIL), unlinked(2, ANNA, MAIL), rekeyed(9, ANNA), rekeyed(9, MAIL)]
    found = run([*story, event(9, NEW_ANNA, renamed(MAIL))], brand())
    assert found.apart(ANNA, MAIL) and found.one(ANNA, NEW_ANNA) and found.one(MAIL, renamed(MAIL))
    assert found.status(NEW_ANNA, renamed(MAIL)) == "kept_apart"


def test_who_withdraws_under_the_new_key_withdraws_for_what_was_before(run: Run) -> None:
    before = [event(1, ANNA, TABLET), rekeyed(5, ANNA)]
    assert run(before, WHERE).one(ANNA, NEW_ANNA, TABLET)
    found = run([*before, said(9, "withdrawn", NEW_ANNA)], WHERE)
    assert found.one(ANNA, NEW_ANNA) and found.apart(ANNA, TABLET)
    again = run([*before, said(9, "withdrawn", NEW_ANNA), said(12, "given", NEW_ANNA)], WHERE)
    assert again.one(ANNA, NEW_ANNA, TABLET)


def test_who_withdrew_under_the_old_key_has_withdrawn_under_the_new_one(run: Run) -> None:
    story = [said(1, "withdrawn", ANNA), rekeyed(5, ANNA), event(9, NEW_ANNA, NEW_TABLET)]
    found = run(story, WHERE)
    assert found.one(ANNA, NEW_ANNA) and found.apart(NEW_ANNA, NEW_TABLET)


@pytest.mark.parametrize("who", [ANNA, BEN, MAIL])
def test_the_node_of_the_new_identifier_knows_what_was_said_of_the_old_one(who: str) -> None:
    """It marks touchpoints for the store, which the root does not see."""
    network = Network(WHERE, random.Random(1), 4)
    network.run([said(1, "withdrawn", who), rekeyed(5, who)], backlog=1)
    assert network.nodes()[renamed(who)].said == network.nodes()[who].said
    assert network.nodes()[renamed(who)].said.says_something


def test_no_sender_can_say_it() -> None:
    assert " " in SOURCE and says_same_value(rekeyed(1, ANNA).event_id)
    assert not says_same_value(linked(1, ANNA, BEN).event_id)


def random_history(chance: random.Random) -> list[TouchpointRecorded]:
    """Events, none at the time of another, of a few people who share some of what they have; some is unlinked."""
    identifiers = [hashed(kind, n) for kind in KINDS for n in range(chance.randint(1, 4))]
    history = []
    for at in chance.sample(range(2_000_000), 30):
        shown = chance.sample(identifiers, chance.randint(1, 3))
        parted = len(shown) == 2 and chance.random() < 0.1
        history.append(unlinked(at, *shown) if parted else event(at, *shown))
    return history


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**32), st.sampled_from([1, 4]), st.sampled_from([0.0, 0.05]))
def test_people_are_those_of_a_deployment_whose_key_never_changed(seed: int, count: int, crashes: float) -> None:
    chance = random.Random(seed)
    history = random_history(chance)
    limits = Limits(
        per_person={kind: chance.choice((0, 1, 1_000)) for kind in KINDS}, person_size=chance.choice((3, 5, 1_000))
    )
    expected = truth(history, limits).person_ids
    # From some time on gateways have the new key, some of them a little earlier than others.
    when = chance.randint(0, 2_000_000)
    arriving = []
    for one in history:
        is_new = (one.occurred_at - START) / 1_000_000 + chance.randint(-100_000, 100_000) > when
        arriving.append(event_of(one, *map(renamed, one.identifiers)) if is_new else one)
    arriving += [rekeyed(2_500_000, identifier) for identifier in expected]
    network = Network(reference(limits), chance, count, crashes)
    network.run(shuffled(chance, arriving, 0.3), chance.choice((3, 1_000_000)))
    people = people_in(network)
    assert_people(network, people)
    for one in expected:
        assert people[one] == people[renamed(one)], "one value, one person"
        for other in expected:
            assert (people[one] == people[other]) == (expected[one] == expected[other])


def people_in(network: Network) -> dict[str, str]:
    """The person of every identifier, as the roots know it."""
    limits, people = limits_of(network.reference), dict[str, str]()
    for one, node in network.nodes().items():
        if node.component is not None:
            people |= people_of(node.component, node.component.members, limits).person_ids
        elif not node.parent:
            people[one] = node.person_id
    return people


def event_of(given: TouchpointRecorded, *identifiers: str) -> TouchpointRecorded:
    at = (given.occurred_at - START) // 1_000_000
    return event(at, *identifiers, type=given.type)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**32))
def test_any_order_gives_the_same_people(seed: int) -> None:
    chance = random.Random(seed)
    history = random_history(chance)
    history += [event_of(one, *map(renamed, one.identifiers)) for one in random_history(chance)]
    history += [rekeyed(at, one) for at, one in enumerate({i for e in history[:30] for i in e.identifiers})]
    limits = Limits(per_person={"customer": 1, "email": 2, "device": 3}, person_size=chance.choice((4, 1_000)))
    found = []
    for _ in range(2):
        network = Network(reference(limits), chance, 4, 0.02)
        network.run(shuffled(chance, history), 5)
        found.append(people_in(network))
        assert_people(network, found[-1])
    assert found[0] == found[1]
