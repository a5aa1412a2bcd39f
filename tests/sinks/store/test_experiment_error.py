"""Tests of two equal variants, looked at again and again: the view's interval keeps its promise, the usual one does
not."""

import numpy as np
import pytest

from tests.oracles.experiment import PEOPLE_NEEDED, Numbers, ever_wrong, variance, width
from tests.support.seeds import draw_seed

PROMISED = 0.05
CASES = {"rare": (0.02, 0.5), "usual": (0.1, 0.5), "common": (0.5, 0.5), "few in the arm": (0.1, 0.1)}
"""Share of people who convert, and share of people in the arm."""


def errors(rate: float, share: float, spent: bool, people: int, times: int, seed: int) -> tuple[float, float]:
    """How often a look finds a difference that is not there: by the view's interval, and by the usual one."""
    chance = np.random.default_rng(seed)
    found = []
    for _ in range(times):
        outcomes: Numbers = (chance.random(people) < rate).astype(float)
        if spent:
            outcomes *= chance.lognormal(3, 1, people)
        found.append(ever_wrong(outcomes, chance.random(people) < share, every=20))
    mine, usual = np.mean(np.asarray(found, float), axis=0)
    return float(mine), float(usual)


@pytest.mark.parametrize("spent", [False, True], ids=["conversions", "revenue"])
@pytest.mark.parametrize("case", CASES)
def test_whoever_peeks_is_wrong_as_rarely_as_promised(case: str, spent: bool, long: bool) -> None:
    rate, share = CASES[case]
    people, times = (10_000, 2_000) if long else (3_000, 400)
    mine, usual = errors(rate, share, spent, people, times, draw_seed())
    if long:
        print(f"{case}, {'revenue' if spent else 'conversions'}: {mine:.4f}, usual {usual:.4f}")
    # Five standard deviations above the promise; the usual interval is far beyond it.
    assert mine <= PROMISED + 5 * (PROMISED * (1 - PROMISED) / times) ** 0.5
    if share == 0.5:
        assert usual > 0.12


@pytest.mark.parametrize("spent", [False, True], ids=["conversions", "revenue"])
def test_outcomes_that_come_days_after_their_exposure_keep_the_promise(spent: bool, long: bool) -> None:
    """People come for 100 days and convert within 28; somebody looks twice a day. What is not there yet counts as none,
    for both variants alike."""
    chance = np.random.default_rng(draw_seed())
    people, times = (4_000, 1_000) if long else (1_000, 60)
    wrong = [_is_ever_wrong(chance, people, spent) for _ in range(times)]
    if long:
        print(f"late outcomes, {'revenue' if spent else 'conversions'}: {np.mean(wrong):.4f}")
    assert np.mean(wrong) <= PROMISED + 5 * (PROMISED * (1 - PROMISED) / times) ** 0.5


def _is_ever_wrong(chance: np.random.Generator, people: int, spent: bool) -> bool:
    came, arm = np.sort(chance.random(people) * 100), (chance.random(people) < 0.5).astype(float)
    delay = chance.exponential(7, people)
    outcomes: Numbers = ((chance.random(people) < 0.1) & (delay <= 28)).astype(float)
    if spent:
        outcomes *= chance.lognormal(3, 1, people)
    for day in np.arange(0.5, 128, 0.5):
        here = came <= day
        seen, of_arm = outcomes[here] * (came + delay <= day)[here], arm[here]
        n, m = of_arm.sum(), (1 - of_arm).sum()
        if min(n, m) < PEOPLE_NEEDED:
            continue
        mine, others = seen * of_arm, seen * (1 - of_arm)
        sums = mine.sum(), (mine**2).sum(), m, others.sum(), (others**2).sum()
        half = np.sqrt(variance(n, *sums)) * width(n + m, PROMISED)
        if abs(mine.sum() / n - others.sum() / m) > half:
            return True
    return False


def test_a_difference_that_is_there_is_found() -> None:
    chance = np.random.default_rng(draw_seed())
    arm = chance.random(20_000) < 0.5
    outcomes: Numbers = (chance.random(20_000) < np.where(arm, 0.15, 0.10)).astype(float)
    assert ever_wrong(outcomes, arm, every=100)[0]
