"""An operator's word on two identifiers, sent through the gateway like any event."""

from datetime import UTC, datetime
from uuid import uuid4

import msgspec

from deploy.errors import Refused
from deploy.identity.names import Named
from deploy.importing.lines import Line
from deploy.importing.sender import Sender, build_session
from deploy.target import Target

GIVE_UP_AFTER_S = 20.0


async def say(kind: str, first: Named, second: Named, target: Target) -> str:
    """Sends the word and returns the id of its event.

    :param kind: one of schemas.kinds.VERDICTS. :raises Refused: the gateway does not take it, or is away.
    """
    event_id = str(uuid4())
    event = {
        "event_id": event_id,
        "type": kind,
        "occurred_at": datetime.now(UTC).isoformat(),
        "identifiers": [first.sent(), second.sent()],
    }
    async with build_session() as session:
        sender = Sender(session, target, GIVE_UP_AFTER_S, lambda _: None)
        (verdict,) = await sender.send([Line(1, msgspec.json.encode(event))])
    if verdict.status == "rejected":
        raise Refused(f"the gateway refuses it: {verdict.reason}")
    return event_id
