"""The data directory of one stack: paths, lock, secrets and `run.json`."""

import hashlib
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.operate.coupons.key_file import create_coupon_key
from deploy.operate.key_files import add_key
from deploy.operate.tag_key_file import create_tag_key
from deploy.private_file import write_private
from schemas.process.folder_lock import FolderInUseError, lock_folder
from schemas.process.shared_settings import CONTACT_KEY_FILE, REJECT_KEY_FILE


class DataError(Exception):
    """The directory cannot be used; the text names the setting and says what to do."""


@dataclass(frozen=True)
class DataDirectory:
    """Paths of everything that a stack stores; all lie below `root`."""

    root: Path

    @property
    def kafka(self) -> Path:
        return self.root / "kafka"

    @property
    def clickhouse(self) -> Path:
        return self.root / "clickhouse"

    @property
    def spool(self) -> Path:
        return self.root / "spool"

    @property
    def identifier_key(self) -> Path:
        """File with the key of the identifiers' hash: 32 random bytes as hex digits."""
        return self.root / "secrets" / "identifier.key"

    @property
    def reject_keys(self) -> Path:
        """File with the keys that protect rejected events, see `schemas/protection/reject_keys.py`."""
        return self.root / "secrets" / "reject.keys"

    @property
    def contact_keys(self) -> Path:
        """File with the master keys of contacts, see `schemas/contacts/wrapping.py`."""
        return self.root / "secrets" / "contact.keys"

    @property
    def tag_keys(self) -> Path:
        """File with the keys of tags, see `schemas/trust/keys.py`."""
        return self.root / "secrets" / "tag.keys"

    @property
    def coupon_keys(self) -> Path:
        """File with the keys of coupon codes, see `schemas/coupons/keys.py`."""
        return self.root / "secrets" / "coupon.keys"

    @property
    def clickhouse_password(self) -> Path:
        """File with the password of the embedded ClickHouse's user that may change something."""
        return self.root / "secrets" / "clickhouse.password"

    @property
    def api_key(self) -> Path:
        """File with the demo sender's API key as text."""
        return self.root / "secrets" / "api.key"

    @property
    def api_keys(self) -> Path:
        """Brand file that declares the demo sender; it contains the hash of the key only."""
        return self.root / "secrets" / "keys.yaml"

    @property
    def run_file(self) -> Path:
        return self.root / "run.json"

    def log(self, name: str) -> Path:
        return self.root / "logs" / f"{name}.log"


@contextmanager
def locked(root: Path) -> Iterator[DataDirectory]:
    """Creates and locks the directory until the block ends.

    Raises `DataError` if another process holds the lock or the directory cannot be written.
    """
    try:
        lock = lock_folder(root)
        with suppress(PermissionError):  # another user's folder, which this one may write
            root.chmod(0o700)
    except FolderInUseError as holder:
        raise DataError(
            f"FOOTPATH_DATA={root} is in use by a running stack (pid {holder.pid}): "
            "stop it, or set FOOTPATH_DATA (or --data) to another directory"
        ) from None
    except OSError as problem:
        raise DataError(
            f"FOOTPATH_DATA={root} cannot be written ({problem.strerror}): "
            "set FOOTPATH_DATA (or --data) to a directory this user may write"
        ) from None
    try:
        yield DataDirectory(root)
    finally:
        os.close(lock)


def make_secrets(data: DataDirectory) -> None:
    """Generates the keys that do not exist yet; only this user can read them."""
    data.api_key.parent.mkdir(mode=0o700, exist_ok=True)
    if not data.identifier_key.exists():
        write_private(data.identifier_key, secrets.token_hex(32) + "\n")
    if not data.reject_keys.exists():
        add_key(data.reject_keys, REJECT_KEY_FILE.name)
    if not data.contact_keys.exists():
        add_key(data.contact_keys, CONTACT_KEY_FILE.name)
    if not data.tag_keys.exists():
        create_tag_key(data.tag_keys)
    if not data.coupon_keys.exists():
        create_coupon_key(data.coupon_keys)
    if not data.clickhouse_password.exists():
        write_private(data.clickhouse_password, secrets.token_urlsafe(24) + "\n")
    if not data.api_key.exists():
        write_private(data.api_key, f"fp_{secrets.token_urlsafe(32)}\n")
    digest = hashlib.sha256(read_api_key(data).encode()).hexdigest()
    # The operator's event ids stay as they are, as in the data of earlier versions.
    key = f'id: demo\n    hash: "sha256:{digest}"\n    scopes: ["events:write", "privacy", "staff"]\n    namespace: ""'
    write_private(data.api_keys, f"api_keys:\n  - {key}\n")


def read_api_key(data: DataDirectory) -> str:
    return data.api_key.read_text().strip()


def write_run_file(data: DataDirectory, run: Mapping[str, Any]) -> None:
    """Writes the addresses and pids for other programs; only this user can read it, because it contains the API key."""
    write_private(data.run_file, json.dumps(run, indent=2) + "\n")


def remove_run_file(data: DataDirectory) -> None:
    data.run_file.unlink(missing_ok=True)
