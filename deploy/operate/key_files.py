"""Files of keys, those of rejects and those of contacts: a new key, and the destruction of old ones."""

import os
import secrets
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path

from deploy.private_file import write_private
from schemas.process.errors import OperatorError
from schemas.protection.key_file import KEY_BYTES, read_keys


def key_ids(file: Path, setting: str) -> list[str]:
    """Ids of the keys, the newest last. :param setting: for errors. :raises OperatorError: it cannot be used."""
    return list(_read(file, setting))


def add_key(file: Path, setting: str) -> str:
    """Adds a key, which protects from now on; makes the file when there is none. Returns the key's id.

    :raises OperatorError: the file cannot be used.
    """
    keys = _read(file, setting) if file.exists() else {}
    id = f"{datetime.now(UTC):%Y-%m-%d}-{secrets.token_hex(4)}"
    _replace(file, keys | {id: secrets.token_bytes(KEY_BYTES)}, setting)
    return id


def destroy_keys(file: Path, ids: Collection[str], setting: str) -> None:
    """Takes the keys out of the file and overwrites them on the disk; when none would be left, a new one is added.

    Whatever they protect can never be read again, unless somebody has a copy of the file.

    :raises OperatorError: the file has no such key, or cannot be used.
    """
    keys = _read(file, setting)
    if missing := [id for id in ids if id not in keys]:
        raise OperatorError(f"{file} has no key {', '.join(missing)}; it has {', '.join(keys)}")
    left = {id: key for id, key in keys.items() if id not in ids}
    # The old file keeps a name until it is overwritten: a crash before that leaves a file with the keys to destroy.
    old = file.with_name(f"{file.name}.old")
    old.unlink(missing_ok=True)
    os.link(file, old)
    _replace(file, left, setting)
    if not left:
        add_key(file, setting)
    with old.open("r+b") as content:
        content.write(bytes(old.stat().st_size))
        content.flush()
        os.fsync(content.fileno())
    old.unlink()


def _read(file: Path, setting: str) -> dict[str, bytes]:
    try:
        return read_keys(file.read_text(encoding="ascii"))
    except OSError as error:
        raise OperatorError(f"{setting}={file}: {error.strerror}") from None
    except ValueError:
        raise OperatorError(f"{setting}={file}: a line is no id with 64 hex digits") from None


def _replace(file: Path, keys: dict[str, bytes], setting: str) -> None:
    try:
        write_private(file, "".join(f"{id} {key.hex()}\n" for id, key in keys.items()))
    except OSError as error:
        raise OperatorError(f"{setting}={file}: {error.strerror}") from None
