"""Looks at a person's profile: asked for, waited for, and written down before anybody sees it.

Whether nothing is known of a person or they do not allow it makes no difference to who asks: with the number of a card
nobody finds out whether it is a customer's. What it was stands in the record of the look (topic profile-shown).
"""

import logging
import time
from typing import Final, Literal, NamedTuple

import msgspec

from gateway.brand.live import BrandView
from gateway.http.admission import AdmissionLimit
from gateway.http.errors import ErrorKind, RequestError
from gateway.http.rate_limits import TokenBuckets
from gateway.metrics import Metrics
from gateway.privacy.answers import DONE, NOBODY, PROFILE, Answers
from gateway.privacy.parts import Parts
from gateway.privacy.per_hour import PerHour
from gateway.privacy.request_ids import RequestIds
from gateway.privacy.submission import PERSON, PrivacyRequest, Submission
from gateway.publish.publisher import NotInKafka, Publisher
from gateway.staff.profile import Profile, read_profile
from schemas.events import ProfileShown
from schemas.identifiers.normalise import InvalidIdentifier
from schemas.identifiers.types import is_blocked
from schemas.ids import derived

log = logging.getLogger(__name__)
Via = Literal["page", "badge", "api"]
WAIT_S: Final = 5.0
SAME_LOOK_US: Final = 20_000_000
"""A form that is sent twice within such a window is one look."""
MAX_WAITING: Final = 64
LOOKS_PER_S: Final = 5
"""Of a key or badge."""
LOOKS_AN_HOUR: Final = 600
"""Of a key or badge of staff: whoever finds a tablet must not go through all customers."""


class Asker(NamedTuple):
    """Who asks: the id of a key, or of the tag of a badge; ``in_bulk``: a system that knows customers anyway."""

    id: str
    via: Via
    in_bulk: bool = False

    @property
    def owner(self) -> str:
        """Whose the requests are, and whose the limits."""
        return f"{'badge' if self.via == 'badge' else 'staff'}\0{self.id}"


class Looks:
    """Answers whoever may see profiles."""

    def __init__(
        self,
        submission: Submission,
        answers: Answers,
        parts: Parts,
        ids: RequestIds,
        publisher: Publisher,
        metrics: Metrics,
    ) -> None:
        self._submission = submission
        self._answers = answers
        self._parts = parts
        self._ids = ids
        self._publisher = publisher
        self._metrics = metrics
        self._waiting = AdmissionLimit(MAX_WAITING)
        self._per_s = TokenBuckets(LOOKS_PER_S)
        self._per_hour = PerHour(LOOKS_AN_HOUR)

    async def of(self, kind: str, value: str, asker: Asker, brand_view: BrandView, now: int) -> Profile | None:
        """The profile of whoever has an identifier; None where none may be shown, or nobody is known.

        :param now: microseconds.
        :raises RequestError: INVALID: it is no such identifier; PROFILE_RATE; NO_REJECT_KEY, NOT_IN_KAFKA, SATURATED,
            or NO_PROFILE_YET: what answers is away, or slow.
        """
        identifiers = identifiers_of(kind, value, brand_view, now)
        self._limit(asker)
        self._parts.check_key()
        if self._waiting.full:
            raise RequestError(ErrorKind.SATURATED, "too many requests are waiting", retry_after_s=1)
        request_id = self._ids.of(f"profile\0{asker.via}\0{identifiers[0]}\0{now // SAME_LOOK_US}", asker.owner)
        with self._waiting:
            await self._submission.submit(PrivacyRequest(request_id, PROFILE, PERSON, identifiers, asker.id, now))
            answer = await self._answers.wait(request_id, WAIT_S)
            if answer is None or not answer.is_final:
                raise _not_yet()
            if answer.status == NOBODY:
                profile = None
            elif answer.status == DONE:
                profile = await self._read(request_id, answer.at, brand_view)
            else:
                raise RequestError(ErrorKind.NO_PROFILE_YET, "the profile could not be put together", retry_after_s=30)
            outcome = "shown" if profile is not None else "nobody" if answer.status == NOBODY else "refused"
            await self._write_down(
                ProfileShown(
                    event_id=derived("profile-shown", request_id),
                    occurred_at=answer.at,
                    request_id=request_id,
                    source=asker.id,
                    via=asker.via,
                    identifier=identifiers[0],
                    outcome=outcome,
                )
            )
        return profile

    async def _read(self, request_id: str, at: int, brand_view: BrandView) -> Profile | None:
        positions = self._answers.positions(request_id)
        if positions is None:
            raise _not_yet()
        try:
            return read_profile(await self._parts.whole(positions, request_id), at, brand_view.brand)
        except msgspec.MsgspecError:  # as other producers may have written it
            raise RequestError(ErrorKind.NO_PROFILE_YET, "the profile cannot be read", retry_after_s=30) from None

    async def _write_down(self, look: ProfileShown) -> None:
        """:raises RequestError: NOT_IN_KAFKA: then nothing is shown."""
        try:
            await self._publisher.publish_to_kafka([look])
        except NotInKafka:
            raise RequestError(
                ErrorKind.NOT_IN_KAFKA, "Kafka is unavailable: no look can be written down", retry_after_s=5
            ) from None
        log.info("%s asked for a profile (%s): %s, request %s", look.source, look.via, look.outcome, look.request_id)

    def _limit(self, asker: Asker) -> None:
        """:raises RequestError: PROFILE_RATE."""
        now_s = time.monotonic()
        wait_s = self._per_s.take(asker.owner, 1, now_s)
        if not wait_s and not asker.in_bulk:
            wait_s = self._per_hour.take(asker.owner, now_s)
        if wait_s:
            self._metrics.limited.labels("profiles").inc()
            raise RequestError(ErrorKind.PROFILE_RATE, "too many profiles were asked for with this key", wait_s)


def identifiers_of(kind: str, value: str, brand_view: BrandView, now: int) -> tuple[str, ...]:
    """What a value is known as behind the gateway. :raises RequestError: INVALID."""
    if kind not in brand_view.identifier_types:
        raise RequestError(ErrorKind.INVALID, "type: the brand knows no such type of identifiers")
    try:
        found = brand_view.pseudonyms.all_identifiers(kind, value, now, brand_view.brand.about.country)
    except InvalidIdentifier as error:
        raise RequestError(ErrorKind.INVALID, f"value: {error}") from None
    if any(map(is_blocked, found)):
        raise RequestError(ErrorKind.INVALID, "value: is a placeholder, which is nobody's")
    return found


def _not_yet() -> RequestError:
    return RequestError(ErrorKind.NO_PROFILE_YET, "the profile has not come yet: ask again", retry_after_s=2)
