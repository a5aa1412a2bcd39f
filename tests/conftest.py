"""One real Kafka and one real ClickHouse for the whole test run, started when a test first asks for them."""

from collections.abc import Iterator

import pytest

from tests.parts import ClickHousePart, KafkaPart, start_clickhouse, start_kafka


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaPart]:
    """A broker shared by all tests: take topic and group names of your own, and leave it running."""
    part = start_kafka(tmp_path_factory.mktemp("kafka"))
    yield part
    part.stop()


@pytest.fixture(scope="session")
def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHousePart]:
    """A server shared by all tests: take tables or a database of your own, and leave it running."""
    part = start_clickhouse(tmp_path_factory.mktemp("clickhouse"))
    yield part
    part.stop()
