"""The sink's settings, read once from environment variables."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from schemas.codec.registry_settings import RegistrySettings, SchemaRegistry
from schemas.kafka.client_settings import ClientSettings, Kafka
from schemas.process.parsers import SHARE, whole_number
from schemas.process.settings import block, setting, use
from schemas.process.shared_settings import METRICS_HOST, REJECT_KEY_FILE
from sinks.clickhouse.store_settings import Store, StoreSettings

if TYPE_CHECKING:
    from schemas.protection.reject_keys import RejectKeys


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where to read and write, and when to flush: after so many rows or so many milliseconds, whichever comes first."""

    kafka: Kafka = block(ClientSettings)
    clickhouse: Store = block(StoreSettings)
    schema_registry: SchemaRegistry = block(RegistrySettings)
    reject_keys: "RejectKeys | None" = use(REJECT_KEY_FILE, unset=None)
    flush_rows: int = setting(
        "FOOTPATH_SINK_FLUSH_ROWS",
        whole_number(1, unit="rows"),
        "100000",
        "Rows after which a block is written to ClickHouse, unless its time comes first.",
    )
    flush_after_ms: int = setting(
        "FOOTPATH_SINK_FLUSH_AFTER_MS",
        whole_number(1, unit="milliseconds"),
        "1000",
        "Milliseconds after which a block is written to ClickHouse however few rows it has.",
    )
    session_timeout_ms: int = setting(
        "FOOTPATH_SINK_SESSION_TIMEOUT_MS",
        whole_number(1000, unit="milliseconds"),
        "6000",
        "A sink that sends no heartbeat for so many milliseconds loses its partitions; see "
        "FOOTPATH_WORKER_SESSION_TIMEOUT_MS. `footpath up` gives its own sink 2000.",
    )
    reject_ratio: float = setting(
        "FOOTPATH_SINK_REJECT_RATIO",
        SHARE,
        "0.5",
        "Such a share of rejects among the last records of a topic stops the sink; 1: no limit.",
    )
    reject_window: int = setting(
        "FOOTPATH_SINK_REJECT_WINDOW",
        whole_number(1, unit="records"),
        "10000",
        "The number of last records that FOOTPATH_SINK_REJECT_RATIO looks at; with fewer there is no limit.",
    )
    metrics_host: str = use(METRICS_HOST)
    metrics_port: int = setting(
        "FOOTPATH_SINK_METRICS_PORT",
        whole_number(0, 65_535),
        "0",
        "Port of the sink's /metrics, on FOOTPATH_METRICS_HOST; 0: none.",
    )
