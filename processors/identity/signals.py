"""The signals of the union protocol, and the envelope in which they travel between nodes."""

import msgspec

from processors.identity.state import Component
from schemas.consent.choices import Consents
from schemas.events import Event, IdentitySignalled
from schemas.ids import derived


class EdgeSeen(msgspec.Struct, frozen=True, array_like=True, tag="edge_seen"):
    """To an identifier: it was seen together with ``other``.

    ``root`` and ``person_id`` are those of ``other`` as far as it knows them. ``override`` is set when an operator
    linked (True) or unlinked (False) the two, instead of evidence. ``root_outdated``: that root does not know yet how
    early ``other`` was seen, or that it has touchpoints of its own. ``refused``: ``other`` is flagged or declines the
    edge; ``shared``: the receiver is a device that many people use. ``first_seen`` and ``last_period`` are all the
    evidence that ``other`` has of the edge; None in a signal of an older release, which is of the envelope's time.
    ``free`` and ``asked_at`` are those of the edge; ``agreed``: nothing that ``other`` knows of consent refuses it.
    """

    other: str
    root: str
    person_id: str
    override: bool | None = None
    root_outdated: bool = False
    refused: bool = False
    shared: bool = False
    first_seen: int | None = None
    last_period: int = 0
    free: bool = True
    asked_at: int = 0
    agreed: bool = True


class Stated(msgspec.Struct, frozen=True, array_like=True):
    """An event about consent as it concerns each of its identifiers: its type, properties, sender and store."""

    type: str
    properties: str
    source: str
    store: str


class ConsentSaid(msgspec.Struct, frozen=True, array_like=True, tag="consent_said"):
    """To an identifier: what an event said of it about being recognised; with ``of`` what was said of that other one,
    to the stronger end of an edge that needs a grant. ``stated``: the event itself, for who keeps more of it."""

    said: Consents
    of: str = ""
    stated: Stated | None = None


class Union(msgspec.Struct, frozen=True, array_like=True, tag="union"):
    """To one of two presumed roots: its component and that of ``other_root`` are one, because of ``fragment``."""

    other_root: str
    fragment: Component


class MergeComponent(msgspec.Struct, frozen=True, array_like=True, tag="merge_component"):
    """To the root, over nodes that were roots before: a fragment of its component."""

    fragment: Component


class PersonAssigned(msgspec.Struct, frozen=True, array_like=True, tag="person_assigned"):
    """From the root to a member: the person that it belongs to now, and a short path to the root. ``split``: the
    person that it belonged to still exists without it."""

    person_id: str
    version: int
    root: str
    split: bool


class LimitsChanged(msgspec.Struct, frozen=True, array_like=True, tag="limits_changed"):
    """To an identifier with edges that guards or consent may refuse, and from it up to the root: the guards of this
    version of the brand are applied to what exists around ``identifier``; empty: those of any version. ``returns``
    counts how often the signal came before the brand."""

    identifier: str
    brand: str = ""
    returns: int = 0


class DataRequested(msgspec.Struct, frozen=True, array_like=True, tag="data_requested"):
    """To an identifier, and from it up to the root: a person's request about the data that is kept of them."""

    request_id: str
    action: str
    scope: str
    identifier: str
    number: int
    of: int


class EraseIdentifier(msgspec.Struct, frozen=True, array_like=True, tag="erase_identifier"):
    """To an identifier that a request erases."""

    request_id: str


class ForgetNeighbour(msgspec.Struct, frozen=True, array_like=True, tag="forget_neighbour"):
    """From an identifier that was erased to one that was seen with it."""

    other: str


Signal = (
    EdgeSeen
    | ConsentSaid
    | Union
    | MergeComponent
    | PersonAssigned
    | LimitsChanged
    | DataRequested
    | EraseIdentifier
    | ForgetNeighbour
)

_encode = msgspec.msgpack.Encoder().encode
_decoder: msgspec.msgpack.Decoder[Signal] = msgspec.msgpack.Decoder(Signal)


def envelope(signal: Signal, sender: str, receiver: str, cause: Event, number: int = 0) -> IdentitySignalled:
    """The event that carries a signal. Its id is unique for cause, sender, receiver, kind and ``number``."""
    kind = str(signal.__struct_config__.tag)
    return IdentitySignalled(
        event_id=derived("signal", cause.dedup_id, sender, receiver, kind, str(number)),
        occurred_at=cause.occurred_at,
        kind=kind,
        identifier=receiver,
        body=_encode(signal),
        source_event_id=source_of(cause),
    )


def opened(event: IdentitySignalled) -> Signal:
    """The signal in an envelope.

    :raises msgspec.MsgspecError: the body is no signal. :raises UnicodeDecodeError: a text in it is not UTF-8.
    """
    return _decoder.decode(event.body)


def source_of(cause: Event) -> str:
    """Id of the touchpoint that started the chain of signals."""
    return cause.source_event_id if isinstance(cause, IdentitySignalled) else cause.event_id
