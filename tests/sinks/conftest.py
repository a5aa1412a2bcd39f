"""A migrated store and a Kafka with all topics, for the tests of the sink alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.setup import topics
from sinks.store.migrate import migrate
from tests.parts import KafkaPart, start_clickhouse, start_kafka
from tests.sinks.store import Store


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    part = start_clickhouse(tmp_path_factory.mktemp("store"))
    migrate(part.url)
    yield Store(part)
    part.stop()


@pytest.fixture
def store(migrated: Store) -> Store:
    """An empty, migrated ClickHouse."""
    migrated.empty()
    return migrated


@pytest.fixture
def stream(tmp_path: Path) -> Iterator[KafkaPart]:
    """A Kafka of this test's own with all topics."""
    part = start_kafka(tmp_path / "kafka")
    topics.apply(part.bootstrap)
    yield part
    part.stop()
