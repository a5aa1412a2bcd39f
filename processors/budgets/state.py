"""What the owner of a limit and the holders of its leases remember."""

import msgspec

from processors.budgets.units import NONE, Units


class Owner(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Of a limit. ``out``: units that holders have, granted or not. ``fresh``: the lowest number that nobody was ever
    given, ``free``: those below that came back; both only where units have numbers. ``waiting``: holders that wait, in
    order, with the units that they want. ``spare``: by holder the most that it can have left of its last lease.
    ``recalled``: holders that were asked to give that back and have not answered. ``leases`` counts the leases."""

    out: int = 0
    fresh: int = 0
    free: Units = NONE
    waiting: dict[str, int] = {}
    spare: dict[str, int] = {}
    recalled: frozenset[str] = frozenset()
    leases: int = 0


class Waiting(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A claim that was not answered yet. ``kept``: what it keeps of its units once it has them, where it was released
    before that."""

    claim_id: str
    units: int
    occurred_at: int
    person_id: str
    source_profile_id: str
    rule: str
    source_event_id: str
    kept: int | None = None


class Holder(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Of a lease. ``granted``: by claim the points that it holds, or the number of its coupon; -1 once that was given
    back. ``waiting``: claims without an answer, in order. ``free``: units to grant, leased while the limit was
    ``size``. ``asked``: how many of the waiting claims an ask covers that was not answered. ``tries``: how often the
    owner knew another size than this worker; ``wake``: when it is asked again (microseconds), 0: not waited for.
    ``messages`` counts those to the owner. ``divided``: other holders have all of this."""

    granted: dict[int, int] = {}
    waiting: dict[int, Waiting] = {}
    free: Units = NONE
    size: int = -1
    asked: int = 0
    tries: int = 0
    wake: int = 0
    messages: int = 0
    divided: bool = False


class LimitState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Of a key: that of a limit's owner, or of a holder, whose key ``holder`` has with the ``limit``."""

    owner: Owner | None = None
    holder: Holder | None = None
    key: str = ""
    limit: str = ""
