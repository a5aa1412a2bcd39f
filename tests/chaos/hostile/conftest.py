"""The gateway under attack: a process of its own on a real Kafka."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.support.gateway_process import GatewayProcess, apply_setup
from tests.support.servers import KafkaServer


@pytest.fixture(scope="session")
def bootstrap(kafka: KafkaServer) -> str:
    """Address of the shared Kafka, with the topics and the test brand on it."""
    apply_setup(kafka)
    return kafka.bootstrap


@pytest.fixture(scope="session")
def gateway(bootstrap: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """A gateway with a short deadline, because no stream decides on its scans."""
    process = GatewayProcess(bootstrap, tmp_path_factory.mktemp("gateway"), deadline_ms="10", scans_per_s="100000")
    asyncio.run(process.start_with_stream(bootstrap))
    yield process
    process.close()
