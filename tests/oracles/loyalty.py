"""A naive model of loyalty accounts, written from the definition and not from the code: lists and loops.

- An account is a person's: a set of source profiles. A merge joins two sets, an unmerge takes a profile out,
  and every lot stays with its profile.
- Points are earned in lots. A lot is pending until ``active_at``; it expires at ``expires_at``. What is spent, sent to
  somebody else, or taken back from whoever spent already comes from the lots that expire first.
- Whatever is due at the time of an operation expires before it. Nothing that has expired comes back when a clock jumps.
- A reversal takes what is left of its own lot. Points of it that expired are nobody's: they are not owed. For what was
  spent of it the other lots pay, pending ones too; what those do not have makes the lot negative if the brand allows
  that, and is forgiven otherwise. The next points, earned, given back or merged in, pay a negative lot first.
- Every operation has an id; done again, it changes nothing and answers as before.
- Points are conserved: what is left of all lots is what all entries add up to (``check``).

Times are microseconds since 1970 UTC, points are whole numbers.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from tests.oracles.loyalty_calendar import local_time

NEVER = 0
Kind = Literal["earned", "spent", "given_back", "expired", "reversed", "repaid", "sent", "received", "adjusted"]


@dataclass(frozen=True)
class Entry:
    """A line of the ledger; ``cause`` is the id of the operation."""

    kind: Kind
    cause: str
    lot: str
    profile: str
    points: int
    at: int


@dataclass
class Lot:
    """``left`` is negative while its person owes points of it. ``points`` of the beginning are ``left`` and what was
    ``spent`` (used in any other way too), ``expired`` and ``taken`` by reversals of this lot. Of what its reversals
    wanted, ``gone`` had expired and ``forgiven`` could not be had."""

    id: str
    profile: str
    points: int
    earned_at: int
    active_at: int = 0
    expires_at: int = NEVER
    left: int = 0
    expired: int = 0
    taken: int = 0
    gone: int = 0
    forgiven: int = 0

    @property
    def due(self) -> int:
        """What the lot's cause earns after its reversals."""
        return self.points - self.taken - self.gone - self.forgiven

    def is_open(self, at: int) -> bool:
        return self.left > 0 and (self.expires_at == NEVER or at < self.expires_at)

    def is_active(self, at: int) -> bool:
        return self.is_open(at) and self.active_at <= at


def first_to_expire(lots: Iterable[Lot]) -> list[Lot]:
    """Lots that never expire come last; of the same expiry the one earned first, then by id."""
    return sorted(lots, key=lambda lot: (lot.expires_at == NEVER, lot.expires_at, lot.earned_at, lot.id))


@dataclass
class LoyaltyBook:
    """All accounts. ``below_zero``: whether the brand lets an account owe points."""

    below_zero: bool = False
    person_of: dict[str, str] = field(default_factory=dict)
    lots: dict[str, Lot] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    answers: dict[str, bool] = field(default_factory=dict)
    uses: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    """Of each spend the lots that it came from and so many points of each that are not given back yet."""

    def earn(self, id: str, profile: str, points: int, at: int, *, active_at: int = 0, expires_at: int = NEVER) -> bool:
        """A new lot of the profile, with the operation's id."""
        if id in self.answers:
            return self.answers[id]
        self._expire(self._profiles(profile), at)
        self.lots[id] = Lot(id, profile, points, at, active_at, expires_at)
        self._post("earned", id, self.lots[id], points, at)
        self._repay(profile, id, at)
        return self._answer(id, True)

    def spend(self, id: str, profile: str, points: int, at: int) -> bool:
        """Whether the profile's person had so many active points, which are spent then; never a part of them."""
        if id in self.answers:
            return self.answers[id]
        self._expire(self._profiles(profile), at)
        if points > self.spendable(profile, at):
            return self._answer(id, False)
        self.uses[id] = self._take("spent", id, self._active(profile, at), points, at)
        return self._answer(id, True)

    def give_back(self, id: str, spend: str, points: int, at: int) -> bool:
        """So many points of a spend go back to the lots they came from, the last one to expire first; at most what is
        not given back yet. A lot that has expired meanwhile expires again."""
        if id in self.answers:
            return self.answers[id]
        for lot_id, used in reversed(list(self.uses.get(spend, ()))):
            back = min(points, used)
            points -= back
            self.uses[spend] = [(one, n - back if one == lot_id else n) for one, n in self.uses[spend]]
            self._post("given_back", id, self.lots[lot_id], back, at)
            self._repay(self.lots[lot_id].profile, id, at)
            self._expire(self._profiles(self.lots[lot_id].profile), at)
        return self._answer(id, True)

    def is_due(self, id: str, lot_id: str, due: int, at: int) -> bool:
        """What the lot's cause earns from now on: less after a return, more again when the return proves to be of
        something else; 0 after a cancellation, all of it once completed again."""
        if id in self.answers:
            return self.answers[id]
        lot = self.lots[lot_id]
        self._expire(self._profiles(lot.profile), at)
        if due < lot.due:
            self._reverse(id, lot, lot.due - due, at)
        else:
            self._restore(id, lot, min(due, lot.points) - lot.due, at)
        return self._answer(id, True)

    def transfer(self, id: str, profile: str, to: str, points: int, at: int) -> bool:
        """Active points become another's, each lot with its expiry. Refused like a spend."""
        if id in self.answers:
            return self.answers[id]
        self._expire(self._profiles(profile) | self._profiles(to), at)
        if points > self.spendable(profile, at):
            return self._answer(id, False)
        for lot_id, moved in self._take("sent", id, self._active(profile, at), points, at):
            new = Lot(f"{id}/{lot_id}", to, moved, at, at, self.lots[lot_id].expires_at)
            self.lots[new.id] = new
            self._post("received", id, new, moved, at)
        self._repay(to, id, at)
        return self._answer(id, True)

    def adjust(self, id: str, profile: str, points: int, at: int, *, expires_at: int = NEVER) -> bool:
        """An operator's correction: a lot of its own, or points taken from those that expire first. Refused where there
        are not so many and the brand lets nobody owe any."""
        if id in self.answers:
            return self.answers[id]
        self._expire(self._profiles(profile), at)
        if points < -self.balance(profile) and not self.below_zero:
            return self._answer(id, False)
        self.lots[id] = Lot(id, profile, points, at, at, expires_at)
        self._post("adjusted", id, self.lots[id], points, at)
        self._repay(profile, id, at)
        return self._answer(id, True)

    def merge(self, id: str, winner: str, loser: str, at: int) -> bool:
        """The persons of both profiles are one from now on; what one of them owes is paid with the other's points."""
        if id in self.answers:
            return self.answers[id]
        person, gone = self._person(winner), self._person(loser)
        for profile in self.person_of:
            if self.person_of[profile] == gone:
                self.person_of[profile] = person
        self._expire(self._profiles(winner), at)
        self._repay(winner, id, at)
        return self._answer(id, True)

    def unmerge(self, id: str, profile: str) -> bool:
        """The profile is a person of its own, with what is left of its lots."""
        if id in self.answers:
            return self.answers[id]
        others = self._profiles(profile) - {profile}
        rest = min(others, default=profile)
        for other in others:
            self.person_of[other] = rest
        self.person_of[profile] = profile
        return self._answer(id, True)

    def clock(self, at: int) -> None:
        """Everything that is due by then expires."""
        self._expire({lot.profile for lot in self.lots.values()}, at)

    def balance(self, profile: str) -> int:
        """Of the profile's person: pending and active points, less what they owe."""
        return sum(lot.left for lot in self._lots(profile))

    def spendable(self, profile: str, at: int) -> int:
        return sum(lot.left for lot in self._active(profile, at))

    def left_by_lot(self, profile: str) -> dict[str, int]:
        """Of the lots of the profile's person that have anything left or owe anything."""
        return {lot.id: lot.left for lot in self._lots(profile) if lot.left}

    def liability(self, zone: str) -> dict[str, int]:
        """Open points of all people by the local month, as ``2026-11``, in which they expire; ``""`` for never."""
        open_points: dict[str, int] = defaultdict(int)
        for lot in self.lots.values():
            if lot.left > 0:
                # What expires at the first moment of a month expires with the month before.
                last = lot.expires_at - 1
                open_points["" if lot.expires_at == NEVER else local_time(last, zone).strftime("%Y-%m")] += lot.left
        return dict(open_points)

    def check(self) -> None:
        """Conservation: every lot, and everything together, is the sum of its entries, and only lots that were
        reversed or adjusted are below zero."""
        by_lot: dict[str, int] = defaultdict(int)
        for entry in self.entries:
            by_lot[entry.lot] += entry.points
        assert {id: lot.left for id, lot in self.lots.items()} == {id: by_lot[id] for id in self.lots}
        assert sum(lot.left for lot in self.lots.values()) == sum(entry.points for entry in self.entries)
        assert all(lot.left >= 0 or self.below_zero for lot in self.lots.values())
        assert not sum(entry.points for entry in self.entries if entry.kind in ("repaid", "sent", "received"))
        for lot in self.lots.values():
            assert 0 <= lot.due <= lot.points or lot.points < 0

    def _reverse(self, id: str, lot: Lot, points: int, at: int) -> None:
        own = min(points, max(lot.left, 0))
        gone = min(points - own, lot.expired - lot.gone)
        others = [other for other in self._lots(lot.profile) if other is not lot and other.is_open(at)]
        elsewhere = min(points - own - gone, sum(other.left for other in others))
        short = points - own - gone - elsewhere
        self._post("reversed", id, lot, -own, at)
        self._take("reversed", id, others, elsewhere, at)
        if self.below_zero:
            self._post("reversed", id, lot, -short, at)
            lot.taken += own + elsewhere + short
        else:
            lot.taken += own + elsewhere
            lot.forgiven += short
        lot.gone += gone

    def _restore(self, id: str, lot: Lot, points: int, at: int) -> None:
        """What was not taken comes back first, as nothing."""
        forgiven = min(points, lot.forgiven)
        gone = min(points - forgiven, lot.gone)
        lot.forgiven -= forgiven
        lot.gone -= gone
        lot.taken -= points - forgiven - gone
        self._post("reversed", id, lot, points - forgiven - gone, at)
        self._repay(lot.profile, id, at)
        self._expire(self._profiles(lot.profile), at)

    def _take(self, kind: Kind, id: str, lots: Iterable[Lot], points: int, at: int) -> list[tuple[str, int]]:
        taken = []
        for lot in first_to_expire(lots):
            if part := min(points, lot.left):
                points -= part
                self._post(kind, id, lot, -part, at)
                taken.append((lot.id, part))
        assert not points
        return taken

    def _repay(self, profile: str, id: str, at: int) -> None:
        """Lots that expire first pay what is owed, the oldest debt first."""
        for owing in sorted(self._lots(profile), key=lambda lot: (lot.earned_at, lot.id)):
            others = [lot for lot in self._lots(profile) if lot.is_open(at)]
            paid = min(max(-owing.left, 0), sum(lot.left for lot in others))
            self._take("repaid", id, others, paid, at)
            self._post("repaid", id, owing, paid, at)

    def _expire(self, profiles: set[str], at: int) -> None:
        for lot in self.lots.values():
            if lot.profile in profiles and lot.left > 0 and lot.expires_at != NEVER and lot.expires_at <= at:
                lot.expired += lot.left
                self._post("expired", lot.id, lot, -lot.left, lot.expires_at)

    def _post(self, kind: Kind, cause: str, lot: Lot, points: int, at: int) -> None:
        if points:
            lot.left += points
            self.entries.append(Entry(kind, cause, lot.id, lot.profile, points, at))

    def _answer(self, id: str, answer: bool) -> bool:
        self.answers[id] = answer
        return answer

    def _person(self, profile: str) -> str:
        return self.person_of.setdefault(profile, profile)

    def _profiles(self, profile: str) -> set[str]:
        person = self._person(profile)
        return {other for other, theirs in self.person_of.items() if theirs == person}

    def _lots(self, profile: str) -> list[Lot]:
        profiles = self._profiles(profile)
        return [lot for lot in self.lots.values() if lot.profile in profiles]

    def _active(self, profile: str, at: int) -> list[Lot]:
        return [lot for lot in self._lots(profile) if lot.is_active(at)]
