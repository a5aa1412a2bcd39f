"""A card in the wallet of a phone belongs to the device: an event with both identifiers says so."""

from datetime import UTC, datetime
from typing import Final

import msgspec

from gateway.events_api.draft import Sender
from gateway.events_api.errors import ValidationError
from gateway.events_api.validate import validate
from gateway.identifiers.cards import LOYALTY
from gateway.identifiers.remembered import Remembered
from gateway.privacy.submission import PAGE
from gateway.privacy.visit import Visit
from gateway.publish.publisher import Publisher
from gateway.publish.spool import SpoolFull
from schemas import kinds
from schemas.identifiers.types import DEVICE

REMEMBERED: Final = 20_000


class AddedCards:
    """Publishes the event, of each card once as long as the gateway remembers it."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self._said = Remembered(REMEMBERED)

    async def say(self, visit: Visit) -> None:
        """Joins the device of a visit and its card, where the person allows to be recognised (identity decides)."""
        if visit.card in self._said:
            return
        raw = {
            "type": kinds.CARD_ADDED,
            "occurred_at": datetime.fromtimestamp(visit.now_s, UTC).isoformat(timespec="microseconds"),
            "identifiers": [{"type": DEVICE, "value": visit.device}, {"type": LOYALTY, "value": visit.card}],
        }
        sender = Sender(PAGE, frozenset({kinds.CARD_ADDED}), namespace="", gpc=visit.gpc)
        try:
            event = validate(msgspec.json.encode(raw), sender, visit.brand_view, visit.now).event
            await self._publisher.publish([event])
        except (SpoolFull, ValidationError):  # the pass is worth as much; the next one says it
            return
        self._said.add([visit.card])
