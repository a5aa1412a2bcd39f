"""What one source profile said about the use of its data, as a set that grows: the order in which statements arrive,
and how often, makes no difference."""

from collections.abc import Iterable
from typing import Final

import msgspec

CHOICES_KEPT: Final = 8
"""Latest choices that are kept of each key. An event that is older than all of them, where there were more, is taken as
one without consent: what was said then is not known any more."""


class Choice(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A person's own statement: when (microseconds), granted or withdrawn, the hash64 of the event that stated it, the
    time from which on it does not count any more (0: it does not end), and the version of the policy that was shown."""

    at: int
    granted: bool
    event: int
    expires_at: int = 0
    policy: str = ""

    @property
    def rank(self) -> tuple[int, bool, int, int, str]:
        """The order of choices, which is total: the later counts, of two at one time the withdrawal."""
        return self.at, not self.granted, self.event, self.expires_at, self.policy


class Consents(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """``choices`` by key (``schemas.consent.purposes``), in order of their rank. ``gpc_at`` is the first time at which
    the browser sent Global Privacy Control, None for never. ``forgotten`` lists the keys of which there were more
    choices than are kept."""

    choices: dict[str, tuple[Choice, ...]] = {}
    gpc_at: int | None = None
    forgotten: tuple[str, ...] = ()

    @property
    def says_something(self) -> bool:
        return bool(self.choices) or self.gpc_at is not None

    @property
    def size(self) -> int:
        """How many things were said."""
        return sum(map(len, self.choices.values())) + (self.gpc_at is not None)

    def with_choice(self, keys: Iterable[str], choice: Choice) -> "Consents":
        """With a choice about these keys; the same object when it is known."""
        return self.joined(Consents({key: (choice,) for key in keys}))

    def with_gpc(self, at: int) -> "Consents":
        """With the browser's control, sent at a time; the same object when it was sent before."""
        return self.joined(Consents(gpc_at=at))

    def joined(self, other: "Consents") -> "Consents":
        """All that both know. Joining the same again changes nothing, and gives the same object."""
        choices, forgotten = self.choices, {*self.forgotten, *other.forgotten}
        for key, theirs in other.choices.items():
            mine = choices.get(key, ())
            if all(one in mine for one in theirs):
                continue
            union = sorted({*mine, *theirs}, key=_rank)
            choices = {**choices, key: tuple(union[-CHOICES_KEPT:])}
            if len(union) > CHOICES_KEPT:
                forgotten.add(key)
        times = [at for at in (self.gpc_at, other.gpc_at) if at is not None]
        # In one order: the state's bytes must not tell what came first.
        after = Consents(
            dict(sorted(choices.items())) if choices is not self.choices else choices,
            min(times, default=None),
            tuple(sorted(forgotten)),
        )
        return self if after == self else after


NOTHING_SAID: Final = Consents()


def _rank(choice: Choice) -> tuple[int, bool, int, int, str]:
    return choice.rank
