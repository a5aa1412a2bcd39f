"""What data may be used for, and the keys by which statements about it are stored."""

from collections.abc import Iterable
from typing import Final

IDENTITY: Final = "identity"
"""Being recognised as one person across devices and channels."""
PERSONALISATION: Final = "personalisation"
MARKETING: Final = "marketing"
"""Messages; stated for each channel."""
ANALYTICS: Final = "analytics"
PURPOSES: Final = (IDENTITY, PERSONALISATION, MARKETING, ANALYTICS)
CHANNELS: Final = ("email", "sms", "whatsapp", "push")
KEYS: Final = tuple(
    key
    for purpose in PURPOSES
    for key in ([f"{purpose}/{channel}" for channel in CHANNELS] if purpose == MARKETING else [purpose])
)
"""Everything that is allowed or not by itself: a purpose, or ``marketing/<channel>``."""


def keys_of(purposes: Iterable[str], channels: Iterable[str] = ()) -> tuple[str, ...]:
    """The keys that a statement is about, in the order of :data:`KEYS`; marketing without a channel is all channels.

    Names that are none are left out.
    """
    named, over = set(purposes), set(channels) or set(CHANNELS)
    return tuple(key for key in KEYS if purpose_of(key) in named and (not channel_of(key) or channel_of(key) in over))


def purpose_of(key: str) -> str:
    """The purpose of a key."""
    return key.partition("/")[0]


def channel_of(key: str) -> str:
    """The channel of a key; empty for a purpose without channels."""
    return key.partition("/")[2]
