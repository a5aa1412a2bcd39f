"""The stored form of an event that follows a part: its schema's name and its fields as MessagePack.

Any event that is keyed by a person id can be forwarded. The schema's name decides the event class that decodes it, as
the file name in ``schemas/avro`` does for records on topics.
"""

from functools import cache
from typing import Any

import msgspec

from schemas.events import Event
from schemas.topics import BY_EVENT, TOPICS

_TOPIC_OF = {f"{topic.table}.v1": topic for topic in TOPICS}
_encode = msgspec.msgpack.Encoder().encode


class Forwarded(msgspec.Struct, frozen=True, array_like=True, tag="f"):
    """An event on its way to the person that the part of its source profile went to. It travels on ``state-moved`` as
    parts do and is never stored for a key. ``schema`` is for example ``touchpoint_identified.v1``."""

    schema: str
    body: bytes


def forwarded(event: Event) -> Forwarded:
    """The event in its stored form."""
    return Forwarded(f"{BY_EVENT[type(event)].table}.v1", _encode(event))


def event_of(transfer: Forwarded) -> Any:
    """The event that was forwarded.

    :raises KeyError: there is no event of this schema. :raises msgspec.ValidationError: the body is none of it.
    """
    return _decoder(transfer.schema).decode(transfer.body)


@cache
def _decoder(schema: str) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(_TOPIC_OF[schema].event)
