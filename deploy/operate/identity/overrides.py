"""Overrides: an operator's statement about two identifiers, sent to the gateway as an event."""

from datetime import UTC, datetime
from uuid import uuid4

import msgspec

from deploy.operate.identity.identifier_input import IdentifierInput
from deploy.operate.importer.lines import Line
from deploy.operate.importer.sender import Sender, build_session
from deploy.target import Target
from schemas.process.errors import OperatorError

GIVE_UP_AFTER_S = 20.0


async def publish_override(kind: str, first: IdentifierInput, second: IdentifierInput, target: Target) -> str:
    """Sends the override and returns the id of its event, a UUID.

    :param kind: one of schemas.kinds.OVERRIDES.
    :raises OperatorError: the gateway rejects it, or does not answer for `GIVE_UP_AFTER_S`.
    """
    event_id = str(uuid4())
    event = {
        "event_id": event_id,
        "type": kind,
        "occurred_at": datetime.now(UTC).isoformat(),
        "identifiers": [first.as_event_field(), second.as_event_field()],
    }
    async with build_session() as session:
        sender = Sender(session, target, GIVE_UP_AFTER_S, lambda _: None)
        (result,) = await sender.send([Line(1, msgspec.json.encode(event))])
    if result.is_rejected:
        raise OperatorError(f"the gateway rejects it: {result.reason}")
    return event_id
