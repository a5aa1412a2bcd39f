"""A migrated store and a Kafka with all topics, for the tests of the sink."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.setup import topics
from sinks.store.migrate import migrate
from tests.support.servers import KafkaServer, start_clickhouse, start_kafka
from tests.support.sink_store import Store


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    server = start_clickhouse(tmp_path_factory.mktemp("store"))
    migrate(server.url)
    yield Store(server)
    server.stop()


@pytest.fixture
def store(migrated: Store) -> Store:
    """An empty, migrated ClickHouse."""
    migrated.empty()
    return migrated


@pytest.fixture
def stream(tmp_path: Path) -> Iterator[KafkaServer]:
    """A Kafka of this test's own with all topics."""
    server = start_kafka(tmp_path / "kafka")
    topics.apply(server.bootstrap)
    yield server
    server.stop()
