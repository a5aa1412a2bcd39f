"""Stories of how long a fetch waits: with traffic it saves requests, without any it costs nothing and is quick."""

import pytest

from processors.context.core import PROCESSOR as CONTEXT
from processors.rewards.core import PROCESSOR as REWARDS
from processors.shell.fetch.limits import IDLE_AFTER_S, LINGER_BYTES, LOCAL_DELIVERY_WAIT_MS, fetch_limits
from processors.shell.local_delivery import LocalDelivery
from processors.step import Processor

FETCH_WAIT_MS = 500
BUSY_S, IDLE_S = IDLE_AFTER_S / 2, IDLE_AFTER_S * 2


@pytest.fixture
def local_delivery() -> LocalDelivery:
    """Of a process that writes everything that it reads."""
    delivery = LocalDelivery()
    for processor in (CONTEXT, REWARDS):
        for topic in processor.sources:
            delivery.set_written_here(topic.name, True)
    return delivery


def test_with_traffic_a_fetch_waits_for_more_records(local_delivery: LocalDelivery) -> None:
    assert fetch_limits(REWARDS, FETCH_WAIT_MS, LocalDelivery(), BUSY_S) == (LINGER_BYTES, REWARDS.linger_ms)
    assert fetch_limits(CONTEXT, FETCH_WAIT_MS, local_delivery, BUSY_S) == (LINGER_BYTES, LOCAL_DELIVERY_WAIT_MS)


@pytest.mark.parametrize("processor", (CONTEXT, REWARDS), ids=lambda processor: str(processor.name))
def test_without_traffic_it_waits_long_and_returns_with_the_first_record(
    processor: Processor[object], local_delivery: LocalDelivery
) -> None:
    assert fetch_limits(processor, FETCH_WAIT_MS, local_delivery, IDLE_S) == (1, FETCH_WAIT_MS)


def test_what_a_phone_waits_for_and_others_write_is_fetched_with_its_first_record() -> None:
    for quiet_s in (BUSY_S, IDLE_S):
        assert fetch_limits(CONTEXT, FETCH_WAIT_MS, LocalDelivery(), quiet_s) == (1, FETCH_WAIT_MS)
