"""Fixtures of the gateway's tests: a Kafka with topics and a brand, a running gateway, a client, a fake stream."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from gateway.brand.live import BrandView, build_brand_view
from schemas.brand.load import load
from tests.support.gateway_process import BRAND, IDENTIFIER_KEY, GatewayClient, GatewayProcess, apply_setup, fake_stream
from tests.support.servers import KafkaServer, start_kafka


@pytest.fixture(scope="session")
def brand_view() -> BrandView:
    """The test brand as a running gateway sees it."""
    return build_brand_view(load(BRAND), IDENTIFIER_KEY)


@pytest.fixture(scope="module")
def bootstrap(kafka: KafkaServer) -> str:
    """Address of the shared Kafka, with the topics and the test brand on it."""
    apply_setup(kafka)
    return kafka.bootstrap


@pytest.fixture(scope="module")
def gateway(bootstrap: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """A gateway that is ready, for the tests of a module."""
    process = GatewayProcess(bootstrap, tmp_path_factory.mktemp("gateway"))
    asyncio.run(process.start_with_stream(bootstrap))
    yield process
    process.close()


@pytest.fixture
async def client(gateway: GatewayProcess) -> AsyncIterator[GatewayClient]:
    async with GatewayClient(gateway) as one:
        yield one


@pytest.fixture
async def replying_stream(bootstrap: str) -> AsyncIterator[None]:
    """A fake stream that decides on every scan: a redirect to the shop."""
    async with fake_stream(bootstrap):
        yield


@pytest.fixture(scope="module")
def _outage_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer]:
    server = start_kafka(tmp_path_factory.mktemp("outage-kafka"))
    apply_setup(server)
    yield server
    server.stop()


@pytest.fixture
def own_kafka(_outage_kafka: KafkaServer) -> KafkaServer:
    """A running broker that a test may kill, with the topics and the test brand on it; the tests of a module share it,
    so each has event ids of its own."""
    if not _outage_kafka.is_running:
        _outage_kafka.start()
    return _outage_kafka
