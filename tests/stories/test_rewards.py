"""Rewards: what it earned, and what a return takes back."""

import msgspec

from processors.step import Emit
from schemas.brand.model import ApiKey, Reward
from schemas.events import RewardPosted
from schemas.ids import derived
from tests.support.builders import (
    ANNA,
    after,
    build_events,
    event_id,
    micros,
    person,
    purchase,
    returned,
    scan,
    tap,
    touch,
)
from tests.support.harness import Harness, balance
from tests.support.reference import BOUGHT, SCANNED, THANKS, reference


def test_a_scan_earns_what_its_rule_says(rewards: Harness) -> None:
    [scanned] = build_events(scan(name="first"))
    assert rewards.apply(scanned) == [
        Emit(
            RewardPosted(
                event_id=derived("reward", "scanned", person("anna"), event_id("first")),
                occurred_at=scanned.occurred_at,
                person_id=person("anna"),
                kind="earned",
                points=5,
                rule="scanned",
                rule_version=1,
                source_event_id=event_id("first"),
                source_profile_id=person("anna"),
            )
        )
    ]
    assert balance(rewards, ANNA) == 5


def test_every_rule_that_fits_pays_and_no_other(rewards: Harness) -> None:
    at_shelf = Reward(id="at-shelf", version=1, on=("scan",), points=3, placements=("shelf",))
    rewards.reference = reference(rewards=(at_shelf, SCANNED, BOUGHT))
    assert rewards.run(*build_events(scan("shelf"), scan("poster"), tap("shelf"), touch("page_view"))) == [
        "anna +3 at-shelf for scan-1",
        "anna +5 scanned for scan-1",
        "anna +5 scanned for scan-2",
        "anna +5 scanned for nfc_tap-1",
    ]
    assert balance(rewards, ANNA) == 18


def test_a_link_that_means_no_tag_earns_nothing(rewards: Harness) -> None:
    known, gone = build_events(scan("shelf"), scan("gone"))
    made_up = msgspec.structs.replace(gone, source="scan", placement="")
    events = (msgspec.structs.replace(known, source="scan"), made_up)
    assert rewards.run(*events) == ["anna +5 scanned for scan-1"]


def test_only_whole_units_of_a_purchase_count(rewards: Harness) -> None:
    assert rewards.run(*build_events(purchase("12.99"), purchase("0.99"), purchase("0"))) == [
        "anna +24 bought for sale-1"
    ]
    assert balance(rewards, ANNA) == 24


def test_a_full_return_leaves_no_residue(rewards: Harness) -> None:
    rewards.reference = reference(rewards=(BOUGHT, THANKS))
    sale, back = build_events(purchase("12.99", name="sale-1"), after("2 days"), returned("12.99", of="sale-1"))
    assert rewards.run(sale) == ["anna +24 bought for sale-1", "anna +10 thanks for sale-1"]
    assert rewards.apply(back) == [
        Emit(
            RewardPosted(
                event_id=derived("reward", rule, person("anna"), back.event_id),
                occurred_at=back.occurred_at,
                person_id=person("anna"),
                kind="reversed",
                points=points,
                rule=rule,
                rule_version=version,
                source_event_id=back.event_id,
                reverses_event_id=derived("reward", rule, person("anna"), sale.event_id),
                source_profile_id=person("anna"),
            ),
            transactional=True,
        )
        for rule, version, points in (("bought", 1, -24), ("thanks", 3, -10))
    ]
    assert balance(rewards, ANNA) == 0


def test_a_partial_return_takes_back_what_the_rest_does_not_earn(rewards: Harness) -> None:
    rewards.reference = reference(rewards=(BOUGHT, THANKS))
    assert rewards.run(
        *build_events(
            purchase("10.00", name="sale-1"),
            returned("0.50", of="sale-1"),
            returned("0.50", of="sale-1"),
            returned("2.00", of="sale-1"),
            returned("7.00", of="sale-1"),
        )
    ) == [
        "anna +20 bought for sale-1",
        "anna +10 thanks for sale-1",
        "anna -2 bought for return-1",  # 9.50 stay: nine whole units
        "anna -4 bought for return-3",  # the second half unit cost nothing more; 7.00 stay
        "anna -14 bought for return-4",
        "anna -10 thanks for return-4",
    ]
    assert balance(rewards, ANNA) == 0


def test_what_a_return_exceeds_its_sale_by_is_taken_from_the_sales_before_it(rewards: Harness) -> None:
    """Two purchases went back together and the till named one of them."""
    assert rewards.run(
        *build_events(
            purchase("3.00", name="sale-1"),
            purchase("5.00", name="sale-2"),
            returned("7.00", of="sale-2"),
            purchase("9.00", name="sale-3"),
        )
    ) == [
        "anna +6 bought for sale-1",
        "anna +10 bought for sale-2",
        "anna -4 bought for return-1",
        "anna -10 bought for return-1",
        "anna +18 bought for sale-3",
    ]
    assert balance(rewards, ANNA) == 2 + 18


def test_two_purchases_that_went_back_together_leave_no_points(rewards: Harness) -> None:
    rewards.run(*build_events(purchase("30"), purchase("30"), returned("60")))
    assert balance(rewards, ANNA) == 0


def test_whoever_brings_it_back_the_buyer_loses_the_points(rewards: Harness) -> None:
    sale, back = build_events(purchase("4.00", name="sale-1"), returned("4.00", of="sale-1", who="ben"))
    at_till = msgspec.structs.replace(
        back, event_id=event_id("return-2"), primary_identifier="", identifiers=(), person_id="", source_profile_id=""
    )
    for order in ((sale, back), (back, sale), (sale, at_till), (at_till, sale)):
        harness = Harness(rewards.processor, rewards.reference)
        harness.run(*order)
        assert (balance(harness, ANNA), balance(harness, "ben")) == (0, None)


def test_a_receipt_without_a_person_earns_nothing_and_leaves_no_account(rewards: Harness) -> None:
    sale, back = (
        msgspec.structs.replace(event, primary_identifier="", identifiers=(), person_id="", source_profile_id="")
        for event in build_events(purchase("4.00"), returned("4.00"))
    )
    assert rewards.run(sale, back) == []
    assert rewards.records == {}


def test_points_per_unit_are_for_money_of_the_rules_currency(rewards: Harness) -> None:
    in_yen = Reward(id="yen", version=1, on=("sale",), points_per_unit=1, currency="JPY")
    rewards.reference = reference(rewards=(BOUGHT, THANKS, in_yen))
    assert rewards.run(
        *build_events(purchase("500", name="sale-1", currency="JPY"), returned("100", of="sale-1", currency="JPY"))
    ) == ["anna +10 thanks for sale-1", "anna +500 yen for sale-1", "anna -100 yen for return-1"]


def test_an_exchange_that_paid_out_costs_the_points_of_what_it_paid_out(rewards: Harness) -> None:
    rewards.reference = reference(rewards=(BOUGHT, THANKS))
    sold, exchanged, back = build_events(purchase("30.50"), purchase("20.50"), returned("31"))
    paid_out = msgspec.structs.replace(exchanged, amount_micros=-exchanged.amount_micros)
    assert rewards.run(sold, paid_out) == [
        "anna +60 bought for sale-1",
        "anna +10 thanks for sale-1",
        "anna -40 bought for sale-2",
    ]
    assert rewards.run(back) == ["anna -60 bought for return-1", "anna -10 thanks for return-1"]


def test_a_return_waits_for_its_sale(rewards: Harness) -> None:
    sale, back = build_events(purchase("4.00", name="sale-1"), returned("4.00", of="sale-1"))
    assert rewards.run(back, sale) == ["anna +8 bought for sale-1", "anna -8 bought for return-1"]
    assert balance(rewards, ANNA) == 0
    assert rewards.state("anna").part(person("anna")).history.waiting == {}


def test_a_named_sale_is_found_however_wrong_the_clocks_are(rewards: Harness) -> None:
    back, sale = build_events(returned("4.00", of="sale-1"), after("2 days"), purchase("4.00", name="sale-1"))
    assert rewards.run(back, sale) == ["anna +8 bought for sale-1", "anna -8 bought for return-1"]


def test_a_return_without_a_reference_takes_the_latest_sales_that_have_something_left(rewards: Harness) -> None:
    assert rewards.run(
        *build_events(
            purchase("9.00"),
            purchase("4.00"),
            purchase("2.00"),
            returned("3.00"),
            returned("3.00"),
            returned("100.00"),
        )
    ) == [
        "anna +18 bought for sale-1",
        "anna +8 bought for sale-2",
        "anna +4 bought for sale-3",
        "anna -2 bought for return-1",
        "anna -4 bought for return-1",
        "anna -6 bought for return-2",
        "anna -18 bought for return-3",
    ]
    history = rewards.state("anna").part(person("anna")).history
    assert [back.waiting_micros for back in history.waiting.values()] == [micros("91")]
    assert balance(rewards, ANNA) == 0


def test_a_return_without_a_reference_never_takes_a_later_sale(rewards: Harness) -> None:
    assert rewards.run(*build_events(returned("4.00"), after("1 hour"), purchase("4.00"))) == [
        "anna +8 bought for sale-1"
    ]
    assert balance(rewards, ANNA) == 8


def test_a_return_without_a_reference_waits_for_a_sale_that_comes_late(rewards: Harness) -> None:
    sale, back = build_events(purchase("4.00"), returned("4.00"))
    assert rewards.run(back, sale) == ["anna +8 bought for sale-1", "anna -8 bought for return-1"]
    assert balance(rewards, ANNA) == 0


def test_money_of_another_currency_takes_nothing_back(rewards: Harness) -> None:
    assert rewards.run(
        *build_events(
            purchase("10.00", name="sale-1"),
            returned("10.00", of="sale-1", currency="JPY"),
            returned("10.00", currency="USD"),
        )
    ) == ["anna +20 bought for sale-1"]
    assert balance(rewards, ANNA) == 20


def test_a_return_keeps_to_the_terms_of_its_sale(rewards: Harness) -> None:
    """Rules change, get a new version, or go: what was earned by the old terms is taken back by them."""
    sale, other, half, rest, gone = build_events(
        purchase("10.00", name="sale-1"),
        purchase("10.00", name="sale-2"),
        returned("5.00", of="sale-1"),
        returned("5.00", of="sale-1"),
        returned("4.00", of="sale-2"),
    )
    rewards.run(sale, other)
    rewards.reference = reference(rewards=(Reward(id="bought", version=2, on=("sale",), points_per_unit=1),))
    assert rewards.run(half) == ["anna -10 bought for return-1"]
    rewards.reference = reference(rewards=())
    assert rewards.run(rest, gone) == ["anna -10 bought for return-2", "anna -8 bought for return-3"]
    assert balance(rewards, ANNA) == 12
    assert all(e.rule_version == 1 for e in posted(rewards))


def test_a_new_version_of_a_rule_pays_no_event_again(rewards: Harness) -> None:
    [first] = build_events(scan())
    rewards.run(first)
    rewards.reference = reference(rewards=(Reward(id="scanned", version=2, on=("scan",), points=50),))
    assert rewards.run(first) == ["dropped: duplicate"]
    assert balance(rewards, ANNA) == 5


def test_an_event_older_than_the_window_is_not_paid_again(rewards: Harness) -> None:
    """The window of duplicates ends; the ledger's own keys do not."""
    story = build_events(purchase("5.00", name="sale-1"), returned("1.00", of="sale-1"), *[scan() for _ in range(40)])
    rewards.run(story[0], story[1])
    rewards.apply(*story[2:])
    assert rewards.apply(story[0], story[1], story[2]) == []
    assert balance(rewards, ANNA) == 8 + 40 * 5


def test_the_balance_is_the_sum_of_what_was_posted(rewards: Harness) -> None:
    story = build_events(
        scan(), purchase("7.50", name="sale-1"), returned("1.00", of="sale-1"), tap(), returned("9.00", of="sale-1")
    )
    rewards.run(*story)
    assert balance(rewards, ANNA) == sum(e.points for e in posted(rewards)) == 10


def test_what_earns_nothing_leaves_no_account(rewards: Harness) -> None:
    assert rewards.run(*build_events(touch("page_view"))) == []
    assert rewards.records == {}


def posted(harness: Harness) -> list[RewardPosted]:
    """The ledger: every entry once."""
    entries = (raw for raw in harness.emitted.values() if "rule" in msgspec.msgpack.decode(raw))
    return [msgspec.msgpack.decode(raw, type=RewardPosted) for raw in entries]


DAY_US = 86_400_000_000
PUBLIC = ApiKey(id="page", hash="", scopes=("events:web",))
REVIEWED = Reward(id="reviewed", version=1, on=("page_view",), points=30)
DAILY = Reward(id="daily", version=1, on=("page_view",), points=2, public_keys="once_a_day")


def test_points_are_not_minted_with_a_key_that_anybody_has(rewards: Harness) -> None:
    """Many events of a page on two days, whatever time they state: a rule that allows it pays once a day."""
    rewards.reference = reference(rewards=(REVIEWED, DAILY), api_keys=(PUBLIC,))
    reviews = build_events(*[touch("page_view") for _ in range(8)])
    days = [
        msgspec.structs.replace(event, source="page", received_at=reviews[0].received_at + day * DAY_US)
        for event, day in zip(reviews, [0] * 4 + [1] * 4, strict=True)
    ]
    assert rewards.run(*days) == ["anna +2 daily for page_view-1", "anna +2 daily for page_view-5"]
    assert set(rewards.run(*days)) == {"dropped: duplicate"}
    assert balance(rewards, ANNA) == 4


def test_the_same_from_a_server_earns_what_the_rules_say(rewards: Harness) -> None:
    rewards.reference = reference(rewards=(REVIEWED, DAILY), api_keys=(PUBLIC,))
    assert len(rewards.run(*build_events(touch("page_view"), touch("page_view")))) == 4
    assert balance(rewards, ANNA) == 64
