"""Rewards for those who bought often enough: what counts as a purchase, and when."""

from processors.step import Emit
from schemas.brand.model import Reward
from tests.support.builders import build_events, merged, parted, purchase, returned, scan
from tests.support.harness import Harness, balance
from tests.support.reference import BOUGHT, reference

LOYAL = Reward(id="loyal", version=1, on=("sale",), points=100, purchases_at_least=2)
KNOWN = Reward(id="known", version=1, on=("scan",), points=7, purchases_at_least=1)


def test_a_reward_may_ask_for_purchases_and_the_sale_itself_is_one(rewards: Harness) -> None:
    rewards.reference = reference(rewards=(LOYAL, KNOWN))
    assert rewards.run(
        *build_events(
            scan(), purchase("3"), scan(), purchase("0"), purchase("5"), purchase("1", who="ben"), scan(who="cleo")
        )
    ) == ["anna +7 known for scan-2", "anna +100 loyal for sale-3"]


def test_a_purchase_that_went_back_and_one_of_later_earn_nothing(rewards: Harness) -> None:
    rewards.reference = reference(rewards=(BOUGHT, LOYAL, KNOWN))
    early, *story = build_events(
        scan(),
        purchase("3", name="sale-1"),
        returned("3", of="sale-1"),
        scan(),
        purchase("5", name="sale-2"),
    )
    assert rewards.run(*story, early) == [
        "anna +6 bought for sale-1",
        "anna -6 bought for return-1",
        "anna +10 bought for sale-2",
    ]


def test_what_a_reward_for_purchases_gave_for_a_sale_goes_back_with_it(rewards: Harness) -> None:
    rewards.reference = reference(rewards=(LOYAL,))
    assert rewards.run(
        *build_events(purchase("3"), purchase("5", name="sale-2"), returned("5", of="sale-2"), purchase("4"))
    ) == ["anna +100 loyal for sale-2", "anna -100 loyal for return-1", "anna +100 loyal for sale-3"]


def test_purchases_count_for_the_person_as_long_as_they_are_one(rewards: Harness) -> None:
    rewards.reference = reference(rewards=(KNOWN,))
    assert rewards.run(
        *build_events(
            purchase("3"),
            scan(who="ben"),
            merged("anna", into="ben"),
            scan(who="ben"),
            parted("anna", from_="ben"),
            scan(who="ben"),
            scan(),
        )
    ) == ["anna moves to ben", "ben +7 known for scan-2", "anna moves to anna", "anna +7 known for scan-4"]
    assert (balance(rewards, "anna"), balance(rewards, "ben")) == (7, 7)


def test_points_that_depend_on_the_order_between_topics_are_transactional(rewards: Harness) -> None:
    """Were it out before its state is, a crash might leave an entry that the second attempt does not make."""
    rewards.reference = reference(rewards=(BOUGHT, LOYAL))
    effects = rewards.apply(*build_events(purchase("3"), purchase("5")))
    assert [(e.event.rule, e.transactional) for e in effects if isinstance(e, Emit)] == [
        ("bought", False),
        ("bought", False),
        ("loyal", True),
    ]
