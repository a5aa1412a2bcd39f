"""The brand as it is live now, or as it was at any moment that its topic still tells."""

from deploy.errors import Refused
from deploy.replaying.reading import events_of
from processors.world import World
from schemas.brand.items import BrandFold
from schemas.codec import Codec
from schemas.events import BrandConfigured
from schemas.topics import BRAND_CONFIGURED


async def read_brands(kafka: str, codec: Codec) -> list[tuple[int, BrandConfigured]]:
    """Every item that the topic has, with the time (milliseconds) at which it came, oldest first."""
    items = [item async for item in events_of(kafka, codec, BRAND_CONFIGURED)]
    return sorted(items, key=lambda item: item[0])


async def read_world(kafka: str, codec: Codec) -> World:
    """The brand that is live now. :raises Refused: there is none."""
    fold = BrandFold()
    for _, event in await read_brands(kafka, codec):
        fold.apply(event)
    if fold.brand is None:
        raise Refused("no brand is live: run `footpath brand apply` first")
    return World(fold.brand)
