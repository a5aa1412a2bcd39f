"""Who recommended the brand to whom, as the accounts of both sides have it."""

import msgspec


class Referral(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One side of a referral."""

    referral_id: str
