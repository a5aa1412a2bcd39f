"""The directory of one stack: its lock, its secrets, its `run.json`."""

import fcntl
import hashlib
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class DataError(Exception):
    """The directory cannot be used; the text names the setting and says what to do."""


@dataclass(frozen=True)
class Data:
    """Where a stack keeps what; all of it lies below `root`."""

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
        """32 random bytes as hex: the key of the identifiers' hash."""
        return self.root / "secrets" / "identifier.key"

    @property
    def api_key(self) -> Path:
        """The demo sender's API key as text."""
        return self.root / "secrets" / "api.key"

    @property
    def api_keys(self) -> Path:
        """The demo sender as brand configuration, which holds the key's hash only."""
        return self.root / "secrets" / "keys.yaml"

    @property
    def run_file(self) -> Path:
        return self.root / "run.json"

    def log(self, name: str) -> Path:
        return self.root / "logs" / f"{name}.log"


@contextmanager
def locked(root: Path) -> Iterator[Data]:
    """Makes the directory ours until the block ends; raises `DataError` if another's or not writable."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        lock = (root / "lock").open("a+")
    except OSError as problem:
        raise DataError(
            f"FOOTPATH_DATA={root} cannot be written ({problem.strerror}): "
            "set FOOTPATH_DATA (or --data) to a directory this user may write"
        ) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise DataError(
                f"FOOTPATH_DATA={root} is in use by a stack that runs (pid {lock.read().strip()}): "
                "stop it, or set FOOTPATH_DATA (or --data) to another directory"
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield Data(root)


def make_secrets(data: Data) -> None:
    """Draws the keys that are not there yet; only this user may read them."""
    data.api_key.parent.mkdir(mode=0o700, exist_ok=True)
    if not data.identifier_key.exists():
        _write_private(data.identifier_key, secrets.token_hex(32) + "\n")
    if not data.api_key.exists():
        _write_private(data.api_key, f"fp_{secrets.token_urlsafe(32)}\n")
    digest = hashlib.sha256(read_api_key(data).encode()).hexdigest()
    _write_private(
        data.api_keys,
        f'api_keys:\n  - id: demo\n    hash: "sha256:{digest}"\n    scopes: ["events:write"]\n',
    )


def read_api_key(data: Data) -> str:
    return data.api_key.read_text().strip()


def write_run_file(data: Data, run: Mapping[str, Any]) -> None:
    """Tells other programs where everything is; private, for it holds the API key."""
    _write_private(data.run_file, json.dumps(run, indent=2) + "\n")


def remove_run_file(data: Data) -> None:
    data.run_file.unlink(missing_ok=True)


def _write_private(path: Path, text: str) -> None:
    """Writes a file in one step that only this user may read."""
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)
