"""Bugs in what an event means: duplicates, merges, what is owed, time and chance."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import msgspec

from processors.context import core as context
from processors.rewards import core as rewards
from processors.rewards.state import Account
from processors.shell import turn
from processors.shell.kept import Active, Forwarded, KeptCodec
from processors.step import Emit, Step
from schemas.events import ScanRouted
from schemas.ids import derived
from tests.fire.simulation.planting import around, planted
from tests.stories.telling import event_id


def with_merge(bug: Callable[[Account | None, Account], Any]) -> Any:
    return patch.object(rewards, "PROCESSOR", replace(rewards.PROCESSOR, merge=bug))


def with_posted(account: Account, other: Callable[[dict[int, int]], dict[int, int]]) -> Account:
    """The account with other entries in each of its parts."""
    return Account(
        {own: msgspec.structs.replace(part, posted=other(part.posted)) for own, part in account.parts.items()}
    )


# Duplicates.


@planted("duplicates not remembered")
def _() -> Any:
    return patch.object(turn, "remember", lambda seen, fresh: b"")


@planted("duplicates of scans not looked for")
def _() -> Any:
    def work(true: Any, processor: Any, kept: Any, event: Any, *rest: Any) -> Any:
        if kept is not None and getattr(event, "type", "") == "scan":
            kept = Active(kept.state, b"", kept.where)
        return true(processor, kept, event, *rest)

    return around(turn, "_work", work)


@planted("the ledger does not know its own entries")
def _() -> Any:
    attempts = iter(range(2**62))
    return patch.object(rewards, "_mark", lambda rule, source: next(attempts))


# Merges.


@planted("points doubled by a merge")
def _() -> Any:
    def merge(winner: Account | None, loser: Account) -> Step[Account]:
        return rewards.merge(winner, with_posted(loser, lambda posted: posted | {m + 1: n for m, n in posted.items()}))

    return with_merge(merge)


@planted("a merge that brings the points without their marks")
def _() -> Any:
    def merge(winner: Account | None, loser: Account) -> Step[Account]:
        return rewards.merge(winner, with_posted(loser, lambda posted: {len(posted): sum(posted.values())}))

    return with_merge(merge)


@planted("a forwarded event loses its identity")
def _() -> Any:
    def encode(true: Any, self: KeptCodec, kept: Any) -> bytes:
        if isinstance(kept, Forwarded):
            again = derived("again", kept.event.event_id)
            kept = Forwarded(msgspec.structs.replace(kept.event, event_id=again))
        return true(self, kept)

    return around(KeptCodec, "encode", encode)


@planted("a forwarded event is booked for the winner")
def _() -> Any:
    def forward(true: Any, processor: Any, codec: Any, kept: Any, event: Any, place: Any) -> Any:
        winners = msgspec.structs.replace(event, person_id=place.to, own_person_id=place.to)
        return true(processor, codec, kept, winners, place)

    return around(turn, "_forward", forward)


@planted("late events of a merged person dropped")
def _() -> Any:
    return patch.object(turn, "_forward", lambda processor, codec, kept, event, place: turn.Turn(kept))


@planted("a part that is given twice")
def _() -> Any:
    """It goes, and stays."""
    split = lambda account, own: (account, rewards.split(account, own)[1])  # noqa: E731
    return patch.object(rewards, "PROCESSOR", replace(rewards.PROCESSOR, split=split))


@planted("somebody who moves takes the parts of others along")
def _() -> Any:
    return patch.object(rewards, "PROCESSOR", replace(rewards.PROCESSOR, split=lambda account, own: (None, account)))


@planted("old news of a name believed")
def _() -> Any:
    def move(true: Any, processor: Any, codec: Any, kept: Any, event: Any) -> Any:
        known = max((place.version for place in getattr(kept, "where", {}).values()), default=0)
        return true(processor, codec, kept, msgspec.structs.replace(event, version=event.version + known))

    return around(turn, "_move", move)


# What is owed.


@planted("a return that waited is never taken back")
def _() -> Any:
    return patch.object(rewards, "_settle", lambda account: (account, ()))


@planted("a return takes back twice")
def _() -> Any:
    def take_back(true: Any, account: Any, back: Any) -> Any:
        return true(account, msgspec.structs.replace(back, amount_micros=2 * back.amount_micros))

    return around(rewards, "_take_back", take_back)


# Time and chance.


@planted("ids that differ between attempts")
def _() -> Any:
    attempts = iter(range(10**9))
    return patch.object(rewards, "derived", lambda *parts: event_id(f"{parts} {next(attempts)}"))


@planted("entries dated by the wall clock")
def _() -> Any:
    def entry(true: Any, *args: Any) -> Any:
        return msgspec.structs.replace(true(*args), occurred_at=round(time.time() * 1e6))

    return around(rewards, "_entry", entry)


@planted("events of a clock that is a day off earn nothing")
def _() -> Any:
    def points(true: Any, rule: Any, event: Any) -> int:
        return true(rule, event) if abs(event.occurred_at / 1e6 - time.time()) < 86_400 else 0

    return around(rewards, "_points", points)


@planted("an answer in the order of a set")
def _() -> Any:
    def step(visitor: Any, event: Any, world: Any) -> Step[Any]:
        true = context.step(visitor, event, world)
        return msgspec.structs.replace(true, effects=tuple(map(_unordered, true.effects)))

    return patch.object(context, "PROCESSOR", replace(context.PROCESSOR, step=step))


def _unordered(effect: Any) -> Any:
    if not isinstance(effect, Emit) or not isinstance(effect.event, ScanRouted):
        return effect
    by_name = {candidate.route: candidate for candidate in effect.event.candidates}
    candidates = tuple(by_name[name] for name in set(by_name))
    return msgspec.structs.replace(effect, event=msgspec.structs.replace(effect.event, candidates=candidates))
