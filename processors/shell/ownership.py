"""How a worker becomes the only owner of a partition, also again, when Kafka took its producer for a lost one."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from aiokafka.errors import KafkaConnectionError

from processors.shell.settings import WorkerSettings
from processors.shell.state.changelog import Changelog, ProducerLost, open_changelog

REOPEN_AFTER_S = 0.2
"""Between two attempts to open a partition again."""


@dataclass(frozen=True, slots=True)
class Reopening:
    """What a partition that is opened again needs to know.

    :param is_member: asks the group whether this worker has the partition in its current generation.
    :param fetched_from: of the partition before.
    """

    is_member: Callable[[], Awaitable[bool]]
    fetched_from: Mapping[str, int]


async def become_owner(
    settings: WorkerSettings, processor: str, number: int, group: str, reopening: Reopening | None
) -> Changelog:
    """Opens the changelog of a partition, which fences every former owner. Waits for the brokers; where a partition is
    opened again that the group has given to somebody else, it waits to be cancelled.

    In that case the group is asked twice. Before the opening, because that fences whoever has the partition. After it,
    because this process may have slept in between: a later owner than one that the group confirms then comes after this
    opening, and fences it.
    """

    def open_it() -> Awaitable[Changelog]:
        return open_changelog(settings.kafka, processor, number, group, settings.transaction_timeout_ms)

    if reopening is None:
        return await open_it()
    while True:
        await asyncio.sleep(REOPEN_AFTER_S)
        if not await reopening.is_member():
            continue
        try:
            changelog = await open_it()
        except KafkaConnectionError:
            continue
        try:
            if await reopening.is_member():
                return changelog
        except BaseException:
            await changelog.close()
            raise
        await changelog.close()


def lost_producer(error: BaseException) -> ProducerLost | None:
    """The lost producer, if nothing else ended a partition."""
    if isinstance(error, BaseExceptionGroup):
        lost = [lost_producer(one) for one in error.exceptions]
        return lost[0] if all(lost) else None
    return error if isinstance(error, ProducerLost) else None
