"""A basket as a till states it, on its way to coupons: ``basket`` of coupon-requested."""

import msgspec


class Line(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A line; money and ``quantity`` in millionths. ``category`` is the brand's, of its product."""

    sku: str
    quantity: int
    amount: int
    category: str = ""


class Basket(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """``id`` stands behind the till's namespace and a slash; empty: the till names none, so that of several coupons
    nobody knows that they meet. ``total`` in millionths of ``currency``. ``local`` is the wall clock of the store, as
    ISO 8601 to the minute; ``country`` and ``region`` are the store's, for its public holidays. ``offline``: the till
    has given the discount already."""

    id: str = ""
    currency: str = ""
    total: int = 0
    lines: tuple[Line, ...] = ()
    local: str = ""
    country: str = ""
    region: str = ""
    offline: bool = False


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Basket)


def written_basket(basket: Basket) -> str:
    """Its text on the topic."""
    return _encoder.encode(basket).decode()


def read_basket(text: str) -> Basket:
    """:raises msgspec.MsgspecError: it is none."""
    return _decoder.decode(text)
