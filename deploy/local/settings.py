"""The settings of `footpath up`, read once from environment variables; options of the command line win."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from gateway.settings import HOST, PORT
from schemas.codec.registry_settings import RegistrySettings, SchemaRegistry
from schemas.kafka.client_settings import SECURITY, ClientSettings
from schemas.process.parsers import PATH, whole_number
from schemas.process.settings import Setting, SettingError, block, read_settings, setting, use
from schemas.process.shared_settings import CLICKHOUSE, DATA, KAFKA, PARTITIONS
from sinks.clickhouse.store_settings import StoreSettings

DEMO_BRAND = Path(__file__).resolve().parent.parent / "demo" / "brand"
BRAND = Setting("FOOTPATH_BRAND", PATH, "", "Directory with the brand's YAML files. Not set: the demo brand.")
SHOPPERS = Setting("FOOTPATH_SHOPPERS", whole_number(0), "20", "Simulated shoppers of `footpath up`; 0 starts none.")
WORKERS = Setting("FOOTPATH_WORKERS", whole_number(1), "1", "Workers that `footpath up` starts for each processor.")
CACHE = Setting(
    "FOOTPATH_CACHE",
    PATH,
    "~/.cache/footpath",
    "Directory of Kafka's jars and of its start-up cache, shared by all stacks of a user.",
)


@dataclass(frozen=True, kw_only=True)
class UpKafka(ClientSettings):
    """How to reach Kafka; without an address `footpath up` starts its own, which has no security."""

    bootstrap: str = use(KAFKA, unset="")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.bootstrap and self.security != SECURITY.default:
            raise SettingError(
                f"{SECURITY.name}={self.security}: the Kafka of `footpath up` has none; set {KAFKA.name}, or unset it"
            )


@dataclass(frozen=True, kw_only=True)
class UpStore(StoreSettings):
    """How to reach ClickHouse; without an address `footpath up` starts its own."""

    given: str = use(CLICKHOUSE, unset="")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What to start and where. Ports: 0 takes a free one. `kafka` and `clickhouse` without an address start our
    own."""

    data: Path = use(DATA)
    brand: Path = use(BRAND, unset=DEMO_BRAND)
    cache: Path = use(CACHE)
    shoppers: int = use(SHOPPERS)
    workers: int = use(WORKERS)
    gateway_host: str = use(HOST)
    gateway_port: int = use(PORT)
    kafka_port: int = setting(
        "FOOTPATH_KAFKA_PORT", whole_number(0, 65_535), "9092", "Port of the embedded Kafka; 0 takes a free one."
    )
    clickhouse_port: int = setting(
        "FOOTPATH_CLICKHOUSE_PORT",
        whole_number(0, 65_535),
        "8123",
        "Port of the embedded ClickHouse; 0 takes a free one.",
    )
    kafka: ClientSettings = block(UpKafka)
    clickhouse: StoreSettings = block(UpStore)
    partitions: int | None = use(PARTITIONS, unset=None)
    schema_registry: SchemaRegistry = block(RegistrySettings)


def read(
    environ: Mapping[str, str],
    data: Path | None = None,
    brand: Path | None = None,
    shoppers: int | None = None,
    workers: int | None = None,
) -> Settings:
    """The settings from `environ`, where an argument that is given wins; paths are absolute. Raises `SettingError`."""
    options = {DATA.name: data, BRAND.name: brand, SHOPPERS.name: shoppers, WORKERS.name: workers}
    given = {name: str(option) for name, option in options.items() if option is not None}
    settings = read_settings(Settings, {**environ, **given})
    return replace(
        settings, data=settings.data.absolute(), brand=settings.brand.absolute(), cache=settings.cache.absolute()
    )


def cache_directory(environ: Mapping[str, str]) -> Path:
    """Directory of jars and of Kafka's AOT cache, shared by every stack of this user."""
    return CACHE.read_or_default(environ).absolute()
