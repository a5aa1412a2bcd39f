"""Attribution once more, in plain Python and from its definition alone: the figures that the store must give too.

Independent of the SQL: people are found by following merges, returns are taken from a list of open sales, paths are
built event by event.
"""

from collections import defaultdict
from collections.abc import Iterable
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
    amount: Decimal = Decimal(0)
    related: str = ""


Credits = dict[str, tuple[float, float]]
"""Conversions and revenue by channel."""


def attribute(
    happenings: Iterable[Happening],
    merges: dict[str, str],
    model: str,
    lookback: timedelta,
    since: datetime,
    until: datetime,
) -> Credits:
    """Credits of the sales with since <= time < until. Of events with one id the first in ``happenings`` counts."""
    once: dict[str, Happening] = {}
    for happening in happenings:
        once.setdefault(happening.event_id, happening)
    kept = net_of_returns(list(once.values()), merges)
    people: dict[str, list[Happening]] = defaultdict(list)
    for happening in once.values():
        people[person_now(happening.person, merges)].append(happening)
    credits: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for history in people.values():
        touches: list[Happening] = []
        for happening in in_order(history):
            if is_touch(happening):
                touches.append(happening)
            if happening.type != "sale":
                continue
            if since <= happening.at < until:
                recent = [touch for touch in touches if touch.at >= happening.at - lookback]
                for channel, share in shares(recent, happening.at, model):
                    credits[channel][0] += share
                    credits[channel][1] += share * float(kept[happening.event_id])
            touches = []
    return {channel: (conversions, revenue) for channel, (conversions, revenue) in credits.items()}


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


def shares(touches: list[Happening], sold_at: datetime, model: str) -> list[tuple[str, float]]:
    """Channel and share of every touch; the shares sum to 1."""
    channels = [touch.channel or touch.type for touch in touches] or ["direct"]
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
            ages_h = [(sold_at - touch.at) / timedelta(hours=1) for touch in touches] or [0.0]
            weights = [2.0 ** (-age / HALF_LIFE_H) for age in ages_h]
        case "position":
            weights = [1.0] * n if n <= 2 else [0.4, *[0.2 / (n - 2)] * (n - 2), 0.4]
        case _:
            raise ValueError(model)
    total = sum(weights)
    return [(channel, weight / total) for channel, weight in zip(channels, weights, strict=True)]
