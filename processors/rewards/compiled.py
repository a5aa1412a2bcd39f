"""The rules of a brand, made ready: by kind of event, with their conditions read once.

Most conditions ask for the tag, the store and its clock, which have few values. What those let hold is remembered by
these values, so that most events cost one look into a table however many rules there are.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from processors import expressions
from processors.reference import Reference
from schemas.brand.model import Brand, Reward
from schemas.brand.opening import hours_of
from schemas.events import TouchpointIdentified
from schemas.expressions.engine import Condition, context_of, expression_of
from schemas.expressions.inputs import BY_NAME, PERSONAL

ALWAYS: Final = (-(2**63), 2**63 - 1)
REMEMBERED: Final = 20_000
"""Combinations of values of a kind of event."""

Personal = Callable[[str], Any]
"""Gives the value of an input that the account says; None where it is unknown."""


class Candidate(NamedTuple):
    """A version of a rule, and from when until when (microseconds) it holds."""

    rule: Reward
    since: int
    until: int
    conditions: tuple[Condition, ...]
    unreadable: bool


class OfKind:
    """The rules that a kind of event may earn. ``shared`` are the inputs of few values, ``own`` those of an event or a
    person; ``few`` has the candidates whose conditions read the former alone, ``others`` the rest."""

    __slots__ = ("clock", "few", "few_names", "others", "own", "readers", "remembered", "timed")

    def __init__(self, candidates: list[Candidate]) -> None:
        self.few: list[Candidate] = []
        self.others: list[Candidate] = []
        for one in candidates:
            (self.others if any(not _has_few(name) for name in _reads(one)) else self.few).append(one)
        few = sorted({name for one in self.few for name in _reads(one)})
        own = sorted({name for one in self.others for name in _reads(one)})
        self.few_names = tuple(few)
        self.readers = tuple((name, expressions.READ[name]) for name in few if name in expressions.READ)
        self.clock = tuple(name for name in few if name in expressions.CLOCK)
        self.own = tuple(own)
        self.timed = any((one.since, one.until) != ALWAYS for one in candidates)
        self.remembered: dict[tuple[Any, ...], tuple[Candidate, ...]] = {}

    def holding(self, event: TouchpointIdentified, brand: Brand, personal: Personal) -> tuple[Reward, ...]:
        """The rules of whose versions one holds for the event, at its time."""
        found = self._of_few(event, brand) if self.few else ()
        if self.others:
            found = (*found, *self._of_others(event, brand, personal))
        if not self.timed:
            return tuple([one.rule for one in found])
        return tuple([one.rule for one in found if one.since <= event.occurred_at < one.until])

    def _of_few(self, event: TouchpointIdentified, brand: Brand) -> tuple[Candidate, ...]:
        values = [read(event, brand) for _, read in self.readers]
        at_store = _clock_values(self.clock, event, brand) if self.clock else None
        key = (*values, at_store[0] if at_store else None)
        found = self.remembered.get(key)
        if found is None:
            known: dict[str, Any] = dict(at_store[1]) if at_store else {}
            known |= {name: value for (name, _), value in zip(self.readers, values, strict=True) if value is not None}
            found = _true(self.few, known)
            if len(self.remembered) >= REMEMBERED:
                self.remembered.clear()
            self.remembered[key] = found
        return found

    def _of_others(self, event: TouchpointIdentified, brand: Brand, personal: Personal) -> tuple[Candidate, ...]:
        values = expressions.values_of(self.own, event, brand)
        for name in self.own:
            if name in PERSON and (value := personal(name)) is not None:
                values[name] = value
        return _true(self.others, values)


PERSON: Final = ("person.tier", "person.balance")
"""Inputs that the account says."""


def _has_few(name: str) -> bool:
    """Whether an input has few values, over all events."""
    one = BY_NAME[name]
    return one.changes_with != PERSONAL and "(" not in one.type


def _reads(candidate: Candidate) -> set[str]:
    return {name for condition in candidate.conditions for name in condition.reads}


def _true(candidates: list[Candidate], values: Mapping[str, Any]) -> tuple[Candidate, ...]:
    names = {name for one in candidates for condition in one.conditions for name in condition.names}
    tests = {name for one in candidates for condition in one.conditions for name in condition.tests}
    context = context_of(values, names, tests) if names or tests else context_of({}, (), ())
    return tuple(
        [
            one
            for one in candidates
            if not one.unreadable and not any(condition.fault(context, values) for condition in one.conditions)
        ]
    )


def _clock_values(
    names: tuple[str, ...], event: TouchpointIdentified, brand: Brand
) -> tuple[tuple[Any, ...], Mapping[str, Any]]:
    values = expressions.clock_values(names, event, brand)
    return tuple(values.get(name) for name in names), values


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
        found = [one for rule in reference.brand.rewards for one in _versions(rule, reference.brand)]
        reference.memo["candidates"] = found
    return found


def _versions(rule: Reward, brand: Brand) -> list[Candidate]:
    since, found = ALWAYS[0], []
    for version in (*rule.earlier, rule):
        until = version.until or ALWAYS[1]
        expression = expression_of(version.expression) if version.expression else None
        campaign = brand.campaigns.get(version.campaign) if version.campaign else None
        starts, ends = campaign.period if campaign is not None else (None, None)
        found.append(
            Candidate(
                version,
                max(since, starts if starts is not None else since),
                min(until, ends if ends is not None else until),
                expression.conditions if expression else (),
                bool(expression and expression.unreadable),
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
