"""A naive model of loyalty accounts, written from the definition and not from the code: lists and loops.

- An account is a person's: a set of source profiles. Profiles move from person to person (merges, splits), and every
  lot stays with its profile. A lot is what expires together of a profile's points.
- Points are pending until their ``active_at``. What is spent, sent to somebody else, or taken from whoever spent
  already comes from the lots that expire first.
- Whatever is due at the time of an operation expires before it. Nothing that has expired comes back when a clock jumps.
- A reversal takes what is left of its own lot. Points of it that expired are nobody's: they are not owed. For what was
  spent of it the other lots pay, pending points too; what those do not have is owed, by the lot that never expires, if
  the brand allows that, and is forgiven otherwise. The next points, earned, given back or received, pay what is owed.
- Every operation has an id; done again, it changes nothing and answers as before.
- Points are conserved: what is left of all lots is what all entries add up to (``check``).

Times are microseconds since 1970 UTC, points are whole numbers.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Literal

NEVER = 0
Kind = Literal["earned", "spent", "given_back", "expired", "reversed", "repaid", "sent", "received", "adjusted"]


@dataclass(frozen=True)
class Entry:
    """A line of the ledger; ``cause`` is the id of the operation."""

    kind: Kind
    cause: str
    profile: str
    expires_at: int
    points: int
    at: int


@dataclass
class Lot:
    """What is ``left`` of a profile's points that expire then; below zero for what is owed. ``expired``: how many of
    them did, less those that a reversal wanted."""

    profile: str
    expires_at: int
    left: int = 0
    expired: int = 0

    @property
    def order(self) -> tuple[bool, int, str]:
        """Those that expire first come first, those that never do last."""
        return self.expires_at == NEVER, self.expires_at, self.profile


@dataclass
class Earning:
    """``taken``: points of it that reversals took of its lot; ``forgiven``: that they could not have."""

    lot: Lot
    points: int
    active_at: int
    taken: int = 0
    elsewhere: int = 0
    forgiven: int = 0

    @property
    def due(self) -> int:
        """What it is worth after its reversals."""
        return self.points - self.taken - self.elsewhere - self.forgiven


@dataclass
class LoyaltyBook:
    """All accounts. ``below_zero``: whether the brand lets an account owe points."""

    below_zero: bool = False
    person_of: dict[str, str] = field(default_factory=dict)
    lots: dict[tuple[str, int], Lot] = field(default_factory=dict)
    earnings: dict[str, Earning] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    answers: dict[str, bool] = field(default_factory=dict)
    uses: dict[str, list[tuple[Lot, int]]] = field(default_factory=dict)
    """Of each spend the lots that it came from and so many points of each that are not given back yet."""
    spenders: dict[str, str] = field(default_factory=dict)

    def earn(self, id: str, profile: str, points: int, at: int, *, active_at: int = 0, expires_at: int = NEVER) -> bool:
        """Points of the profile, with the operation's id."""
        if id in self.answers:
            return self.answers[id]
        self._expire(self._profiles(profile), at)
        lot = self._lot(profile, expires_at)
        self.earnings[id] = Earning(lot, points, active_at)
        self._post("earned", id, lot, points, at)
        self._repay(profile, id, at)
        return self._answer(id, True)

    def spend(self, id: str, profile: str, points: int, at: int) -> bool:
        """Whether the profile's person had so many active points, which are spent then; never a part of them."""
        if id in self.answers:
            return self.answers[id]
        self._expire(self._profiles(profile), at)
        if points > self.spendable(profile, at):
            return self._refuse(id, profile, at)
        self.uses[id] = self._take("spent", id, self._active(profile, at), points, at)
        self.spenders[id] = profile
        self._repay(profile, id, at)
        return self._answer(id, True)

    def give_back(self, id: str, spend: str, points: int, at: int) -> bool:
        """So many points of a spend go back to the lots they came from, the last one to expire first, or to like lots
        of the spender where a profile is another person's by now. At most what is not given back yet; whether that was
        any. What goes back into a lot that has expired expires."""
        if id in self.answers:
            return self.answers[id]
        if (spender := self.spenders.get(spend)) is None:
            return self._answer(id, False)
        self._expire(self._profiles(spender), at)
        if not sum(used for _, used in self.uses[spend]):
            return self._refuse(id, spender, at)
        for number, (lot, used) in reversed(list(enumerate(self.uses[spend]))):
            back = min(points, used)
            points -= back
            self.uses[spend][number] = lot, used - back
            to = lot.profile if lot.profile in self._profiles(spender) else spender
            self._post("given_back", id, self._lot(to, lot.expires_at), back, at)
        self._repay(spender, id, at)
        self._expire(self._profiles(spender), at)
        return self._answer(id, True)

    def is_due(self, id: str, earning: str, due: int, at: int) -> bool:
        """What the earning's cause is worth from now on: less after a return, 0 after a cancellation, more again when
        the return proves to be of something else."""
        if id in self.answers:
            return self.answers[id]
        one = self.earnings[earning]
        self._expire(self._profiles(one.lot.profile), at)
        if due < one.due:
            self._reverse(id, one, one.due - due, at)
        else:
            self._restore(id, one, min(due, one.points) - one.due, at)
        self._repay(one.lot.profile, id, at)
        return self._answer(id, True)

    def transfer(self, id: str, profile: str, to: str, points: int, at: int) -> bool:
        """Active points become another's, with their expiry. Refused like a spend."""
        if id in self.answers:
            return self.answers[id]
        self._expire(self._profiles(profile) | self._profiles(to), at)
        if points > self.spendable(profile, at):
            return self._refuse(id, profile, at)
        for lot, moved in self._take("sent", id, self._active(profile, at), points, at):
            self._post("received", id, self._lot(to, lot.expires_at), moved, at)
        self._repay(profile, id, at)
        self._repay(to, id, at)
        return self._answer(id, True)

    def adjust(self, id: str, profile: str, points: int, at: int, *, expires_at: int = NEVER) -> bool:
        """An operator's correction: further points, or fewer, refused like a spend."""
        if id in self.answers:
            return self.answers[id]
        self._expire(self._profiles(profile), at)
        if points >= 0:
            self._post("adjusted", id, self._lot(profile, expires_at), points, at)
            self._repay(profile, id, at)
            return self._answer(id, True)
        if -points > self.spendable(profile, at):
            return self._refuse(id, profile, at)
        self._take("adjusted", id, self._active(profile, at), -points, at)
        self._repay(profile, id, at)
        return self._answer(id, True)

    def move(self, id: str, profile: str, to: str, at: int) -> bool:
        """The profile is of that person from now on, with its lots; the person's next operation pays what is owed.
        Persons are named by a profile; one that moves to its own name is a person of its own."""
        if id in self.answers:
            return self.answers[id]
        self.person_of[profile] = to
        return self._answer(id, True)

    def clock(self, at: int) -> None:
        """Everything that is due by then expires."""
        self._expire({lot.profile for lot in self.lots.values()}, at)

    def spendable(self, profile: str, at: int) -> int:
        return max(0, sum(self._active(profile, at).values()) - self._owed(profile))

    def left(self) -> dict[tuple[str, int], int]:
        """By profile and expiry, of the lots of which something is left or owed."""
        return {key: lot.left for key, lot in self.lots.items() if lot.left}

    def check(self) -> None:
        """Conservation: every lot is the sum of its entries, what one person sends another gets, and nobody owes points
        where the brand does not let them."""
        by_lot: dict[tuple[str, int], int] = defaultdict(int)
        for entry in self.entries:
            by_lot[entry.profile, entry.expires_at] += entry.points
        assert {key: lot.left for key, lot in self.lots.items()} == {key: by_lot[key] for key in self.lots}
        assert all(lot.left >= 0 or (self.below_zero and lot.expires_at == NEVER) for lot in self.lots.values())
        assert not sum(entry.points for entry in self.entries if entry.kind in ("repaid", "sent", "received"))
        assert all(0 <= one.due <= one.points for one in self.earnings.values())

    def _reverse(self, id: str, one: Earning, points: int, at: int) -> None:
        own = min(points, max(one.lot.left, 0))
        expired = min(points - own, one.lot.expired)
        others = {lot.order: lot.left for lot in self._lots(one.lot.profile) if lot is not one.lot and lot.left > 0}
        elsewhere = min(points - own - expired, sum(others.values()))
        short = points - own - expired - elsewhere
        self._post("reversed", id, one.lot, -own, at)
        self._take("reversed", id, others, elsewhere, at)
        one.taken += own
        one.elsewhere += elsewhere
        one.lot.expired -= expired
        one.forgiven += expired
        if self.below_zero:
            self._post("reversed", id, self._lot(one.lot.profile, NEVER), -short, at)
            one.elsewhere += short
        else:
            one.forgiven += short

    def _restore(self, id: str, one: Earning, points: int, at: int) -> None:
        """What was not taken comes back first, as nothing."""
        forgiven = min(points, one.forgiven)
        one.forgiven -= forgiven
        taken = min(points - forgiven, one.taken)
        one.taken -= taken
        one.elsewhere -= points - forgiven - taken
        self._post("reversed", id, one.lot, points - forgiven, at)
        self._expire(self._profiles(one.lot.profile), at)

    def _take(
        self, kind: Kind, id: str, lots: dict[tuple[bool, int, str], int], points: int, at: int
    ) -> list[tuple[Lot, int]]:
        """:param lots: how much may be taken of each."""
        taken = []
        for _, expires_at, profile in sorted(lots):
            if part := min(points, lots[expires_at == NEVER, expires_at, profile]):
                points -= part
                self._post(kind, id, self._lot(profile, expires_at), -part, at)
                taken.append((self._lot(profile, expires_at), part))
        assert not points
        return taken

    def _repay(self, profile: str, id: str, at: int) -> None:
        """Lots that expire first pay what is owed."""
        for owing in sorted((lot for lot in self._lots(profile) if lot.left < 0), key=lambda lot: lot.order):
            others = {lot.order: lot.left for lot in self._lots(profile) if lot.left > 0}
            paid = min(-owing.left, sum(others.values()))
            self._take("repaid", id, others, paid, at)
            self._post("repaid", id, owing, paid, at)

    def _expire(self, profiles: set[str], at: int) -> None:
        """What is owed is paid before anything expires."""
        over = [
            lot
            for lot in self.lots.values()
            if lot.profile in profiles and lot.left > 0 and lot.expires_at != NEVER and lot.expires_at <= at
        ]
        for lot in over:
            self._repay(lot.profile, str(lot.expires_at), at)
            lot.expired += lot.left
            self._post("expired", str(lot.expires_at), lot, -lot.left, lot.expires_at)

    def _post(self, kind: Kind, cause: str, lot: Lot, points: int, at: int) -> None:
        if points:
            lot.left += points
            self.entries.append(Entry(kind, cause, lot.profile, lot.expires_at, points, at))

    def _answer(self, id: str, answer: bool) -> bool:
        self.answers[id] = answer
        return answer

    def _refuse(self, id: str, profile: str, at: int) -> bool:
        self._repay(profile, id, at)
        return self._answer(id, False)

    def _person(self, profile: str) -> str:
        return self.person_of.setdefault(profile, profile)

    def _profiles(self, profile: str) -> set[str]:
        person = self._person(profile)
        return {other for other, theirs in self.person_of.items() if theirs == person}

    def _lot(self, profile: str, expires_at: int) -> Lot:
        return self.lots.setdefault((profile, expires_at), Lot(profile, expires_at))

    def _lots(self, profile: str) -> list[Lot]:
        profiles = self._profiles(profile)
        return [lot for lot in self.lots.values() if lot.profile in profiles]

    def _owed(self, profile: str) -> int:
        return -sum(lot.left for lot in self._lots(profile) if lot.left < 0)

    def _active(self, profile: str, at: int) -> dict[tuple[bool, int, str], int]:
        """What can be spent of each lot."""
        active = {}
        for lot in self._lots(profile):
            pending = sum(
                one.points - one.taken for one in self.earnings.values() if one.lot is lot and one.active_at > at
            )
            if lot.left > pending and (lot.expires_at == NEVER or at < lot.expires_at):
                active[lot.order] = lot.left - pending
        return active
