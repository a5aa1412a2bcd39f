"""One Kafka for the tests of the workers, with the topics of the system; for each test a stream cluster on it."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from deploy.setup.topics import apply
from tests.support.servers import KafkaServer, start_kafka
from tests.support.stream_cluster import StreamCluster, stream_cluster_on


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer]:
    """Topic and group names of the workers are fixed, so they have a broker of their own."""
    server = start_kafka(tmp_path_factory.mktemp("workers-kafka"))
    apply(server.bootstrap)
    yield server
    server.stop()


@pytest.fixture
async def cluster(broker: KafkaServer, tmp_path: Path) -> AsyncIterator[StreamCluster]:
    async with stream_cluster_on(broker, tmp_path) as cluster:
        yield cluster
