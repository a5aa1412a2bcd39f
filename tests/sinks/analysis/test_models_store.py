"""Data-driven models on the store: after merges and duplicates they use the paths of path_in_window."""

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
from sinks.analysis.attribution import path_counts, predictive, sample
from sinks.analysis.attribution.models import compute
from sinks.analysis.attribution.path_counts import read_steps
from sinks.analysis.attribution.path_features import Features, PathTouches
from sinks.analysis.attribution.result import Dimension, Model, NotApplicable, Question, Result
from sinks.analysis.attribution.runs import ModelRun, run
from tests.oracles.markov import Path, base_and_effects
from tests.oracles.shapley import shapley, worth_of
from tests.support.sink_events import moved, touchpoint, uid
from tests.support.sink_store import Store

START = datetime(2026, 3, 1, tzinfo=UTC)
ALL_TIME = ("1970-01-01", "2106-01-01")
BY_CHANNEL = Question("channel", 90, *ALL_TIME)
Row = tuple[str, str, str, float, str]
"""Person, kind, channel, hours after the start, campaign."""

ROWS = st.lists(
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


def event(number: int, row: Row, person: str = "") -> TouchpointIdentified:
    who, kind, channel, hours, campaign = row
    return touchpoint(
        uid(f"event {number}"), person or who, kind, START + timedelta(hours=hours), channel=channel,
        campaign=campaign, amount="12.34" if kind == "sale" else None,
    )  # fmt: skip


def run_model(
    store: Store, model: Model, by: Dimension = "channel", lookback_days: int = 90, period: Any = ALL_TIME
) -> ModelRun:
    return run(store.client, model, Question(by, lookback_days, *period), lambda _: None)


def result_of(store: Store, model: Model, question: Question = BY_CHANNEL) -> Result:
    """Only the result; no run is stored."""
    return compute(store.client, model, question, lambda _: None)


def paths_of(store: Store, question: Question, where: str = "true") -> Counter[Path]:
    rows = store.ask(
        f"SELECT steps, converted FROM path_in_window(by='{question.by}', lookback_days={question.lookback_days}, "
        f"since='{question.since}', until='{question.until}') WHERE {where}"
    )
    return Counter((tuple(steps), bool(converted)) for steps, converted in rows)


@given(rows=ROWS, by=st.sampled_from(["channel", "campaign"]), lookback_days=st.sampled_from([1, 90]))
@settings(
    max_examples=4,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_counts_in_sql_give_the_figures_of_single_paths(
    store: Store, rows: list[Row], by: Dimension, lookback_days: int
) -> None:
    store.empty()
    store.put(event(number, one) for number, one in enumerate(rows))
    period = ("2026-03-01T01:00:00Z", "2026-03-20")
    question = Question(by, lookback_days, *period)
    paths = paths_of(store, question)
    sold = sum(times for (_, converted), times in paths.items() if converted)
    values = sorted({value for steps, _ in paths for value in steps})
    if not sold:
        with pytest.raises(NotApplicable, match=f"none of {paths.total()} paths converts"):
            result_of(store, "markov_1", question)
        return
    models: tuple[Model, ...] = ("markov_1", "markov_2", "markov_3", "shapley", "shapley_rate")
    found = {model: result_of(store, model, question) for model in models}
    effects = {model: {one.value: one.effect for one in single.credits} for model, single in found.items()}
    for order in (1, 2, 3):
        assert effects[f"markov_{order}"] == pytest.approx(base_and_effects(paths, order)[1], abs=1e-9)
    assert effects["shapley"] == pytest.approx(shapley(values, worth_of(paths, rate=False)), abs=1e-9)
    touched = paths_of(store, question, "types != ['none']")
    rates = {value: 0.0 for value in values} | shapley(
        sorted({value for steps, _ in touched for value in steps}), worth_of(touched, rate=True)
    )
    assert effects["shapley_rate"] == pytest.approx(rates, abs=1e-9)
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


EVENTS: list[Row] = [
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


def figures(found: Result) -> dict[tuple[str, str], float]:
    return {
        (one.value, name): figure for one in found.credits for name, figure in asdict(one).items() if name != "value"
    }


@pytest.mark.parametrize("model", ["markov_1", "markov_3", "shapley", "shapley_rate"])
def test_a_merge_gives_the_figures_of_one_person(store: Store, model: Model) -> None:
    store.put(event(number, one) for number, one in enumerate(EVENTS))
    apart = figures(result_of(store, model))
    store.put([moved("bob", "ann", 1)])
    together = figures(result_of(store, model))
    store.empty()
    store.put(event(number, one, {"bob": "ann"}.get(one[0], "")) for number, one in enumerate(EVENTS))
    assert together == pytest.approx(figures(result_of(store, model)), abs=1e-9)
    assert together != apart


def test_duplicate_events_change_nothing(store: Store) -> None:
    store.put(event(number, one) for number, one in enumerate(EVENTS))
    once = figures(result_of(store, "markov_2"))
    store.put(event(number, one) for number, one in reversed(list(enumerate(EVENTS))))
    assert figures(result_of(store, "markov_2")) == once


def test_a_run_is_stored_with_its_date_and_the_newest_is_served(store: Store) -> None:
    store.put(event(number, one) for number, one in enumerate(EVENTS[:4]))
    first = run_model(store, "markov_1")
    store.put(event(number, one) for number, one in enumerate(EVENTS))
    second = run_model(store, "markov_1")
    run_model(store, "markov_1", lookback_days=30)
    run_model(store, "shapley")
    rows = store.ask(
        "SELECT run_id, code, paths, conversions, revenue, skilled, JSONExtractInt(detail, 'order') FROM "
        "attribution_run_latest WHERE model = 'markov_1' AND lookback_days = 90"
    )
    assert rows == [(second.run_id, 1, 5, 3, 37.02, True, 1)]
    assert store.one("SELECT count() FROM attribution_run") == 4
    served = store.ask(
        "SELECT value, conversions FROM attribution_credit_latest WHERE model = 'markov_1' AND lookback_days = 90"
    )
    assert dict(served) == {one.value: one.conversions for one in second.result.credits}
    assert first.computed_at < second.computed_at


def test_a_run_that_did_not_complete_is_not_visible(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.put(event(number, one) for number, one in enumerate(EVENTS))
    insert = store.client.insert

    def interrupted(table: str, *args: Any, **more: Any) -> None:
        if table.endswith("_run"):
            raise KeyboardInterrupt
        insert(table, *args, **more)

    with monkeypatch.context() as patch:
        patch.setattr(store.client, "insert", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run_model(store, "shapley")
    assert store.one("SELECT count() FROM attribution_credit") > 0
    assert store.ask("SELECT * FROM attribution_credit_latest") == []
    run_model(store, "shapley")
    assert store.one("SELECT sum(conversions) FROM attribution_credit_latest") == pytest.approx(3)


@pytest.mark.parametrize(
    ("period", "message"),
    [
        (("yesterday", "2026-01-01"), "--since yesterday is no date"),
        (("2026-01-01", "later"), "--until later is no date"),
        (("2026-02-01", "2026-01-01"), "--since 2026-02-01 must lie before --until 2026-01-01"),
    ],
)
def test_a_period_that_cannot_be_is_refused(store: Store, period: tuple[str, str], message: str) -> None:
    with pytest.raises(NotApplicable, match=message):
        run_model(store, "markov_1", period=period)


def test_more_steps_than_fit_are_refused(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.put(event(number, one) for number, one in enumerate(EVENTS))
    monkeypatch.setattr(path_counts, "MAX_STEPS", 3)
    with pytest.raises(NotApplicable, match="more than 3 distinct steps by channel: take a lower order"):
        read_steps(store.client, BY_CHANNEL, 1)


def test_a_run_that_is_older_than_a_sale_says_so(store: Store) -> None:
    status = "SELECT conversions, sales_now, is_outdated FROM attribution_run_status"
    store.put(event(number, one) for number, one in enumerate(EVENTS))
    run_model(store, "markov_1")
    assert store.ask(status) == [(3, 3, False)]
    late: list[Row] = [("eve", "sale", "", 8, "")]
    for _ in range(2):  # the second time as a duplicate
        store.put(event(100 + number, one) for number, one in enumerate(late))
        assert store.ask(status) == [(3, 4, True)]
    run_model(store, "markov_1")
    assert store.ask(status) == [(4, 4, False)]


def shoppers(people: int) -> Iterator[TouchpointIdentified]:
    """Everybody clicks on an ad, half of them scan a code too; two thirds of these buy within an hour, of the others
    one in ten. Some buy without a touch."""
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
    whole = run_model(store, "predictive").result
    found = {one.value: one for one in whole.credits}
    assert whole.skilled and whole.detail["auc_low"] > 0.6, whole.detail
    assert found["shelf"].conversions > found["search"].conversions > 0
    assert found["direct"].conversions == pytest.approx(20, abs=1e-6), "they bought without a touch"
    assert found["till"].conversions == 0, "a sale's own channel is known with the sale alone"
    sold = store.one("SELECT count() FROM sale")
    assert sum(one.conversions for one in whole.credits) == pytest.approx(sold, abs=1e-6)
    assert sum(one.revenue for one in whole.credits) == pytest.approx(12.34 * sold, abs=1e-6)

    monkeypatch.setattr(sample, "MAX_PATHS", 500)
    part = run_model(store, "predictive").result
    assert 0.4 < part.detail["sample"] < 0.6
    assert any("of the people, selected by a hash" in warning for warning in part.detail["warnings"])
    assert part.totals == whole.totals
    assert sum(one.conversions for one in part.credits) == pytest.approx(sold, abs=1e-6)
    taken = {one.value: one.conversions for one in part.credits}
    assert taken["shelf"] == pytest.approx(found["shelf"].conversions, rel=0.25)


def test_a_model_without_skill_is_stored_without_credits(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.put(shoppers(600))
    blind = predictive.features

    def constant_features(touched: PathTouches, column: NDArray[np.int64], columns: int) -> Features:
        return np.zeros_like(blind(touched, column, columns))

    monkeypatch.setattr(predictive, "features", constant_features)
    assert not run_model(store, "predictive").result.skilled
    assert store.ask("SELECT skilled, detail LIKE '%no better than chance%' FROM attribution_run") == [(False, 1)]
    assert store.one("SELECT count() FROM attribution_credit") == 0
