"""The universal hold-out: a share of the people, drawn once by their ids, who get a tag's fallback whatever routes say.

What the others do beyond them is what the answers are worth (view uplift).
"""

import hashlib

from schemas.brand.model import Holdout

BUCKETS = 10_000
HELD_OUT = "held_out"
"""Why a route that applies loses when its visitor is held out."""


def is_held_out(person_id: str, holdout: Holdout) -> bool:
    """Whether a person is in the hold-out: the first four bytes of SHA-256("salt:person_id"), as a number modulo
    10,000, are below the share of 10,000. A person keeps the id that was first, so a merge moves one of two at most.
    """
    drawn = hashlib.sha256(f"{holdout.salt}:{person_id}".encode(), usedforsecurity=False).digest()
    return int.from_bytes(drawn[:4], "big") % BUCKETS < round(holdout.share * BUCKETS)
