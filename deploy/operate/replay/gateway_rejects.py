"""Rejects of the events API: judged again as they were at first, by today's code, brand and repairs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from deploy.operate.replay.repair import Change, PathError, decode, encode, repaired
from gateway.brand.live import BrandView
from gateway.events_api.errors import ValidationError
from gateway.events_api.rejects import Received, known_path, read_received, reject_id, sender_of
from gateway.events_api.validate import Validated, validate
from schemas.events import Event, EventRejected
from schemas.ids import derived
from schemas.process.errors import OperatorError
from schemas.reasons import RejectReason
from schemas.rejects import RAW_KEPT_BYTES

NOT_JSON = "no_json"
"""There is no event to repair."""
NO_SUCH_FIELD = "no_such_field"
CUT = "cut"
"""The bytes are longer than what event-rejected stores of them."""
SUPERSEDED = "superseded"
"""A later statement has taken its place."""
MASKED = "masked"
"""A reject of an earlier version, which stored hashes in the place of values: nobody can tell what the values were."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The gateway would accept it today: this is the event that it would publish."""

    event_id: str
    event: Validated


@dataclass(frozen=True, slots=True)
class StillInvalid:
    """It cannot be used today either."""

    reason: str


class GatewayRejects:
    """:param brand_view: gives today's brand with the gateway's identifier key; called when it is first needed.
    :param changes: what the operator repairs.
    :param is_superseded: whether a later statement counts in an event's place.
    """

    def __init__(
        self, brand_view: Callable[[], BrandView], changes: Sequence[Change], is_superseded: Callable[[Event], bool]
    ) -> None:
        self._brand_view = brand_view
        self._changes = changes
        self._is_superseded = is_superseded

    def plan(self, reject: EventRejected) -> Accepted | StillInvalid:
        """The judgement of the events API on the sender's own text, its sender and the time of its receipt.

        What conflicts with another event of its sender is not sent under the same id once more.

        :raises OperatorError: the identifier key is not the gateway's.
        """
        try:
            received = read_received(reject.raw)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return StillInvalid(MASKED)
        if len(received.text) == RAW_KEPT_BYTES:
            return StillInvalid(CUT)
        brand_view = self._brand_view()
        if reject_id(received, brand_view.pseudonyms) != reject.event_id:
            raise OperatorError(
                "FOOTPATH_IDENTIFIER_KEY_FILE: this is not the key of the gateway that rejected these events; under "
                "another key everybody would be a stranger"
            )
        try:
            text = self._text(received, reject)
        except PathError:
            return StillInvalid(NO_SUCH_FIELD)
        except (msgspec.DecodeError, ValueError, OverflowError, RecursionError):
            return StillInvalid(NOT_JSON)
        try:
            event = validate(text, sender_of(received, brand_view.brand.api_keys), brand_view, reject.occurred_at).event
        except ValidationError as error:
            field = known_path(error.field)
            return StillInvalid(f"{field}: {error.detail}" if field else error.detail)
        if reject.reason == RejectReason.CONFLICT and event.event_id == reject.source_event_id:
            return StillInvalid(RejectReason.CONFLICT)
        return StillInvalid(SUPERSEDED) if self._is_superseded(event) else Accepted(event.event_id, event)

    def _text(self, received: Received, reject: EventRejected) -> bytes:
        """The event's JSON with the repairs, and with an id: its own, else the same one in every replay, so that an
        event that is replayed twice counts once."""
        event = decode(received.text)
        if not isinstance(event, dict):
            raise msgspec.DecodeError
        if not self._changes and event.get("event_id") is not None:
            return received.text
        changed = repaired(event, self._changes)
        if changed.get("event_id") is None:
            changed["event_id"] = derived("replayed", reject.event_id)
        return encode(changed)
