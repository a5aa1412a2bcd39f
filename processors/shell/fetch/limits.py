"""When a fetch returns: with how many bytes, or after how long with fewer."""

from typing import Any

from processors.shell.local_delivery import LocalDelivery
from processors.step import Processor

LINGER_BYTES = 64 << 10
"""A fetch that may wait returns as soon as there is so much."""
LOCAL_DELIVERY_WAIT_MS = 25
"""How long a fetch waits whose records are delivered locally. It cannot be much longer: state that depends on a
transaction waits for a fetch, because the transaction's marker is an offset that no local delivery brings."""


IDLE_AFTER_S = 1.0
"""Without records for so long a fetch need not save requests: it waits long, and returns with the first record."""


def fetch_limits(
    processor: Processor[Any], fetch_wait_ms: int, local_delivery: LocalDelivery, quiet_s: float
) -> tuple[int, int]:
    """Least bytes and longest wait in milliseconds of the next fetch. Called before each fetch.

    :param quiet_s: seconds since a fetch brought records.
    """
    if quiet_s > IDLE_AFTER_S:
        return 1, fetch_wait_ms
    if processor.linger_ms:
        return LINGER_BYTES, processor.linger_ms
    # Transactional records are readable only after their commit and are never delivered locally. No phone waits for
    # them.
    if local_delivery.delivers_all([topic.name for topic in processor.sources if not topic.transactional]):
        return LINGER_BYTES, LOCAL_DELIVERY_WAIT_MS
    return 1, fetch_wait_ms
