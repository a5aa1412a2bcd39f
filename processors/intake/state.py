"""What intake remembers: of each event id the event's content and identifiers, of each order its sales."""

import msgspec


class OrderSale(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A sale of an order: its event id, when it happened (microseconds), the hash64 of what else was stated, its
    identifiers, how often they were completed, and whether it was refused as another one of these sent again."""

    event_id: str
    occurred_at: int
    content: int
    identifiers: tuple[str, ...]
    revision: int
    refused: bool = False


class Known(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Of an event id: the hash of the content, all identifiers that were ever sent with it (that of its source profile
    first; none: nobody's so far), and how often they were completed. Of an order: its latest ``sales``, oldest
    first."""

    content: bytes = b""
    identifiers: tuple[str, ...] = ()
    revision: int = 0
    sales: tuple[OrderSale, ...] = ()
