"""What is allowed follows from the set of what was said: against a model that keeps everything and sorts it."""

from collections.abc import Sequence

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from schemas.brand.consent import Consent, Policy, jurisdiction_of, silence
from schemas.brand.stores import Store
from schemas.consent.asks import asks
from schemas.consent.choices import CHOICES_KEPT, NOTHING_SAID, Choice, Consents
from schemas.consent.permission import Why, by_choice, permission
from schemas.consent.purposes import CHANNELS, KEYS, keys_of
from schemas.consent.statements import GPC_MEMBER, Statement, consents_after, has_gpc, micros_of, statement_of
from schemas.kinds import CONSENT_GIVEN, CONSENT_WITHDRAWN
from tests.support.builders import build_events, touch

RULES = {
    "identity": Consent(id="identity", jurisdictions={"DE": "opt_in"}, gpc=("US-CA",)),
    "marketing": Consent(id="marketing", default="opt_in"),
}
ASKED = ("identity", "personalisation", "marketing/email")
CHOICES = st.builds(
    Choice,
    at=st.integers(0, 9),
    granted=st.booleans(),
    event=st.integers(1, 1000),
    expires_at=st.sampled_from((0, 0, 0, 3, 6)),
)
SAID = st.one_of(st.tuples(st.sampled_from(ASKED), CHOICES), st.tuples(st.just("gpc"), st.integers(0, 9)))
PEOPLE = st.lists(st.lists(SAID, max_size=CHOICES_KEPT), min_size=1, max_size=3)


def consents(said: Sequence[tuple[str, object]]) -> Consents:
    known = NOTHING_SAID
    for key, what in said:
        if isinstance(what, Choice):
            known = known.with_choice((key,), what)
        else:
            assert isinstance(what, int)
            known = known.with_gpc(what)
    return known


def allowed_by_the_model(people: Sequence[Sequence[tuple[str, object]]], key: str, at: int, place: str) -> bool:
    """Everything that was said by then, sorted; nothing is bounded or remembered."""
    said_by, signals = [], []
    for said in people:
        choices = [c for k, c in said if k == key and isinstance(c, Choice) and c.at <= at]
        signals += [t for _, t in said if isinstance(t, int) and t <= at]
        if choices:
            last = sorted(choices, key=lambda c: (c.at, 0 if c.granted else 1, c.event, c.expires_at))[-1]
            if not last.expires_at or at < last.expires_at:
                said_by.append(last)
    if [c for c in said_by if not c.granted]:
        return False
    if signals and key == "identity" and place == "US-CA":
        return any(c.at >= min(signals) for c in said_by)
    return bool(said_by) or not (key == "marketing/email" or (key == "identity" and place == "DE"))


@given(PEOPLE, st.randoms(use_true_random=False), st.integers(0, 10), st.sampled_from(("DE", "US-CA", "FR")))
def test_shuffled_doubled_and_late_statements_give_what_the_model_says(
    people: list[list[tuple[str, object]]], random: object, at: int, place: str
) -> None:
    in_order = [consents(said) for said in people]
    shuffled = []
    for said in people:
        other = said + said[: len(said) // 2]
        random.shuffle(other)  # type: ignore[attr-defined]
        shuffled.append(consents(other))
    assert shuffled == in_order
    for key in ASKED:
        assert permission(shuffled, key, at, RULES, place).allowed == allowed_by_the_model(people, key, at, place), key
        for one in in_order:
            alone = by_choice(one, key, at)
            assert alone is None or alone == permission([one], key, at, RULES, place)
        parted = [permission([one], key, at, RULES, place) for one in in_order]
        if any(one.why is Why.WITHDRAWN for one in parted):
            assert not permission(in_order, key, at, RULES, place).allowed


@given(st.lists(SAID, max_size=30), st.lists(SAID, max_size=30))
def test_joining_is_a_union_however_many_statements_there_are(
    one: list[tuple[str, object]], other: list[tuple[str, object]]
) -> None:
    both = consents(one).joined(consents(other))
    assert both == consents(other).joined(consents(one)) == consents(one + other)
    assert both.joined(consents(one)) is both
    assert all(len(choices) <= CHOICES_KEPT for choices in both.choices.values())


def test_an_event_older_than_what_is_kept_has_no_consent() -> None:
    said = consents([("identity", Choice(at, True, at)) for at in range(1, CHOICES_KEPT + 2)])
    assert permission([said], "identity", 1, {}, "FR").why is Why.FORGOTTEN
    assert permission([said], "identity", 2, {}, "FR").why is Why.GRANTED
    few = consents([("identity", Choice(at, True, at)) for at in range(2, CHOICES_KEPT + 2)])
    assert permission([few], "identity", 1, {}, "FR").why is Why.OPT_OUT


def test_a_later_grant_is_stronger_than_the_browser_and_conflicts_with_it() -> None:
    before = consents([("identity", Choice(3, True, 1)), ("gpc", 5), ("gpc", 7)])
    assert [permission([before], "identity", at, RULES, "US-CA").why for at in (4, 5, 9)] == ["granted", "gpc", "gpc"]
    later = before.with_choice(("identity",), Choice(8, True, 2))
    assert permission([later], "identity", 9, RULES, "US-CA").conflicting
    assert not permission([later], "identity", 9, RULES, "FR").conflicting
    elsewhere = [before, consents([("identity", Choice(8, True, 2))])]
    assert permission(elsewhere, "identity", 9, RULES, "US-CA").allowed


def test_silence_is_the_default_of_the_place() -> None:
    whys = {place: permission((), "identity", 0, RULES, place).why for place in ("DE", "DE-BY", "FR", "US-CA", "")}
    assert whys == {"DE": "opt_in", "DE-BY": "opt_in", "FR": "opt_out", "US-CA": "opt_out", "": "opt_out"}
    assert permission((), "analytics", 0, RULES, "DE").allowed
    assert permission((), "marketing/push", 0, RULES, "FR").why is Why.OPT_IN


def test_the_place_of_an_event_is_that_of_its_store() -> None:
    zone = "Europe/Berlin"
    stores = {
        "a": Store(id="a", name="A", time_zone=zone),
        "b": Store(id="b", name="B", time_zone=zone, country="US", region="CA"),
        "c": Store(id="c", name="C", time_zone=zone, region="DE-BY"),
    }
    assert [jurisdiction_of(store, stores, "DE") for store in ("", "a", "b", "c")] == ["DE", "DE", "US-CA", "DE-BY"]


def test_marketing_is_of_every_channel_unless_some_are_named() -> None:
    assert keys_of(("marketing",)) == tuple(f"marketing/{channel}" for channel in CHANNELS)
    assert keys_of(("analytics", "marketing"), ("sms",)) == ("marketing/sms", "analytics")
    assert keys_of(("nothing",)) == () and set(keys_of(("identity", "personalisation", "marketing", "analytics"))) == {
        *KEYS
    }


def test_events_say_what_their_properties_hold() -> None:
    properties = msgspec.json.encode(Statement(purposes=("identity", "analytics"), policy_version="2")).decode()
    given, withdrawn, scan, broken, nested = build_events(
        touch(CONSENT_GIVEN, properties=properties),
        touch(CONSENT_WITHDRAWN, properties=properties),
        touch("scan", properties='{"gpc":true}'),
        touch(CONSENT_GIVEN, properties='{"purpose":"newsletter"}'),
        touch("page_view", properties='{"x":{"gpc":true}}'),
    )
    after = consents_after(NOTHING_SAID, given, frozenset(("identity",)))
    assert list(after.choices) == ["identity"] and after.choices["identity"][0].policy == "2"
    after = consents_after(after, withdrawn, frozenset(("identity",)))
    assert not permission([after], "identity", withdrawn.occurred_at, {}, "DE").allowed
    assert has_gpc(scan) and consents_after(after, scan, frozenset()).gpc_at == scan.occurred_at
    assert statement_of(broken) is None and consents_after(after, broken, frozenset(KEYS)) is after
    assert GPC_MEMBER in nested.properties and not has_gpc(nested)
    assert micros_of("2026-03-01T00:00:00Z") == micros_of("2026-03-01T01:00:00.000000+01:00") > 0 == micros_of("soon")


def test_a_new_purpose_or_policy_asks_those_whom_it_concerns() -> None:
    text = (Policy("2", "en", "We remember you."),)
    consent = {"identity": Consent(id="identity", policy="2", policies=text), "analytics": Consent(id="analytics")}
    granted_old = consents([("identity", Choice(1, True, 1, 0, "1")), ("analytics", Choice(1, True, 1))])
    assert asks([granted_old], consent, 5) == ("identity",)
    assert asks([granted_old.with_choice(("identity",), Choice(2, True, 2, 0, "2"))], consent, 5) == ()
    assert asks([granted_old.with_choice(("identity",), Choice(2, False, 2, 0, "1"))], consent, 5) == ()
    assert asks([NOTHING_SAID], consent, 5) == ("identity", "analytics")
    assert asks([NOTHING_SAID], consent | {"marketing": Consent(id="marketing")}, 5) == tuple(
        key for key in KEYS if key != "personalisation"
    )


def test_a_brand_says_what_silence_means() -> None:
    assert list(silence(())) == [
        "no section consent: everything is allowed unless somebody withdrew it, and Global Privacy Control withdraws "
        "nothing"
    ]
    assert list(silence(RULES.values())) == [
        "identity: opt_out, DE opt_in; GPC withdraws in US-CA",
        "personalisation: not in the section, so allowed unless withdrawn",
        "marketing: opt_in",
        "analytics: not in the section, so allowed unless withdrawn",
    ]
