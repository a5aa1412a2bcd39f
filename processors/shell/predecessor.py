"""Says goodbye for a worker that died: its group waits for its session to end otherwise, and nobody serves meanwhile.

A worker notes which member of the group it is in its own folder. Whoever starts with that folder later takes its place,
so what the note names is gone. Were it not (a folder used twice by mistake), it would be fenced and join again.
"""

import asyncio
import logging
from pathlib import Path

from aiokafka.client import AIOKafkaClient, ConnectionGroup, CoordinationType
from aiokafka.errors import KafkaError, UnknownMemberIdError, for_code
from aiokafka.protocol.group import LeaveGroupRequest

log = logging.getLogger(__name__)
PATIENCE_S = 1.5
"""Longer than that is not worth it: the session ends soon anyway."""
RETRY_AFTER_S = 0.1


class Membership:
    """:param group: the consumer group. :param file: where its member in this folder is noted."""

    def __init__(self, bootstrap: str, group: str, file: Path) -> None:
        self._bootstrap = bootstrap
        self._group = group
        self._file = file

    def note(self, member: str) -> None:
        """Tells whoever comes after this worker which member it was."""
        self._file.write_text(member)

    async def leave_for_predecessor(self) -> None:
        """Takes the noted member out of the group, if it is still in it."""
        if not self._file.exists():
            return
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._leave(self._file.read_text())
        except (TimeoutError, KafkaError, OSError) as error:
            log.warning("no goodbye for the worker that was here before: %s", type(error).__name__)
        self._file.unlink()

    async def _leave(self, member: str) -> None:
        client = AIOKafkaClient(bootstrap_servers=self._bootstrap)
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
                    log.debug("not yet: %s", type(error).__name__)
                await asyncio.sleep(RETRY_AFTER_S)  # the coordinator may be about to load the group
        finally:
            await client.close()
