"""Types of identifiers and their order. An identifier is ``type:hash``, or ``type:blocked`` for a placeholder."""

from collections.abc import Iterable
from typing import Final

TYPES: Final = ("customer", "loyalty", "email", "phone", "payment", "device", "mac")
"""Built-in types, strongest first: the first one present is an event's primary identifier. A brand's own types come
last."""
_RANKS: Final = {kind: rank for rank, kind in enumerate(TYPES)}
DEVICE: Final = "device"
BLOCKED: Final = "blocked"
"""Stands for the hash of a placeholder; nothing is ever joined by it."""
_BLOCKED_END: Final = f":{BLOCKED}"


def is_blocked(identifier: str) -> bool:
    """Whether an identifier stands for a placeholder."""
    return identifier.endswith(_BLOCKED_END)


def blocked(identifier: str) -> str:
    """The placeholder that stands for an identifier of this type."""
    return f"{type_of(identifier)}{_BLOCKED_END}"


def strongest(identifiers: Iterable[str]) -> str:
    """The strongest identifier, which decides the event's partition."""
    return min(identifiers, key=strength)


def type_of(identifier: str) -> str:
    """Type of an identifier: the text before the colon."""
    return identifier.partition(":")[0]


def strength(identifier: str) -> tuple[int, str]:
    """Sort key of identifiers, strongest first: their type, then their text; blocked ones are last of all."""
    if is_blocked(identifier):
        return len(TYPES) + 1, identifier
    return _RANKS.get(type_of(identifier), len(TYPES)), identifier
