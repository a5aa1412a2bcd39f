"""Data-driven models on the store: whatever merged or came twice, they see the paths that considered_path shows."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from schemas.events import TouchpointIdentified
from sinks.analysis.attribution import predictive, reading, sample
from sinks.analysis.attribution.answer import Answer, Dimension, Model, Question, Unfit
from sinks.analysis.attribution.models import answer
from sinks.analysis.attribution.reading import read_steps
from sinks.analysis.attribution.runs import Run, run
from sinks.analysis.attribution.touched import Features, Touched
from tests.oracles.markov import Path, base_and_effects
from tests.oracles.shapley import shapley, worth_of
from tests.sinks.events import merged, touchpoint, uid
from tests.sinks.store import Store

START = datetime(2026, 3, 1, tzinfo=UTC)
ALL_TIME = ("1970-01-01", "2106-01-01")
BY_CHANNEL = Question("channel", 90, *ALL_TIME)
Told = tuple[str, str, str, float, str]
"""Person, kind, channel, hours after the start, campaign."""

TOLD = st.lists(
    st.tuples(
        st.sampled_from("ABCDEF"),
        st.sampled_from(["ad_click", "ad_click", "scan", "nfc_tap", "sale", "store_exit"]),
        st.sampled_from(["", "search", "direct", "poster"]),
        st.sampled_from([0.0, 1.0, 1.5, 30.0, 100.0, 400.0, 900.0]),
        st.sampled_from(["", "spring", "autumn"]),
    ),
    min_size=1,
    max_size=40,
)


@pytest.fixture
def store(store: Store) -> Store:
    for table in ("attribution_run", "attribution_credit"):
        store.client.command(f"TRUNCATE TABLE footpath.{table}")
    return store


def event(number: int, told: Told, person: str = "") -> TouchpointIdentified:
    who, kind, channel, hours, campaign = told
    return touchpoint(
        uid(f"event {number}"), person or who, kind, START + timedelta(hours=hours), channel=channel,
        campaign=campaign, amount="12.34" if kind == "sale" else None,
    )  # fmt: skip


def ask(store: Store, model: Model, by: Dimension = "channel", lookback_days: int = 90, period: Any = ALL_TIME) -> Run:
    return run(store.client, model, Question(by, lookback_days, *period), lambda _: None)


def told_by(store: Store, model: Model, question: Question = BY_CHANNEL) -> Answer:
    """Only the answer; no run is kept."""
    return answer(store.client, model, question, lambda _: None)


def considered(store: Store, question: Question) -> Counter[Path]:
    rows = store.ask(
        f"SELECT steps, converted FROM considered_path(by='{question.by}', lookback_days={question.lookback_days}, "
        f"since='{question.since}', until='{question.until}')"
    )
    return Counter((tuple(steps), bool(converted)) for steps, converted in rows)


@given(told=TOLD, by=st.sampled_from(["channel", "campaign"]), lookback_days=st.sampled_from([1, 90]))
@settings(
    max_examples=4,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_what_is_counted_in_sql_gives_what_single_paths_give(
    store: Store, told: list[Told], by: Dimension, lookback_days: int
) -> None:
    store.empty()
    store.put(event(number, one) for number, one in enumerate(told))
    period = ("2026-03-01T01:00:00Z", "2026-03-20")
    question = Question(by, lookback_days, *period)
    paths = considered(store, question)
    sold = sum(times for (_, converted), times in paths.items() if converted)
    values = sorted({value for steps, _ in paths for value in steps})
    if not sold:
        with pytest.raises(Unfit, match=f"none of {paths.total()} paths converts"):
            told_by(store, "markov_1", question)
        return
    models: tuple[Model, ...] = ("markov_1", "markov_2", "markov_3", "shapley", "shapley_rate")
    found = {model: told_by(store, model, question) for model in models}
    effects = {model: {one.value: one.effect for one in single.credits} for model, single in found.items()}
    for order in (1, 2, 3):
        assert effects[f"markov_{order}"] == pytest.approx(base_and_effects(paths, order)[1], abs=1e-9)
    assert effects["shapley"] == pytest.approx(shapley(values, worth_of(paths, rate=False)), abs=1e-9)
    assert effects["shapley_rate"] == pytest.approx(shapley(values, worth_of(paths, rate=True)), abs=1e-9)
    for single in found.values():
        assert single.totals == found["shapley"].totals
        assert (single.totals.paths, single.totals.conversions) == (paths.total(), sold)
        assert single.base_rate == pytest.approx(sold / paths.total(), abs=1e-9)
        assert sum(one.conversions for one in single.credits) == pytest.approx(sold, abs=1e-9)
        assert sum(one.revenue for one in single.credits) == pytest.approx(12.34 * sold, abs=1e-9)
        touches = Counter[str]()
        for (steps, _), times in paths.items():
            touches.update({value: steps.count(value) * times for value in set(steps)})
        assert {one.value: one.touches for one in single.credits} == touches


STORY: list[Told] = [
    ("ann", "ad_click", "search", 0, ""),
    ("bob", "scan", "", 1, ""),
    ("ann", "ad_click", "mail", 2, ""),
    ("bob", "sale", "", 3, ""),
    ("bob", "nfc_tap", "", 4, ""),
    ("eve", "ad_click", "search", 5, ""),
    ("eve", "ad_click", "mail", 6, ""),
    ("ann", "sale", "till", 7, ""),
    ("kim", "sale", "", 8, ""),
]


def figures(found: Answer) -> dict[tuple[str, str], float]:
    return {
        (one.value, name): figure for one in found.credits for name, figure in asdict(one).items() if name != "value"
    }


@pytest.mark.parametrize("model", ["markov_1", "markov_3", "shapley", "shapley_rate"])
def test_a_merge_gives_what_one_person_would_have_given(store: Store, model: Model) -> None:
    store.put(event(number, one) for number, one in enumerate(STORY))
    apart = figures(told_by(store, model))
    store.put([merged("bob", "ann")])
    together = figures(told_by(store, model))
    store.empty()
    store.put(event(number, one, {"bob": "ann"}.get(one[0], "")) for number, one in enumerate(STORY))
    assert together == pytest.approx(figures(told_by(store, model)), abs=1e-9)
    assert together != apart


def test_events_that_came_twice_change_nothing(store: Store) -> None:
    store.put(event(number, one) for number, one in enumerate(STORY))
    once = figures(told_by(store, "markov_2"))
    store.put(event(number, one) for number, one in reversed(list(enumerate(STORY))))
    assert figures(told_by(store, "markov_2")) == once


def test_a_run_is_kept_with_its_date_and_the_newest_is_served(store: Store) -> None:
    store.put(event(number, one) for number, one in enumerate(STORY[:4]))
    first = ask(store, "markov_1")
    store.put(event(number, one) for number, one in enumerate(STORY))
    second = ask(store, "markov_1")
    ask(store, "markov_1", lookback_days=30)
    ask(store, "shapley")
    rows = store.ask(
        "SELECT run_id, code, paths, conversions, revenue, skilled, JSONExtractInt(detail, 'order') FROM "
        "attribution_run_latest WHERE model = 'markov_1' AND lookback_days = 90"
    )
    assert rows == [(second.run_id, 1, 5, 3, 37.02, True, 1)]
    assert store.one("SELECT count() FROM attribution_run") == 4
    served = store.ask(
        "SELECT value, conversions FROM attribution_credit_latest WHERE model = 'markov_1' AND lookback_days = 90"
    )
    assert dict(served) == {one.value: one.conversions for one in second.answer.credits}
    assert first.computed_at < second.computed_at


def test_a_run_that_did_not_end_is_not_there(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.put(event(number, one) for number, one in enumerate(STORY))
    insert = store.client.insert

    def dies(table: str, *args: Any, **more: Any) -> None:
        if table.endswith("_run"):
            raise KeyboardInterrupt
        insert(table, *args, **more)

    with monkeypatch.context() as patch:
        patch.setattr(store.client, "insert", dies)
        with pytest.raises(KeyboardInterrupt):
            ask(store, "shapley")
    assert store.one("SELECT count() FROM attribution_credit") > 0
    assert store.ask("SELECT * FROM attribution_credit_latest") == []
    ask(store, "shapley")
    assert store.one("SELECT sum(conversions) FROM attribution_credit_latest") == pytest.approx(3)


@pytest.mark.parametrize(
    ("period", "said"),
    [
        (("yesterday", "2026-01-01"), "--since yesterday is no date"),
        (("2026-01-01", "later"), "--until later is no date"),
        (("2026-02-01", "2026-01-01"), "--since 2026-02-01 must lie before --until 2026-01-01"),
    ],
)
def test_a_period_that_cannot_be_is_refused(store: Store, period: tuple[str, str], said: str) -> None:
    with pytest.raises(Unfit, match=said):
        ask(store, "markov_1", period=period)


def test_more_steps_than_fit_are_refused(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.put(event(number, one) for number, one in enumerate(STORY))
    monkeypatch.setattr(reading, "MOST_STEPS", 3)
    with pytest.raises(Unfit, match="more than 3 different steps by channel: take a lower order"):
        read_steps(store.client, BY_CHANNEL, 1)


def shoppers(people: int) -> Iterator[TouchpointIdentified]:
    """Everybody clicks on an ad, a half scans a code as well; of these two thirds buy within an hour, of the others one
    in ten. Some buy out of the blue."""
    for number in range(people):
        who, hours = f"shopper {number}", float(number)
        yield event(4 * number, (who, "ad_click", "search", hours, ""))
        if scans := number % 2 == 0:
            yield event(4 * number + 1, (who, "scan", "shelf", hours + 1, ""))
        if (number % 3 > 0) if scans else (number % 10 == 1):
            yield event(4 * number + 2, (who, "sale", "till", hours + 2, ""))
        if number % 50 == 0:
            yield event(4 * number + 3, (f"stranger {number}", "sale", "", hours, ""))


def test_the_predictive_model_learns_from_the_store(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.put(shoppers(1_000))
    whole = ask(store, "predictive").answer
    found = {one.value: one for one in whole.credits}
    assert whole.skilled and whole.detail["auc_low"] > 0.6, whole.detail
    assert found["shelf"].conversions > found["search"].conversions > 0
    assert found["direct"].conversions == pytest.approx(20, abs=1e-6), "they bought without a touch"
    assert found["till"].conversions == 0, "a sale's own channel is known with the sale alone"
    sold = store.one("SELECT count() FROM sale")
    assert sum(one.conversions for one in whole.credits) == pytest.approx(sold, abs=1e-6)
    assert sum(one.revenue for one in whole.credits) == pytest.approx(12.34 * sold, abs=1e-6)

    monkeypatch.setattr(sample, "MOST_PATHS", 500)
    part = ask(store, "predictive").answer
    assert 0.4 < part.detail["sample"] < 0.6
    assert any("of the people, chosen by a hash" in told for told in part.detail["warnings"])
    assert part.totals == whole.totals
    assert sum(one.conversions for one in part.credits) == pytest.approx(sold, abs=1e-6)
    taken = {one.value: one.conversions for one in part.credits}
    assert taken["shelf"] == pytest.approx(found["shelf"].conversions, rel=0.25)


def test_a_model_without_skill_is_kept_without_credits(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.put(shoppers(600))
    blind = predictive.features

    def unseeing(touched: Touched, column: NDArray[np.int64], columns: int) -> Features:
        return np.zeros_like(blind(touched, column, columns))

    monkeypatch.setattr(predictive, "features", unseeing)
    assert not ask(store, "predictive").answer.skilled
    assert store.ask("SELECT skilled, detail LIKE '%no better than chance%' FROM attribution_run") == [(False, 1)]
    assert store.one("SELECT count() FROM attribution_credit") == 0
