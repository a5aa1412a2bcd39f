"""Stories of referrals: a harness whose accounts hear what the others say of them, and whose timers go on with the
time of the events."""

import random
from collections.abc import Iterable

import msgspec

from processors.rewards.core import PROCESSOR as REWARDS
from processors.rewards.ledger import lots_of
from processors.rewards.state import Account
from processors.shell.state.records import Active
from processors.step import Drop, Effect, Emit
from schemas.brand.model import Loyalty, Referral
from schemas.events import Event, ReferralChanged, RewardPosted, StateMoved
from tests.support.builders import EventSpec, build_events, micros, person, touch
from tests.support.harness import Harness
from tests.support.reference import reference

PROGRAMME = Referral(id="friends", version=1, tag="poster", referrer_points=100, friend_points=40)
DAY_US = 86_400_000_000


def followed(of: str, who: str, name: str = "", **fields: object) -> EventSpec:
    """The personal link of somebody, as the gateway records who follows it."""
    properties = msgspec.json.encode({"fp_referrer": person(of)}).decode()
    known = {"source": "scan", "tag": "poster", "placement": "poster", "properties": properties, **fields}

    def spec(timeline):  # type: ignore[no-untyped-def]
        return msgspec.structs.replace(touch("scan", who, name)(timeline), **known)

    return spec


def bought(who: str, amount: str = "30", name: str = "", card: str = "", **fields: object) -> EventSpec:
    """A sale. :param card: paid with, beside the person's own identifier."""

    def spec(timeline):  # type: ignore[no-untyped-def]
        sale = touch("sale", who, name, amount_micros=micros(amount), currency="EUR", store="mitte")(timeline)
        cards = (f"payment:{card}",) if card else ()
        return msgspec.structs.replace(sale, identifiers=(*sale.identifiers, *cards), **fields)

    return spec


class Recommending:
    """Rewards with a programme of referrals.

    :param chance: delivers what accounts say in any order that keeps what one says to another in order. :param loyalty:
        what the brand says of its points.
    """

    def __init__(
        self,
        programme: Referral = PROGRAMME,
        chance: random.Random | None = None,
        twice: bool = False,
        loyalty: tuple[Loyalty, ...] = (),
    ) -> None:
        brand = reference(rewards=(), referral=(programme,), loyalty=loyalty)
        self.harness = Harness(REWARDS, brand, twice=twice)
        self.said: list[ReferralChanged] = []
        self.entries: list[RewardPosted] = []
        self.dropped: list[str] = []
        self.waiting: list[Event] = []
        self._chance = chance

    def tell(self, *specs: EventSpec, then: str = "") -> None:
        """Applies the events, with all that follows, and then lets so much time pass (days)."""
        events = build_events(*specs)
        for event in events:
            self.take(event)
        self.settle()
        if events:
            self.pass_time(events[-1].occurred_at + int(then or 0) * DAY_US)

    def take(self, event: Event) -> None:
        """Applies an event; what follows from it waits."""
        self._gather(self.harness.apply(event))
        if self._chance is None:
            self.settle()

    def pass_time(self, until: int) -> None:
        """Does what is due by then, with all that follows."""
        while effects := self.harness.wake(until):
            self._gather(effects)
            self.settle()

    def settle(self) -> None:
        """Delivers whatever accounts say, until there is nothing more."""
        for _ in range(10_000):
            if not self.waiting:
                return
            self.step()
        raise AssertionError("referrals go on for ever")

    def step(self) -> None:
        """Delivers one thing that waits."""
        index = 0 if self._chance is None else self._first_of_key(self._chance.randrange(len(self.waiting)))
        self._gather(self.harness.apply(self.waiting.pop(index)))

    def points(self, *who: str) -> list[int]:
        """The points of each source profile, wherever it is."""
        found = {}
        for record in self.harness.records.values():
            if isinstance(record, Active) and isinstance(record.state, Account):
                for profile, part in record.state.parts.items():
                    found[profile] = found.get(profile, 0) + sum(part.posted.values())
        return [found.get(person(one), 0) for one in who]

    def lots(self, who: str) -> dict[int, int]:
        """What is left of the lots of a source profile, by the time at which they expire."""
        return {
            expires_at: lot.left
            for record in self.harness.records.values()
            if isinstance(record, Active) and isinstance(record.state, Account)
            for profile, part in record.state.parts.items()
            for expires_at, lot in lots_of(part).items()
            if profile == person(who) and lot.left
        }

    def states(self) -> dict[str, str]:
        """The latest that either side said of each referral, with the reason: by the names of both."""
        claims: dict[str, ReferralChanged] = {}
        answers: dict[str, ReferralChanged] = {}
        for event in self.said:
            of = answers if event.state in ("paid", "blocked", "reversed") else claims
            if event.state != "forgotten" and event.version >= (
                of[event.referral_id].version if event.referral_id in of else 0
            ):
                of[event.referral_id] = event
        found = {id: answers.get(id, claim) if claim.state == "kept" else claim for id, claim in claims.items()}
        return {id: f"{event.state} {event.reason}".strip() for id, event in found.items()}

    @property
    def outcome(self) -> list[str]:
        """The latest states, sorted."""
        return sorted(self.states().values())

    def _first_of_key(self, index: int) -> int:
        """Of what goes from one account to another the first that waits: Kafka keeps their order."""
        key = _way(self.waiting[index])
        return next(i for i, event in enumerate(self.waiting) if _way(event) == key)

    def _gather(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            match effect:
                case Emit(ReferralChanged() as said):
                    self.said.append(said)
                    self.waiting.append(said)
                case Emit(StateMoved() as moved):
                    self.waiting.append(moved)
                case Emit(RewardPosted() as entry):
                    self.entries.append(entry)
                case Drop(reason):
                    self.dropped.append(str(reason))


def _way(event: Event) -> tuple[str, str, str]:
    if isinstance(event, StateMoved):
        return "moved", event.loser_person_id, event.winner_person_id
    assert isinstance(event, ReferralChanged)
    return "referral", event.person_id, event.referral_id
