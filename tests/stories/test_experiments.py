"""Experiments: who has which variant, who was shown it, and what merges and splits make of it."""

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.context.core import PROCESSOR
from processors.experiments.seen import SEEN_KEPT, Seen, joined
from processors.reference import Reference
from processors.step import Emit
from schemas.brand.experiments import Experiment, Layer, Metrics, Variant
from schemas.brand.model import Consent, Holdout
from schemas.brand.routes import FALLBACK, When
from schemas.events import Arm, Event, ExperimentExposed, ScanRouted
from schemas.experiments.bucketing import bucket_of, is_in_layer
from tests.support.builders import (
    EventSpec,
    after,
    agreed,
    at,
    build_events,
    merged,
    objected,
    parted,
    person,
    purchase,
    scan,
    tap,
)
from tests.support.harness import Harness, sentence
from tests.support.reference import reference, route

Context = Callable[[Reference], Harness]
EXPERIMENTS = dict[str, Any]
HALVES = (Variant(id="a"), Variant(id="b"))
TRIAL = route("trial", 30, experiment={"cta": "b"}, placements=("shelf",))
USUAL = route("usual", 10)
NOBODY: dict[str, Any] = {}


def drawn(salt: str, who: str, border: float = 0.5) -> str:
    bucket = bucket_of(salt, person(who))
    assert bucket is not None
    return "a" if bucket < border else "b"


def salt_for(**variants: str) -> str:
    """A salt with which people are drawn for these variants, of two halves."""
    salts = (f"salt {number}" for number in range(10_000))
    return next(salt for salt in salts if all(drawn(salt, who) == variant for who, variant in variants.items()))


def trying(salt: str, *routes: Any, consent: tuple[Consent, ...] = (), share: float = 0.0, **fields: Any) -> Reference:
    """A brand with the experiment cta of two halves."""
    experiment = Experiment(**{"id": "cta", "variants": HALVES, "salt": salt, **fields})
    where = reference(*(routes or (TRIAL, USUAL)), consent=consent, experiments=(experiment,))
    if share:
        about = msgspec.structs.replace(where.brand.about, holdout=Holdout(share=share, salt="everybody"))
        where = Reference(msgspec.structs.replace(where.brand, about=about))
    return where


def shown(tag: str = "shelf", who: str = "anna", name: str = "", **fields: Any) -> EventSpec:
    """A scan for which a gateway waits."""
    return scan(tag, who, name, **{"reply_partition": 0, **fields})


def told(harness: Harness, *specs: EventSpec) -> list[str]:
    """Answers and exposures, transfers delivered at once."""
    effects = []
    for event in build_events(*specs):
        effects += (now := harness.apply(event))
        effects += harness.deliver(now)
    events = (effect for effect in effects if isinstance(effect, Emit))
    return [sentence(one) for one in events if isinstance(one.event, ScanRouted | ExperimentExposed)]


def assignment(harness: Harness, *specs: EventSpec) -> dict[str, Any]:
    """What the inputs of the last answer say of the experiment cta."""
    routed = [e.event for e in harness.apply(*build_events(*specs)) if isinstance(e, Emit)]
    inputs = json.loads(next(event for event in reversed(routed) if isinstance(event, ScanRouted)).inputs)
    found: dict[str, Any] = next(one for one in inputs["experiments"] if one["id"] == "cta")
    return found


def test_whoever_is_shown_a_variant_is_exposed_the_control_as_well(context: Context) -> None:
    harness = context(trying(salt_for(anna="a", ben="b")))
    assert told(harness, shown(name="scan-1"), shown(who="ben", name="scan-2")) == [
        "scan-1: buy, usual", "anna sees a of cta, drawn", "scan-2: buy, trial", "ben sees b of cta, drawn",
    ]  # fmt: skip


def test_an_exposure_says_all_that_its_analysis_needs(context: Context) -> None:
    where = trying(salt := salt_for(anna="b"))
    (event,) = build_events(shown())
    _, emit = context(where).apply(event)
    assert isinstance(emit, Emit) and emit.partition is None
    phase = where.brand.experiments["cta"].phase_id
    assert isinstance(emit.event, ExperimentExposed) and emit.event == ExperimentExposed(
        event_id=emit.event.event_id, occurred_at=event.occurred_at, person_id=person("anna"),
        source_profile_id=person("anna"), experiment="cta", phase=phase, variant="b", why="drawn",
        arms=(Arm("a", 0.5), Arm("b", 0.5)), scan_event_id=event.event_id, route="trial", tag="shelf", store="mitte",
        brand_version=where.brand.version,
    )  # fmt: skip
    assert salt and phase.startswith("1-")


def test_an_assignment_that_changes_nothing_enrols_nobody(context: Context) -> None:
    """The trial is for shelves; a decision at a poster knows the variant and does not depend on it."""
    harness = context(trying(salt_for(anna="b")))
    assert told(harness, shown("poster", name="scan-1")) == ["scan-1: buy, usual"]
    assert not harness.state("anna").seen
    assert assignment(harness, scan("poster", name="scan-2"))["variant"] == "b"


def test_what_is_outranked_in_every_variant_is_no_exposure(context: Context) -> None:
    harness = context(trying(salt_for(anna="b"), route("first", 90), TRIAL, USUAL))
    assert told(harness, shown(name="scan-1")) == ["scan-1: buy, first"]


def test_where_no_gateway_waits_nothing_is_shown(context: Context) -> None:
    harness = context(trying(salt_for(anna="b")))
    assert told(harness, tap(name="nfc_tap-1")) == ["nfc_tap-1: buy, trial"]


def test_a_candidate_says_which_variant_it_would_have_needed(context: Context) -> None:
    answers = []
    for harness, specs in ((context(trying(salt_for(anna="a"))), ()), (context(trying("s", starts="2027-01-01")), ())):
        (emit, *_) = harness.apply(*build_events(*specs, shown()))
        assert isinstance(emit, Emit) and isinstance(emit.event, ScanRouted)
        answers.append([one.lost_because for one in emit.event.candidates])
    assert answers == [["variant of cta is a", ""], ["has no variant of cta", ""]]


OUT = [
    ({"share": 0.5}, [shown(who="dora")], "held_out"),
    ({}, [shown(placement="staff_badge")], "staff"),
    ({}, [shown(properties='{"device_class":"staff"}')], "staff"),
    ({}, [shown(properties='{"device_class":"kiosk"}')], "staff"),
    ({}, [agreed("analytics"), objected("personalisation"), shown()], "no_consent"),
    ({"consent": (Consent(id="personalisation", default="opt_in"),)}, [shown()], "no_consent"),
    ({"starts": "2026-03-02T10:00:01Z"}, [shown()], "not_started"),
    ({"ends": "2026-03-02T10:00:00Z"}, [shown()], "ended"),
    ({"layer": Layer(id="all", begins=0.999, ends=1.0)}, [shown()], "not_in_layer"),
    ({"audience": When(visits_at_least=2)}, [shown()], "not_in_audience"),
    ({"audience": When(purchases_at_least=1)}, [shown()], "not_in_audience"),
    ({"condition": "behaviour.purchases >= 1"}, [shown()], "not_in_audience"),
    ({"coverage": 0.0}, [shown()], "not_covered"),
]


@pytest.mark.parametrize(("fields", "specs", "why"), OUT, ids=[f"{n} {case[2]}" for n, case in enumerate(OUT)])
def test_who_takes_no_part_and_why(context: Context, fields: dict[str, Any], specs: list[EventSpec], why: str) -> None:
    if why == "held_out":
        fields = {**fields, "salt": salt_for(anna="b")}
    where = trying(**{"salt": salt_for(anna="b", dora="b"), **fields})
    found = assignment(context(where), *specs)
    assert found["why"] == why and "variant" not in found
    assert [one for one in told(context(where), *specs) if "sees" in one] == []


def test_an_audience_is_asked_by_the_history_that_routes_see(context: Context) -> None:
    where = trying(salt_for(anna="b"), audience=When(purchases_at_least=1))
    assert assignment(context(where), shown())["unmet"] == "purchases are 0, needs 1"
    assert assignment(context(where), purchase("3"), after("1 day"), shown())["variant"] == "b"


def test_an_anonymous_phone_keeps_its_variant_when_it_becomes_known(context: Context) -> None:
    """ben is the older customer, anna his phone, by which he has scanned before anybody knew whose it is."""
    harness = context(trying(salt_for(anna="a", ben="b")))
    story = told(
        harness, shown(name="scan-1"), merged("anna", "ben"), after("1 day"), shown(known_as="ben", name="scan-2"),
        shown(who="ben", name="scan-3"),
    )  # fmt: skip
    assert story == [
        "scan-1: buy, usual", "anna sees a of cta, drawn",
        "scan-2: buy, usual", "anna sees a of cta, kept",
        "scan-3: buy, usual", "ben sees a of cta, kept",
    ]  # fmt: skip


def test_a_merge_keeps_the_variant_seen_first_and_marks_who_saw_both(context: Context) -> None:
    harness = context(trying(salt_for(anna="a", ben="b")))
    told(harness, shown(who="ben", name="scan-1"), shown(name="scan-2"), merged("anna", "ben"))
    assert assignment(harness, after("1 day"), shown(who="ben", name="scan-3")) == {
        "id": "cta", "phase": harness.reference.brand.experiments["cta"].phase_id, "why": "kept", "variant": "b",
        "both": True,
    }  # fmt: skip


def test_a_split_gives_each_their_own_back(context: Context) -> None:
    harness = context(trying(salt_for(anna="a", ben="b")))
    story = told(
        harness, shown(who="ben", name="scan-1"), shown(name="scan-2"), merged("anna", "ben"), parted("anna", "ben"),
        after("1 day"), shown(who="ben", name="scan-3"), shown(name="scan-4"),
    )  # fmt: skip
    assert story[-4:] == [
        "scan-3: buy, trial", "ben sees b of cta, kept", "scan-4: buy, usual", "anna sees a of cta, kept",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "again"),
    [
        ({"variants": (Variant(id="a", weight=1), Variant(id="b", weight=9_999))}, True),
        ({"variants": (*HALVES, Variant(id="c"))}, True),
        ({"phase": 2}, True),
        ({"variants": (Variant(id="a", weight=50), Variant(id="b", weight=50))}, False),
        ({"coverage": 0.5}, False),
        ({"audience": When(stores=("hudson",))}, False),
        ({"metrics": Metrics(days=7)}, False),
    ],
)
def test_only_another_phase_draws_anew(context: Context, change: dict[str, Any], again: bool) -> None:
    harness = context(where := trying(salt := salt_for(anna="a")))
    assert told(harness, shown(name="scan-1"))[1:] == ["anna sees a of cta, drawn"]
    harness.reference = trying(salt, **change)
    is_new = harness.reference.brand.experiments["cta"].phase_id != where.brand.experiments["cta"].phase_id
    assert is_new == again
    (_, exposed) = told(harness, after("1 day"), shown(name="scan-2"))
    assert exposed.endswith("drawn" if again else "a of cta, kept")


def test_switching_one_test_of_a_layer_off_moves_nobody_in_the_others(context: Context) -> None:
    parts = {"one": Layer(id="shelf", ends=0.5), "two": Layer(id="shelf", begins=0.5)}
    experiments = [Experiment(id=id, variants=HALVES, layer=part) for id, part in parts.items()]
    routes = [route(id, 30, experiment={id: "b"}) for id in parts]

    def variants(*running: Experiment) -> dict[str, list[tuple[str, str]]]:
        named = {one.id for one in running}
        where = reference(*(one for one in routes if one.id in named), USUAL, experiments=tuple(running))
        found: dict[str, list[tuple[str, str]]] = {}
        for who in map(str, range(60)):
            emit = context(where).apply(*build_events(scan(who=who)))[-1]
            assert isinstance(emit, Emit) and isinstance(emit.event, ScanRouted)
            for one in json.loads(emit.event.inputs)["experiments"]:
                found.setdefault(one["id"], []).append((one.get("variant", ""), one["why"]))
        return found

    both = variants(*experiments)
    assert variants(experiments[1])["two"] == both["two"]
    assert all(not (one[0] and two[0]) for one, two in zip(both["one"], both["two"], strict=True))
    assert all(one[0] or two[0] for one, two in zip(both["one"], both["two"], strict=True))
    in_part = [is_in_layer(person(str(number)), "shelf", (0.5, 1.0)) for number in range(60)]
    assert [bool(two[0]) for two in both["two"]] == in_part


def test_without_analytics_an_exposure_is_counted_only(context: Context) -> None:
    events = context(trying(salt_for(anna="b"))).apply(*build_events(objected("analytics"), shown()))
    emit = events[-1]
    assert isinstance(emit, Emit) and isinstance(emit.event, ExperimentExposed) and emit.event.analytics == "refused"


def test_two_who_differ_by_their_variant_alone_never_share_an_answer(context: Context) -> None:
    harness = context(trying(salt_for(anna="a", ben="b", cleo="a")))
    story = told(harness, *(shown(who=who, name=f"scan-{n}") for n, who in enumerate(("anna", "ben", "cleo"), 1)))
    assert story[::2] == ["scan-1: buy, usual", "scan-2: buy, trial", "scan-3: buy, usual"]


def test_a_brand_whose_routes_read_no_experiment_has_none_in_its_inputs(context: Context) -> None:
    where = reference(USUAL, experiments=(Experiment(id="cta", variants=HALVES),))
    (emit,) = context(where).apply(*build_events(shown()))
    assert isinstance(emit, Emit) and isinstance(emit.event, ScanRouted)
    assert "experiments" not in json.loads(emit.event.inputs)


def test_a_held_out_person_gets_the_fallback_and_no_variant(context: Context) -> None:
    where = trying(salt_for(dora="b"), share=0.5)
    assert told(context(where), shown(who="dora", name="scan-1")) == [f"scan-1: know, {FALLBACK}"]


def test_before_1970_and_after_2100_nobody_falls_over(context: Context) -> None:
    where = trying(salt_for(anna="b"), starts="0001-01-01", ends="9999-12-31T23:59:59.999999+00:00")
    told_ = told(
        context(where), at("1970-01-01T00:00"), shown(name="scan-1"), at("2190-01-01T00:00"), shown(name="scan-2")
    )
    assert len(told_) == 4


SHOWINGS = st.lists(
    st.tuples(st.sampled_from(("anna", "ben", "cleo")), st.integers(0, 5), st.sampled_from("abc"), st.integers(1, 9)),
    max_size=12,
)


@given(SHOWINGS, st.randoms())
def test_what_was_seen_is_the_same_in_whatever_order_it_comes_together(
    showings: list[tuple[str, int, str, int]], chance: Any
) -> None:
    def whole(order: list[tuple[str, int, str, int]]) -> dict[int, Seen]:
        parts: dict[str, dict[int, Seen]] = {}
        for who, key, variant, moment in order:
            parts[who] = joined((parts.get(who, NOBODY), {key: Seen(variant, moment)}))
        return joined(parts.values())

    mixed = list(showings)
    chance.shuffle(mixed)
    assert whole(mixed) == whole(showings) == joined((whole(showings), whole(mixed)))


@given(st.permutations(range(8)), st.integers(0, 8))
def test_a_person_has_the_variant_of_their_first_exposure_in_whatever_order_events_come(
    order: list[int], merge_at: int
) -> None:
    """Scans of two profiles that arrive in any order, and a merge anywhere between them: what context knows in the end
    is what its exposures say, and so is the next answer."""
    people = ("ben", "anna", "ben", "anna", "anna", "ben", "ben", "anna")
    scans = build_events(*(shown(who=who, name=f"scan-{n}") for n, who in enumerate(people)))
    (_, *merge), (following,) = build_events(shown(), merged("anna", "ben")), build_events(
        after("1 day"), shown(known_as="ben", name="next")
    )  # fmt: skip
    events: list[Event] = [scans[number] for number in order]
    events[merge_at:merge_at] = merge
    harness = Harness(PROCESSOR, trying(salt_for(anna="a", ben="b")))
    effects = []
    for event in events:
        effects += (now := harness.apply(event))
        effects += harness.deliver(now)
    (routed, *_) = harness.apply(following)
    seen = [one.event for one in effects if isinstance(one, Emit) and isinstance(one.event, ExperimentExposed)]
    first = min(seen, key=lambda one: (one.occurred_at, one.variant))
    assert isinstance(routed, Emit) and isinstance(routed.event, ScanRouted) and len(seen) == len(scans)
    (found,) = json.loads(routed.event.inputs)["experiments"]
    both = len({one.variant for one in seen}) == 2
    assert (found["variant"], found.get("both", False), found["why"]) == (first.variant, both, "kept")


def test_a_person_remembers_the_latest_phases_only() -> None:
    many = {key: Seen("a", key) for key in range(SEEN_KEPT + 10)}
    assert set(joined((many,))) == set(range(10, SEEN_KEPT + 10))
