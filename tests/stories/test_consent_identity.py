"""Identity joins nobody who does not agree: the stories, and a model that looks at all events at once, in any order,
with crashes."""

import random
from collections import defaultdict
from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploy.operate.identity.limits import signal
from processors.identity.consent import ASKED_KEPT, KEYS
from processors.identity.core import PROCESSOR as IDENTITY
from processors.identity.touchpoints import with_member
from processors.reference import Reference
from processors.shell.state.records import Active
from processors.step import Emit
from schemas import kinds
from schemas.brand.consent import Consent
from schemas.brand.stores import Store
from schemas.consent.choices import NOTHING_SAID, Consents
from schemas.consent.permission import Why, permission
from schemas.consent.statements import COUNTED_ONLY, UNMATCHED, Statement, consents_after
from schemas.events import ConsentStated, Event, IdentitySignalled, TouchpointIdentified, TouchpointRecorded
from schemas.identifiers.types import strength
from schemas.ids import person_of
from tests.oracles.joined import Joined
from tests.support.harness import Harness
from tests.support.identity.assertions import assert_people
from tests.support.identity.builders import START, brand, event, hashed, linked, reference
from tests.support.identity.network import Network
from tests.support.identity.oracle import PERIOD
from tests.support.identity.outcome import Outcome, Run
from tests.support.identity.random_histories import shuffled
from tests.support.seeds import draw_seed

ASKING = "asking"
"""A store in a country that asks first; elsewhere consent is assumed."""
RULES = {"identity": Consent(id="identity", jurisdictions={"AT": "opt_in"}, gpc=("DE",))}
CARD, MAIL, PHONE = "customer:anna", "email:anna", "device:anna"
GPC = '{"gpc":true}'


def with_section(where: Reference, rules: dict[str, Consent] = RULES) -> Reference:
    store = Store(id=ASKING, name="A", time_zone="Europe/Vienna", country="AT")
    return Reference(msgspec.structs.replace(where.brand, consent=rules, stores={ASKING: store}))


WHERE = with_section(reference())


def said(
    at: int, what: str, *identifiers: str, name: str = "", expires: int = 0, store: str = ""
) -> TouchpointRecorded:
    """:param expires: seconds after the start."""
    ends = f"2023-11-14T22:{13 + (20 + expires) // 60:02}:{(20 + expires) % 60:02}Z" if expires else ""
    properties = msgspec.json.encode(Statement(purposes=("identity",), expires_at=ends)).decode()
    return event(at, *identifiers, type=f"consent_{what}", name=name, properties=properties, store=store)


def test_a_withdrawal_retracts_what_was_joined_and_a_later_grant_brings_it_back(run: Run) -> None:
    story = [event(1, CARD, PHONE), event(2, CARD, MAIL)]
    assert run(story, WHERE).one(CARD, PHONE, MAIL)
    found = run([*story, said(5, "withdrawn", PHONE)], WHERE)
    assert found.one(CARD, MAIL) and found.apart(CARD, PHONE)
    assert found.status(CARD, PHONE) == "no_consent" and found.status(CARD, MAIL) == "linked"
    assert run([*story, said(5, "withdrawn", PHONE), said(9, "given", PHONE)], WHERE).one(CARD, PHONE, MAIL)
    assert run([*story, said(5, "withdrawn", PHONE), said(3, "given", PHONE)], WHERE).apart(CARD, PHONE)


def test_without_the_section_a_withdrawal_counts_all_the_same(run: Run) -> None:
    found = run([event(1, CARD, PHONE), said(5, "withdrawn", CARD, MAIL), event(9, CARD, PHONE, MAIL)])
    assert found.apart(CARD, PHONE, MAIL)


def test_who_withdraws_with_two_identifiers_withdraws_for_both(run: Run) -> None:
    found = run([said(1, "withdrawn", CARD, MAIL), event(2, MAIL, PHONE), event(3, CARD, PHONE)], WHERE)
    assert found.apart(CARD, MAIL, PHONE)


def test_where_consent_is_asked_for_first_nothing_joins_without_a_grant_of_both(run: Run) -> None:
    seen = event(5, CARD, PHONE, store=ASKING)
    assert run([seen], WHERE).apart(CARD, PHONE) and run([seen], WHERE).status(CARD, PHONE) == "no_consent"
    assert run([seen, said(1, "given", CARD)], WHERE).apart(CARD, PHONE)
    assert run([seen, said(1, "given", CARD), said(2, "given", PHONE)], WHERE).one(CARD, PHONE)
    assert run([event(5, CARD, PHONE)], WHERE).one(CARD, PHONE), "elsewhere it is assumed"


def test_what_was_seen_before_the_grant_joins_nobody_and_what_comes_after_it_does(run: Run) -> None:
    before, after = event(5, CARD, PHONE, store=ASKING), event(20, CARD, PHONE, store=ASKING)
    grants = [said(10, "given", CARD), said(11, "given", PHONE)]
    assert run([before, *grants], WHERE).apart(CARD, PHONE)
    assert run([before, *grants, after], WHERE).one(CARD, PHONE)
    assert run([before, said(10, "given", CARD, PHONE, store=ASKING)], WHERE).one(CARD, PHONE)


def test_a_grant_that_ended_joins_nobody_any_more(run: Run) -> None:
    grant = said(1, "given", CARD, PHONE, expires=10, store=ASKING)
    assert run([grant, event(5, CARD, PHONE, store=ASKING)], WHERE).one(CARD, PHONE)
    assert run([grant, event(15, CARD, PHONE, store=ASKING)], WHERE).apart(CARD, PHONE)


def test_a_withdrawal_that_ended_is_silence_for_what_comes_after_its_end(run: Run) -> None:
    story = [event(0, CARD, MAIL), said(2, "withdrawn", MAIL, expires=8)]
    assert run(story, WHERE).apart(CARD, MAIL)
    assert run([*story, event(9, CARD, MAIL, store=ASKING)], WHERE).one(CARD, MAIL)


def test_a_browser_withdraws_for_its_device_until_its_person_says_otherwise(run: Run) -> None:
    story = [event(1, CARD, PHONE), event(5, PHONE, properties=GPC, type="scan")]
    assert run(story, WHERE).apart(CARD, PHONE)
    assert run([*story, said(7, "given", PHONE), event(9, PHONE, properties=GPC)], WHERE).one(CARD, PHONE)
    assert run(story).one(CARD, PHONE), "a brand that says nothing of it"


@pytest.mark.parametrize("heeds", [True, False])
def test_a_brand_that_newly_heeds_a_browser_has_what_exists_checked_again(heeds: bool) -> None:
    """Without another event of the person, and the other way round."""
    section = {False: {"identity": Consent(id="identity")}, True: RULES}
    before, after = (with_section(reference(), section[one]) for one in (not heeds, heeds))
    network = Network(before, random.Random(draw_seed()), 4, crashes=0.02)
    network.run([event(1, CARD, PHONE), event(5, PHONE, properties=GPC, type="scan"), event(9, CARD)])
    assert Outcome(network).one(CARD, PHONE) is heeds
    network.reference = after
    network.signal(signal(PHONE, after.brand.version, "run", START))
    network.run(())
    assert Outcome(network).one(CARD, PHONE) is not heeds


def test_what_a_place_asked_counts_as_of_the_evidence() -> None:
    """A brand that asks first from now on keeps whom it joined while it did not."""
    asks = with_section(reference(), {"identity": Consent(id="identity", default="opt_in")})
    network = Network(WHERE, random.Random(draw_seed()), 4)
    network.run([event(1, CARD, PHONE), event(2, CARD), event(2, PHONE)])
    network.reference = asks
    network.signal(signal(PHONE, asks.brand.version, "run", START))
    network.run([event(1_000_000, CARD, PHONE), event(1_000_001, CARD, MAIL), event(1_000_002, MAIL)])
    found = Outcome(network)
    assert found.one(CARD, PHONE) and found.apart(CARD, MAIL)


def test_a_persons_word_is_stronger_than_an_operators_link(run: Run) -> None:
    found = run([linked(9, CARD, PHONE), said(5, "withdrawn", PHONE)], WHERE)
    assert found.apart(CARD, PHONE) and found.status(CARD, PHONE) == "no_consent"
    assert run([event(1, CARD, PHONE, store=ASKING), linked(9, CARD, PHONE)], WHERE).one(CARD, PHONE)


def people_of(events: Sequence[TouchpointRecorded]) -> dict[str, str]:
    """The person of each identifier, from all events at once."""
    statements: defaultdict[str, Consents] = defaultdict(lambda: NOTHING_SAID)
    seen: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    asked: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    links = set[tuple[str, str]]()
    first: dict[str, int] = {}
    for e in events:
        word = consents_after(NOTHING_SAID, e, KEYS)
        for one in e.identifiers:
            first[one] = min(e.occurred_at, first.get(one, e.occurred_at))
            statements[one] = statements[one].joined(Consents(word.choices))
        if word.gpc_at is not None and e.primary_identifier.startswith("device:"):
            statements[e.primary_identifier] = statements[e.primary_identifier].with_gpc(word.gpc_at)
        for other in {*e.identifiers} - {e.primary_identifier}:
            pair = (e.primary_identifier, other)
            if e.type == kinds.LINKED:
                links.add(pair)
            else:
                (asked if e.store == ASKING else seen)[pair].append(e.occurred_at)

    def withdrew(one: str, at: int) -> bool:
        mine = statements[one]
        last = max([at, mine.gpc_at or 0, *(choice.at for choice in mine.choices.get("identity", ()))])
        return permission([mine], "identity", last, RULES, "DE").why in (Why.WITHDRAWN, Why.GPC)

    joined = Joined[str]()
    for one in first:
        joined.join((one,))
    for pair in {*seen, *asked, *links}:
        times = seen[pair] + asked[pair]
        rough = max(min(times), max(times) // PERIOD * PERIOD) if times else 0
        at = max(asked[pair], default=rough)
        if any(withdrew(one, at) for one in pair):
            continue
        granted = all(permission([statements[one]], "identity", at, RULES, "DE").why is Why.GRANTED for one in pair)
        if pair in links or seen[pair] or granted:
            joined.join(pair)
    oldest: dict[str, str] = {}
    for one in sorted(first, key=lambda one: (first[one], strength(one))):
        oldest.setdefault(joined.find(one), one)
    return {one: person_of(oldest[joined.find(one)]) for one in first}


def random_statements(chance: random.Random) -> list[TouchpointRecorded]:
    """Events of a few identifiers, in places that ask and do not, with at most eight statements."""
    identifiers = [hashed(kind, n) for kind in ("customer", "email", "device") for n in range(chance.randint(1, 2))]
    history = []
    for number in range(chance.randint(2, 30)):
        at, shown = chance.randint(0, 30), chance.sample(identifiers, chance.randint(1, 3))
        store = chance.choice(("", ASKING, ASKING))
        if chance.random() < 0.1 and len(shown) == 2:
            history.append(event(at, *shown, type=kinds.LINKED, name=number))
        elif number % 4 == 0:
            what, expires = (
                chance.choice(("given", "given", "withdrawn")),
                chance.choice((0, 0, at + chance.randint(1, 9))),
            )
            history.append(said(at, what, *shown, name=str(number), expires=expires, store=store))
        else:
            history.append(
                event(at, *shown, name=number, store=store, properties=chance.choice(("{}", "{}", "{}", GPC)))
            )
    return history


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**32), st.sampled_from([1, 4]), st.sampled_from([3, 1_000_000]), st.sampled_from([0.0, 0.05]))
def test_people_are_those_of_the_model_in_any_order(seed: int, partitions: int, backlog: int, crashes: float) -> None:
    chance = random.Random(seed)
    events = random_statements(chance)
    network = Network(WHERE, chance, partitions, crashes)
    network.run(shuffled(chance, events, 0.3), backlog)
    assert_people(network, people_of(events))


@pytest.mark.parametrize("what", ["given", "withdrawn"])
def test_the_model_can_fail(what: str) -> None:
    events = [event(1, CARD, PHONE, store=ASKING), said(3, what, CARD, PHONE, store=ASKING)]
    assert (len(set(people_of(events).values())) == 1) is (what == "given")
    assert events[0].occurred_at == START + 1_000_000


def test_a_touchpoint_says_when_its_person_allows_no_analytics(identity: Harness) -> None:
    """So that the sink stores it as a count; everything else goes on as it was."""
    refuses = msgspec.json.encode(Statement(purposes=("analytics",))).decode()
    stated = event(5, PHONE, CARD, type="consent_withdrawn", properties=refuses)
    first = event(1, PHONE, properties='{"a":1}')
    story = [first, stated, event(4, CARD, name="late"), event(8, CARD), event(9, PHONE)]
    marked = {}
    for one in story:
        for effect in identity.apply(one):
            if isinstance(effect, Emit) and isinstance(effect.event, TouchpointIdentified):
                marked[effect.event.occurred_at - START] = COUNTED_ONLY in effect.event.properties
                assert isinstance(msgspec.json.decode(effect.event.properties), dict)
            elif isinstance(effect, Emit) and isinstance(effect.event, IdentitySignalled):
                identity.apply(effect.event)
    assert marked == {1_000_000: False, 4_000_000: False, 5_000_000: True, 8_000_000: True, 9_000_000: True}


def test_where_analytics_are_asked_for_silence_is_a_count(identity: Harness) -> None:
    rules = {"analytics": Consent(id="analytics", default="opt_in")}
    identity.reference = Reference(msgspec.structs.replace(identity.reference.brand, consent=rules))
    [seen] = [e.event for e in identity.apply(event(1, PHONE)) if isinstance(e, Emit)][1:2]
    assert isinstance(seen, TouchpointIdentified) and seen.properties == f"{{{COUNTED_ONLY}}}"
    assert seen.person_id == person_of(PHONE), "everybody behind identity knows the person"


def test_a_touchpoint_says_whose_traits_are_not_compared(identity: Harness) -> None:
    refuses = msgspec.json.encode(Statement(purposes=("identity",))).decode()
    traits = '{"traits":"AA=="}'
    story = [
        event(1, PHONE, properties=traits),
        event(5, PHONE, type="consent_withdrawn", properties=refuses),
        event(8, PHONE, properties=traits, name="after"),
        event(9, PHONE, name="none"),
        event(4, PHONE, properties=traits, name="late"),
    ]
    found = {}
    for one in story:
        for effect in identity.apply(one):
            if isinstance(effect, Emit) and isinstance(effect.event, TouchpointIdentified):
                found[effect.event.occurred_at - START] = UNMATCHED in effect.event.properties
    assert found == {1_000_000: False, 5_000_000: False, 8_000_000: True, 9_000_000: False, 4_000_000: False}
    rules = {"identity": Consent(id="identity", default="opt_in")}
    identity.reference = Reference(msgspec.structs.replace(identity.reference.brand, consent=rules))
    asked = [e.event for e in identity.apply(event(10, CARD, properties=traits)) if isinstance(e, Emit)]
    assert any(UNMATCHED in e.properties for e in asked if isinstance(e, TouchpointIdentified)), "silence is no grant"


def test_a_statement_goes_to_every_other_identifier_of_its_event(identity: Harness) -> None:
    refuses = msgspec.json.encode(Statement(purposes=("personalisation",))).decode()
    waiting: list[Event] = [
        event(1, PHONE),
        event(5, CARD, PHONE, MAIL, "email:blocked", type="consent_withdrawn", properties=refuses, name="said"),
    ]
    told = {}
    while waiting:
        for effect in identity.apply(waiting.pop(0)):
            assert isinstance(effect, Emit)
            if isinstance(effect.event, IdentitySignalled):
                waiting.append(effect.event)
            elif isinstance(effect.event, ConsentStated):
                assert effect.transactional and effect.event.properties == refuses
                told[effect.event.source_profile_id] = effect.event.person_id
    assert told.keys() == {person_of(PHONE), person_of(MAIL)}
    assert told[person_of(MAIL)] == person_of(MAIL), "nothing was published under it yet"


def test_what_a_shared_identifier_knows_of_its_edges_is_bounded() -> None:
    identity = Harness(IDENTITY, with_section(brand()))
    for number in range(3 * ASKED_KEPT):
        identity.apply(event(number, MAIL, hashed("device", number), store=ASKING))
    node = identity.records[MAIL]
    assert isinstance(node, Active) and len(node.state.asked) <= ASKED_KEPT + len(node.state.neighbours)


@pytest.mark.parametrize(
    ("properties", "marked"), [("{}", "{M}"), ('{"a":1}', '{M,"a":1}'), (" { }", "{M}"), ("", "{M}")]
)
def test_a_mark_is_one_more_member(properties: str, marked: str) -> None:
    assert with_member(properties, "M") == marked
