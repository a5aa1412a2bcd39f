"""The settings of `footpath up`, read once from environment variables; options of the command line win."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from schemas.topics import PARTITIONS

DEMO_BRAND = Path(__file__).resolve().parent.parent / "demo" / "brand"


class SettingError(Exception):
    """A setting that makes no sense; the text names the variable."""


@dataclass(frozen=True)
class Settings:
    """What to start and where. Ports: 0 takes a free one. `kafka` and `clickhouse`: None starts our own."""

    data: Path
    brand: Path
    cache: Path
    shoppers: int
    workers: int
    gateway_host: str
    gateway_port: int
    kafka_port: int
    clickhouse_port: int
    kafka: str | None
    clickhouse: str | None
    partitions: int
    schema_registry: str


def read(
    environ: Mapping[str, str],
    data: Path | None = None,
    brand: Path | None = None,
    shoppers: int | None = None,
    workers: int | None = None,
) -> Settings:
    """The settings from `environ`, where an argument that is given wins; raises `SettingError`."""
    chosen_workers = _whole(environ, "FOOTPATH_WORKERS", 1) if workers is None else workers
    chosen_shoppers = _whole(environ, "FOOTPATH_SHOPPERS", 20) if shoppers is None else shoppers
    if chosen_workers < 1:
        raise SettingError(f"FOOTPATH_WORKERS={chosen_workers}: every processor needs at least one worker")
    if chosen_shoppers < 0:
        raise SettingError(f"FOOTPATH_SHOPPERS={chosen_shoppers}: take 0 for an empty street")
    return Settings(
        data=(data or Path(environ.get("FOOTPATH_DATA") or ".footpath")).expanduser().absolute(),
        brand=(brand or Path(environ.get("FOOTPATH_BRAND") or DEMO_BRAND)).expanduser().absolute(),
        cache=cache_directory(environ),
        shoppers=chosen_shoppers,
        workers=chosen_workers,
        gateway_host=environ.get("FOOTPATH_GATEWAY_HOST") or "127.0.0.1",
        gateway_port=_whole(environ, "FOOTPATH_GATEWAY_PORT", 8080),
        kafka_port=_whole(environ, "FOOTPATH_KAFKA_PORT", 9092),
        clickhouse_port=_whole(environ, "FOOTPATH_CLICKHOUSE_PORT", 8123),
        kafka=environ.get("FOOTPATH_KAFKA") or None,
        clickhouse=environ.get("FOOTPATH_CLICKHOUSE") or None,
        partitions=_whole(environ, "FOOTPATH_PARTITIONS", PARTITIONS),
        schema_registry=environ.get("FOOTPATH_SCHEMA_REGISTRY", ""),
    )


def cache_directory(environ: Mapping[str, str]) -> Path:
    """Where jars and Kafka's AOT cache are kept, shared by every stack of this user."""
    return Path(environ.get("FOOTPATH_CACHE") or "~/.cache/footpath").expanduser().absolute()


def _whole(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name) or str(default)
    try:
        return int(text)
    except ValueError:
        raise SettingError(f"{name}={text!r} is no whole number") from None
