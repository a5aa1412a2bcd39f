"""Removes the group member of a killed worker, so that its successor need not wait for the end of its session.

A worker writes its member id into a file of its own folder. Whoever starts with that folder later replaces it, so the
member in the file is gone. Were it still alive (two workers with one folder by mistake), it would be fenced and join
the group again.
"""

import asyncio
import logging
from pathlib import Path

from aiokafka.client import AIOKafkaClient, ConnectionGroup, CoordinationType
from aiokafka.errors import KafkaError, UnknownMemberIdError, for_code
from aiokafka.protocol.group import LeaveGroupRequest

from schemas.kafka.client_options import client_options
from schemas.kafka.client_settings import Kafka

log = logging.getLogger(__name__)
TIMEOUT_S = 1.5
"""Waiting longer is not worth it: the session of the stale member ends soon anyway."""
RETRY_AFTER_S = 0.1


class StaleMember:
    """:param group: the consumer group. :param file: holds the member id of the worker in this folder."""

    def __init__(self, bootstrap: Kafka, group: str, file: Path) -> None:
        self._bootstrap = bootstrap
        self._group = group
        self._file = file

    def record(self, member: str) -> None:
        """Writes this worker's member id, for its successor. Called after each assignment."""
        self._file.write_text(member)

    async def remove(self) -> None:
        """Removes the recorded member from the group, if it is still in it. Called once, before the worker joins; waits
        for the brokers, at most ``TIMEOUT_S``."""
        if not self._file.exists():
            return
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await self._leave(self._file.read_text())
        except (TimeoutError, KafkaError, OSError) as error:
            log.warning("the stale group member was not removed: %s", type(error).__name__)
        self._file.unlink()

    async def _leave(self, member: str) -> None:
        client = AIOKafkaClient(**client_options(self._bootstrap))
        try:
            await client.bootstrap()
            while True:
                try:
                    node = await client.coordinator_lookup(CoordinationType.GROUP, self._group)
                    if await client.ready(node, group=ConnectionGroup.COORDINATION):
                        request = LeaveGroupRequest(self._group, member)
                        response = await client.send(node, request, group=ConnectionGroup.COORDINATION)
                        error = for_code(response.error_code)
                        if not error.errno or error is UnknownMemberIdError:
                            return
                except KafkaError as error:
                    log.debug("the coordinator does not answer yet: %s", type(error).__name__)
                await asyncio.sleep(RETRY_AFTER_S)  # the coordinator may be loading the group
        finally:
            await client.close()
