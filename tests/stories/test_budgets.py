"""Limits over all people hold: not one unit over, and nothing left unspent while claims wait."""

from collections.abc import Iterator
from unittest import mock

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from processors.budgets import holder as holders
from processors.budgets import owner as owners
from processors.budgets.units import below, count, divided, joined
from tests.support.limits import POOL, SPRING, Limits


def outcomes(limits: Limits) -> dict[str, int]:
    found: dict[str, int] = {}
    for answer in limits.answers:
        found[answer.outcome] = found.get(answer.outcome, 0) + 1
    return found


@pytest.mark.parametrize("size", [0, 1, 7, 1000])
def test_as_many_as_there_are_and_no_more(size: int) -> None:
    limits = Limits(size)
    for number in range(size + 20):
        limits.claim(f"c{number}")
    limits.settle()
    assert outcomes(limits) == {"granted": size, "exhausted": 20} if size else {"exhausted": 20}
    assert (limits.total, limits.waiting, limits.spare()) == (size, 0, 0)


def test_the_last_claim_gets_what_is_left() -> None:
    limits = Limits(100)
    for number in range(4):
        limits.claim(f"c{number}", 30)
    limits.settle()
    assert sorted(limits.granted.values()) == [10, 30, 30, 30]


def test_a_claim_that_comes_again_has_had_its_answer() -> None:
    limits = Limits(10)
    for _ in range(3):
        limits.claim("c", 4)
    limits.settle()
    limits.claim("c", 4)
    limits.settle()
    assert outcomes(limits) == {"granted": 1} and limits.total == 4


def test_what_one_holder_was_leased_too_much_goes_to_whoever_waits() -> None:
    """One claim takes a lease with units to spare, and all others come to other holders."""
    limits = Limits(1000)
    limits.claim("first")
    limits.settle()
    assert limits.spare() > 0
    for number in range(999):
        limits.claim(f"c{number}")
    limits.settle()
    assert (limits.total, limits.spare()) == (1000, 0)


def test_a_release_lets_another_claim_in_once() -> None:
    limits = Limits(10)
    limits.claim("a", 10)
    limits.settle()
    for _ in range(2):
        limits.release("a", 4)
        limits.granted["a"] = 4
        limits.settle()
    for name in ("b", "c"):
        limits.claim(name, 5)
    limits.settle()
    assert (limits.granted["b"], limits.granted["c"], limits.total) in ((5, 1, 10), (1, 5, 10))


def test_a_claim_that_is_released_before_its_answer_gives_all_back() -> None:
    limits = Limits(10)
    limits.claim("a", 10)
    limits.release("a")
    limits.settle()
    limits.claim("b", 10)
    limits.settle()
    assert dict(limits.granted) == {"a": 0, "b": 10}


def test_a_limit_that_grows_grants_more_and_one_that_shrinks_no_more() -> None:
    limits = Limits(10)
    limits.claim("a", 8)
    limits.settle()
    limits.resize(5)
    limits.hear_all()
    limits.claim("b", 1)
    limits.settle()
    assert outcomes(limits) == {"granted": 1, "exhausted": 1}
    limits.resize(20)
    limits.hear_all()
    limits.claim("c", 50)
    limits.settle()
    assert (limits.granted["c"], limits.total) == (12, 20)


def test_a_limit_that_the_brand_has_no_more_is_closed() -> None:
    limits = Limits(10)
    limits.claim("a", 2)
    limits.settle()
    limits.resize(None)
    limits.hear_all()
    limits.claim("b", 2)
    limits.settle()
    assert outcomes(limits) == {"granted": 1, "closed": 1} and limits.waiting == 0


def test_a_worker_that_has_not_heard_of_a_limit_yet_lets_its_claims_wait() -> None:
    limits = Limits(None)
    limits.claim("a", 2)
    limits.deliver(next(iter(limits.flying)))
    limits.resize(10)
    limits.hear(SPRING)
    while limits.flying:
        limits.deliver(next(iter(limits.flying)))
    assert not limits.answers and limits.waiting == 1
    limits.hear_all()
    limits.settle()
    assert outcomes(limits) == {"granted": 1}


def test_an_owner_that_has_not_heard_of_a_smaller_limit_leases_nothing_that_is_granted() -> None:
    """The holders know the smaller limit, the owner the larger one: nothing is granted before both agree."""
    limits = Limits(1000)
    limits.claim("a")
    limits.settle()
    limits.resize(5)
    for number in range(200):
        limits.claim(f"c{number}")
    for key in {way[1] for way in limits.flying}:
        limits.hear(key)
    for _ in range(3):
        while limits.flying:
            limits.deliver(next(iter(limits.flying)))
        limits.wake()
    assert limits.total == 1
    limits.hear_all()
    limits.settle()
    assert limits.total == 5


def test_a_pool_without_a_brand_section_is_closed_and_numbers_are_ranges() -> None:
    assert joined((3, 2), (0, 3)) == (0, 5) and joined((-1, 2), (-1, 3)) == (-1, 5)
    assert joined((0, 2), (5, 1)) == (0, 2, 5, 1) and count((0, 2, 5, 1)) == 3
    assert divided((0, 2, 5, 4), 3) == ((0, 2, 5, 1), (6, 3))
    assert below((0, 2, 5, 4), 6) == (0, 2, 5, 1)


@pytest.fixture
def small_rows() -> Iterator[None]:
    with mock.patch.object(holders, "MOST_GRANTED", 3), mock.patch.object(holders, "MOST_WAITING", 2):
        yield


def test_a_holder_that_has_granted_much_is_divided_and_still_knows_every_claim(small_rows: None) -> None:
    limits = Limits(1000)
    for _ in range(2):
        for number in range(900):
            limits.claim(f"c{number}")
        limits.settle()
    assert outcomes(limits) == {"granted": 900}
    assert any("." in key for key in limits.records)
    for number in range(900, 1100):
        limits.claim(f"c{number}")
    limits.settle()
    assert (limits.total, limits.spare(), limits.waiting) == (1000, 0, 0)


class Machine(RuleBasedStateMachine):
    """Claims, releases, other configurations and duplicates, in any order; what is granted is never more than the
    owner allowed, and what is left is found."""

    limit = SPRING

    def __init__(self) -> None:
        super().__init__()
        self.limits = Limits(20, self.limit)
        self.ceiling = self.ceiling_ever = 20
        self.claims: dict[str, int] = {}
        self.plain = True
        self.patches = [
            mock.patch.object(owners, "SHARE", 4),
            mock.patch.object(holders, "MOST_GRANTED", 2),
            mock.patch.object(holders, "MOST_WAITING", 2),
        ]
        for patch in self.patches:
            patch.start()

    def teardown(self) -> None:
        try:
            self._at_rest()
        finally:
            for patch in self.patches:
                patch.stop()

    @rule(units=st.integers(1, 6), times=st.integers(1, 6))
    def claim(self, units: int, times: int) -> None:
        for _ in range(times):
            id = f"c{len(self.claims)}"
            self.claims[id] = units if self.limit == SPRING else 1
            self.limits.claim(id, units)

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def claim_again(self, data: st.DataObject) -> None:
        id = data.draw(st.sampled_from(sorted(self.claims)))
        if self.limits.granted[id] or not any(one.claim_id == id for one in self.limits.answers):
            self.limits.claim(id, self.claims[id])

    @precondition(lambda self: +self.limits.granted)
    @rule(data=st.data(), kept=st.integers(0, 5), times=st.integers(1, 2))
    def release(self, data: st.DataObject, kept: int, times: int) -> None:
        id = data.draw(st.sampled_from(sorted(+self.limits.granted)))
        self.plain = False
        kept = kept if self.limit == SPRING else 0
        for _ in range(times):
            self.limits.release(id, kept)
        self.limits.granted[id] = min(self.limits.granted[id], kept)

    @rule(size=st.none() | st.integers(0, 60))
    def resize(self, size: int | None) -> None:
        self.plain = False
        self.limits.resize(size)

    @precondition(lambda self: self.limits.records)
    @rule(data=st.data())
    def hear(self, data: st.DataObject) -> None:
        self.limits.hear(data.draw(st.sampled_from(sorted(self.limits.records))))

    @precondition(lambda self: self.limits.flying)
    @rule(data=st.data(), many=st.integers(1, 30), twice=st.booleans())
    def deliver(self, data: st.DataObject, many: int, twice: bool) -> None:
        for _ in range(many):
            if self.limits.flying:
                self.limits.deliver(data.draw(st.sampled_from(sorted(self.limits.flying))), twice)

    @rule()
    def wake(self) -> None:
        self.limits.wake()

    @rule()
    def settle(self) -> None:
        self._at_rest()

    @invariant()
    def holds(self) -> None:
        self.ceiling = max(self.ceiling, self.limits.known_size())
        self.ceiling_ever = max(self.ceiling_ever, self.ceiling)
        assert self.limits.total + self.limits.spare() <= self.ceiling

    def _at_rest(self) -> None:
        """Everybody has heard, and everything has arrived: more claims get exactly what is left."""
        limits = self.limits
        limits.hear_all()
        self.holds()
        limits.settle()
        size = max(limits.known_size(), 0)
        assert limits.waiting == 0
        if self.plain:
            assert limits.total == min(size, sum(self.claims.values()))
        left = max(0, size - limits.total)
        before, id = limits.total, f"fill-{len(self.claims)}"
        for number in range(1 if self.limit == SPRING else left + 1):
            self.claims[f"{id}-{number}"] = left + 1 if self.limit == SPRING else 1
            limits.claim(f"{id}-{number}", left + 1)
        limits.settle()
        assert limits.total == before + left
        assert limits.spare() == 0 or limits.size is None
        self.ceiling = max(size, limits.total + limits.spare())


def test_a_lease_that_comes_to_a_divided_holder_is_found_before_anybody_is_refused(small_rows: None) -> None:
    """Whoever asked has no claims any more when the lease arrives: its units are on their way back."""
    limits = Limits(54)
    with mock.patch.object(owners, "SHARE", 4):
        for number in range(55):
            limits.claim(f"fill-1-{number}")
        limits.settle()
    assert outcomes(limits) == {"granted": 54, "exhausted": 1}


class Coupons(Machine):
    """Likewise of a pool: each coupon is granted once, and again only where it was never issued."""

    limit = POOL

    @invariant()
    def has_numbers_of_the_pool(self) -> None:
        assert all(0 <= number < self.ceiling_ever for number in self.limits.numbers)


@pytest.mark.parametrize("machine", [Machine, Coupons])
def test_any_interleaving_grants_exactly_what_there_is(machine: type[Machine], long: bool) -> None:
    run_state_machine_as_test(
        machine, settings=settings(max_examples=1000 if long else 40, stateful_step_count=40, deadline=None)
    )
