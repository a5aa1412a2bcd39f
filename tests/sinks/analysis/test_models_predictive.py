"""The predictive model on paths with known probabilities: skill where there is some, none where there is none."""

from collections import Counter
from decimal import Decimal
from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from sinks.analysis.attribution import path_effects as effects_module
from sinks.analysis.attribution import predictive, sample
from sinks.analysis.attribution.path_counts import Presence
from sinks.analysis.attribution.path_effects import path_effects, shares
from sinks.analysis.attribution.path_features import PathTouches, features
from sinks.analysis.attribution.result import Result, Totals
from sinks.analysis.attribution.sample import MAX_PATHS, MAX_TOUCHES, Sample, share_of
from sinks.analysis.attribution.skill import auc, calibration
from sinks.analysis.attribution.training import MIN_OUTCOMES
from tests.oracles.ranking import area

SEED = 7
VALUES = ["closes", "idle", "other"]
STEPS = st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=6), min_size=1, max_size=12)


def touches_of(paths: list[list[int]], hours: float = 5.0) -> PathTouches:
    """Touches with so many hours between two; the last one as long before the end."""
    begins = np.cumsum([0] + [len(steps) for steps in paths])
    ages = [hours * (len(steps) - n) for steps in paths for n in range(len(steps))]
    return PathTouches(
        begins, np.array([value for steps in paths for value in steps]), np.array(ages, dtype=np.float64)
    )


def random_paths(paths: int, lift: float, seed: int = SEED) -> tuple[list[Presence], Sample]:
    """Random paths of which a fifth converts, ``lift`` more of those with "closes"; each sale is worth 2."""
    rng = np.random.default_rng(seed)
    walks = [list(rng.integers(0, 3, rng.geometric(0.4))) for _ in range(paths)]
    sold = rng.random(paths) < np.array([0.2 + lift * (0 in walk) for walk in walks])
    return presences_of(walks, sold), sample_of(walks, sold)


def sample_of(walks: list[list[int]], sold: NDArray[np.bool_]) -> Sample:
    return Sample(1.0, sold, 2.0 * sold, np.zeros(len(walks), dtype=np.bool_), touches_of(walks), VALUES)


def presences_of(walks: list[list[int]], sold: NDArray[np.bool_]) -> list[Presence]:
    return [
        Presence(VALUES[value], len(set(walk)), 1, int(converted), Decimal(2 * int(converted)), walk.count(value))
        for walk, converted in zip(walks, sold, strict=True)
        for value in set(walk)
    ]


def credited(result: Result) -> dict[str, float]:
    return {one.value: one.conversions for one in result.credits}


def test_a_value_that_raises_conversions_gets_more_than_others() -> None:
    presences, paths = random_paths(4_000, lift=0.4)
    result = predictive.predictive_result(presences, paths)
    found, sold = credited(result), result.totals.conversions
    assert result.skilled and result.detail["auc_low"] > 0.6
    assert result.base_rate == pytest.approx(sold / 4_000, rel=0.05)
    assert found["closes"] > 1.5 * max(found["idle"], found["other"])
    assert sum(found.values()) == pytest.approx(sold, abs=1e-6)
    assert sum(one.revenue for one in result.credits) == pytest.approx(2.0 * sold, abs=1e-6)
    effects = {one.value: one.effect for one in result.credits}
    lost = 0.4 * sum(one.paths for one in presences if one.value == "closes" and one.among > 1)
    alone = sum(one.conversions for one in presences if one.value == "closes" and one.among == 1)
    assert effects["closes"] == pytest.approx(lost + alone, rel=0.2)
    assert 0.8 < result.detail["calibration"]["slope"] < 1.25


def test_the_same_paths_give_the_same_credits() -> None:
    presences, paths = random_paths(1_500, lift=0.4)
    assert predictive.predictive_result(presences, paths) == predictive.predictive_result(presences, paths)


def test_without_skill_there_are_no_credits() -> None:
    result = predictive.predictive_result(*random_paths(3_000, lift=0.0))
    assert not result.skilled and not result.credits
    assert result.detail["auc_low"] <= 0.5
    assert "no better than chance" in result.detail["reason"]


def test_too_few_conversions_are_reported() -> None:
    presences, paths = random_paths(3 * MIN_OUTCOMES, lift=0.4)
    result = predictive.predictive_result(presences, paths)
    assert not result.skilled and f"at least {MIN_OUTCOMES} that do" in result.detail["reason"]


def test_sales_without_touches_are_credited_without_a_prediction() -> None:
    presences, paths = random_paths(2_000, lift=0.4)
    walks = np.arange(500)
    more = Sample(
        1.0,
        np.concatenate([paths.converted, walks >= 0]),
        np.concatenate([paths.revenue, np.full(500, 2.0)]),
        np.concatenate([paths.touchless, walks >= 0]),
        PathTouches(
            np.concatenate([paths.touches.begins, paths.touches.begins[-1] + 1 + walks]),
            np.concatenate([paths.touches.value, np.full(500, 3)]),
            np.concatenate([paths.touches.age_h, np.zeros(500)]),
        ),
        [*VALUES, "direct"],
    )
    result = predictive.predictive_result([*presences, Presence("direct", 1, 500, 500, Decimal(1000), 500)], more)
    without = predictive.predictive_result(presences, paths)
    assert credited(result) == pytest.approx(credited(without) | {"direct": 500.0}, rel=1e-4)
    assert credited(result)["direct"] == pytest.approx(500, abs=1e-6)
    assert result.detail["auc"] == pytest.approx(without.detail["auc"], abs=1e-4)


def test_rare_values_share_features_but_are_credited_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predictive, "MAX_COLUMNS", 1)
    result = predictive.predictive_result(*random_paths(3_000, lift=0.4))
    found = credited(result)
    assert found["closes"] > found["idle"] > 0 and found["other"] > 0
    assert any("the 2 least touched values share one feature" in warning for warning in result.detail["warnings"])


@given(paths=STEPS, wait=st.floats(0, 1000))
def test_features_do_not_know_how_long_after_the_last_touch_a_path_ended(paths: list[list[int]], wait: float) -> None:
    early = touches_of(paths)
    late = PathTouches(early.begins, early.value, early.age_h + wait)
    column = np.arange(4)
    np.testing.assert_allclose(features(early, column, 4), features(late, column, 4), atol=1e-4)


def test_features_have_frequency_recency_position_and_length() -> None:
    (row,) = features(touches_of([[1, 0, 1]], hours=168.0), np.arange(2), 2)
    counts, recency, first, last, shape = np.split(row, [2, 4, 6, 8])
    np.testing.assert_allclose(np.expm1(counts), [1, 2], rtol=1e-6)
    np.testing.assert_allclose(np.expm1(recency), [0.5, 1.25], rtol=1e-6)
    assert [list(first), list(last)] == [[0, 1], [0, 1]]
    np.testing.assert_allclose(np.expm1(shape), [3, 2, 336, 168], rtol=1e-5)


@given(paths=STEPS)
def test_removal_effects_are_those_of_paths_without_a_values_touches(paths: list[list[int]]) -> None:
    weights = np.array([0.3, -0.2, 0.05, 0.11])

    def chance(steps: list[int]) -> float:
        return 0.4 + sum(weights[value] * 0.5**n for n, value in enumerate(steps))

    def predict(some: PathTouches) -> NDArray[np.float64]:
        walks = [list(some.value[a:b]) for a, b in zip(some.begins, some.begins[1:], strict=False)]
        assert all(walks), "only paths that have a touch are predicted"
        return np.array([chance(walk) for walk in walks])

    wanted = {}
    for number, steps in enumerate(paths):
        for value in set(steps):
            rest = [one for one in steps if one != value]
            wanted[number, value] = chance(steps) - (chance(rest) if rest else 0.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(effects_module, "BATCH", 3)
        found = path_effects(touches_of(paths), 4, predict)
    assert dict(zip(zip(found.path, found.value, strict=True), found.drop, strict=True)) == pytest.approx(wanted)
    whole = np.bincount(found.path, shares(found))
    np.testing.assert_allclose(whole, 1.0)
    assert (shares(found) >= 0).all()


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9)), min_size=4, max_size=60))
def test_the_area_and_its_interval_equal_a_count_of_pairs(rows: list[tuple[bool, int]]) -> None:
    rows += [(True, 3), (True, 4), (False, 3), (False, 5)]
    converted, predicted = np.array([row[0] for row in rows]), np.array([row[1] / 10 for row in rows])
    wanted, variance = area(list(predicted[converted]), list(predicted[~converted]))
    found = auc(converted, predicted)
    assert found.value == pytest.approx(wanted, abs=1e-12)
    assert found.low == pytest.approx(max(wanted - 1.959963985 * sqrt(variance), 0), abs=1e-8)
    assert found.high == pytest.approx(min(wanted + 1.959963985 * sqrt(variance), 1), abs=1e-8)


def test_calibration_tells_overconfident_predictions_from_calibrated_ones() -> None:
    rng = np.random.default_rng(SEED)
    truth = rng.uniform(0.05, 0.95, 20_000)
    actual = rng.random(20_000) < truth
    calibrated = calibration(actual, truth)
    odds = truth / (1 - truth)
    overconfident = calibration(actual, odds**2 / (1 + odds**2))
    assert calibrated["slope"] == pytest.approx(1, abs=0.06) and calibrated["intercept"] == pytest.approx(0, abs=0.06)
    assert overconfident["slope"] == pytest.approx(0.5, abs=0.03)
    assert calibrated["brier"] < overconfident["brier"] and calibrated["brier"] < calibrated["brier_of_rate"]
    assert sum(part["n"] for part in calibrated["bins"]) == 20_000
    assert max(abs(part["predicted"] - part["observed"]) for part in calibrated["bins"]) < 0.04


def test_a_store_that_is_too_large_is_sampled() -> None:
    assert share_of(Totals(MAX_PATHS, 1, 1.0), MAX_TOUCHES) == 1.0
    assert share_of(Totals(4 * MAX_PATHS, 1, 1.0), MAX_TOUCHES) == 0.25
    assert share_of(Totals(4 * MAX_PATHS, 1, 1.0), 10 * MAX_TOUCHES) == 0.1
    assert share_of(Totals(10**15, 1, 1.0), 10**15) == 1 / sample.PARTS


def test_touches_of_a_value_are_those_of_all_its_paths() -> None:
    walks = [[0, 1, 1], [1], [2, 0]]
    touches = predictive.touches_by_value(presences_of(walks, np.array([True, False, False])))
    assert touches == Counter(closes=2, idle=3, other=1)
    assert predictive.most_touched(touches) == ["idle", "closes", "other"]
