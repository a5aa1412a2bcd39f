"""Coupons: earned or imported, shown to one till, used once, given back by refunds. Each story has a replay twin."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from schemas.brand.coupon_pools import CouponConditions, CouponPool, Discount, Refund
from schemas.coupons.codes import is_well_typed, shown
from tests.support.coupons import DAY, MINUTE, NOON, Coupons, basket, pools_of

FIVE = Discount(amount=Decimal(5))
TEN_PERCENT = Discount(percent=Decimal(10))


def pool(id: str = "five", discount: Discount = FIVE, **fields: Any) -> CouponPool:
    return CouponPool(id=id, title="Off", size=1000, discount=discount, **fields)


POOLS = (
    pool(),
    pool("ten", TEN_PERCENT, stacking=2),
    pool("alone", exclusive=True),
    pool("not-with-ten", excludes=("ten",)),
    pool("flyer", codes="imported"),
    pool("days", valid_days=3, zone="Europe/Berlin"),
    pool("coffee", conditions=CouponConditions(minimum=Decimal(20), categories=("coffee",), stores=("mitte",))),
    pool("morning", conditions=CouponConditions(hours="Mo-Fr 08:00-11:00")),
    pool("gift", Discount(product="KB-2")),
    pool("strict", refund=Refund(full="void", partial="release", exchange="void")),
)


@pytest.fixture(params=["once", "replayed"])
def coupons(request: pytest.FixtureRequest) -> Iterator[Coupons]:
    pools = Coupons(pools_of(*POOLS))
    yield pools
    if request.param == "replayed":
        pools.replay()


def test_an_earned_coupon_is_used_once(coupons: Coupons) -> None:
    code = coupons.issue("five")
    assert is_well_typed(code)
    assert coupons.said("redeem", shown(code).lower(), "r1", basket("12")) == "200 redeemed 5.00"
    status, body = coupons.ask("redeem", code, "r2", basket("12"), store="bar")
    assert (status, body["reason"], body["used"]["store"]) == (409, "used", "mitte")
    assert body["error"] == "The coupon was used on 2026-03-02T12:00:00Z in mitte."
    assert coupons.states(code) == ["issued", "redeemed"]


def test_a_till_that_lost_the_answer_asks_again(coupons: Coupons) -> None:
    code = coupons.issue("five")
    first = coupons.ask("redeem", code, "r1", basket("12"))
    coupons.now += MINUTE
    assert coupons.ask("redeem", code, "r1", basket("12")) == first
    assert coupons.states(code) == ["issued", "redeemed"]


def test_of_many_tills_at_once_one_wins(coupons: Coupons) -> None:
    code = coupons.issue("five")
    requests = [coupons.till("redeem", code, f"r{number}", basket("12", id=f"b{number}")) for number in range(50)]
    coupons.deliver()
    answers = [coupons.answer(id)[0] for id in requests]
    assert answers.count(200) == 1 and answers.count(409) == 49


def test_an_unknown_code_is_nobodys(coupons: Coupons) -> None:
    assert coupons.said("redeem", "0000-0000-0000-00", "r1", basket("12")) == "404 unknown_code"
    assert not coupons.records


def test_an_abandoned_basket_frees_its_coupon(coupons: Coupons) -> None:
    code = coupons.issue("five")
    status, body = coupons.ask("reserve", code, "r1", basket("12", id="a"))
    assert (status, body["reserved_until"]) == (200, "2026-03-02T12:15:00Z")
    assert coupons.said("redeem", code, "r2", basket("12", id="b")) == "409 reserved"
    coupons.wait(16 * MINUTE)
    assert coupons.said("redeem", code, "r2", basket("12", id="b")) == "200 redeemed 5.00"
    assert coupons.said("redeem", code, "r1", basket("12", id="a")) == "409 released"
    assert coupons.states(code) == ["issued", "reserved", "released abandoned", "redeemed"]


def test_a_reservation_that_is_over_is_over_before_its_timer(coupons: Coupons) -> None:
    code = coupons.issue("five")
    coupons.ask("reserve", code, "r1", basket("12"))
    coupons.now += 16 * MINUTE
    assert coupons.said("redeem", code, "r2", basket("12")) == "200 redeemed 5.00"
    assert coupons.states(code) == ["issued", "reserved", "released abandoned", "redeemed"]


def test_what_was_reserved_is_redeemed(coupons: Coupons) -> None:
    code = coupons.issue("ten")
    assert coupons.said("reserve", code, "r1", basket("12", id="a")) == "200 reserved 1.20"
    assert coupons.said("redeem", code, "r1") == "200 redeemed 1.20"
    assert coupons.said("redeem", code, "r1") == "200 redeemed 1.20"


def test_what_was_released_can_be_used_with_another_id(coupons: Coupons) -> None:
    code = coupons.issue("five")
    coupons.ask("reserve", code, "r1", basket("12", id="a"))
    assert coupons.said("release", code, "r2") == "409 not_held"
    assert coupons.said("release", code, "r1") == "200 released 0.00"
    assert coupons.said("release", code, "r1") == "200 released 0.00"
    assert coupons.said("reserve", code, "r1", basket("12", id="a")) == "409 released"
    assert coupons.said("redeem", code, "r3", basket("12", id="a")) == "200 redeemed 5.00"


@pytest.mark.parametrize(
    ("of", "given", "said"),
    [
        ("coffee", {"of": basket("30", ("KB-1", "25"), ("KB-2", "5"))}, "200 redeemed 5.00"),
        ("coffee", {"of": basket("30", ("KB-1", "19.99"), ("KB-2", "10"))}, "422 minimum"),
        ("coffee", {"of": basket("30", ("KB-2", "30"))}, "422 products"),
        ("coffee", {"of": basket("30", ("KB-1", "30")), "store": "bar"}, "422 store"),
        ("coffee", {"of": basket("30", ("KB-1", "30"), currency="USD")}, "422 currency"),
        ("morning", {"of": basket("30", local="2026-03-02T09:00")}, "200 redeemed 5.00"),
        ("morning", {"of": basket("30", local="2026-03-02T11:00")}, "422 hours"),
        ("morning", {"of": basket("30")}, "422 hours"),
        ("gift", {"of": basket("30", ("KB-2", "7.50"))}, "200 redeemed 7.50"),
        ("gift", {"of": basket("30", ("KB-1", "30"))}, "422 products"),
        ("five", {"of": basket("3")}, "200 redeemed 3.00"),
        ("ten", {"of": basket("12.34")}, "200 redeemed 1.23"),
    ],
)
def test_conditions(coupons: Coupons, of: str, given: dict[str, Any], said: str) -> None:
    code = coupons.issue(of)
    assert coupons.said("redeem", code, "r1", **given) == said
    if said.startswith("422"):
        assert coupons.states(code) == ["issued"]


def test_coupons_of_a_basket_apply_in_their_order(coupons: Coupons) -> None:
    five, ten = coupons.issue("five"), coupons.issue("ten")
    assert coupons.said("reserve", five, "r1", basket("25", id="a")) == "200 reserved 5.00"
    assert coupons.said("reserve", ten, "r2", basket("25", id="a")) == "200 reserved 2.00"
    assert coupons.said("redeem", five, "r1", basket("25", id="b")) == "200 redeemed 5.00"
    status, body = coupons.ask("reserve", coupons.issue("five", 1), "r3", basket("25", id="a"))
    assert (status, body["reason"], body["coupon"]) == (422, "stacking", shown(ten))


def test_a_coupon_that_another_excludes_says_which(coupons: Coupons) -> None:
    ten, strict, alone = coupons.issue("ten"), coupons.issue("not-with-ten"), coupons.issue("alone")
    assert coupons.said("reserve", strict, "r1", basket("25", id="a")) == "200 reserved 5.00"
    status, body = coupons.ask("redeem", ten, "r2", basket("25", id="a"))
    assert (status, body["reason"], body["condition"], body["coupon"]) == (422, "excluded", "excluded", shown(strict))
    assert coupons.said("redeem", alone, "r3", basket("25", id="a")) == "422 excluded"
    assert coupons.said("release", strict, "r1") == "200 released 0.00"
    assert coupons.said("redeem", ten, "r2", basket("25", id="a")) == "200 redeemed 2.50"
    assert coupons.states(ten) == ["issued", "redeemed"]


def test_coupons_of_one_pool_do_not_meet(coupons: Coupons) -> None:
    first, second = coupons.issue("five", 0), coupons.issue("five", 1)
    assert coupons.said("redeem", first, "r1", basket("25", id="a")) == "200 redeemed 5.00"
    assert coupons.said("redeem", second, "r2", basket("25", id="a")) == "422 per_basket"
    assert coupons.said("redeem", second, "r2", basket("25", id="b")) == "200 redeemed 5.00"


def test_a_coupon_expires_at_the_end_of_its_last_day(coupons: Coupons) -> None:
    code, late = coupons.issue("days", 0), coupons.issue("days", 1)
    coupons.wait(3 * DAY + 10 * 60 * MINUTE)  # 22:00 UTC, 23:00 in Berlin
    assert coupons.said("redeem", code, "r1", basket("25")) == "200 redeemed 5.00"
    coupons.wait(60 * MINUTE)
    status, body = coupons.ask("redeem", late, "r2", basket("25"))
    assert (status, body["reason"], body["expired_at"]) == (410, "expired", "2026-03-05T23:00:00Z")
    assert coupons.states(late) == ["issued", "expired"]


def test_an_offline_till_settles_by_event_time(coupons: Coupons) -> None:
    code = coupons.issue("days")
    at = coupons.now + DAY
    coupons.wait(10 * DAY)
    offline = basket("25", offline=True)
    assert coupons.said("redeem", code, "r1", offline, occurred_at=at) == "200 redeemed 5.00"
    assert coupons.states(code) == ["issued", "expired", "redeemed"]


@pytest.mark.parametrize(("late_by", "said"), [(-30, "200 redeemed 5.00"), (30, "409 used")])
def test_a_double_is_reported_and_the_earlier_one_counts(coupons: Coupons, late_by: int, said: str) -> None:
    code = coupons.issue("five")
    coupons.wait(60 * MINUTE)
    online = coupons.ask("redeem", code, "online", basket("25"), sale_event_id="sale-1")
    at = coupons.now + late_by * MINUTE
    coupons.wait(60 * MINUTE)
    offline = basket("25", offline=True)
    assert coupons.said("redeem", code, "offline", offline, occurred_at=at, store="bar") == said
    assert coupons.said("redeem", code, "offline", offline, occurred_at=at, store="bar") == said
    again = coupons.ask("redeem", code, "online", basket("25"))
    assert again[0] == 200 and again[1] | {"double": 0} == online[1] | {"double": 0}
    [double] = [one for one in coupons.changes.values() if one.reason == "double_redemption"]
    assert double.redemption_id == ("tills/online" if late_by < 0 else "tills/offline")
    assert "double_redemption" in coupons.drops


def test_an_offline_till_that_should_not_have_is_reported(coupons: Coupons) -> None:
    code = coupons.issue("coffee")
    assert coupons.said("redeem", code, "r1", basket("25", offline=True), store="mitte") == "422 products"
    assert coupons.states(code) == ["issued", "issued offline_products"]


def test_an_offline_till_takes_a_coupon_from_a_waiting_basket(coupons: Coupons) -> None:
    code = coupons.issue("five")
    coupons.ask("reserve", code, "r1", basket("25", id="a"))
    assert coupons.said("redeem", code, "r2", basket("25", offline=True)) == "200 redeemed 5.00"
    assert coupons.said("redeem", code, "r1", basket("25", id="a")) == "409 released"
    assert coupons.states(code) == ["issued", "reserved", "released offline", "redeemed"]


@pytest.mark.parametrize(
    ("of", "left", "reason", "states"),
    [
        ("five", "0", "", ["released refund"]),
        ("five", "5", "", []),
        ("five", "5", "exchange", []),
        ("strict", "0", "", ["void refund"]),
        ("strict", "5", "", ["released refund"]),
        ("strict", "5", "exchange", ["void exchange"]),
    ],
)
@pytest.mark.parametrize("first", ["sale", "return"])
def test_a_refund_follows_the_pools_policy(
    coupons: Coupons, of: str, left: str, reason: str, states: list[str], first: str
) -> None:
    code = coupons.issue(of)
    steps = [
        lambda: coupons.ask("redeem", code, "r1", basket("25"), sale_event_id="tills/s1"),
        lambda: coupons.returned("tills/s1", "20", left, reason=reason),
    ]
    for one in steps if first == "sale" else reversed(steps):
        one()
    assert coupons.states(code) == ["issued", "redeemed", *states]
    assert coupons.said("redeem", code, "r2", basket("25")).startswith(
        "200" if states and "released" in states[0] else "410" if states else "409"
    )


def test_a_partial_refund_and_then_the_rest(coupons: Coupons) -> None:
    code = coupons.issue("five")
    coupons.ask("redeem", code, "r1", basket("25"), sale_event_id="tills/s1")
    coupons.returned("tills/s1", "5", "15", "return-1")
    coupons.returned("tills/s1", "15", "0", "return-2")
    coupons.returned("tills/s1", "15", "0", "return-2")
    assert coupons.states(code) == ["issued", "redeemed", "released refund"]


def test_imported_codes_have_ordinals_and_are_handed_out(coupons: Coupons) -> None:
    coupons.imported("flyer", "spring-oil", "SPRING 0I1", "spring2")
    assert coupons.code_of("flyer", 0) == "SPR1NG011" and coupons.code_of("flyer", 1) == "SPR1NG2"
    assert coupons.said("redeem", "Spring-2", "r1", basket("25")) == "200 redeemed 5.00"
    assert coupons.issue("flyer", 0) == "SPR1NG011"
    [owned] = [one for one in coupons.changes.values() if one.reason == "handed_out"]
    assert (owned.code, owned.person_id, owned.state) == ("SPR1NG011", "anna", "issued")
    assert coupons.issue("flyer", 2) == ""
    coupons.imported("flyer", "late")
    assert coupons.code_of("flyer", 2) == "1ATE"
    assert {one.person_id for one in coupons.changes.values() if one.code == "1ATE"} == {"", "anna"}


def test_a_code_of_another_pool_is_a_conflict(coupons: Coupons) -> None:
    coupons.imported("flyer", coupons.issue("five"))
    assert coupons.rejects == ["conflict: the code is one of five already"]
    coupons.imported("five", "SPRING")
    assert coupons.rejects[1:] == ["invalid: 'five' is no pool of imported codes"]


def test_two_ordinals_with_one_code_get_two(coupons: Coupons) -> None:
    from schemas.coupons.codes import generated

    taken = generated(bytes(32), "five", 7)
    coupons.imported("flyer", taken)
    code = coupons.issue("five", 7)
    assert code == generated(bytes(32), "five", 7, attempt=1) != taken
    assert coupons.said("redeem", code, "r1", basket("25")) == "200 redeemed 5.00"


def test_a_void_coupon_is_gone(coupons: Coupons) -> None:
    code, used = coupons.issue("five", 0), coupons.issue("five", 1)
    coupons.ask("reserve", code, "r1", basket("25", id="a"))
    coupons.ask("redeem", used, "r2", basket("25"))
    for one in (code, used):
        coupons.send(one, "void", code=one, reason="printed twice")
    coupons.deliver()
    assert coupons.said("redeem", code, "r3", basket("25")) == "410 void"
    assert coupons.states(code) == ["issued", "reserved", "void printed twice"]
    assert coupons.states(used) == ["issued", "redeemed", "redeemed too_late"]


def test_what_a_returned_sale_had_earned_is_void_before_it_is_known(coupons: Coupons) -> None:
    coupons.send("pool/five/3", "void", pool="five", ordinal=3, reason="returned")
    coupons.send("pool/five/3", "issue", pool="five", ordinal=3, rule="ten")
    coupons.deliver()
    assert coupons.code_of("five", 3) == ""


def test_whose_a_coupon_was_is_forgotten_with_them(coupons: Coupons) -> None:
    code = coupons.issue("five")
    for _ in range(2):
        coupons.send("pool/five/0", "forget", pool="five", ordinal=0)
    coupons.deliver()
    assert coupons.said("redeem", code, "r1", basket("25")) == "200 redeemed 5.00"
    [used] = [one for one in coupons.changes.values() if one.state == "redeemed"]
    assert (used.person_id, used.source_profile_id, used.rule) == ("", "", "ten")
    assert coupons.issue("five") == code


def test_a_shown_coupon_is_shown_once(coupons: Coupons) -> None:
    code = coupons.issue("five")
    for _ in range(2):
        coupons.send(code, "show", code=code)
    coupons.deliver()
    assert coupons.states(code) == ["issued", "shown"]
    assert coupons.said("redeem", code, "r1", basket("25")) == "200 redeemed 5.00"


def test_a_brand_that_changes_leaves_issued_coupons_as_they_are(coupons: Coupons) -> None:
    code = coupons.issue("five")
    coupons.where = pools_of(pool(discount=TEN_PERCENT, exclusive=True))
    assert coupons.said("redeem", code, "r1", basket("25")) == "200 redeemed 5.00"
    coupons.where = pools_of(*POOLS)


def test_requests_that_cross_on_their_way_to_the_basket(coupons: Coupons) -> None:
    code = coupons.issue("five")
    first = coupons.till("redeem", code, "r1", basket("25", id="a"))
    second = coupons.till("redeem", code, "r1", basket("25", id="a"))
    third = coupons.till("release", code, "r1")
    coupons.deliver()
    assert coupons.answer(third)[0] == 200
    assert {coupons.answer(first)[0], coupons.answer(second)[0]} <= {200, 409}
    assert coupons.states(code)[-1] == "released"
    assert coupons.said("redeem", code, "r2", basket("25", id="a")) == "200 redeemed 5.00"


def test_baskets_are_forgotten(coupons: Coupons) -> None:
    code = coupons.issue("five")
    coupons.ask("redeem", code, "r1", basket("25", id="a"))
    coupons.wait(8 * DAY)
    assert coupons.records["basket/tills/a"].state is None
    assert coupons.now > NOON
    coupons.log.clear()
