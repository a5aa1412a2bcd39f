"""The rules of a brand, made ready: by kind of event, with their conditions read once.

Most conditions ask for the tag, the store and its clock, which have few values. What those let hold is remembered by
these values, so that most events cost one look into a table however many rules there are.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from processors import expressions
from processors.reference import Reference
from schemas.brand.model import Brand, Reward
from schemas.events import TouchpointIdentified
from schemas.expressions.engine import Condition, expression_of
from schemas.expressions.inputs import BY_NAME, PERSONAL

ALWAYS: Final = (-(2**63), 2**63 - 1)
REMEMBERED: Final = 20_000
"""The most combinations of values that are remembered of a kind of event."""

PERSON: Final = frozenset(("person.tier", "person.balance"))
"""Inputs that the account says."""
MINUTE_US: Final = 60_000_000
Personal = Callable[[str], Any]
"""Gives the value of an input that the account says; None where it is unknown."""


class Candidate(NamedTuple):
    """A version of a rule, its place among all, and from when until when (microseconds) it holds. ``few`` are the
    conditions that read inputs of few values alone, ``others`` the rest, which read ``own`` of the
    event and ``of_person`` as well."""

    place: int
    rule: Reward
    since: int
    until: int
    few: tuple[Condition, ...] = ()
    others: tuple[Condition, ...] = ()
    own: tuple[str, ...] = ()
    of_person: tuple[str, ...] = ()


class OfKind:
    """The rules that a kind of event may earn. ``readers`` and ``clock`` give the values of the inputs that have few;
    ``remembered`` has by these the candidates that they let hold, as far as they decide."""

    __slots__ = ("at_stores", "candidates", "clock", "lists", "readers", "reads", "remembered")

    def __init__(self, candidates: list[Candidate]) -> None:
        self.candidates = candidates
        names = sorted({name for one in candidates for condition in one.few for name in condition.reads})
        self.readers = tuple((name, expressions.READ[name]) for name in names if name in expressions.READ)
        self.reads = tuple(read for _, read in self.readers)
        self.lists = tuple(place for place, (name, _) in enumerate(self.readers) if "(" in BY_NAME[name].type)
        self.clock = tuple(name for name in names if name in expressions.CLOCK)
        self.at_stores: dict[tuple[str, int], tuple[Any, ...]] = {}
        self.remembered: dict[tuple[Any, ...], tuple[Candidate, ...]] = {}

    def holding(self, event: TouchpointIdentified, brand: Brand, personal: Personal) -> list[Reward]:
        """The rules of whose versions one holds for the event, at its time."""
        values = [read(event, brand) for read in self.reads]
        for place in self.lists:
            values[place] = tuple(values[place])
        key = (*values, *self._clock_values(event, brand)) if self.clock else tuple(values)
        found = self.remembered.get(key)
        if found is None:
            found = self._remember(key)
        at = event.occurred_at
        return [
            one.rule
            for one in found
            if one.since <= at < one.until and (not one.others or _hold(one, event, brand, personal))
        ]

    def _clock_values(self, event: TouchpointIdentified, brand: Brand) -> tuple[Any, ...]:
        place = (event.store, event.occurred_at // MINUTE_US)
        found = self.at_stores.get(place)
        if found is None:
            values = expressions.clock_values(self.clock, event, brand)
            _make_room(self.at_stores)
            found = self.at_stores[place] = tuple(values.get(name) for name in self.clock)
        return found

    def _remember(self, key: tuple[Any, ...]) -> tuple[Candidate, ...]:
        names = (*(name for name, _ in self.readers), *self.clock)
        plain = (list(value) if type(value) is tuple else value for value in key)
        values = {name: value for name, value in zip(names, plain, strict=True) if value is not None}
        found = tuple(one for one in self.candidates if _true(one.few, values))
        _make_room(self.remembered)
        self.remembered[key] = found
        return found


def _make_room(remembered: dict[Any, Any]) -> None:
    if len(remembered) >= REMEMBERED:
        remembered.clear()


def _has_few(name: str) -> bool:
    """Whether an input has few values, over all events."""
    return BY_NAME[name].changes_with != PERSONAL


def _hold(candidate: Candidate, event: TouchpointIdentified, brand: Brand, personal: Personal) -> bool:
    values = expressions.values_of(candidate.own, event, brand) if candidate.own else {}
    for name in candidate.of_person:
        if (value := personal(name)) is not None:
            values[name] = value
    return _true(candidate.others, values)


def _true(conditions: tuple[Condition, ...], values: Mapping[str, Any]) -> bool:
    return not any(condition.fault(values) for condition in conditions)


def rules_of(kind: str, reference: Reference) -> OfKind:
    """The rules that events of a kind may earn."""
    found: OfKind | None = reference.memo.get(("rules", kind))
    if found is None:
        found = OfKind([one for one in candidates(reference) if kind in one.rule.on])
        reference.memo["rules", kind] = found
    return found


def candidates(reference: Reference) -> list[Candidate]:
    """Every version of every rule, in the order of the rules."""
    found: list[Candidate] | None = reference.memo.get("candidates")
    if found is None:
        found = list[Candidate]()
        for rule in reference.brand.rewards:
            found += _versions(rule, reference.brand, len(found))
        reference.memo["candidates"] = found
    return found


def _versions(rule: Reward, brand: Brand, place: int) -> list[Candidate]:
    since, found = ALWAYS[0], list[Candidate]()
    for version in (*rule.earlier, rule):
        until = version.until or ALWAYS[1]
        expression = expression_of(version.expression) if version.expression else None
        campaign = brand.campaigns.get(version.campaign) if version.campaign else None
        starts, ends = campaign.period if campaign is not None else (None, None)
        if expression is None or not expression.unreadable:
            conditions = expression.conditions if expression is not None else ()
            few = tuple(one for one in conditions if all(map(_has_few, one.reads)))
            others = tuple(one for one in conditions if one not in few)
            reads = {name for one in others for name in one.reads}
            found.append(
                Candidate(
                    place + len(found),
                    version,
                    since if starts is None else max(since, starts),
                    until if ends is None else min(until, ends),
                    few,
                    others,
                    tuple(sorted(reads - PERSON)),
                    tuple(sorted(reads & PERSON)),
                )
            )
        since = until
    return found


def version_at(rule_id: str, at: int, reference: Reference) -> Reward | None:
    """The version of a rule that held at a time (microseconds); None: no such rule then."""
    for one in candidates(reference):
        if one.rule.id == rule_id and one.since <= at < one.until:
            return one.rule
    return None
