"""What an event says about consent: the gateway writes it into the event's properties, every reader reads it here."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from schemas import kinds
from schemas.consent.choices import Choice, Consents
from schemas.consent.purposes import keys_of
from schemas.events import ConsentStated, TouchpointRecorded
from schemas.ids import hash64

GPC: Final = "gpc"
"""Property of an event whose request had the header ``Sec-GPC: 1``."""
GPC_MEMBER: Final = f'"{GPC}":true'
COUNTED_ONLY: Final = '"counted_only":true'
"""Member of an event's properties, and of a decision's inputs, whose person does not agree to analytics: the sink
stores the row without person, identifiers and properties, as a count."""
UNMATCHED: Final = '"unmatched":true'
"""Member of an event's properties whose person does not agree to identity: its traits are compared with nobody's."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class Proof(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What shows that somebody said so: the id of the text that was shown, or the text itself, its language, where it
    was shown (a page, a till, on paper, an import) and the control that was used."""

    text_id: str = ""
    text: str = ""
    language: str = ""
    where: str = ""
    control: str = ""


class Statement(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The properties of ``consent_given`` and ``consent_withdrawn``. ``expires_at`` is RFC 3339, ``jurisdiction`` that
    which the sender names (``DE``, ``US-CA``)."""

    purposes: tuple[str, ...]
    channels: tuple[str, ...] = ()
    policy_version: str = ""
    expires_at: str = ""
    jurisdiction: str = ""
    proof: Proof = Proof()

    @property
    def keys(self) -> tuple[str, ...]:
        """What it is about."""
        return keys_of(self.purposes, self.channels)


Said = TouchpointRecorded | ConsentStated
"""An event that may say something of consent."""
_decode: Any = msgspec.json.Decoder(Statement).decode
_decode_any: Any = msgspec.json.Decoder(dict[str, Any]).decode


def statement_of(event: Said) -> Statement | None:
    """What a consent event states; None for other events, and for one that states nothing that is known."""
    if event.type not in kinds.CONSENT:
        return None
    try:
        statement: Statement = _decode(event.properties)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return statement if statement.keys else None


def choice_of(event: Said, statement: Statement) -> Choice:
    """The choice that a consent event states."""
    return Choice(
        event.occurred_at,
        event.type == kinds.CONSENT_GIVEN,
        hash64(event.statement_id),
        micros_of(statement.expires_at),
        statement.policy_version,
    )


def micros_of(time: str) -> int:
    """A time of RFC 3339 in microseconds; 0 for none, and for what is none."""
    try:
        moment = datetime.fromisoformat(time) if time else _EPOCH
        return (moment - _EPOCH) // _MICROSECOND
    except (ValueError, TypeError, OverflowError):
        return 0


def has_gpc(event: Said) -> bool:
    """Whether the browser that caused the event sends Global Privacy Control."""
    if GPC_MEMBER not in event.properties:
        return False
    try:
        return _decode_any(event.properties).get(GPC) is True
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return False


def may_say(event: Said) -> bool:
    """Whether an event may say anything about consent: false, and cheap, for nearly all."""
    return GPC_MEMBER in event.properties or event.type in kinds.CONSENT


def consents_after(before: Consents, event: Said, keys: frozenset[str]) -> Consents:
    """What was said once the event has happened; the same object when it says nothing new about these keys."""
    after = before.with_gpc(event.occurred_at) if has_gpc(event) else before
    if (statement := statement_of(event)) is None or not (about := [key for key in statement.keys if key in keys]):
        return after
    return after.with_choice(about, choice_of(event, statement))
