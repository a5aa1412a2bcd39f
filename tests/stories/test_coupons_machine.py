"""A coupon, whatever tills, operators, returns and time do with it, in any order: against a model of a few lines.

What holds: of all online redemptions one at a time stands; who was told yes stays told yes until they give it back;
versions count up by one; a replay of the whole log says nothing else.
"""

from decimal import Decimal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from schemas.brand.coupon_pools import CouponPool, Discount, Refund
from tests.support.coupons import DAY, MINUTE, Coupons, basket, pools_of

REDEMPTIONS = [f"r{number}" for number in range(5)]
POOLS = pools_of(
    CouponPool(id="plain", title="P", size=9, discount=Discount(amount=Decimal(5)), valid_days=2),
    CouponPool(id="alone", title="A", size=9, discount=Discount(percent=Decimal(10)), exclusive=True),
    CouponPool(
        id="void",
        title="V",
        size=9,
        discount=Discount(amount=Decimal(1)),
        stacking=3,
        refund=Refund(full="void", partial="release"),
    ),
)


class CouponMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.coupons = Coupons(POOLS)
        self.codes: list[str] = []
        self.standing: dict[str, set[str]] = {}
        """Redemptions of a code that were told that they have it, and did not give it back."""
        self.returns = 0

    @initialize()
    def issue(self) -> None:
        self.codes = [self.coupons.issue(pool, ordinal) for pool in ("plain", "alone", "void") for ordinal in (0, 1)]
        self.standing = {code: set() for code in self.codes}

    @rule(
        code=st.integers(0, 5),
        redemption=st.sampled_from(REDEMPTIONS),
        action=st.sampled_from(("reserve", "redeem")),
        shared=st.sampled_from(("", "a", "b")),
        late=st.booleans(),
    )
    def ask(self, code: int, redemption: str, action: str, shared: str, late: bool) -> None:
        """With ``late`` the request waits, and those after it overtake nothing: it is delivered with the next one."""
        name = self.codes[code]
        request = self.coupons.till(
            action, name, f"{redemption}-{code}", basket("30", id=shared), sale_event_id=f"tills/sale-{redemption}"
        )
        if late:
            return
        self.coupons.deliver()
        status, body = self.coupons.answer(request)
        if status == 200 and body["state"] == "redeemed":
            others = self.standing[name] - {redemption}
            assert not others, f"{name} is used by {others} and {redemption}"
            if self.state(name) == "redeemed":  # nothing of the sale was returned before
                self.standing[name].add(redemption)

    @rule(code=st.integers(0, 5), redemption=st.sampled_from(REDEMPTIONS))
    def release(self, code: int, redemption: str) -> None:
        self._arrive()
        name = self.codes[code]
        status, _ = self.coupons.ask("release", name, f"{redemption}-{code}")
        if status == 200:
            self.standing[name].discard(redemption)

    @rule(redemption=st.sampled_from(REDEMPTIONS), left=st.sampled_from(("0", "10")))
    def give_money_back(self, redemption: str, left: str) -> None:
        self._arrive()
        self.returns += 1
        self.coupons.returned(f"tills/sale-{redemption}", "20", left, f"return-{self.returns}")
        for code in self.codes:
            if self.state(code) != "redeemed":
                self.standing[code].clear()

    @rule(code=st.integers(0, 5))
    def void(self, code: int) -> None:
        self._arrive()
        self.coupons.send(self.codes[code], "void", code=self.codes[code], reason="test")
        self.coupons.deliver()

    @rule(micros=st.sampled_from((MINUTE, 20 * MINUTE, DAY)))
    def pass_time(self, micros: int) -> None:
        self._arrive()
        self.coupons.wait(micros)
        self.coupons.commit()

    @rule()
    def commit(self) -> None:
        self._arrive()
        self.coupons.commit()

    @rule()
    def crash(self) -> None:
        self._arrive()
        self.coupons.crash()

    def _arrive(self) -> None:
        """What waits is delivered; who was told yes meanwhile stands."""
        waiting = [one.request_id for one in self.coupons.queue if one.request_id]
        codes = {one.request_id: (one.code, one.redemption_id) for one in self.coupons.queue}
        self.coupons.deliver()
        for request in waiting:
            status, body = self.coupons.answer(request)
            if status == 200 and body["state"] == "redeemed":
                code, redemption = codes[request]
                own = redemption.partition("/")[2].partition("-")[0]
                assert self.standing[code] <= {own}
                if self.state(code) == "redeemed":
                    self.standing[code].add(own)

    def state(self, code: str) -> str:
        coupon = self.coupons.records[code].state.coupon
        return str(coupon.state)

    @precondition(lambda self: not self.coupons.queue)
    @invariant()
    def a_use_that_stands_is_the_coupons(self) -> None:
        for code, uses in self.standing.items():
            coupon = self.coupons.records[code].state.coupon
            if uses:
                assert coupon.state == "redeemed" and {f"tills/{use}-{self.codes.index(code)}" for use in uses} == {
                    coupon.use.redemption_id
                }

    @precondition(lambda self: not self.coupons.queue)
    @invariant()
    def versions_count(self) -> None:
        for code in self.codes:
            versions = sorted(one.version for one in self.coupons.changes.values() if one.code == code)
            assert len(set(versions)) == versions[-1] == self.coupons.records[code].state.coupon.version

    @precondition(lambda self: not self.coupons.queue)
    @invariant()
    def coupons_of_a_basket_may_meet(self) -> None:
        for key, record in self.coupons.records.items():
            if key.startswith("basket/") and record.state is not None:
                meeting = record.state.meeting.coupons
                assert len(meeting) <= 1 or not any(one.exclusive for one in meeting.values())
                for code, one in meeting.items():
                    assert self.coupons.records[code].state.coupon.use.redemption_id == one.redemption_id

    def teardown(self) -> None:
        self.coupons.deliver()
        self.coupons.repeat()
        if self.codes:
            self.coupons_of_a_basket_may_meet()


CouponMachine.TestCase.settings = settings(stateful_step_count=30, deadline=None)
TestCoupons = CouponMachine.TestCase
