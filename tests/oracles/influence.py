"""The expected rows of influence and first_offline_touch, counted path by path from path_in_window."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from schemas.kinds import OFFLINE


@dataclass(frozen=True)
class Path:
    converted: bool
    revenue: Decimal
    steps: list[str]
    types: list[str]


@dataclass
class Part:
    """The paths and conversions with a value; ``hidden`` are conversions that last-click attributes to another one."""

    paths: int = 0
    conversions: int = 0
    revenue: Decimal = field(default_factory=Decimal)
    hidden: int = 0
    hidden_revenue: Decimal = field(default_factory=Decimal)


def influence(paths: Iterable[Path]) -> dict[str, Part]:
    """By value; ``*`` for any offline touch."""
    found: dict[str, Part] = defaultdict(Part)
    for path in paths:
        touches = list(zip(path.steps, path.types, strict=True))
        values = {step for step, type in touches if type in OFFLINE}
        last_step, last_type = touches[-1]
        hidden = {value: value != last_step for value in values}
        if values:
            hidden["*"] = last_type not in OFFLINE
        for value, is_hidden in hidden.items():
            part = found[value]
            part.paths += 1
            if path.converted:
                part.conversions += 1
                part.revenue += path.revenue
                part.hidden += is_hidden
                part.hidden_revenue += path.revenue if is_hidden else 0
    return dict(found)


def first_offline(paths: Iterable[Path]) -> dict[str, tuple[int, Decimal]]:
    """Conversions and revenue by value."""
    found: dict[str, tuple[int, Decimal]] = {}
    for path in paths:
        for step, type in zip(path.steps, path.types, strict=True):
            if type in OFFLINE and path.converted:
                conversions, revenue = found.get(step, (0, Decimal(0)))
                found[step] = conversions + 1, revenue + path.revenue
                break
    return found
