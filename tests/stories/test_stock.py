"""Which of a shelf's stock reports counts."""

from hypothesis import given
from hypothesis import strategies as st

from processors.stock import StockFold
from schemas.events import StockReported

HOUR = 3_600_000_000
NOON = 1_790_000_000_000_000
CUPS = ("lisbon-alfama", "KB-402")


def report(quantity: int, counted_at: int, received_at: int) -> StockReported:
    return StockReported(
        event_id=f"{counted_at}/{quantity}",
        occurred_at=NOON + counted_at,
        received_at=NOON + received_at,
        store=CUPS[0],
        sku=CUPS[1],
        quantity=quantity,
        source="till",
    )


def units(*reports: StockReported) -> int:
    """What is on the shelf after the reports, and after the same reports again."""
    fold = StockFold()
    for _ in range(2):
        for one in reports:
            fold.apply(one)
    return fold.units[CUPS]


def test_a_till_that_was_offline_replaces_no_newer_count() -> None:
    assert units(report(3, 2 * HOUR, 2 * HOUR), report(9, HOUR, 3 * HOUR)) == 3


def test_a_clock_that_is_ahead_does_not_outlive_a_true_report() -> None:
    assert units(report(7, 23 * HOUR, 0), report(0, 1, 1)) == 0


def test_two_reports_of_one_clock_that_is_ahead_count_in_their_order() -> None:
    assert units(report(7, 23 * HOUR, 0), report(6, 23 * HOUR + 1, 0)) == 6
    assert units(report(6, 23 * HOUR + 1, 0), report(7, 23 * HOUR, 0)) == 6


@given(st.data(), st.lists(st.tuples(st.integers(-9, 9), st.integers(0, 9)), min_size=1, unique=True))
def test_any_order_leaves_the_same_stock(data: st.DataObject, times: list[tuple[int, int]]) -> None:
    reports = [report(number, counted, received) for number, (counted, received) in enumerate(times)]
    latest = max(reports, key=lambda one: (min(one.occurred_at, one.received_at), one.occurred_at))
    tied = {(min(one.occurred_at, one.received_at), one.occurred_at) for one in reports}
    if len(tied) == len(reports):
        assert units(*data.draw(st.permutations(reports))) == latest.quantity
