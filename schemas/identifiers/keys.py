"""The keys that identifiers are hashed with: one, or several while one takes the place of another.

The last key of the file makes identifiers; all are recognised. Ids sort by age, so that processes which do not have the
same order of lines agree on the oldest one, with which everything else is hashed that must stay comparable meanwhile.
"""

import re
from typing import Final

import msgspec

MIN_KEY_BYTES: Final = 16
_LINE: Final = re.compile(r"([A-Za-z0-9._-]{1,64}) +([0-9A-Fa-f]{32,})")
_BARE: Final = re.compile(r"[0-9A-Fa-f]{32,}")


class IdentifierKeys(msgspec.Struct, frozen=True):
    """Ids and keys in the order of the file; the id of a file's only key is empty in its first form."""

    by_id: dict[str, bytes]

    @property
    def newest(self) -> bytes:
        """The key that makes identifiers."""
        return next(reversed(self.by_id.values()))

    @property
    def oldest(self) -> bytes:
        """The key of the lowest id."""
        return self.by_id[min(self.by_id)]

    @property
    def others(self) -> tuple[bytes, ...]:
        """The keys that are recognised, beside the newest."""
        return tuple(self.by_id.values())[:-1]


Key = bytes | IdentifierKeys
"""One key, or all."""


def keys_of(key: Key) -> IdentifierKeys:
    """The keys; one alone has no id."""
    return key if isinstance(key, IdentifierKeys) else IdentifierKeys({"": key})


def read_identifier_keys(text: str) -> IdentifierKeys:
    """The keys of a file: a line for each, with its id, a blank and hex digits. One key may stand without an id; hex
    digits alone, over however many lines, are one key.

    :raises ValueError: a line of another form, an id or a key twice, or a key that is too short.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    keys: dict[str, bytes] = {}
    if not any(map(_LINE.fullmatch, lines)):
        keys[""] = bytes.fromhex(" ".join(lines))
    else:
        for line in lines:
            found = _LINE.fullmatch(line)
            if found is None and not _BARE.fullmatch(line):
                raise ValueError
            id, digits = ("", line) if found is None else found.groups()
            if id in keys:
                raise ValueError
            keys[id] = bytes.fromhex(digits)
    if len(set(keys.values())) < len(keys) or any(len(key) < MIN_KEY_BYTES for key in keys.values()):
        raise ValueError
    return IdentifierKeys(keys)
