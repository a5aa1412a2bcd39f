"""A draft: an event input on its way to an event, which the validation steps fill in one after the other."""

from dataclasses import dataclass
from typing import Any

import msgspec

from gateway.brand.live import BrandView
from gateway.events_api.errors import ValidationError
from gateway.events_api.inputs import EventInput
from schemas import kinds
from schemas.consent.statements import GPC
from schemas.identifiers.named import Named
from schemas.matching.traits import Traits


@dataclass(frozen=True, slots=True)
class Sender:
    """The id of an API key and the event kinds that it may send. ``is_page``: a web page sends with it, and may only
    send web kinds. ``is_public``: anybody may have the key; its identifiers need proofs. ``namespace`` is that of its
    event ids; None: the key's own. ``gpc``: the request had the header ``Sec-GPC: 1``.
    """

    key_id: str
    types: frozenset[str]
    is_page: bool = False
    namespace: str | None = None
    is_public: bool = False
    gpc: bool = False

    @property
    def id_namespace(self) -> str:
        """The namespace of its event ids."""
        return self.key_id if self.namespace is None else self.namespace


class Draft(msgspec.Struct):
    """``fields`` are the event's fields so far; ``names`` its names (``store``, ``tag``, …) without e-mail addresses;
    ``properties`` those of the input's properties that no step has moved to a field; ``unusable`` what is wrong with
    identifiers that are left out or identify nobody, in their order; ``named`` are identifiers whose values count for
    more than their hash: contacts of a sender who is trusted, and all while the identifier key changes.

    :param now: time of receipt in microseconds.
    """

    input: EventInput
    sender: Sender
    brand_view: BrandView
    now: int
    fields: dict[str, Any]
    properties: dict[str, Any]
    names: dict[str, str] = {}
    traits: Traits | None = None
    unusable: tuple[ValidationError, ...] = ()
    named: list[Named] = []

    @property
    def country(self) -> str:
        """Where the event happened (ISO 3166), by its store; empty where the brand does not say."""
        store = self.brand_view.brand.stores.get(self.names.get("store", ""))
        return "" if store is None else store.country


def build_draft(event: EventInput, sender: Sender, brand_view: BrandView, now: int) -> Draft:
    """A draft to which no step has been applied. What the browser says of consent is recorded with what it sends."""
    properties = dict(event.properties)
    if sender.gpc and event.type in kinds.SENDABLE["web"]:
        properties[GPC] = True
    return Draft(event, sender, brand_view, now, {"received_at": now, "source": sender.key_id}, properties)
