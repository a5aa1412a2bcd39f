"""Planted bugs of the cores and of how events are applied: duplicates, merges, returns, time and randomness."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import msgspec

from processors import parts
from processors.context import core as context
from processors.intake import core as intake
from processors.intake import orders
from processors.rewards import core as rewards
from processors.rewards import earning, reversals
from processors.rewards.state import Account
from processors.shell import apply
from processors.shell.state.records import Active
from processors.step import Emit, Step
from schemas.events import ScanRouted
from schemas.identifiers.types import strongest
from schemas.ids import derived
from tests.chaos.simulation.planting import around, planted
from tests.support.builders import event_id


def with_merge(bug: Callable[[Account | None, Account], Any]) -> Any:
    return patch.object(rewards, "PROCESSOR", replace(rewards.PROCESSOR, merge=bug))


def with_posted(account: Account, other: Callable[[dict[int, int]], dict[int, int]]) -> Account:
    """The account with other entries in each of its parts."""
    return Account(
        {own: msgspec.structs.replace(part, posted=other(part.posted)) for own, part in account.parts.items()}
    )


@contextmanager
def together(*bugs: AbstractContextManager[Any]) -> Iterator[None]:
    """One bug in several modules that use what is broken."""
    with ExitStack() as stack:
        for bug in bugs:
            stack.enter_context(bug)
        yield


# Duplicates.


@planted("event ids not stored in the dedup window")
def _() -> Any:
    return patch.object(apply, "extend_window", lambda seen, added: b"")


@planted("duplicates of scans not detected")
def _() -> Any:
    def step(original: Any, processor: Any, record: Any, event: Any, *rest: Any) -> Any:
        if record is not None and getattr(event, "type", "") == "scan":
            record = Active(record.state, b"", record.redirects)
        return original(processor, record, event, *rest)

    return around(apply, "_step", step)


@planted("ledger entries not recognised by their key")
def _() -> Any:
    attempts = iter(range(2**62))
    return patch.object(earning, "entry_key", lambda *what: next(attempts))


# Events that are sent again.


def with_intake(bug: Callable[[Any, Any, Any], Any]) -> Any:
    return patch.object(intake, "PROCESSOR", replace(intake.PROCESSOR, step=bug))


@planted("another event under an id taken for a repetition")
def _() -> Any:
    def step(known: Any, event: Any, reference: Any) -> Any:
        if known is not None and hasattr(event, "content"):
            event = msgspec.structs.replace(event, content=known.content.hex())
        return intake.step(known, event, reference)

    return with_intake(step)


@planted("a completed event under the strongest of its identifiers")
def _() -> Any:
    def passed_on(original: Any, event: Any) -> Any:
        primary_identifier = strongest(event.identifiers) if event.identifiers else ""
        return original(msgspec.structs.replace(event, primary_identifier=primary_identifier))

    return around(intake, "_passed_on", passed_on)


@planted("the identifiers of an earlier sending forgotten")
def _() -> Any:
    def step(known: Any, event: Any, reference: Any) -> Any:
        if known is not None and hasattr(event, "content"):
            known = msgspec.structs.replace(known, identifiers=known.identifiers[:1])
        return intake.step(known, event, reference)

    return with_intake(step)


@planted("orders not recognised")
def _() -> Any:
    return patch.object(orders, "_is_same", lambda one, other: False)


# Merges.


@planted("points doubled by a merge")
def _() -> Any:
    def merge(winner: Account | None, loser: Account) -> Step[Account]:
        return rewards.merge(winner, with_posted(loser, lambda posted: posted | {m + 1: n for m, n in posted.items()}))

    return with_merge(merge)


@planted("a merge that moves the points without their keys")
def _() -> Any:
    def merge(winner: Account | None, loser: Account) -> Step[Account]:
        return rewards.merge(winner, with_posted(loser, lambda posted: {1: sum(posted.values())}))

    return with_merge(merge)


@planted("a forwarded event gets another id")
def _() -> Any:
    def forwarded(original: Any, event: Any) -> Any:
        return original(msgspec.structs.replace(event, event_id=derived("again", event.event_id)))

    return around(apply, "forwarded", forwarded)


@planted("a forwarded event belongs to the winner's source profile")
def _() -> Any:
    def forward(original: Any, processor: Any, codec: Any, record: Any, event: Any, redirect: Any) -> Any:
        winners = msgspec.structs.replace(event, person_id=redirect.to, source_profile_id=redirect.to)
        return original(processor, codec, record, winners, redirect)

    return around(apply, "_forward", forward)


@planted("late events of a merged person dropped")
def _() -> Any:
    return patch.object(apply, "_forward", lambda processor, codec, record, event, redirect: apply.Outcome(record))


@planted("a part that moves and stays")
def _() -> Any:
    split = lambda account, own: (account, parts.split(account, own)[1])  # noqa: E731
    return patch.object(rewards, "PROCESSOR", replace(rewards.PROCESSOR, split=split))


@planted("a move that takes the parts of other source profiles along")
def _() -> Any:
    return patch.object(rewards, "PROCESSOR", replace(rewards.PROCESSOR, split=lambda account, own: (None, account)))


@planted("older identity changes applied")
def _() -> Any:
    def move_part(original: Any, processor: Any, codec: Any, record: Any, event: Any) -> Any:
        known = max((redirect.version for redirect in getattr(record, "redirects", {}).values()), default=0)
        return original(processor, codec, record, msgspec.structs.replace(event, version=event.version + known))

    return around(apply, "_move_part", move_part)


# Returns.


@planted("a return that waits is never reconciled")
def _() -> Any:
    bug = [patch.object(module, "reconcile", lambda account: (account, ())) for module in (rewards, reversals)]
    return together(*bug)


@planted("a return refunds twice")
def _() -> Any:
    def with_return(original: Any, account: Any, profile: str, back: Any, event_id: str) -> Any:
        return original(account, profile, msgspec.structs.replace(back, micros=2 * back.micros), event_id)

    return together(around(reversals, "with_return", with_return), around(rewards, "with_return", with_return))


# Time and randomness.


@planted("event ids that differ between attempts")
def _() -> Any:
    attempts = iter(range(10**9))
    return patch.object(earning, "derived", lambda *parts: event_id(f"{parts} {next(attempts)}"))


@planted("ledger entries dated by the wall clock")
def _() -> Any:
    def entry(original: Any, *args: Any) -> Any:
        return msgspec.structs.replace(original(*args), occurred_at=round(time.time() * 1e6))

    return around(earning, "_entry", entry)


@planted("events of a clock that is a day off earn nothing")
def _() -> Any:
    def worth(original: Any, rule: Any, event: Any, *rest: Any) -> Any:
        return original(rule, event, *rest) if abs(event.occurred_at / 1e6 - time.time()) < 86_400 else None

    return around(earning, "worth_of", worth)


@planted("an answer in the order of a set")
def _() -> Any:
    def step(visitor: Any, event: Any, reference: Any) -> Step[Any]:
        original = context.step(visitor, event, reference)
        return msgspec.structs.replace(original, effects=tuple(map(_unordered, original.effects)))

    return patch.object(context, "PROCESSOR", replace(context.PROCESSOR, step=step))


def _unordered(effect: Any) -> Any:
    if not isinstance(effect, Emit) or not isinstance(effect.event, ScanRouted):
        return effect
    by_name = {candidate.route: candidate for candidate in effect.event.candidates}
    candidates = tuple(by_name[name] for name in set(by_name))
    return msgspec.structs.replace(effect, event=msgspec.structs.replace(effect.event, candidates=candidates))
