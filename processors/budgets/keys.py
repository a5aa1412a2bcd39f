"""Who decides about a claim: the keys of a limit's owner and of the holders of its leases.

The owner's key is the limit. A claim goes to one of ``HOLDERS`` holders, ``limit/17``, which its id decides, so that
the same claim always finds what was decided about it. A holder that has granted as much as its row may remember is
divided into ``CHILDREN`` others, ``limit/17.3``, and so on.
"""

from typing import Final

from schemas.ids import hash64

HOLDERS: Final = 64
CHILDREN: Final = 16
_HOLDER_BITS, _CHILD_BITS = 6, 4


def mark_of(claim_id: str) -> int:
    """What stands for a claim where many are remembered: 63 bits, of which the lowest say who decides about it."""
    return hash64(claim_id) & 0x7FFF_FFFF_FFFF_FFFF


def holder_of(limit: str, claim_id: str) -> str:
    """The key that a claim, or a release of it, is sent to."""
    return f"{limit}/{mark_of(claim_id) % HOLDERS}"


def child_of(holder: str, limit: str, mark: int) -> str:
    """The key to which a divided holder sends what concerns a claim."""
    depth = holder.count(".", len(limit))
    return f"{holder}.{(mark >> (_HOLDER_BITS + _CHILD_BITS * depth)) % CHILDREN}"
