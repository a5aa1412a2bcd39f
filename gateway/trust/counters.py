"""How often each chip was read, as all gateways of the deployment saw it: a link with a count that is not higher was
copied.

Each gateway publishes the highest count of a chip on tag-counted and follows those of the others, so a copy is
recognised after a restart and everywhere. Until a count has reached another gateway, some ten milliseconds after the
tap (an acknowledgement and a fetch), that one takes a copy as well; one gateway takes a link once. While Kafka is away,
each knows what it saw itself.
"""

import asyncio
import logging
from contextlib import suppress
from typing import Final

from aiokafka.errors import KafkaError

from gateway.publish.publisher import Publisher
from schemas.codec.avro import Codec
from schemas.events import TagCounted
from schemas.ids import derived
from schemas.kafka.client_settings import Kafka
from schemas.kafka.compacted import CompactedReader
from schemas.topics import TAG_COUNTED
from schemas.trust.sun import Tap

log = logging.getLogger(__name__)
RETRY_AFTER_S: Final = 0.5


class Counters:
    """Some 150 bytes for each chip that was ever tapped."""

    def __init__(self, bootstrap: Kafka, codec: Codec, publisher: Publisher) -> None:
        self._bootstrap = bootstrap
        self._codec = codec
        self._publisher = publisher
        self._highest: dict[tuple[str, str], int] = {}
        self._read_whole = asyncio.Event()

    def is_replayed(self, tag_id: str, tap: Tap, now: int) -> bool:
        """Takes a proven tap; whether its link is a copy. :param now: in microseconds."""
        chip = tap.uid.hex()
        if tap.counter <= self._highest.get((tag_id, chip), -1):
            return True
        self._highest[tag_id, chip] = tap.counter
        event_id = derived("tag counted", tag_id, chip, str(tap.counter))
        event = TagCounted(event_id=event_id, tag=tag_id, chip=chip, counter=tap.counter, occurred_at=now)
        self._publisher.publish_in_background(event)
        return False

    async def await_read(self, timeout_s: float) -> None:
        """Returns when the topic has been read once, or after so long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._read_whole.wait()

    async def run(self) -> None:
        """Reads the topic until cancelled; reconnects when a broker is lost."""
        while True:
            try:
                await CompactedReader(self._bootstrap, TAG_COUNTED, self._codec, self.apply, self._read_whole).run()
            except (KafkaError, OSError) as error:
                log.warning("the counters of chips cannot be read: %s", type(error).__name__)
            await asyncio.sleep(RETRY_AFTER_S)

    def apply(self, event: TagCounted) -> None:
        """What some gateway saw; counts of a chip may come in any order."""
        known = self._highest.get((event.tag, event.chip), -1)
        if event.counter > known:
            self._highest[event.tag, event.chip] = event.counter
