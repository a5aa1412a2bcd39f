"""The file of the keys of tags: a new key that signs, and the end of old ones."""

import secrets
from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from deploy.private_file import write_private
from schemas.process.errors import OperatorError
from schemas.process.shared_settings import TAG_KEY_FILE
from schemas.trust.keys import TagKey, read_tag_keys, written_tag_keys

KEY_BYTES: Final = 32
ACCEPT_DAYS: Final = 365
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""Of ids: every link has one, so they are short; 0, 1, i, l and o are not easily told apart in print."""
_ID_CHARS: Final = 3


def tag_keys(file: Path) -> list[TagKey]:
    """The keys, in the order of the file. :raises OperatorError: it cannot be used."""
    return list(_read(file).values())


def create_tag_key(file: Path, accept_days: int = ACCEPT_DAYS) -> str:
    """Creates a key that signs from now on; makes the file when there is none. Returns the key's id.

    :param accept_days: how long links of the key that signed before are accepted still.
    :raises OperatorError: the file cannot be used.
    """
    keys = _read(file) if file.exists() else {}
    until = datetime.now(UTC).date() + timedelta(days=accept_days)
    keys = {key.id: _ended(key, until) if key.state == "signing" else key for key in keys.values()}
    id = _new_id(keys)
    _write(file, keys | {id: TagKey(id, secrets.token_bytes(KEY_BYTES))})
    return id


def retire_tag_keys(file: Path, ids: Collection[str]) -> None:
    """Takes the bytes of keys out of the file: their links are forged ones from now on. Of the key that signs a new one
    takes the place.

    :raises OperatorError: the file has no such key, or cannot be used.
    """
    keys = _read(file)
    if missing := [id for id in ids if id not in keys]:
        raise OperatorError(f"{file} has no key {', '.join(missing)}; it has {', '.join(keys)}")
    left = {key.id: TagKey(key.id) if key.id in ids else key for key in keys.values()}
    if not any(key.state == "signing" for key in left.values()):
        id = _new_id(left)
        left[id] = TagKey(id, secrets.token_bytes(KEY_BYTES))
    _write(file, left)


def _ended(key: TagKey, until: date) -> TagKey:
    return msgspec.structs.replace(key, until=until)


def _new_id(keys: Collection[str]) -> str:
    while (id := "".join(secrets.choice(_LETTERS) for _ in range(_ID_CHARS))) in keys:
        pass
    return id


def _read(file: Path) -> dict[str, TagKey]:
    try:
        return read_tag_keys(file.read_text(encoding="ascii"))
    except OSError as error:
        raise OperatorError(f"{TAG_KEY_FILE.name}={file}: {error.strerror}") from None
    except ValueError:
        raise OperatorError(
            f"{TAG_KEY_FILE.name}={file}: must have one key that signs, and no line but `ID 64-HEX-DIGITS`, the same "
            "with until=YYYY-MM-DD, and `ID retired`"
        ) from None


def _write(file: Path, keys: dict[str, TagKey]) -> None:
    try:
        write_private(file, written_tag_keys(keys))
    except OSError as error:
        raise OperatorError(f"{TAG_KEY_FILE.name}={file}: {error.strerror}") from None
