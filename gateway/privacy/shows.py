"""What is known of a device, as its page shows it: asked for once a minute at most."""

from typing import Final

import msgspec

from gateway.privacy.answers import SHOW, Answers
from gateway.privacy.device_view import Summary, read_shown
from gateway.privacy.own_data import OwnData
from gateway.privacy.parts import Parts
from gateway.privacy.request_ids import RequestIds
from gateway.privacy.submission import Submission
from gateway.privacy.visit import Visit
from schemas.consent.choices import NOTHING_SAID, Consents

AGAIN_AFTER_US: Final = 60_000_000
"""So long an answer is shown again."""


class Shown(msgspec.Struct, frozen=True):
    """``summary`` is None for nothing; ``waits``: the answer has not come yet."""

    summary: Summary | None = None
    said: Consents = NOTHING_SAID
    waits: bool = False
    failed: bool = False


class Shows:
    """The requests to show a device's data."""

    def __init__(self, submission: Submission, answers: Answers, parts: Parts, ids: RequestIds) -> None:
        self._own = OwnData(SHOW, AGAIN_AFTER_US, read_shown, submission, answers, parts, ids)

    async def of(self, visit: Visit) -> Shown:
        """What is known of the device of a visit."""
        found = await self._own.of(visit)
        summary, said = found.data if found.data is not None else (None, NOTHING_SAID)
        return Shown(summary, said, found.waits, found.failed)
