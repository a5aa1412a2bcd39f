"""Topics that Kafka does not take records for, kept apart: each has a spool of its own, and all others go on.

A topic comes here when Kafka answers and refuses it: it is missing (a new gateway before `topics apply`), forbidden (an
ACL), or its records are refused. From then on its records are appended to its spool, which is tried again at least
every :data:`LONGEST_RETRY_S`; when it is empty the topic is published directly again, so the order of its records
stays. A record that Kafka refuses while it takes others of the topic becomes a reject, with its bytes.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path

from aiokafka.errors import KafkaError

from gateway.metrics import Metrics
from gateway.publish.clock import Clock
from gateway.publish.producer import Producer, TopicsRefused, is_of_topic
from gateway.publish.records import Record, not_ahead
from gateway.publish.spool import Spool, SpoolError, SpoolFull
from schemas.topics import EVENT_REJECTED

log = logging.getLogger(__name__)
RETRY_S, LONGEST_RETRY_S = 0.25, 5.0
CHUNK = 500
"""Records of a segment that are produced in one request."""
SHARE = 8
"""A topic that is kept apart may take such a part of the spool's limit, beside the spool."""

Reject = Callable[[Record, BaseException], Awaitable[None]]
"""Publishes the reject of a record that Kafka refuses."""


class ApartTopics:
    """:param directory: holds a folder for each topic, those of an earlier process too.

    :param limit_bytes: of the spool. :param timeout_s: how long Kafka may take to acknowledge.
    :raises SpoolError: a folder cannot be used.
    """

    def __init__(
        self, directory: Path, limit_bytes: int, producer: Producer, clock: Clock, timeout_s: float, metrics: Metrics
    ) -> None:
        self._directory = directory
        self._limit_bytes = limit_bytes // SHARE
        self._producer = producer
        self._clock = clock
        self._timeout_s = timeout_s
        self._metrics = metrics
        self._spools: dict[str, Spool] = {}
        self._causes: dict[str, str] = {}
        """Why a topic is kept apart; a topic with an open spool may be none of them any more."""
        self._changed = asyncio.Event()
        for folder in sorted(directory.glob("*/")):
            if self._open(folder.name).pending_bytes:
                self._causes[folder.name] = "an earlier process kept it apart"

    def __contains__(self, topic: str) -> bool:
        return topic in self._causes

    def describe(self) -> list[str]:
        """A line for each topic that is kept apart."""
        return [f"topic {topic}: kept apart, {cause}" for topic, cause in self._causes.items()]

    @property
    def pending_bytes(self) -> int:
        """Bytes of all topics that Kafka does not have yet."""
        return sum(spool.pending_bytes for spool in self._spools.values())

    async def append(self, topic: str, records: Sequence[Record], cause: BaseException | None = None) -> None:
        """Returns when the records of this topic are synced to its spool.

        :param cause: what Kafka answered, for a topic that is not kept apart yet. :raises SpoolFull: none is stored.
        """
        try:
            spool = self._open(topic)
        except SpoolError as error:
            raise SpoolFull(str(error)) from error
        if topic not in self._causes:
            # The topic stays here until its spool is empty: nothing may pass what is about to be written.
            self._causes[topic] = type(cause).__name__ if cause is not None else "records were on their way"
            self._changed.set()
            if cause is not None:
                log.error(
                    "Kafka does not take records of a topic, which is kept apart: %s", cause, extra={"topic": topic}
                )
        await spool.append(records)
        self._metrics.apart_bytes.labels(topic).set(spool.pending_bytes)

    async def run(self, reject: Reject) -> None:
        """Tries every topic again, soon at first and then more and more rarely; until cancelled."""
        pause_s = RETRY_S
        while True:
            for topic in list(self._causes):
                try:
                    await self._drain(topic, reject)
                except (TopicsRefused, KafkaError, TimeoutError, OSError, SpoolFull):
                    continue
            pause_s = min(LONGEST_RETRY_S, 2 * pause_s) if self._causes else RETRY_S
            with suppress(TimeoutError):
                async with asyncio.timeout(pause_s if self._causes else None):
                    await self._changed.wait()
                    self._changed.clear()
                    pause_s = RETRY_S

    async def close(self) -> None:
        """Called after the end of :meth:`run`; the records stay on disk for the next start."""
        for spool in self._spools.values():
            await spool.close()

    def _open(self, topic: str) -> Spool:
        if topic not in self._spools:
            self._spools[topic] = Spool(self._directory / topic, self._limit_bytes)
        return self._spools[topic]

    async def _drain(self, topic: str, reject: Reject) -> None:
        spool = self._spools[topic]
        while spool.pending_bytes:
            oldest = await spool.oldest()
            if oldest is None:  # the pending bytes are still being written
                await asyncio.sleep(0.001)
                continue
            segment, records = oldest
            for start in range(0, len(records), CHUNK):
                await self._produce(topic, records[start : start + CHUNK], reject)
            await spool.drop(segment)
            self._metrics.drained.inc(len(records))
            self._metrics.apart_bytes.labels(topic).set(spool.pending_bytes)
        del self._causes[topic]
        log.info("Kafka takes records of the topic again", extra={"topic": topic})

    async def _produce(self, topic: str, records: Sequence[Record], reject: Reject) -> None:
        """:raises TopicsRefused, KafkaError, TimeoutError: the topic has to wait."""
        try:
            await self._producer.produce(not_ahead(records, self._clock.now_us() // 1000), self._timeout_s)
        except TopicsRefused as refused:
            error = refused.causes[topic]
            if is_of_topic(error) or topic == EVENT_REJECTED.name:
                self._causes[topic] = type(error).__name__
                raise
            if len(records) == 1:
                await reject(records[0], error)
                self._metrics.refused.labels(topic).inc()
                return
            for record in records:
                await self._produce(topic, [record], reject)
