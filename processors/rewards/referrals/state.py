"""What an account's part keeps of referrals, as friend and as referrer."""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

LINKS_KEPT: Final = 4
"""Of the links that a source profile followed: the first ones, of which one counts."""
FRIENDS_KEPT: Final = 64
"""Of the friends of a source profile who qualified, the latest: more than pay in a year."""
TIES_KEPT: Final = 8
"""Of the identifiers of a source profile's purchases."""


class First(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The first event of its kind: when (microseconds), its id, what a sale paid, and when points of that time expire,
    0 for never."""

    at: int
    event_id: str
    micros: int = 0
    currency: str = ""
    expires_at: int = 0


class Edge(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A referral by which somebody was found: the numbers of both source profiles, and when the friend qualified."""

    referrer: int
    friend: int
    at: int


class Terms(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What the brand promised when the link was followed (``schemas.brand.referral``); times are microseconds,
    ``consent`` what it said of consent there, in bits (``late_consent.terms_of``)."""

    rule: str
    version: int
    on: tuple[str, ...]
    minimum_micros: int
    currency: str
    window_us: int
    hold_us: int
    referrer_points: int
    friend_points: int
    per_household: int
    per_year: int
    consent: int


class Paid(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What one side of a referral is worth by the entries posted for it, their number, and what of it was not taken
    back since the person had spent it."""

    points: int = 0
    entries: int = 0
    forgiven: int = 0


UNPAID: Final = Paid()


class Followed(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A link that the source profile followed at ``at``, that of ``referrer`` (empty once that is erased).

    ``reached`` is the end of the return window that has passed, ``ends_at`` the one that is waited for (0: none).
    ``state`` and ``qualified`` (the event) are what the referrer was told last, ``said`` its hash64 and ``version`` its
    number; ``answer``, ``answered`` and ``lineage`` are the referrer's latest answer, its number, and the referrals by
    which the source profile was found."""

    referrer: str
    at: int
    terms: Terms
    reached: int = 0
    ends_at: int = 0
    state: str = ""
    qualified: First | None = None
    said: int = 0
    version: int = 0
    answer: str = ""
    answered: int = 0
    lineage: tuple[Edge, ...] = ()
    paid: Paid = UNPAID

    def joined(self, other: "Followed") -> "Followed":
        """One link as two accounts had it."""
        said, answered = max(self, other, key=_version), max(self, other, key=_answered)
        first = min(self, other, key=_at)
        return msgspec.structs.replace(
            said,
            referrer=self.referrer and other.referrer,
            at=first.at,
            terms=first.terms,
            reached=max(self.reached, other.reached),
            answer=answered.answer,
            answered=answered.answered,
            lineage=answered.lineage,
            paid=max(self.paid, other.paid, key=_entries),
        )


class Friend(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A friend who followed the source profile's link: ``friend`` is theirs, empty once that is erased.

    What their account said last: its number ``version``, ``state``, ``reason`` why it is not to be paid, the event by
    which they qualified and ``at`` when, ``ties``, and the terms. ``answer`` and ``why`` are what they were told last,
    ``said`` its hash64 and ``answered`` its number."""

    friend: str
    version: int
    state: str
    reason: str
    at: int
    event_id: str
    ties: tuple[int, ...]
    rule: str
    rule_version: int
    points: int
    per_household: int
    per_year: int
    consent: int
    expires_at: int = 0
    answer: str = ""
    why: str = ""
    said: int = 0
    answered: int = 0
    paid: Paid = UNPAID

    def joined(self, other: "Friend") -> "Friend":
        """One friend as two accounts had them."""
        said, answered = max(self, other, key=_version), max(self, other, key=_answered)
        return msgspec.structs.replace(
            said,
            friend=self.friend and other.friend,
            answer=answered.answer,
            why=answered.why,
            said=answered.said,
            answered=answered.answered,
            paid=max(self.paid, other.paid, key=_entries),
        )


class Referrals(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Of one source profile: its first event of each kind by which friends qualify, numbers that stand for identifiers
    of its purchases, and both sides of referrals by their ids."""

    firsts: dict[str, First] = {}
    ties: tuple[int, ...] = ()
    followed: dict[str, Followed] = {}
    friends: dict[str, Friend] = {}

    @property
    def has_sides(self) -> bool:
        """Whether anything may follow from it."""
        return bool(self.followed or self.friends)

    @property
    def size(self) -> int:
        """Links followed and friends."""
        return len(self.followed) + len(self.friends)

    def joined(self, other: "Referrals") -> "Referrals":
        """Both states of the same source profile."""
        if self == other:
            return self
        firsts = self.firsts | other.firsts
        for kind in self.firsts.keys() & other.firsts.keys():
            firsts[kind] = min(self.firsts[kind], other.firsts[kind], key=_in_time)
        followed = self.followed | other.followed
        for id in self.followed.keys() & other.followed.keys():
            followed[id] = self.followed[id].joined(other.followed[id])
        friends = self.friends | other.friends
        for id in self.friends.keys() & other.friends.keys():
            friends[id] = self.friends[id].joined(other.friends[id])
        return Referrals(firsts, kept_ties((*self.ties, *other.ties)), kept_links(followed), kept_friends(friends))


NO_REFERRALS: Final = Referrals()


def kept_links(followed: Mapping[str, Followed]) -> dict[str, Followed]:
    """The first links, in order of time."""
    return dict(sorted(followed.items(), key=lambda item: (item[1].at, item[0]))[:LINKS_KEPT])


def kept_friends(friends: Mapping[str, Friend]) -> dict[str, Friend]:
    """The latest friends, in order of time."""
    return dict(sorted(friends.items(), key=lambda item: (item[1].at, item[0]))[-FRIENDS_KEPT:])


def kept_ties(ties: Iterable[int]) -> tuple[int, ...]:
    """As many as are kept, whatever the order in which they came."""
    return tuple(sorted(set(ties))[:TIES_KEPT])


def _at(link: Followed) -> int:
    return link.at


def _version(one: Followed | Friend) -> int:
    return one.version


def _answered(one: Followed | Friend) -> int:
    return one.answered


def _entries(paid: Paid) -> int:
    return paid.entries


def _in_time(first: First) -> tuple[int, str]:
    return first.at, first.event_id
