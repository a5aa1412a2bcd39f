"""Fixtures: a Kafka with a brand that asks for consent, and a gateway on it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from deploy.local import ports
from deploy.setup import brand, topics
from gateway.brand.live import BrandView, build_brand_view
from schemas.brand.load import load
from tests.support.gateway_process import IDENTIFIER_KEY, GatewayClient, GatewayProcess
from tests.support.privacy_page import Phone
from tests.support.servers import KafkaServer, start_kafka

PRIVACY_BRAND = Path(__file__).parents[2] / "support" / "privacy_brand.yaml"


@pytest.fixture(scope="session")
def brand_view() -> BrandView:
    return build_brand_view(load(PRIVACY_BRAND), IDENTIFIER_KEY)


@pytest.fixture(scope="session")
def privacy_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer]:
    server = start_kafka(tmp_path_factory.mktemp("privacy-kafka"))
    topics.apply(server.bootstrap)
    brand.apply(server.bootstrap, [PRIVACY_BRAND])
    yield server
    server.stop()


@pytest.fixture(scope="module")
def bootstrap(privacy_kafka: KafkaServer) -> str:
    return privacy_kafka.bootstrap


@pytest.fixture(scope="module")
def gateway(bootstrap: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    process = GatewayProcess(bootstrap, tmp_path_factory.mktemp("gateway"))
    asyncio.run(process.start_with_stream(bootstrap))
    yield process
    process.close()


@pytest.fixture(scope="module")
def page_gateway(bootstrap: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """A gateway that sends links."""
    process = GatewayProcess(
        bootstrap, tmp_path_factory.mktemp("page"), public_url="https://privacy.example", trusted_proxies="127.0.0.0/8"
    )
    process.environ["FOOTPATH_SMTP"] = f"smtp://127.0.0.1:{ports.free()}?from=privacy@shop.example"
    asyncio.run(process.start_with_stream(bootstrap))
    yield process
    process.close()


@pytest.fixture
def smtp_port(page_gateway: GatewayProcess) -> int:
    return urlsplit(page_gateway.environ["FOOTPATH_SMTP"]).port or 0


@pytest.fixture
async def phone(page_gateway: GatewayProcess) -> AsyncIterator[Phone]:
    """A phone that no gateway has seen."""
    async with Phone(page_gateway, **{"Accept-Language": "en-GB,en;q=0.8"}) as one:
        yield one


@pytest.fixture
async def client(gateway: GatewayProcess) -> AsyncIterator[GatewayClient]:
    async with GatewayClient(gateway) as one:
        yield one
