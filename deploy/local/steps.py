"""The set-up steps between the stores and the processes: topics, tables, the brand."""

from pathlib import Path

from deploy.local.data import Data
from deploy.local.settings import Settings
from deploy.setup import SetupError


def check_brand(brand: Path, data: Data) -> str:
    """Reads the brand before anything is started; returns a tag for the demo link; raises `SetupError`."""
    from deploy.setup.brand import check

    try:
        checked = check(_places(brand, data))
    except SetupError as problem:
        raise SetupError(f"FOOTPATH_BRAND={brand} (or --brand) cannot be used:\n{problem}") from None
    if not checked.tags:
        raise SetupError(f"FOOTPATH_BRAND={brand} (or --brand) has no tag to scan: add one")
    return next(iter(checked.tags))


def apply(kafka: str, clickhouse: str, settings: Settings, data: Data) -> None:
    """Brings a Kafka and a ClickHouse that run up to date; idempotent. Blocks: call it from a thread."""
    from deploy.setup import brand as brand_step
    from deploy.setup import topics
    from sinks.store import migrate

    topics.apply(kafka, settings.partitions)
    migrate.migrate(clickhouse)
    brand_step.apply(kafka, _places(settings.brand, data), schema_registry=settings.schema_registry)


def _places(brand: Path, data: Data) -> tuple[Path, Path]:
    """The brand's folder, and the demo sender's key that goes with it."""
    return brand, data.api_keys
