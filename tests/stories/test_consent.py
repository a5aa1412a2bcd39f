"""Consent: everything that somebody said is published once, with what it replaces, and follows its person."""

import random
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.consent.core import PROCESSOR as CONSENT
from processors.consent.state import Wishes
from processors.step import Emit
from schemas.brand.model import Consent
from schemas.consent.permission import permission
from schemas.consent.statements import Proof, micros_of
from schemas.events import ConsentChanged
from tests.support.builders import (
    EventSpec,
    after,
    agreed,
    build_events,
    event_id,
    merged,
    objected,
    parted,
    person,
    purchase,
    scan,
    stated_with,
    touch,
)
from tests.support.harness import Harness
from tests.support.histories import lawful
from tests.support.reference import reference

HEEDING = (Consent(id="identity", gpc=("DE",)), Consent(id="marketing", gpc=("DE",)))


def test_a_statement_is_published_once_for_each_purpose_and_channel(consent: Harness) -> None:
    assert consent.run(*build_events(agreed("identity", "marketing", channels=("sms", "email")), scan())) == [
        "anna: identity granted by choice",
        "anna: marketing/email granted by choice",
        "anna: marketing/sms granted by choice",
    ]


def test_it_has_all_that_was_stated(consent: Harness) -> None:
    proof = Proof(text_id="privacy", language="de", where="till", control="checkbox")
    [stated] = build_events(
        agreed(
            "analytics", policy_version="2", expires_at="2030-01-01T00:00:00Z", jurisdiction="AT", proof=proof, name="a"
        )
    )
    [effect] = consent.apply(stated)
    assert isinstance(effect, Emit) and effect.transactional
    said = effect.event
    assert isinstance(said, ConsentChanged)
    assert (said.person_id, said.source_profile_id, said.source_event_id) == (
        person("anna"),
        person("anna"),
        event_id("a"),
    )
    assert (said.policy_version, said.jurisdiction, said.source, said.expires_at) == (
        "2",
        "AT",
        "story",
        1893456000000000,
    )
    assert said.proof == '{"text_id":"privacy","language":"de","where":"till","control":"checkbox"}'
    [place] = consent.apply(*build_events(agreed("identity")))
    assert isinstance(place, Emit) and getattr(place.event, "jurisdiction", "") == "DE"


def test_what_it_replaces_is_what_was_said_by_then(consent: Harness) -> None:
    first, late, last = build_events(agreed("identity"), after("1 day"), objected("identity"), agreed("identity"))
    assert consent.run(first, last, late) == [
        "anna: identity granted by choice",
        "anna: identity granted by choice, was granted",
        "anna: identity withdrawn by choice, was granted",
    ]


def test_what_a_browser_sends_is_no_choice(consent: Harness) -> None:
    sent = '{"gpc":true}'
    consent.reference = reference(consent=HEEDING)
    assert consent.run(
        *build_events(
            scan(properties=sent), scan(properties=sent), agreed("identity"), scan("overseas", "ben", properties=sent)
        )
    ) == [
        "anna: identity withdrawn by gpc",
        "anna: marketing/email withdrawn by gpc",
        "anna: marketing/sms withdrawn by gpc",
        "anna: marketing/whatsapp withdrawn by gpc",
        "anna: marketing/push withdrawn by gpc",
        # The person wants it although the browser says otherwise.
        "anna: identity granted by choice, was gpc",
        "ben: identity withdrawn by gpc",
        "ben: marketing/email withdrawn by gpc",
        "ben: marketing/sms withdrawn by gpc",
        "ben: marketing/whatsapp withdrawn by gpc",
        "ben: marketing/push withdrawn by gpc",
    ]


def test_it_is_recorded_where_it_withdraws_nothing(consent: Harness) -> None:
    assert consent.run(*build_events(touch("page_view", properties='{"gpc":true}'))) == [
        "anna: nothing withdrawn by gpc"
    ]


def test_events_that_say_nothing_leave_nothing(consent: Harness) -> None:
    assert consent.run(*build_events(scan(), purchase("1"), touch("probe"))) == [] and not consent.records
    assert consent.run(*build_events(touch("consent_given", properties='{"purpose":"news"}'))) == [
        "dropped: no_purpose"
    ]


def test_a_statement_follows_its_source_profile(consent: Harness) -> None:
    events = build_events(
        objected("analytics", who="ben"),
        merged("ben", into="anna"),
        agreed("analytics", who="ben", known_as="ben"),
        agreed("analytics"),
        parted("ben", from_="anna"),
    )
    assert consent.run(*events) == [
        "ben: analytics withdrawn by choice",
        "ben moves to anna",
        "consent_given-1 is forwarded to anna",
        "ben: analytics granted by choice, was withdrawn",
        "anna: analytics granted by choice",
        "ben moves to ben",
    ]
    assert set(consent.state("anna").parts) == {person("anna")} and set(consent.state("ben").parts) == {person("ben")}


STATEMENTS: list[EventSpec] = [
    agreed("identity"),
    objected("identity"),
    agreed("identity", who="ben"),
    objected("identity", "analytics", who="ben"),
    agreed("analytics", expires_at="2026-03-02T10:00:05Z"),
    scan(properties='{"gpc":true}'),
    scan(),
    after("2 seconds"),
]
MOVES: list[EventSpec] = [merged("ben", into="anna"), parted("ben", from_="anna")]


@lawful
@given(st.lists(st.sampled_from(STATEMENTS), max_size=8), st.booleans(), st.randoms(use_true_random=False))
def test_the_order_of_statements_and_of_what_moves_people_makes_no_difference(
    specs: list[EventSpec], parts: bool, chance: random.Random
) -> None:
    events = build_events(*specs, *(MOVES if parts else MOVES[:1]))
    said, moves = events[: len(events) - (2 if parts else 1)], events[len(events) - (2 if parts else 1) :]
    shuffled = [*said, *said[: len(said) // 2]]
    chance.shuffle(shuffled)
    cut = chance.randint(0, len(shuffled))
    in_order, mixed = stored_after([*said, *moves]), stored_after([*shuffled[:cut], *moves, *shuffled[cut:]])
    assert in_order == mixed
    together = {profile: part for wishes in in_order.values() for profile, part in wishes.parts.items()}
    for key in ("identity", "analytics"):
        said = [part.said for part in together.values()]
        each = [permission([one], key, 2**62, {}, "DE").allowed for one in said]
        assert permission(said, key, 2**62, {}, "DE").allowed == all(each)


def stored_after(events: Sequence[Any]) -> dict[str, Wishes]:
    """What is stored of each person in the end."""
    harness = Harness(CONSENT, reference())
    harness.run(*events)
    return {who: state for who in ("anna", "ben") if (state := harness.state(who)) is not None and state.parts}


def test_a_statement_is_recorded_for_every_source_profile_that_its_event_names(consent: Harness) -> None:
    both = build_events(objected("analytics", name="together"), stated_with("analytics", who="ben", known_as="anna"))
    assert consent.run(*both) == ["anna: analytics withdrawn by choice", "anna: analytics withdrawn by choice"]
    assert set(consent.state("anna").parts) == {person("anna"), person("ben")}
    assert consent.run(*build_events(parted("ben", from_="anna"))) == ["ben moves to ben"]
    assert set(consent.state("ben").parts) == {person("ben")}


def test_the_end_of_a_choice_is_published_when_it_comes(consent: Harness) -> None:
    """A newer choice leaves nothing to end; a part that moves takes its end along."""
    till = "2026-03-05T00:00:00Z"
    consent.run(
        *build_events(
            agreed("identity", "analytics", expires_at=till, policy_version="2"),
            after("1 minute"),
            objected("analytics"),
            merged("anna", into="ben"),
        )
    )
    end = micros_of(till)
    assert consent.wake(end - 1) == []
    [effect] = consent.wake(end)
    assert isinstance(effect, Emit) and effect.transactional and isinstance(effect.event, ConsentChanged)
    ended = effect.event
    assert (ended.kind, ended.purpose, ended.before, ended.after) == ("expiry", "identity", "granted", "")
    assert (ended.occurred_at, ended.expires_at, ended.source_profile_id) == (end, end, person("anna"))
    assert ended.policy_version == "2" and consent.wake(2**62) == []
    consent.replay()


def test_a_choice_that_had_ended_when_it_came_is_published_with_its_time(consent: Harness) -> None:
    consent.run(*build_events(agreed("identity", expires_at="2020-01-01T00:00:00Z")))
    [effect] = consent.wake(micros_of("2026-03-02T00:00:00Z"))
    assert isinstance(effect, Emit) and effect.event.occurred_at == micros_of("2020-01-01T00:00:00Z")


IN_BERLIN = {
    "2026-03-29T01:59:59+01:00": "2026-03-29T00:59:59",
    "2026-03-29T03:00:00+02:00": "2026-03-29T01:00:00",
    "2026-10-25T02:30:00+02:00": "2026-10-25T00:30:00",
    "2026-10-25T02:30:00+01:00": "2026-10-25T01:30:00",
}
"""Moments around the changes of clocks, as a sender there says them, and in UTC: an hour is missing, or there twice."""


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The worker's own clock is that of a place whose clocks change."""
    with monkeypatch.context() as there:
        there.setenv("TZ", "Europe/Berlin")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("berlin")
def test_on_days_on_which_clocks_change_each_end_comes_once_and_at_its_time(consent: Harness) -> None:
    ends = dict(zip(("identity", "personalisation", "analytics", "marketing"), IN_BERLIN, strict=True))
    consent.run(*build_events(*[agreed(one, channels=("sms",) if one == "marketing" else (), expires_at=at)
                                for one, at in ends.items()]))  # fmt: skip
    due = {one: round(datetime.fromisoformat(f"{IN_BERLIN[at]}Z").timestamp() * 1e6) for one, at in ends.items()}
    came = dict[str, list[int]]()
    for at in sorted({moment + ahead for moment in due.values() for ahead in (-3_600_000_000, -1, 0, 3_600_000_000)}):
        for effect in consent.wake(at):
            assert isinstance(effect, Emit) and isinstance(effect.event, ConsentChanged)
            assert effect.event.occurred_at == due[effect.event.purpose], "whatever the hour is called there"
            came.setdefault(effect.event.purpose, []).append(at)
    assert came == {one: [at] for one, at in due.items()}, "once, neither early nor late"
