"""Settings of a worker, read once at its entry."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from schemas.topics import PARTITIONS


class SettingError(Exception):
    """A setting cannot be used; the message names it."""


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """``kafka`` is host:port[,host:port]; ``data`` holds the stores; ``store`` is rocksdb or memory; see the fields'
    comments in the settings reference of the README for the rest."""

    kafka: str
    data: Path
    partitions: int = PARTITIONS
    store: str = "rocksdb"
    commit_interval_ms: int = 3000
    seal_ms: int = 100
    session_timeout_ms: int = 6000
    heartbeat_interval_ms: int = 1500
    fetch_wait_ms: int = 500
    batch_rows: int = 2000
    transaction_timeout_ms: int = 60_000
    reject_limit: int = 10_000
    metrics_port: int | None = None
    schema_registry: str = ""


_NUMBERS = {
    "partitions": ("FOOTPATH_PARTITIONS", 1, 4096),
    "commit_interval_ms": ("FOOTPATH_WORKER_COMMIT_INTERVAL_MS", 1, 60_000),
    "seal_ms": ("FOOTPATH_WORKER_SEAL_MS", 1, 60_000),
    "session_timeout_ms": ("FOOTPATH_WORKER_SESSION_TIMEOUT_MS", 1000, 600_000),
    "heartbeat_interval_ms": ("FOOTPATH_WORKER_HEARTBEAT_INTERVAL_MS", 100, 60_000),
    "fetch_wait_ms": ("FOOTPATH_WORKER_FETCH_WAIT_MS", 1, 10_000),
    "batch_rows": ("FOOTPATH_WORKER_BATCH_ROWS", 1, 100_000),
    "transaction_timeout_ms": ("FOOTPATH_WORKER_TRANSACTION_TIMEOUT_MS", 1000, 900_000),
    "reject_limit": ("FOOTPATH_WORKER_REJECT_LIMIT", 1, 1_000_000_000),
    "metrics_port": ("FOOTPATH_WORKER_METRICS_PORT", 1, 65_535),
}


def read_settings(env: Mapping[str, str] = os.environ) -> WorkerSettings:
    """:raises SettingError: a setting is missing or no number in its range."""
    kafka = env.get("FOOTPATH_KAFKA", "")
    if not kafka:
        raise SettingError("FOOTPATH_KAFKA is not set: give the brokers as host:port[,host:port]")
    store = env.get("FOOTPATH_WORKER_STORE", "rocksdb")
    if store not in ("rocksdb", "memory"):
        raise SettingError(f"FOOTPATH_WORKER_STORE={store}: must be rocksdb or memory")
    numbers = {}
    for field, (name, low, high) in _NUMBERS.items():
        if text := env.get(name, ""):
            if not text.isdecimal() or not low <= int(text) <= high:
                raise SettingError(f"{name}={text}: must be a whole number from {low} to {high}")
            numbers[field] = int(text)
    return WorkerSettings(
        kafka=kafka,
        data=Path(env.get("FOOTPATH_DATA", ".footpath")),
        store=store,
        schema_registry=env.get("FOOTPATH_SCHEMA_REGISTRY", ""),
        **numbers,
    )
