"""What people did who were shown a variant: the view's figures against those of an independent oracle."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from processors.context.core import step
from processors.step import Emit
from schemas.brand.experiments import Experiment, Metrics, Variant
from schemas.events import Arm, BrandConfigured, Event, ExperimentExposed, ProfileErased, ScanMissed, ScanRouted
from tests.oracles.experiment import difference, sample_ratio_p
from tests.support.reference import reference, route
from tests.support.seeds import draw_seed
from tests.support.sink_events import micros, moved, touchpoint, uid
from tests.support.sink_store import Store

START = datetime(2026, 3, 1, tzinfo=UTC)
HALVES = (Arm("a", 0.5), Arm("b", 0.5))
VIEW = "experiment(experiment='cta', phase='')"


def days(count: float) -> datetime:
    return START + timedelta(days=count)


def exposed(
    who: str, variant: str, at: datetime = START, why: str = "drawn", phase: str = "1-x", name: str = "", **more: Any
) -> ExperimentExposed:
    profile = who
    return ExperimentExposed(**{
        "event_id": uid(f"{name or who} {variant} {phase} {at} is exposed"), "occurred_at": micros(at),
        "person_id": uid(who), "source_profile_id": uid(profile), "experiment": "cta", "phase": phase,
        "variant": variant, "why": why, "arms": HALVES, "scan_event_id": uid(f"{name or who} scans {at}"),
        "route": "trial", "brand_version": "1", **more,
    })  # fmt: skip


def bought(who: str, at: datetime, amount: str = "10", name: str = "", kind: str = "sale") -> Event:
    return touchpoint(uid(f"{name or who} {kind} {at}"), who, kind, at, amount=amount, profile=who)


def put(store: Store, events: Iterable[Event]) -> None:
    by_type: dict[type, list[Event]] = {}
    for event in events:
        by_type.setdefault(type(event), []).append(event)
    for of_type in by_type.values():
        store.put(of_type)


def rows(store: Store, columns: str, view: str = VIEW) -> dict[str, tuple[Any, ...]]:
    return {row[0]: row[1:] for row in store.ask(f"SELECT variant, {columns} FROM {view}")}


def configured(experiment: Experiment | None, at: str = "2026-01-01") -> BrandConfigured:
    body = "" if experiment is None else msgspec.json.encode(experiment).decode()
    return BrandConfigured(
        event_id=uid(f"brand {body}"), occurred_at=micros(at), kind="experiment", id="cta", version="1", body=body
    )


def test_a_person_converts_after_the_first_exposure_and_within_the_window(store: Store) -> None:
    put(
        store,
        [
            exposed("ann", "a"), bought("ann", days(28), "7"),
            exposed("ben", "a"), bought("ben", days(28.001)),
            exposed("cleo", "b", days(1)), bought("cleo", days(0.999)),
            exposed("same moment", "b", days(2)), bought("same moment", days(2), "3"),
            exposed("dora", "b", days(1)), exposed("dora", "b", days(20), "kept"), bought("dora", days(29.5)),
            exposed("late", "b", days(3), name="late"), bought("nobody knows", days(4)),
        ],
    )  # fmt: skip
    columns = "is_control, share, people, exposures, conversions, toFloat64(revenue), drawn, conclusion"
    assert rows(store, columns) == {
        "a": (True, 0.5, 2, 2, 1, 7.0, 2, "control"), "b": (False, 0.5, 4, 5, 1, 3.0, 4, "too early"),
    }  # fmt: skip


def test_exposures_that_come_twice_count_once(store: Store) -> None:
    events = [exposed("ann", "a"), bought("ann", days(1)), exposed("ben", "b")]
    put(store, events)
    once = rows(store, "*")
    put(store, events)
    assert rows(store, "*") == once


def test_whoever_saw_both_is_counted_and_left_out_also_by_a_merge_that_comes_later(store: Store) -> None:
    put(store, [exposed("ann", "a"), exposed("ben", "b"), exposed("cleo", "b"), bought("ben", days(1))])
    columns = "people, conversions, both_people, drawn"
    assert rows(store, columns) == {"a": (1, 0, 0, 1), "b": (2, 1, 0, 2)}
    store.put([moved("ann", "ben", 1)])
    assert rows(store, columns) == {"a": (0, 0, 1, 1), "b": (1, 0, 1, 2)}
    store.put([moved("ann", "ann", 2, "split", before="ben")])
    assert rows(store, columns) == {"a": (1, 0, 0, 1), "b": (2, 1, 0, 2)}


def test_an_anonymous_phone_that_becomes_known_is_one_person_and_one_draw(store: Store) -> None:
    put(
        store,
        [
            exposed("phone", "b"), exposed("card", "b", days(1), "kept"), bought("card", days(2), "5"),
            moved("phone", "card", 1),
        ],
    )  # fmt: skip
    columns = "people, exposures, conversions, toFloat64(revenue), drawn, both_people"
    assert rows(store, columns)["b"] == (1, 2, 1, 5.0, 1, 0)


def test_what_no_phone_showed_and_whom_nobody_may_analyse(store: Store) -> None:
    late = exposed("late", "b")
    put(
        store,
        [
            late, exposed("ann", "a"), exposed("silent", "a", analytics="refused"),
            ScanMissed(event_id=uid("missed"), occurred_at=micros(START), scan_event_id=late.scan_event_id, tag="shelf",
                       destination="/", reason="late", waited_ms=400.0),
        ],
    )  # fmt: skip
    columns = "people, exposures, drawn, missed_exposures, counted_only_exposures"
    assert rows(store, columns) == {"a": (1, 1, 1, 1, 1), "b": (0, 0, 1, 1, 1)}
    assert store.one("SELECT count() FROM experiment_exposed WHERE analytics = 'refused' AND person_id = toUUID('"
                     "00000000-0000-0000-0000-000000000000')") == 1  # fmt: skip


def test_phases_are_never_added_up(store: Store) -> None:
    first = [exposed("ann", "a"), exposed("ben", "b")]
    second = [exposed("ann", "b", days(5), phase="1-y"), exposed("ben", "a", days(4), phase="1-y")]
    put(store, first + second)
    assert rows(store, "phase, people, both_people") == {"a": ("1-y", 1, 0), "b": ("1-y", 1, 0)}
    before = rows(store, "phase, people", "experiment(experiment='cta', phase='1-x')")
    assert before == {"a": ("1-x", 1), "b": ("1-x", 1)}
    assert rows(store, "phase", "experiment(experiment='other', phase='')") == {}


def test_the_brand_says_what_counts_and_goes_on_to_count_when_the_experiment_is_gone(store: Store) -> None:
    experiment = Experiment(
        id="cta", variants=(Variant(id="a"), Variant(id="b")), metrics=Metrics(kinds=("event_checkin",), days=2)
    )
    check_in = touchpoint(uid("check-in"), "ann", "event_checkin", days(1), profile="ann")
    put(
        store, [exposed("ann", "a"), exposed("ben", "b"), bought("ben", days(3)), bought("ben", days(1), "4"), check_in]
    )
    assert rows(store, "conversions, toFloat64(revenue)") == {"a": (0, 0.0), "b": (1, 14.0)}
    store.put([configured(experiment)])
    assert rows(store, "conversions, toFloat64(revenue)") == {"a": (1, 0.0), "b": (0, 4.0)}
    store.put([configured(None, "2026-02-01")])
    assert rows(store, "conversions, toFloat64(revenue)") == {"a": (1, 0.0), "b": (0, 4.0)}
    assert store.ask("SELECT experiment, is_live, days FROM live_experiment") == [("cta", False, 2)]


@dataclass
class People:
    """People of some arms, drawn by chance: what they saw, what they spent, and what the view has to say of them."""

    arms: Sequence[Arm]
    chance: random.Random
    events: list[Event] = field(default_factory=list)
    converted: dict[str, list[float]] = field(default_factory=dict)
    spent: dict[str, list[float]] = field(default_factory=dict)

    def add(self, count: int, weights: Sequence[float], rates: Sequence[float]) -> None:
        for number in range(count):
            (index,) = self.chance.choices(range(len(self.arms)), weights)
            variant, who = self.arms[index].variant, f"person {number}"
            self.events.append(exposed(who, variant, days(self.chance.random()), arms=tuple(self.arms)))
            buys = self.chance.random() < rates[index]
            amount = f"{self.chance.lognormvariate(3, 1):.2f}" if buys else "0"
            if buys:
                self.events.append(bought(who, days(2), amount))
            self.converted.setdefault(variant, []).append(float(buys))
            self.spent.setdefault(variant, []).append(float(amount))


THIRDS = (Arm("a", 0.2), Arm("b", 0.5), Arm("c", 0.3))
FIFTHS = (Arm("a", 0.5), *(Arm(f"v{number}", 0.125) for number in range(4)))


@pytest.mark.parametrize("arms", [HALVES, THIRDS, FIFTHS], ids=len)
def test_figures_are_those_of_the_oracle(store: Store, arms: tuple[Arm, ...]) -> None:
    people = People(arms, random.Random(draw_seed()))
    people.add(1500, [arm.share for arm in arms], [0.1 + 0.1 * (n % 2) for n in range(len(arms))])
    put(store, people.events)
    found = rows(
        store,
        "people, conversions, toFloat64(revenue), sample_ratio_p, difference, difference_low, difference_high, "
        "revenue_difference, revenue_difference_low, revenue_difference_high, drawn",
    )
    drawn = [len(people.converted[arm.variant]) for arm in arms]
    p = sample_ratio_p(drawn, [arm.share for arm in arms])
    control = arms[0].variant
    for arm, count in zip(arms, drawn, strict=True):
        converted, spent = people.converted[arm.variant], people.spent[arm.variant]
        row = found[arm.variant]
        assert (row[0], row[1], row[10]) == (count, sum(converted), count)
        assert row[2] == pytest.approx(sum(spent)) and row[3] == pytest.approx(p, rel=1e-6)
        for ends, values, others in ((row[4:7], converted, people.converted), (row[7:10], spent, people.spent)):
            wanted = None if arm.variant == control else difference(values, others[control], len(arms))
            assert ends == ((None,) * 3 if wanted is None else pytest.approx(wanted, rel=1e-6))


def test_a_sample_that_is_uneven_beyond_chance_has_no_conclusion(store: Store) -> None:
    people = People(HALVES, random.Random(1))
    people.add(1500, [0.62, 0.38], [0.1, 0.9])
    put(store, people.events)
    found = rows(store, "sample_ratio_p < 0.001, conclusion, revenue_conclusion")
    assert found == {variant: (True, *["blocked: uneven sample"] * 2) for variant in "ab"}


def test_conclusions(store: Store) -> None:
    people = People(HALVES, random.Random(2))
    people.add(1200, [0.5, 0.5], [0.1, 0.4])
    put(store, people.events)
    assert rows(store, "conclusion, revenue_conclusion") == {"a": ("control", "control"), "b": ("better", "better")}
    store.empty()
    people = People(HALVES, random.Random(3))
    people.add(1200, [0.5, 0.5], [0.4, 0.1])
    put(store, people.events)
    assert rows(store, "conclusion")["b"] == ("worse",)
    store.empty()
    people = People(HALVES, random.Random(4))
    people.add(1200, [0.5, 0.5], [0.2, 0.2])
    put(store, people.events)
    assert rows(store, "conclusion")["b"] == ("no difference shown",)


def test_nobody_converts_and_the_interval_still_is_one(store: Store) -> None:
    people = People(HALVES, random.Random(5))
    people.add(400, [0.5, 0.5], [0.0, 0.0])
    put(store, people.events)
    assert rows(store, "difference, difference_low, difference_high, conclusion")["b"] == (
        0.0,
        0.0,
        0.0,
        "no difference shown",
    )


def test_the_store_reads_the_exposures_that_context_writes(store: Store) -> None:
    where = reference(
        route("trial", 30, experiment={"cta": "b"}), route("usual", 10),
        experiments=(Experiment(id="cta", variants=(Variant(id="a"), Variant(id="b", weight=3))),),
    )  # fmt: skip
    scans = [
        touchpoint(
            uid(f"scan {n}"), f"person {n}", "scan", days(0), profile=f"person {n}", tag="shelf", reply_partition=0
        )
        for n in range(80)
    ]
    effects = [one.event for scan in scans for one in step(None, scan, where).effects if isinstance(one, Emit)]
    put(store, [*scans, *effects])
    answered = {event.person_id: event.route for event in effects if isinstance(event, ScanRouted)}
    shown = {"a": "usual", "b": "trial"}
    found = store.ask("SELECT person_id::String, variant, route, why, is_missed FROM exposure")
    assert {(who, route_) for who, _, route_, _, _ in found} == set(answered.items())
    assert all(shown[variant] == route_ and why == "drawn" and not late for _, variant, route_, why, late in found)
    assert sum(people for people, _ in rows(store, "people, share").values()) == 80
    assert {share for _, share in rows(store, "people, share").values()} == {0.25, 0.75}


def test_of_whoever_is_erased_exposures_come_as_counts(store: Store) -> None:
    store.put([ProfileErased(event_id=uid("erased"), occurred_at=micros(days(9)), request_id="r", person_id=uid("ann"),
                             source_profile_id=uid("ann"), identifier="customer:ann")])  # fmt: skip
    put(store, [exposed("ann", "a"), exposed("ben", "b")])
    assert rows(store, "people, counted_only_exposures") == {"a": (0, 1), "b": (1, 1)}
    store.client.command("TRUNCATE TABLE footpath.profile_erased")
