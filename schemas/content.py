"""What a page shows beside its texts: the member ``content`` of a decision, as a JSON object.

Facts alone: the processor context states them, the gateway writes them as the reader's language does. Numbers are
decimals, times are the store's own (ISO 8601). Members that a reader does not know are ignored, so that a later version
may have more of them.
"""

from decimal import Decimal
from typing import Final

import msgspec

VERSION: Final = 1
EMPTY: Final = "{}"
MAX_NEARBY: Final = 3
MAX_SERVICES: Final = 3


class Hours(msgspec.Struct, frozen=True, omit_defaults=True):
    """``open`` is None where it is unknown; ``until`` says when what is open closes, ``opens`` when what is closed
    opens within a week; ``today`` has the times that begin on ``date``, that of the scan, as hours and minutes."""

    open: bool | None = None
    until: str = ""
    opens: str = ""
    today: tuple[tuple[str, str], ...] = ()
    date: str = ""


class StoreFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """A store; ``directions`` is the address of the way there; ``distance_m`` and ``stock`` (of the page's product) are
    those of a store that is nearby."""

    id: str
    name: str
    address: str = ""
    hours: Hours = Hours()
    directions: str = ""
    distance_m: int | None = None
    stock: int | None = None


class ProductFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """A product; ``stock`` is that of the scan's store, where with ``pick_up`` it can be picked up."""

    id: str
    name: str
    picture: str = ""
    price: Decimal | None = None
    currency: str = ""
    rating: Decimal | None = None
    ratings: int | None = None
    stock: int | None = None
    pick_up: bool = False


class Capacity(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the store reported of a service: places that are free, people who wait, and for how many seconds."""

    service: str = ""
    free: int | None = None
    queue: int | None = None
    wait_s: int | None = None


class QuestionFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """A question: its survey and id, ``kind`` and ``choices`` (id and text) as ``schemas.brand.surveys`` has them, the
    numbers that may be answered, and the tag on whose page it is asked."""

    survey: str
    id: str
    kind: str
    text: str
    choices: tuple[tuple[str, str], ...] = ()
    least: int = 0
    most: int = 0
    tag: str = ""


class Content(msgspec.Struct, frozen=True, omit_defaults=True):
    """``layout`` is the moment; ``language`` that of all texts, empty where the brand says nothing of it; ``nearby``
    are the nearest stores, or where the product is sold out the nearest that have it."""

    layout: str
    language: str = ""
    product: ProductFacts | None = None
    store: StoreFacts | None = None
    nearby: tuple[StoreFacts, ...] = ()
    steps: tuple[str, ...] = ()
    capacity: tuple[Capacity, ...] = ()
    version: int = 0
    question: QuestionFacts | None = None


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Content).decode


def written(content: Content) -> str:
    """The content as a decision carries it."""
    return _encode(content).decode()


def read(text: str) -> Content | None:
    """The content of a decision; None where it has none, or none that this release can read."""
    if text == EMPTY:
        return None
    try:
        return _decode(text)
    except msgspec.MsgspecError:
        return None
