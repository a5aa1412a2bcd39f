"""What an event states of points: ``properties`` of the kinds of ``schemas.kinds.POINTS``."""

from typing import Final

import msgspec

MAX_POINTS: Final = 10**12
MAX_REASON_CHARS: Final = 200


class Stated(msgspec.Struct, frozen=True):
    """``points`` that are spent, given back, adjusted (below zero: taken away) or transferred; ``redemption_id`` is the
    event id of the redemption that is given back, with its namespace; ``to`` the source profile that a transfer
    goes to; ``reason`` an operator's."""

    points: int = 0
    redemption_id: str = ""
    to: str = ""
    reason: str = ""


_decode = msgspec.json.Decoder(Stated).decode


def stated_of(properties: str) -> Stated | None:
    """What the properties of an event state; None where they do not."""
    try:
        return _decode(properties)
    except msgspec.DecodeError:
        return None
