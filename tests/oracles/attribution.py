"""Attribution in plain Python, from its definition alone: the store must give the same figures.

Independent of the SQL: people are resolved by following merges, returns reduce a list of open sales, paths are built
event by event.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

TOUCH_TYPES = frozenset(
    {"scan", "nfc_tap", "ad_click", "message_clicked", "event_checkin", "portal_login", "page_view"}
)
HALF_LIFE_H = 168.0


@dataclass(frozen=True)
class SimpleEvent:
    """One event; ``amount`` of a sale or return is positive."""

    event_id: str
    person: str
    type: str
    at: datetime
    channel: str = ""
    campaign: str = ""
    placement: str = ""
    store: str = ""
    tag: str = ""
    amount: Decimal = Decimal(0)
    related: str = ""


Credits = dict[str, tuple[float, float]]
"""Conversions and revenue by value of a dimension."""


@dataclass(frozen=True)
class Path:
    """The touches before one conversion, or after the last one; ``revenue`` is None for the latter."""

    person: str
    ended_at: datetime
    touches: tuple[SimpleEvent, ...]
    revenue: Decimal | None


def attribute(
    events: Iterable[SimpleEvent],
    merges: dict[str, str],
    model: str,
    lookback: timedelta,
    since: datetime,
    until: datetime,
    by: str = "channel",
) -> Credits:
    """Credits of the sales with since <= time < until. Of events with one id the first in ``events`` counts."""
    credits: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for path in paths(events, merges, lookback, since, until):
        if path.revenue is not None:
            for touch, share in shares(path.touches, path.ended_at, model):
                value = value_of(touch, by)
                credits[value][0] += share
                credits[value][1] += share * float(path.revenue)
    return {value: (conversions, revenue) for value, (conversions, revenue) in credits.items()}


def paths(
    events: Iterable[SimpleEvent], merges: dict[str, str], lookback: timedelta, since: datetime, until: datetime
) -> list[Path]:
    """Paths that ended with since <= time < until, each with its touches no older than ``lookback`` before its end."""
    once: dict[str, SimpleEvent] = {}
    for event in events:
        once.setdefault(event.event_id, event)
    kept = net_of_returns(list(once.values()), merges)
    people: dict[str, list[SimpleEvent]] = defaultdict(list)
    for event in once.values():
        people[person_now(event.person, merges)].append(event)
    found: list[Path] = []
    for person, history in people.items():
        touches: list[SimpleEvent] = []
        ends: list[tuple[datetime, list[SimpleEvent], Decimal | None]] = []
        for event in in_order(history):
            if is_touch(event):
                touches.append(event)
            if event.type == "sale":
                ends.append((event.at, touches, kept[event.event_id]))
                touches = []
        if touches:
            ends.append((touches[-1].at, touches, None))
        for at, before, revenue in ends:
            if since <= at < until:
                recent = tuple(touch for touch in before if touch.at >= at - lookback)
                found.append(Path(person, at, recent, revenue))
    return found


def value_of(touch: SimpleEvent | None, by: str) -> str:
    """The value of a touch in a dimension; None stands for the touch of a sale without touches."""
    if by == "channel":
        return (touch.channel or touch.type) if touch else "direct"
    if by == "campaign_placement":
        return f"{touch.campaign}\x1f{touch.placement}" if touch else "\x1f"
    return str(getattr(touch, by)) if touch else ""


def person_now(person: str, merges: dict[str, str]) -> str:
    while person in merges:
        person = merges[person]
    return person


def in_order(history: Iterable[SimpleEvent]) -> list[SimpleEvent]:
    """By time; at equal times touches come before sales, then ids decide."""
    return sorted(history, key=lambda event: (event.at, event.type == "sale", event.event_id))


def is_touch(event: SimpleEvent) -> bool:
    if event.type == "sale":
        return event.channel != ""
    if event.type == "page_view":
        return event.campaign != ""
    return event.type in TOUCH_TYPES


def net_of_returns(events: Sequence[SimpleEvent], merges: dict[str, str]) -> dict[str, Decimal]:
    """What remains of every sale. Returns that name one are booked on it first, in order of time; what is left over of
    them, and of returns that name none, on the latest sales of the buyer, or of who brings it, that are not later. At
    equal times sales come first, small amounts before large ones, then ids decide."""
    sales = {event.event_id: event for event in events if event.type == "sale"}
    returns = [event for event in events if event.type == "return"]
    left = {id: sale.amount for id, sale in sales.items()}
    over = {back.event_id: back.amount for back in returns}
    for back in sorted(returns, key=lambda back: (back.at, back.amount, back.event_id)):
        if back.related in sales:
            taken = min(over[back.event_id], left[back.related])
            left[back.related] -= taken
            over[back.event_id] -= taken
    open_sales: dict[str, list[str]] = defaultdict(list)
    moves = [(sale.at, False, left[sale.event_id], sale.event_id, sale) for sale in sales.values()]
    moves += [
        (back.at, True, over[back.event_id], back.event_id, sales.get(back.related, back))
        for back in returns
        if not back.related or back.related in sales
    ]
    for _, is_return, amount, id, whose in sorted(moves, key=lambda move: move[:4]):
        mine = open_sales[person_now(whose.person, merges)]
        if not is_return:
            mine.append(id)
        while is_return and amount and mine:
            taken = min(amount, left[mine[-1]])
            amount -= taken
            left[mine[-1]] -= taken
            if not left[mine[-1]]:
                mine.pop()
    return left


def shares(touches: tuple[SimpleEvent, ...], sold_at: datetime, model: str) -> list[tuple[SimpleEvent | None, float]]:
    """Every touch and its share; a sale without touches has one share with None. The shares sum to 1."""
    channels = [value_of(touch, "channel") for touch in touches or (None,)]
    ages_h = [(sold_at - touch.at) / timedelta(hours=1) for touch in touches] or [0.0]
    return list(zip(touches or (None,), parts(model, channels, ages_h), strict=True))


def parts(model: str, channels: Sequence[str], ages_h: Sequence[float]) -> list[float]:
    """The share of each touch of one path; they sum to 1. :param ages_h: hours before the sale."""
    n = len(channels)
    weights = [0.0] * n
    match model:
        case "first":
            weights[0] = 1.0
        case "last":
            weights[-1] = 1.0
        case "last_non_direct":
            named = [i for i, channel in enumerate(channels) if channel != "direct"]
            weights[named[-1] if named else -1] = 1.0
        case "linear":
            weights = [1.0] * n
        case "time_decay":
            weights = [2.0 ** (-age / HALF_LIFE_H) for age in ages_h]
        case "position":
            weights = [1.0] * n if n <= 2 else [0.4, *[0.2 / (n - 2)] * (n - 2), 0.4]
        case _:
            raise ValueError(model)
    total = sum(weights)
    return [weight / total for weight in weights]
