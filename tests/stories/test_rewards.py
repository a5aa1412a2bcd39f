"""Rewards: what it earned, and what a return takes back."""

import msgspec

from processors.step import Emit
from schemas.brand.model import Reward
from schemas.events import RewardPosted
from schemas.ids import derived
from tests.stories.stage import Stage
from tests.stories.telling import after, event_id, person, purchase, returned, scan, tap, told, touch
from tests.stories.world import BOUGHT, SCANNED, THANKS, world


def balance(stage: Stage, who: str = "anna") -> int:
    """As the account has it; it must be what was posted."""
    account = stage.state(who)
    return account.balance if account else 0


def test_a_scan_earns_what_its_rule_says(rewards: Stage) -> None:
    [scanned] = told(scan(name="first"))
    assert rewards.hears(scanned) == [
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
                own_person_id=person("anna"),
            )
        )
    ]
    assert balance(rewards) == 5


def test_every_rule_that_fits_pays_and_no_other(rewards: Stage) -> None:
    at_shelf = Reward(id="at-shelf", version=1, on=("scan",), points=3, placements=("shelf",))
    rewards.world = world(rewards=(at_shelf, SCANNED, BOUGHT))
    assert rewards.plays(*told(scan("shelf"), scan("poster"), tap("shelf"), touch("page_view"))) == [
        "anna +3 at-shelf for scan-1",
        "anna +5 scanned for scan-1",
        "anna +5 scanned for scan-2",
        "anna +5 scanned for nfc_tap-1",
    ]
    assert balance(rewards) == 18


def test_only_whole_units_of_a_purchase_count(rewards: Stage) -> None:
    assert rewards.plays(*told(purchase("12.99"), purchase("0.99"), purchase("0"))) == ["anna +24 bought for sale-1"]
    assert balance(rewards) == 24


def test_a_full_return_leaves_no_residue(rewards: Stage) -> None:
    rewards.world = world(rewards=(BOUGHT, THANKS))
    sale, back = told(purchase("12.99", name="sale-1"), after("2 days"), returned("12.99", of="sale-1"))
    assert rewards.plays(sale) == ["anna +24 bought for sale-1", "anna +10 thanks for sale-1"]
    assert rewards.hears(back) == [
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
                own_person_id=person("anna"),
            )
        )
        for rule, version, points in (("bought", 1, -24), ("thanks", 3, -10))
    ]
    assert balance(rewards) == 0


def test_a_partial_return_takes_back_what_the_rest_does_not_earn(rewards: Stage) -> None:
    rewards.world = world(rewards=(BOUGHT, THANKS))
    assert rewards.plays(
        *told(
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
    assert balance(rewards) == 0


def test_more_than_was_paid_cannot_come_back(rewards: Stage) -> None:
    assert rewards.plays(
        *told(
            purchase("3.00", name="sale-1"),
            purchase("5.00", name="sale-2"),
            returned("100.00", of="sale-1"),
            returned("1.00", of="sale-1"),
        )
    ) == ["anna +6 bought for sale-1", "anna +10 bought for sale-2", "anna -6 bought for return-1"]
    assert balance(rewards) == 10


def test_a_return_waits_for_its_sale(rewards: Stage) -> None:
    sale, back = told(purchase("4.00", name="sale-1"), returned("4.00", of="sale-1"))
    assert rewards.plays(back, sale) == ["anna +8 bought for sale-1", "anna -8 bought for return-1"]
    assert balance(rewards) == 0
    assert rewards.state("anna").waiting == ()


def test_a_named_sale_is_found_however_wrong_the_clocks_are(rewards: Stage) -> None:
    back, sale = told(returned("4.00", of="sale-1"), after("2 days"), purchase("4.00", name="sale-1"))
    assert rewards.plays(back, sale) == ["anna +8 bought for sale-1", "anna -8 bought for return-1"]


def test_a_return_without_a_reference_takes_the_latest_sale_that_can_cover_it(rewards: Stage) -> None:
    assert rewards.plays(
        *told(
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
        "anna -6 bought for return-1",
        "anna -6 bought for return-2",
    ]
    sales = {event_id(f"sale-{n}"): n for n in (1, 2, 3)}
    purchases = rewards.state("anna").part(person("anna")).purchases
    taken = {sales[id]: p.returned_micros // 1_000_000 for id, p in purchases.items()}
    assert taken == {1: 3, 2: 3, 3: 0}
    assert len(rewards.state("anna").waiting) == 1


def test_a_return_without_a_reference_never_takes_a_later_sale(rewards: Stage) -> None:
    assert rewards.plays(*told(returned("4.00"), after("1 hour"), purchase("4.00"))) == ["anna +8 bought for sale-1"]
    assert balance(rewards) == 8


def test_a_return_without_a_reference_waits_for_a_sale_that_comes_late(rewards: Stage) -> None:
    sale, back = told(purchase("4.00"), returned("4.00"))
    assert rewards.plays(back, sale) == ["anna +8 bought for sale-1", "anna -8 bought for return-1"]
    assert balance(rewards) == 0


def test_money_of_another_currency_takes_nothing_back(rewards: Stage) -> None:
    assert rewards.plays(
        *told(
            purchase("10.00", name="sale-1"),
            returned("10.00", of="sale-1", currency="JPY"),
            returned("10.00", currency="USD"),
        )
    ) == ["anna +20 bought for sale-1"]
    assert balance(rewards) == 20


def test_a_return_keeps_to_the_terms_of_its_sale(rewards: Stage) -> None:
    """Rules change, get a new version, or go: what was earned by the old terms is taken back by them."""
    sale, other, half, rest, gone = told(
        purchase("10.00", name="sale-1"),
        purchase("10.00", name="sale-2"),
        returned("5.00", of="sale-1"),
        returned("5.00", of="sale-1"),
        returned("4.00", of="sale-2"),
    )
    rewards.plays(sale, other)
    rewards.world = world(rewards=(Reward(id="bought", version=2, on=("sale",), points_per_unit=1),))
    assert rewards.plays(half) == ["anna -10 bought for return-1"]
    rewards.world = world(rewards=())
    assert rewards.plays(rest, gone) == ["anna -10 bought for return-2", "anna -8 bought for return-3"]
    assert balance(rewards) == 12
    assert all(e.rule_version == 1 for e in posted(rewards))


def test_a_new_version_of_a_rule_pays_no_event_again(rewards: Stage) -> None:
    [first] = told(scan())
    rewards.plays(first)
    rewards.world = world(rewards=(Reward(id="scanned", version=2, on=("scan",), points=50),))
    assert rewards.plays(first) == ["dropped: duplicate"]
    assert balance(rewards) == 5


def test_an_event_older_than_the_window_is_not_paid_again(rewards: Stage) -> None:
    """The window of duplicates ends; the ledger's own keys do not."""
    story = told(purchase("5.00", name="sale-1"), returned("1.00", of="sale-1"), *[scan() for _ in range(40)])
    rewards.plays(story[0], story[1])
    rewards.hears(*story[2:])
    assert rewards.hears(story[0], story[1], story[2]) == []
    assert balance(rewards) == 8 + 40 * 5


def test_the_balance_is_the_sum_of_what_was_posted(rewards: Stage) -> None:
    story = told(
        scan(), purchase("7.50", name="sale-1"), returned("1.00", of="sale-1"), tap(), returned("9.00", of="sale-1")
    )
    rewards.plays(*story)
    assert balance(rewards) == sum(e.points for e in posted(rewards)) == 10


def test_what_earns_nothing_leaves_no_account(rewards: Stage) -> None:
    assert rewards.plays(*told(touch("page_view"))) == []
    assert rewards.kept == {}


def posted(stage: Stage) -> list[RewardPosted]:
    """The ledger: every entry once."""
    return [msgspec.msgpack.decode(raw, type=RewardPosted) for raw in stage.emitted.values()]
