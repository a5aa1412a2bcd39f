"""An operator's statement about points, sent to the gateway as an event."""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import uuid4

import msgspec

from deploy.operate.identity.identifier_input import IdentifierInput, stored_identifier
from deploy.operate.importer.lines import Line
from deploy.operate.importer.sender import Sender, build_session
from deploy.target import Target
from schemas import kinds
from schemas.ids import person_of
from schemas.process.errors import OperatorError

GIVE_UP_AFTER_S = 20.0


def adjustment(who: IdentifierInput, points: int, reason: str, id: str = "") -> dict[str, object]:
    """The event that gives somebody points, or takes them away (below zero)."""
    return _event(kinds.POINTS_ADJUSTED, who, {"points": points, "reason": reason}, id)


def transfer(
    who: IdentifierInput,
    to: IdentifierInput,
    points: int,
    reason: str,
    environ: Mapping[str, str],
    country: str,
    id: str = "",
) -> dict[str, object]:
    """The event that takes points from one person to another. The two stay two: the other one is named by the id of the
    source profile alone. :raises OperatorError: as `stored_identifier`."""
    profile = person_of(stored_identifier(to, environ, country))
    return _event(kinds.POINTS_TRANSFERRED, who, {"points": points, "reason": reason, "to": profile}, id)


async def publish(event: dict[str, object], target: Target) -> str:
    """Sends the event and returns its id.

    :raises OperatorError: the gateway rejects it, as where the id was used before, or does not answer for
        `GIVE_UP_AFTER_S`.
    """
    async with build_session() as session:
        sender = Sender(session, target, GIVE_UP_AFTER_S, lambda _: None)
        (result,) = await sender.send([Line(1, msgspec.json.encode(event))])
    if result.is_rejected:
        raise OperatorError(f"the gateway rejects it: {result.reason}")
    return str(event["event_id"])


def _event(kind: str, who: IdentifierInput, properties: dict[str, object], id: str) -> dict[str, object]:
    return {
        "event_id": id or str(uuid4()),
        "type": kind,
        "occurred_at": datetime.now(UTC).isoformat(),
        "identifiers": [who.as_event_field()],
        "properties": properties,
    }
