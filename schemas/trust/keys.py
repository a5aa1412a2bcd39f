"""The file of the keys of tags, which gateways, `footpath qr`, `screen` and `tag-keys` share.

A line has the id of a key, its 32 bytes as hex digits and its state: nothing for the one that signs,
``until=YYYY-MM-DD`` for one whose links are accepted before that day (UTC), ``retired`` in place of the digits for one
that is gone. A changed file is read again before its next use.
"""

import logging
import os
import re
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Final

import msgspec

log = logging.getLogger(__name__)

KEY_ID: Final = re.compile(r"[a-z0-9]{1,8}")
_LINE: Final = re.compile(r"([a-z0-9]{1,8}) +(?:([0-9a-f]{64})(?: +until=([0-9]{4}-[0-9]{2}-[0-9]{2}))?|retired)")


class TagKey(msgspec.Struct, frozen=True):
    """A key; ``until`` is None for the one that signs, ``secret`` is empty for one that is retired."""

    id: str
    secret: bytes = b""
    until: date | None = None

    @property
    def state(self) -> str:
        """For people."""
        if not self.secret:
            return "retired"
        return "signing" if self.until is None else f"accepted until {self.until}"

    def accepts(self, now_s: float) -> bool:
        """Whether its links count. :param now_s: seconds since 1970."""
        if self.until is None:
            return bool(self.secret)
        return now_s < datetime.combine(self.until, time(), UTC).timestamp()


def read_tag_keys(text: str) -> dict[str, TagKey]:
    """The keys by id, in the order of the lines; blank lines and comments (#) are ignored.

    :raises ValueError: a line of another form, an id twice, or not exactly one key that signs.
    """
    keys: dict[str, TagKey] = {}
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        found = _LINE.fullmatch(line.strip())
        if found is None or found[1] in keys:
            raise ValueError
        until = date.fromisoformat(found[3]) if found[3] else None
        keys[found[1]] = TagKey(found[1], bytes.fromhex(found[2] or ""), until)
    if sum(key.state == "signing" for key in keys.values()) != 1:
        raise ValueError
    return keys


def written_tag_keys(keys: dict[str, TagKey]) -> str:
    """The text of a file with these keys."""
    lines = []
    for key in keys.values():
        until = f" until={key.until}" if key.until is not None else ""
        lines.append(f"{key.id} {key.secret.hex()}{until}\n" if key.secret else f"{key.id} retired\n")
    return "".join(lines)


class TagKeys:
    """The keys in a file. :raises OSError: it cannot be read. :raises ValueError: see :func:`read_tag_keys`."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._version: tuple[int, int, int] | None = self._stat()
        self._keys = read_tag_keys(file.read_text(encoding="ascii"))

    def find(self, id: str) -> TagKey | None:
        """The key with this id."""
        return self._current().get(id)

    @property
    def signing(self) -> TagKey | None:
        """The key that signs; None when the file cannot be read any more."""
        return next((key for key in self._current().values() if key.secret and key.until is None), None)

    def _current(self) -> dict[str, TagKey]:
        try:
            version = self._stat()
            if version != self._version:
                self._keys = read_tag_keys(self._file.read_text(encoding="ascii"))
                self._version = version
        except (OSError, ValueError) as error:
            if self._keys:
                log.error("the keys of tags cannot be read, tags that need them are refused: %s", type(error).__name__)
            self._keys, self._version = {}, None
        return self._keys

    def _stat(self) -> tuple[int, int, int]:
        found = os.stat(self._file)
        return found.st_ino, found.st_size, found.st_mtime_ns
