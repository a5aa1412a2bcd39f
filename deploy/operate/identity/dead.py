"""The dead identifiers, for commands that turn raw values into identifiers."""

import asyncio
from collections.abc import Mapping

from deploy.operate.replay.topic_reader import events_of
from deploy.target import knows_kafka, read_kafka, read_registry
from schemas.codec.avro import Codec
from schemas.codec.schema_registry import codec_with
from schemas.identifiers.dead import DeadIdentifiers
from schemas.kafka.client_settings import Kafka
from schemas.process.errors import OperatorError
from schemas.topics import PROFILE_ERASED

SILENCE_S = 60.0
"""How long the topic may take to read."""


def dead_identifiers(environ: Mapping[str, str]) -> DeadIdentifiers:
    """All of the deployment; none where no Kafka is named, as for a ClickHouse that stands by itself. Blocks.

    :raises OperatorError: Kafka does not answer.
    """
    if not knows_kafka(environ):
        return DeadIdentifiers()
    return read_dead(read_kafka(environ), codec_with(read_registry(environ)))


def read_dead(kafka: Kafka, codec: Codec) -> DeadIdentifiers:
    """The same from a Kafka that is known. Blocks. :raises OperatorError: it does not answer."""
    return asyncio.run(_read(kafka, codec))


async def _read(kafka: Kafka, codec: Codec) -> DeadIdentifiers:
    dead = DeadIdentifiers()
    try:
        async with asyncio.timeout(SILENCE_S):
            async for _, event in events_of(kafka, codec, PROFILE_ERASED):
                dead.add(event)
    except TimeoutError:
        raise OperatorError(f"FOOTPATH_KAFKA={kafka} takes longer than {SILENCE_S:g} s to say who is erased") from None
    return dead
