"""Attribution once more, in plain Python and from its definition alone: the figures that the store must give too.

Independent of the SQL: people are found by following merges, returns are taken from a list of open sales, paths are
built event by event.
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
class Happening:
    """One event; ``amount`` is that of a sale or return, positive."""

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
    touches: tuple[Happening, ...]
    revenue: Decimal | None


def attribute(
    happenings: Iterable[Happening],
    merges: dict[str, str],
    model: str,
    lookback: timedelta,
    since: datetime,
    until: datetime,
    by: str = "channel",
) -> Credits:
    """Credits of the sales with since <= time < until. Of events with one id the first in ``happenings`` counts."""
    credits: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for path in paths(happenings, merges, lookback, since, until):
        if path.revenue is not None:
            for touch, share in shares(path.touches, path.ended_at, model):
                value = value_of(touch, by)
                credits[value][0] += share
                credits[value][1] += share * float(path.revenue)
    return {value: (conversions, revenue) for value, (conversions, revenue) in credits.items()}


def paths(
    happenings: Iterable[Happening], merges: dict[str, str], lookback: timedelta, since: datetime, until: datetime
) -> list[Path]:
    """Paths that ended with since <= time < until, each with its touches no older than ``lookback`` before its end."""
    once: dict[str, Happening] = {}
    for happening in happenings:
        once.setdefault(happening.event_id, happening)
    kept = net_of_returns(list(once.values()), merges)
    people: dict[str, list[Happening]] = defaultdict(list)
    for happening in once.values():
        people[person_now(happening.person, merges)].append(happening)
    found: list[Path] = []
    for person, history in people.items():
        touches: list[Happening] = []
        ends: list[tuple[datetime, list[Happening], Decimal | None]] = []
        for happening in in_order(history):
            if is_touch(happening):
                touches.append(happening)
            if happening.type == "sale":
                ends.append((happening.at, touches, kept[happening.event_id]))
                touches = []
        if touches:
            ends.append((touches[-1].at, touches, None))
        for at, before, revenue in ends:
            if since <= at < until:
                recent = tuple(touch for touch in before if touch.at >= at - lookback)
                found.append(Path(person, at, recent, revenue))
    return found


def value_of(touch: Happening | None, by: str) -> str:
    """What a touch has in a dimension; None is the touch of a sale without any."""
    if by == "channel":
        return (touch.channel or touch.type) if touch else "direct"
    if by == "campaign_placement":
        return f"{touch.campaign}\x1f{touch.placement}" if touch else "\x1f"
    return str(getattr(touch, by)) if touch else ""


def person_now(person: str, merges: dict[str, str]) -> str:
    while person in merges:
        person = merges[person]
    return person


def in_order(history: Iterable[Happening]) -> list[Happening]:
    return sorted(history, key=lambda happening: (happening.at, happening.event_id))


def is_touch(happening: Happening) -> bool:
    if happening.type == "sale":
        return happening.channel != ""
    if happening.type == "page_view":
        return happening.campaign != ""
    return happening.type in TOUCH_TYPES


def net_of_returns(happenings: list[Happening], merges: dict[str, str]) -> dict[str, Decimal]:
    """What is left of every sale, by its event id."""
    left = {happening.event_id: happening.amount for happening in happenings if happening.type == "sale"}
    for back in happenings:
        if back.type == "return" and back.related in left:
            left[back.related] = max(Decimal(0), left[back.related] - back.amount)
    open_sales: dict[str, list[str]] = defaultdict(list)
    for happening in in_order(happenings):
        person = person_now(happening.person, merges)
        if happening.type == "sale":
            open_sales[person].append(happening.event_id)
        elif happening.type == "return" and not happening.related:
            owed = happening.amount
            for sale in reversed(open_sales[person]):
                taken = min(owed, left[sale])
                left[sale] -= taken
                owed -= taken
    return left


def shares(touches: tuple[Happening, ...], sold_at: datetime, model: str) -> list[tuple[Happening | None, float]]:
    """Every touch and its share, None for a sale without any; the shares sum to 1."""
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
