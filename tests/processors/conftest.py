"""One Kafka for the tests of the workers, with the topics of the system and the stories' brand; a street for each
test."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from deploy.setup.topics import apply
from tests.parts import KafkaPart, start_kafka
from tests.processors.street import Street, street_on


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaPart]:
    """Topic and group names of the workers are fixed, so they have a broker of their own."""
    part = start_kafka(tmp_path_factory.mktemp("workers-kafka"))
    apply(part.bootstrap)
    yield part
    part.stop()


@pytest.fixture
async def street(broker: KafkaPart, tmp_path: Path) -> AsyncIterator[Street]:
    async with street_on(broker, tmp_path) as street:
        yield street
