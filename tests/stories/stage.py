"""Where stories are played: a processor with the people that it keeps, and its effects as short sentences.

Told twice, every event comes a second time at once, and the whole story again at the end: nothing new may follow.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from processors.shell.kept import Active, Forwarded, Kept, KeptCodec
from processors.shell.turn import take_turn
from processors.step import Drop, Effect, Emit, Processor, Reject
from processors.world import World
from schemas.events import (
    Event,
    IdentityChanged,
    RewardPosted,
    ScanRouted,
    StateMoved,
    TouchpointIdentified,
)
from schemas.topics import BY_EVENT
from tests.stories.telling import event_id, person


@dataclass
class Stage:
    """:param twice: tell everything twice and hold the second telling against the first."""

    processor: Processor[Any]
    world: World
    twice: bool = False
    kept: dict[str, Kept] = field(default_factory=dict)
    heard: list[tuple[Event, World]] = field(default_factory=list)
    emitted: dict[str, bytes] = field(default_factory=dict)
    passed: set[bytes] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._codec = KeptCodec(self.processor.state)

    def hears(self, *events: Event) -> list[Effect]:
        """Takes the events in order and gives all effects, in order. Nothing travels on its own: see `delivers`."""
        effects: list[Effect] = []
        for event in events:
            self.heard.append((event, self.world))
            first = self._turn(event, self.world)
            for effect in first:
                if isinstance(effect, Emit):
                    self.emitted[effect.event.event_id] = msgspec.msgpack.encode(effect.event)
            effects += first
            if self.twice:
                self._hold(self._turn(event, self.world), self.world)
        return effects

    def delivers(self, effects: Iterable[Effect]) -> list[Effect]:
        """Brings what moved between people to its receiver, and what that sends on, until all is quiet."""
        done: list[Effect] = []
        moving = [
            effect.event for effect in effects if isinstance(effect, Emit) and isinstance(effect.event, StateMoved)
        ]
        for hop in range(100):
            if not moving:
                return done
            assert hop < 99, "events go round in a circle"
            done += (came := self.hears(*moving))
            moving = [
                effect.event for effect in came if isinstance(effect, Emit) and isinstance(effect.event, StateMoved)
            ]
        return done

    def plays(self, *events: Event) -> list[str]:
        """Takes the events one by one, brings on at once what moves, and tells all that happened."""
        effects: list[Effect] = []
        for event in events:
            effects += (now := self.hears(event))
            effects += self.delivers(now)
        return [sentence(effect) for effect in effects]

    def state(self, who: str) -> Any:
        """What the core knows of somebody, None when nothing."""
        kept = self.kept.get(person(who))
        return kept.state if isinstance(kept, Active) else None

    def tells_again(self) -> None:
        """The whole story once more: everybody stays as they are."""
        before = dict(self.kept)
        for event, world in self.heard:
            self._hold(self._turn(event, world), world)
        assert {k: _without_window(v) for k, v in self.kept.items()} == {
            k: _without_window(v) for k, v in before.items()
        }

    def _turn(self, event: Event, world: World) -> tuple[Effect, ...]:
        key = BY_EVENT[type(event)].key(event)
        turn = take_turn(self.processor, self._codec, self.kept.get(key), event, world, self.passed)
        self.passed |= {turn.passed}
        if turn.kept is not None:
            self.kept[key] = self._codec.decode(self._codec.encode(turn.kept))
        return turn.effects

    def _hold(self, effects: tuple[Effect, ...], world: World) -> None:
        """Everything was there before, with the same bytes; or it goes on to where a part is by now, and nothing
        follows from it there."""
        for effect in effects:
            if not isinstance(effect, Emit):
                continue
            known = self.emitted.get(effect.event.event_id)
            if known is None and isinstance(effect.event, StateMoved):
                self._hold(self._turn(effect.event, world), world)
            else:
                assert known == msgspec.msgpack.encode(effect.event), effect


def _without_window(kept: Kept) -> Any:
    return kept.state if isinstance(kept, Active) else kept


def sentence(effect: Effect) -> str:
    """An effect in a few words."""
    match effect:
        case Drop(reason):
            return f"dropped: {reason}"
        case Reject(reason, detail, field):
            return f"rejected: {reason}, {field} {detail}"
        case Emit(RewardPosted() as reward, None):
            return f"{name(reward.person_id)} {reward.points:+} {reward.rule} for {name(reward.source_event_id)}"
        case Emit(StateMoved() as moved, None):
            if moved.processor in ("rewards", "context") and (late := _late(moved)):
                return f"{name(late)} goes on to {name(moved.winner_person_id)}"
            return f"{name(moved.own_person_id)} moves to {name(moved.winner_person_id)}"
        case Emit(ScanRouted() as routed, partition):
            assert partition == routed.reply_partition
            return f"{name(routed.scan_event_id)}: {routed.moment}, {routed.route}"
        case Emit(TouchpointIdentified() as event, None):
            return f"{name(event.event_id)} is {name(event.person_id)}"
        case Emit(IdentityChanged() as change, None):
            return f"{name(change.person_id)} {change.change}"
    raise AssertionError(effect)


def _late(moved: StateMoved) -> str:
    parcel = KeptCodec(msgspec.Struct).decode_parcel(moved.state) if moved.state[1:3] == b"\xa1f" else None
    return parcel.event.event_id if isinstance(parcel, Forwarded) else ""


PEOPLE = ("anna", "ben", "cleo", "dora")
TYPES = ("scan", "nfc_tap", "sale", "return", "store_entry", "store_exit", "page_view", "probe", "merged", "split")
NAMES = {person(who): who for who in PEOPLE} | {
    event_id(f"{type}-{number}"): f"{type}-{number}" for type in TYPES for number in range(1, 10)
}


def name(id: str) -> str:
    """What a story calls a person or an event."""
    return NAMES[id]
