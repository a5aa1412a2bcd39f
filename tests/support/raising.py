"""Rewards with two bugs for tests: on some events it raises, on others it asks for something that cannot be done."""

from dataclasses import replace
from typing import Any

import msgspec

from processors.rewards import core as rewards
from processors.step import Emit, Step
from schemas.events import Event, RewardPosted, TouchpointIdentified
from schemas.ids import derived, hash64_bytes

NOWHERE = 1_000_000
"""A partition that no topic has."""


def is_bad(event: Event) -> bool:
    """Whether the core cannot use a touchpoint."""
    return isinstance(event, TouchpointIdentified) and hash64_bytes(event.event_id)[0] % 8 < 2


def _step(state: Any, event: Any, reference: Any) -> Step[Any]:
    if is_bad(event) and hash64_bytes(event.event_id)[0] % 8 == 0:
        raise ZeroDivisionError("data of the event")
    step = rewards.PROCESSOR.step(state, event, reference)
    if is_bad(event):
        impossible = RewardPosted(
            event_id=derived("impossible", event.event_id),
            occurred_at=event.occurred_at,
            person_id=event.person_id,
            kind="earned",
            points=0,
            rule="",
            rule_version=0,
            source_event_id=event.event_id,
        )
        return msgspec.structs.replace(step, effects=(*step.effects, Emit(impossible, NOWHERE)))
    return step


PROCESSOR = replace(rewards.PROCESSOR, step=_step)
