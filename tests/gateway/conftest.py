"""A street for the gateway's stories: topics, a brand, a running gateway."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from gateway.brand import World, build_world
from schemas.brand.load import load
from tests.gateway.street import BRAND, IDENTIFIER_KEY, GatewayProcess, Phone, equip, stream
from tests.parts import KafkaPart, start_kafka


@pytest.fixture(scope="session")
def world() -> World:
    """The test brand, as a running gateway has it."""
    return build_world(load(BRAND), IDENTIFIER_KEY)


@pytest.fixture(scope="module")
def street(kafka: KafkaPart) -> str:
    """Address of the shared Kafka, with the topics and the test brand on it."""
    equip(kafka)
    return kafka.bootstrap


@pytest.fixture(scope="module")
def gateway(street: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """A gateway for the tests of a module, which the stream can answer."""
    process = GatewayProcess(street, tmp_path_factory.mktemp("gateway"))
    asyncio.run(process.start_with_stream(street))
    yield process
    process.end()


@pytest.fixture
async def phone(gateway: GatewayProcess) -> AsyncIterator[Phone]:
    async with Phone(gateway) as one:
        yield one


@pytest.fixture
async def answering(street: str) -> AsyncIterator[None]:
    """The stream answers every scan with the way to the shop."""
    async with stream(street):
        yield


@pytest.fixture
def own_kafka(tmp_path: Path) -> Iterator[KafkaPart]:
    """A broker that a test may kill, with the topics and the test brand on it."""
    part = start_kafka(tmp_path / "kafka")
    equip(part)
    yield part
    part.stop()
