"""The pace of an import: phones that scan meanwhile decide it, and how far the processors are behind."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from deploy.operate.importer.pace import (
    BACKLOG_KEPT,
    FIRST_PER_S,
    LONGEST_REST_S,
    PATIENCE_S,
    Pace,
    backlog_rest_s,
)

BATCH, ANSWER_S = 100, 0.01
SOON_S, LATE_S = PATIENCE_S / 2, 2 * PATIENCE_S


def sent_per_s(pace: Pace, seconds: float, delay_s: Callable[[float], float], backlog: int = 0) -> float:
    """Events a second over so many seconds; a machine that answers each batch after ANSWER_S.

    :param delay_s: of scans, by the events a second that are sent at the time.
    """
    events, passed_s, rate = 0, 0.0, 0.0
    while passed_s < seconds:
        took_s = ANSWER_S + pace.rest_s(BATCH, ANSWER_S, delay_s(rate), backlog)
        events, passed_s, rate = events + BATCH, passed_s + took_s, BATCH / took_s
    return events / passed_s


def test_an_import_begins_slowly_and_becomes_faster_while_scans_are_decided_soon() -> None:
    pace = Pace()
    first = sent_per_s(pace, 2, lambda rate: SOON_S)
    later = sent_per_s(pace, 2, lambda rate: SOON_S)
    last = sent_per_s(pace, 20, lambda rate: SOON_S)
    assert FIRST_PER_S <= first < later < last
    assert later < 2 * first


def test_where_nobody_scans_it_is_soon_at_full_speed() -> None:
    pace = Pace()
    sent_per_s(pace, 3, lambda rate: 0.0)
    assert sent_per_s(pace, 1, lambda rate: 0.0) > 0.9 * BATCH / ANSWER_S


def test_it_slows_down_as_soon_as_scans_wait_and_never_stands_still() -> None:
    pace = Pace()
    sent_per_s(pace, 5, lambda rate: 0.0)
    sent_per_s(pace, 6, lambda rate: LATE_S)
    slow = sent_per_s(pace, 5, lambda rate: LATE_S)
    assert 0.9 * FIRST_PER_S < slow < 1.1 * FIRST_PER_S


def test_it_finds_what_the_machines_bear() -> None:
    bearable = 2500.0
    pace = Pace()
    sent_per_s(pace, 20, lambda rate: SOON_S if rate < bearable else LATE_S)
    assert 0.4 * bearable < sent_per_s(pace, 20, lambda rate: SOON_S if rate < bearable else LATE_S) < 1.3 * bearable


@given(backlog=st.integers(0, 10**9), more=st.integers(0, 10**6))
def test_a_larger_backlog_is_a_longer_rest(backlog: int, more: int) -> None:
    assert 0 <= backlog_rest_s(backlog) <= backlog_rest_s(backlog + more) <= LONGEST_REST_S
    assert (backlog_rest_s(backlog) == 0) == (backlog <= BACKLOG_KEPT)


def test_an_import_rests_for_the_backlog_also_where_nobody_scans() -> None:
    assert sent_per_s(Pace(), 20, lambda rate: 0.0, backlog=2 * BACKLOG_KEPT) < 2 * BATCH / LONGEST_REST_S
