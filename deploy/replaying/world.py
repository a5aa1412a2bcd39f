"""The brand as it is live now, or as it was at any moment that its topic still tells."""

from deploy.errors import Refused
from deploy.replaying.reading import places_of, reader, runs, spans
from processors.world import World
from schemas.brand.items import BrandFold
from schemas.codec import Codec, Undecodable
from schemas.events import BrandConfigured
from schemas.topics import BRAND_CONFIGURED


async def read_brands(kafka: str, codec: Codec) -> list[tuple[int, BrandConfigured]]:
    """Every item that the topic has, with the time (milliseconds) at which it came, oldest first."""
    items: list[tuple[int, BrandConfigured]] = []
    async with reader(kafka) as consumer:
        _, ends = await spans(consumer, await places_of(consumer, [BRAND_CONFIGURED.name]))
        async for _, records in runs(consumer, ends):
            for record in records:
                try:
                    items.append((record.timestamp, codec.of(BRAND_CONFIGURED).decode(record.value)))
                except Undecodable:
                    continue  # the sink has told it
    return sorted(items, key=lambda item: item[0])


async def read_world(kafka: str, codec: Codec) -> World:
    """The brand that is live now. :raises Refused: there is none."""
    fold = BrandFold()
    for _, event in await read_brands(kafka, codec):
        fold.apply(event)
    if fold.brand is None:
        raise Refused("no brand is live: run `footpath brand apply` first")
    return World(fold.brand)
