"""Markov and Shapley on random paths: equal to their oracles, and independent of order, names and repeats."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinks.analysis.attribution import absorbing_chain
from sinks.analysis.attribution.coalition_game import equal_split, rate_split
from sinks.analysis.attribution.path_counts import CONVERSION, NULL, STEP, Presence, Steps, ValueSet
from sinks.analysis.attribution.result import NotApplicable, Totals
from sinks.analysis.attribution.shapley import MAX_VALUES
from tests.oracles.markov import Path, base_and_effects
from tests.oracles.shapley import shapley, worth_of

WALKS = st.lists(
    st.tuples(st.lists(st.sampled_from(["a", "b", "c", ""]), min_size=1, max_size=6).map(tuple), st.booleans()),
    min_size=1,
    max_size=25,
).filter(lambda paths: any(converted for _, converted in paths))


def steps_of(paths: Sequence[Path], order: int) -> Steps:
    """The counts that the store gives for these paths; each conversion is worth 10."""
    counted = Counter[tuple[int, tuple[str, ...], int, str]]()
    for steps, converted in paths:
        padded = ("",) * order + steps
        for n in range(len(steps) + 1):
            before = padded[n : n + order][::-1]
            kind, after = (STEP, steps[n]) if n < len(steps) else (CONVERSION if converted else NULL, "")
            counted[min(n, order), before, kind, after] += 1
    depth, before, kind, after = zip(*counted, strict=True)
    return Steps(depth, before, kind, after, list(counted.values()), Decimal(10) * sum(sold for _, sold in paths))


def presences_of(paths: Sequence[Path]) -> list[Presence]:
    return [
        Presence(value, len(set(steps)), 1, sold, Decimal(10 * sold), steps.count(value))
        for steps, sold in paths
        for value in sorted(set(steps))
    ]


def sets_of(paths: Sequence[Path]) -> list[ValueSet]:
    sets = {}
    for steps, sold in paths:
        key = tuple(sorted(set(steps)))
        old = sets.get(key, ValueSet(key, 0, 0, Decimal(0), [0] * len(key)))
        touches = [n + steps.count(value) for value, n in zip(key, old.touches, strict=True)]
        sets[key] = ValueSet(key, old.paths + 1, old.conversions + sold, old.revenue + 10 * sold, touches)
    return list(sets.values())


@given(paths=WALKS, order=st.integers(1, 3))
def test_removal_effects_equal_chains_that_were_rebuilt_without_each_value(paths: list[Path], order: int) -> None:
    base, effects = base_and_effects(Counter(paths), order)
    sold = sum(converted for _, converted in paths)
    found = absorbing_chain.markov_result(steps_of(paths, order), order)
    assert found.totals == Totals(len(paths), sold, 10.0 * sold)
    assert found.base_rate == pytest.approx(base, abs=1e-12) == pytest.approx(sold / len(paths), abs=1e-12)
    assert {one.value: one.effect for one in found.credits} == pytest.approx(effects, abs=1e-9)
    assert sum(one.conversions for one in found.credits) == pytest.approx(sold, abs=1e-9)
    assert sum(one.revenue for one in found.credits) == pytest.approx(10 * sold, abs=1e-9)
    touches = Counter(value for steps, _ in paths for value in steps)
    assert {one.value: one.touches for one in found.credits} == touches


@given(paths=WALKS)
def test_repeated_values_do_not_change_order_one(paths: list[Path]) -> None:
    moving = [
        (tuple(value for n, value in enumerate(steps) if n == 0 or steps[n - 1] != value), sold)
        for steps, sold in paths
    ]
    kept, dropped = (
        {one.value: one.effect for one in absorbing_chain.markov_result(steps_of(walks, 1), 1).credits}
        for walks in (paths, moving)
    )
    assert kept == pytest.approx(dropped, abs=1e-9)


@given(paths=WALKS, order=st.integers(1, 3), data=st.data())
def test_the_order_of_rows_and_the_names_of_values_do_not_matter(
    paths: list[Path], order: int, data: st.DataObject
) -> None:
    names = dict(zip(["a", "b", "c", ""], data.draw(st.permutations(["a", "b", "c", ""])), strict=True))
    other = [(tuple(names[value] for value in steps), sold) for steps, sold in data.draw(st.permutations(paths))]
    for compute in (
        lambda walks: absorbing_chain.markov_result(steps_of(walks, order), order),
        lambda walks: equal_split(presences_of(walks)),
        lambda walks: rate_split(sets_of(walks), "channel"),
    ):
        try:
            wanted = {names[one.value]: one.conversions for one in compute(paths).credits}
        except NotApplicable:
            with pytest.raises(NotApplicable):
                compute(other)
        else:
            assert {one.value: one.conversions for one in compute(other).credits} == pytest.approx(wanted, abs=1e-9)


@given(paths=WALKS)
def test_an_equal_split_is_the_shapley_value_of_conversions(paths: list[Path]) -> None:
    wanted = shapley(sorted({value for steps, _ in paths for value in steps}), worth_of(Counter(paths), rate=False))
    found = equal_split(presences_of(paths))
    assert {one.value: one.conversions for one in found.credits} == pytest.approx(wanted, abs=1e-9)
    assert {one.value: one.revenue for one in found.credits} == pytest.approx(
        {value: 10 * part for value, part in wanted.items()}, abs=1e-9
    )
    assert found.totals == Totals(len(paths), sum(sold for _, sold in paths), 10.0 * sum(sold for _, sold in paths))


@given(paths=WALKS)
def test_the_shapley_value_of_rates_goes_through_all_coalitions(paths: list[Path]) -> None:
    wanted = shapley(sorted({value for steps, _ in paths for value in steps}), worth_of(Counter(paths), rate=True))
    sold = sum(converted for _, converted in paths)
    found = rate_split(sets_of(paths), "channel")
    assert {one.value: one.effect for one in found.credits} == pytest.approx(wanted, abs=1e-12)
    assert found.base_rate == pytest.approx(sold / len(paths), abs=1e-12)
    assert sum(one.conversions for one in found.credits) == pytest.approx(sold, abs=1e-9)
    assert all(one.conversions >= 0 for one in found.credits)
    assert found.detail["negative"] == [value for value in sorted(wanted) if wanted[value] < -1e-12]


def test_sales_without_a_touch_take_no_part_in_the_game() -> None:
    """100 searches sell 10 times, 100 mails 20 times, and 30 sales had no touch: these are direct's, and only these."""
    game = [
        ValueSet(["mail"], 100, 20, Decimal(200), [100]),
        ValueSet(["search"], 100, 10, Decimal(100), [100]),
    ]
    alone = {one.value: one.conversions for one in rate_split(game, "channel").credits}
    untouched = ValueSet(["direct"], 30, 30, Decimal(300), [30], untouched=True)
    found = rate_split([untouched, *game], "channel")
    assert {one.value: (one.conversions, one.effect) for one in found.credits if one.value == "direct"} == {
        "direct": (30, 0.0)
    }
    assert {one.value: one.conversions for one in found.credits if one.value != "direct"} == alone
    assert found.totals == Totals(230, 60, 600.0) and sum(one.revenue for one in found.credits) == pytest.approx(600)
    visited = ValueSet(["direct"], 50, 5, Decimal(50), [50])
    real = {one.value: one.conversions for one in rate_split([visited, *game], "channel").credits}
    both = {one.value: one.conversions for one in rate_split([untouched, visited, *game], "channel").credits}
    assert both == pytest.approx(real | {"direct": real["direct"] + 30})


def test_where_only_sales_without_a_touch_convert_the_others_get_nothing() -> None:
    sets = [
        ValueSet(
            [
                "",
            ],
            3,
            3,
            Decimal(30),
            [3],
            untouched=True,
        ),
        ValueSet(["shelf"], 9, 0, Decimal(0), [9]),
    ]
    found = rate_split(sets, "placement")
    assert {one.value: one.conversions for one in found.credits} == {"": 3, "shelf": 0}


def test_rates_are_refused_for_too_many_values_and_the_rarest_are_named() -> None:
    values = [f"v{number:02}" for number in range(MAX_VALUES + 1)]
    sets = [ValueSet([value], 9, 1, Decimal(1), [9 + n]) for n, value in enumerate(values)]
    assert len(rate_split(sets[1:], "tag").credits) == MAX_VALUES
    with pytest.raises(
        NotApplicable, match=r"tag has 17 values .* at most 16; the rarest are 'v00'\. Take another --by"
    ):
        rate_split(sets, "tag")


def test_without_conversions_there_is_nothing_to_distribute() -> None:
    open_paths: list[Path] = [(("a", "b"), False), (("b",), False)]
    for compute in (
        lambda: absorbing_chain.markov_result(steps_of(open_paths, 1), 1),
        lambda: equal_split(presences_of(open_paths)),
        lambda: rate_split(sets_of(open_paths), "channel"),
    ):
        with pytest.raises(NotApplicable, match="none of 2 paths converts"):
            compute()


def test_a_chain_that_is_too_large_is_refused_and_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = steps_of([(("a", "b", "c"), True)], 3)
    monkeypatch.setattr(absorbing_chain, "MAX_STATES", 4)
    absorbing_chain.markov_result(steps, 3)
    monkeypatch.setattr(absorbing_chain, "MAX_STATES", 3)
    with pytest.raises(NotApplicable, match=r"order 3 has 4 states, more than the 3 .* take a lower order"):
        absorbing_chain.markov_result(steps, 3)


def test_steps_that_do_not_come_from_paths_are_an_error() -> None:
    steps = steps_of([(("a",), True), (("a", "b"), False), (("b",), False)], 1)
    torn = [count + (kind == CONVERSION) for kind, count in zip(steps.kind, steps.count, strict=True)]
    with pytest.raises(ArithmeticError, match="base probability"):
        absorbing_chain.markov_result(replace(steps, count=torn), 1)
