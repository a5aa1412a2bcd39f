"""The worker's settings, read once from environment variables."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from schemas.codec.registry_settings import RegistrySettings, SchemaRegistry
from schemas.kafka.client_settings import ClientSettings, Kafka
from schemas.process.parsers import SHARE, choice, whole_number
from schemas.process.settings import block, setting, use
from schemas.process.shared_settings import COUPON_KEY_FILE, DATA, KAFKA, METRICS_HOST, PARTITIONS, REJECT_KEY_FILE

if TYPE_CHECKING:
    from schemas.coupons.keys import CouponKeys
    from schemas.protection.reject_keys import RejectKeys


@dataclass(frozen=True, kw_only=True)
class WorkerKafka(ClientSettings):
    """How a worker reaches Kafka: its address must be set."""

    bootstrap: str = use(KAFKA)


@dataclass(frozen=True, kw_only=True)
class WorkerSettings:
    """``data`` is the directory that holds the stores; ``partitions`` is what the
    operator set, 0 for nothing, and what the topics have once the worker entry has asked Kafka."""

    kafka: Kafka = block(WorkerKafka)
    data: Path = use(DATA)
    partitions: int = use(PARTITIONS, unset=0)
    schema_registry: SchemaRegistry = block(RegistrySettings)
    reject_keys: "RejectKeys | None" = use(REJECT_KEY_FILE, unset=None)
    coupon_keys: "CouponKeys | None" = use(COUPON_KEY_FILE, unset=None)
    store: str = setting(
        "FOOTPATH_WORKER_STORE",
        choice("rocksdb", "memory"),
        "rocksdb",
        "Where state is stored: rocksdb (a restart reads only the end of the changelog) or memory.",
    )
    commit_interval_ms: int = setting(
        "FOOTPATH_WORKER_COMMIT_INTERVAL_MS",
        whole_number(1, 60_000, "milliseconds"),
        "3000",
        "How often state and offsets are committed, in milliseconds. No answer waits for it; after a crash as much "
        "is replayed.",
    )
    transaction_interval_ms: int = setting(
        "FOOTPATH_WORKER_TRANSACTION_INTERVAL_MS",
        whole_number(1, 60_000, "milliseconds"),
        "100",
        "Transactional effects, such as the state of people who merge or split, are written by a commit, which then "
        "comes sooner: at most so often, in milliseconds.",
    )
    session_timeout_ms: int = setting(
        "FOOTPATH_WORKER_SESSION_TIMEOUT_MS",
        whole_number(1000, 600_000, "milliseconds"),
        "6000",
        "A worker that sends no heartbeat for so many milliseconds loses its partitions. Brokers refuse less than "
        "their group.min.session.timeout.ms, 6000 by default; the embedded Kafka allows the 2000 that `footpath up` "
        "gives those of its own workers for which phones wait, the others have 10000.",
    )
    heartbeat_interval_ms: int = setting(
        "FOOTPATH_WORKER_HEARTBEAT_INTERVAL_MS",
        whole_number(100, 60_000, "milliseconds"),
        "1500",
        "How often a worker sends a heartbeat, in milliseconds. `footpath up` gives its own workers 500, or 1000.",
    )
    fetch_wait_ms: int = setting(
        "FOOTPATH_WORKER_FETCH_WAIT_MS",
        whole_number(1, 10_000, "milliseconds"),
        "500",
        "How long a fetch waits for a first record, in milliseconds; it returns at once when there is one.",
    )
    batch_rows: int = setting(
        "FOOTPATH_WORKER_BATCH_ROWS",
        whole_number(1, 100_000, "records"),
        "2000",
        "Most records of one fetch.",
    )
    transaction_timeout_ms: int = setting(
        "FOOTPATH_WORKER_TRANSACTION_TIMEOUT_MS",
        whole_number(1000, 900_000, "milliseconds"),
        "60000",
        "After so many milliseconds Kafka ends a state transaction that a worker left open; a worker that was only "
        "slow opens the partition again and repeats it. The next owner of a partition ends such a transaction at once.",
    )
    reject_limit: int = setting(
        "FOOTPATH_WORKER_REJECT_LIMIT",
        whole_number(1, 1_000_000_000, "rejects"),
        "10000",
        "So many rejects in a row stop a worker: they come from a broken deploy, not from broken events.",
    )
    reject_ratio: float = setting(
        "FOOTPATH_WORKER_REJECT_RATIO",
        SHARE,
        "0.5",
        "Such a share of rejects among the last records of a processor stops a worker; 1: no limit by share.",
    )
    reject_window: int = setting(
        "FOOTPATH_WORKER_REJECT_WINDOW",
        whole_number(1, 1_000_000_000, "records"),
        "10000",
        "The number of last records that FOOTPATH_WORKER_REJECT_RATIO looks at; with fewer there is no limit by share.",
    )
    metrics_host: str = use(METRICS_HOST)
    metrics_port: int | None = setting(
        "FOOTPATH_WORKER_METRICS_PORT",
        whole_number(1, 65_535),
        "",
        "Port of a worker's /metrics, on FOOTPATH_METRICS_HOST. Not set: none.",
        unset=None,
    )
