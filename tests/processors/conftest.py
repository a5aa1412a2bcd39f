"""One Kafka for the tests of the workers, with the topics of the system and the stories' brand; a street for each
test."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from deploy.setup.topics import apply
from schemas.brand.items import events_of
from tests.parts import KafkaPart, start_kafka
from tests.processors.street import Street
from tests.stories.world import route, world


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaPart]:
    """Topic and group names of the workers are fixed, so they have a broker of their own."""
    part = start_kafka(tmp_path_factory.mktemp("workers-kafka"))
    apply(part.bootstrap)
    yield part
    part.stop()


@pytest.fixture
async def street(broker: KafkaPart, tmp_path: Path) -> AsyncIterator[Street]:
    producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap, linger_ms=2, max_request_size=2 << 20)
    await producer.start()
    street = Street(broker.bootstrap, tmp_path, producer)
    await street.send(events_of(world(route("buy")).brand, 1, {}))
    try:
        yield street
    finally:
        street.clear()
        await producer.stop()
