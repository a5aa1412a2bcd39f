"""A gateway that is attacked: a process of its own on a real Kafka."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.gateway.street import GatewayProcess, equip
from tests.parts import KafkaPart


@pytest.fixture(scope="session")
def street(kafka: KafkaPart) -> str:
    """Address of the shared Kafka, with the topics and the test brand on it."""
    equip(kafka)
    return kafka.bootstrap


@pytest.fixture(scope="session")
def gateway(street: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """A gateway that does not wait long for a stream, for there is none behind it."""
    process = GatewayProcess(street, tmp_path_factory.mktemp("gateway"), deadline_ms="10", scans_per_s="100000")
    asyncio.run(process.start_with_stream(street))
    yield process
    process.end()
