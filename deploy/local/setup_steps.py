"""Set-up steps between the start of Kafka and ClickHouse and the start of the processes: topics, tables, the brand."""

import os
from pathlib import Path

from deploy.local.data import DataDirectory
from deploy.local.settings import Settings
from deploy.setup import SetupError
from schemas.brand.model import Brand
from schemas.kafka.client_settings import Kafka
from sinks.clickhouse.store_settings import Store, store_settings


def check_brand(brand: Path, data: DataDirectory) -> Brand:
    """The brand, with the hash of the demo sender's API key, before any process starts; raises `SetupError`."""
    from deploy.setup.brand import check

    try:
        checked = check([brand], [data.api_keys])
    except SetupError as problem:
        raise SetupError(f"FOOTPATH_BRAND={brand} (or --brand) cannot be used:\n{problem}") from None
    if not checked.tags:
        raise SetupError(f"FOOTPATH_BRAND={brand} (or --brand) has no tag to scan: add one")
    return checked


def apply(kafka: Kafka, clickhouse: Store, settings: Settings, brand: Brand) -> None:
    """Creates topics, tables and views and applies the brand; idempotent. Blocks: call it in a thread."""
    from deploy.operate.identity.limits import recheck
    from deploy.setup import brand as brand_step
    from deploy.setup import topics
    from schemas.codec.schema_registry import codec_with
    from sinks.store import migrate

    topics.apply(kafka, settings.partitions, schema_registry=settings.schema_registry)
    migrate.migrate(clickhouse)
    applied = brand_step.publish(kafka, brand, schema_registry=settings.schema_registry)
    if applied.guards_changed:
        environ = {**os.environ, "FOOTPATH_CLICKHOUSE": store_settings(clickhouse).given}
        recheck(kafka, environ, codec_with(settings.schema_registry), applied.after, applied.gpc_changed)
