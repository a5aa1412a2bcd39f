"""A processor by person for tests: lists the ids of a person's touchpoints and rewards, by source profile.

An event that is applied twice is listed twice, so the state shows whether the shell applied each event once.
"""

import msgspec

from processors.reference import Reference
from processors.step import Effect, Processor, Step
from schemas.events import RewardPosted, TouchpointIdentified
from schemas.topics import IDENTITY_CHANGED, PROFILE_ERASED, REWARD_POSTED, STATE_MOVED, TOUCHPOINT_IDENTIFIED


class Tally(msgspec.Struct, frozen=True, array_like=True):
    """Event ids in the order in which they were applied, by source profile."""

    events: dict[str, tuple[str, ...]] = {}

    @property
    def ids(self) -> list[str]:
        return sorted(id for ids in self.events.values() for id in ids)


def step(tally: Tally | None, event: TouchpointIdentified | RewardPosted, reference: Reference) -> Step[Tally]:
    events = tally.events if tally is not None else {}
    profile = event.source_profile_id or event.person_id
    return Step(Tally(events | {profile: (*events.get(profile, ()), event.event_id)}))


def merge(winner: Tally | None, loser: Tally) -> Step[Tally]:
    events = dict(winner.events) if winner is not None else {}
    for profile, ids in loser.events.items():
        known = events.get(profile, ())
        events[profile] = (*known, *(id for id in ids if id not in known))
    return Step(Tally(events))


def split(tally: Tally, profile: str) -> tuple[Tally | None, Tally | None]:
    others = {one: ids for one, ids in tally.events.items() if one != profile}
    stays = Tally(others) if others else None
    return stays, Tally({profile: tally.events[profile]}) if profile in tally.events else None


def erase(tally: Tally) -> tuple[Effect, ...]:
    return ()


PROCESSOR = Processor(
    name="tally",
    sources=(TOUCHPOINT_IDENTIFIED, REWARD_POSTED, IDENTITY_CHANGED, STATE_MOVED, PROFILE_ERASED),
    emits=(),
    state=Tally,
    step=step,
    merge=merge,
    erase=erase,
    by_person=True,
    split=split,
    size=lambda tally: len(tally.ids),
)
