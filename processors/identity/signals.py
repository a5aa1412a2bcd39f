"""The messages of the union protocol, and the envelope that they travel in between nodes."""

import msgspec

from processors.identity.state import Group
from schemas.events import Event, IdentitySignalled
from schemas.ids import derived


class Seen(msgspec.Struct, frozen=True, array_like=True, tag="seen"):
    """To an identifier: you were seen together with ``other``, at the envelope's time.

    ``root`` and ``name`` are the other's at that moment, as far as it knows. ``word`` is an operator's, instead of
    evidence. ``news``: the other was never seen that early before, or never under its own name. ``refused``: it joins
    nobody; ``shared``: you are a device that many people use.
    """

    other: str
    root: str
    name: str
    word: bool | None = None
    news: bool = False
    refused: bool = False
    shared: bool = False


class Unite(msgspec.Struct, frozen=True, array_like=True, tag="unite"):
    """To the weaker of two that are taken for roots: your group and that of ``other`` are one, because of ``part``."""

    other: str
    part: Group


class Gather(msgspec.Struct, frozen=True, array_like=True, tag="gather"):
    """To the root, by way of whoever was: a part of your group."""

    part: Group


class Named(msgspec.Struct, frozen=True, array_like=True, tag="named"):
    """From the root to a member: the person that you are now, and the way to me. ``split``: the person that you were
    goes on without you."""

    name: str
    version: int
    root: str
    split: bool


Signal = Seen | Unite | Gather | Named

_encode = msgspec.msgpack.Encoder().encode
_decoder: msgspec.msgpack.Decoder[Signal] = msgspec.msgpack.Decoder(Signal)


def envelope(signal: Signal, sender: str, receiver: str, cause: Event, number: int = 0) -> IdentitySignalled:
    """A message that follows from ``cause``; a sender has one of a kind for each receiver, or numbers them."""
    kind = str(signal.__struct_config__.tag)
    return IdentitySignalled(
        event_id=derived("signal", cause.event_id, sender, receiver, kind, str(number)),
        occurred_at=cause.occurred_at,
        kind=kind,
        identifier=receiver,
        body=_encode(signal),
        source_event_id=source_of(cause),
    )


def opened(event: IdentitySignalled) -> Signal:
    """:raises msgspec.MsgspecError: the body is no message. :raises UnicodeDecodeError: nor is a text in it one."""
    return _decoder.decode(event.body)


def source_of(cause: Event) -> str:
    """The touchpoint that started it."""
    return cause.source_event_id if isinstance(cause, IdentitySignalled) else cause.event_id
