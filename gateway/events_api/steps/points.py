"""Step for the kinds that move points: what of their properties has a closed shape (``schemas.points``)."""

from typing import Any
from uuid import UUID

import msgspec

from gateway.events_api.draft import Draft
from gateway.events_api.errors import ValidationError
from gateway.events_api.parse_values import parse_reference
from gateway.events_api.steps.properties import properties
from schemas import kinds
from schemas.points import MAX_POINTS, MAX_REASON_CHARS
from schemas.reasons import RejectReason


def points(draft: Draft) -> None:
    """The properties as JSON, with how many points, of what redemption, to whom. These are set apart from the others:
    an id may look like a phone number, which is taken out of these.

    :raises ValidationError: one is missing, or of the wrong form.
    """
    kind, stated = draft.input.type, dict[str, Any]()
    stated["points"] = _points(kind, draft.properties.pop("points", None))
    if kind == kinds.POINTS_RETURNED:
        redeemed = draft.properties.pop("redemption_id", None)
        stated["redemption_id"] = parse_reference(redeemed, "properties.redemption_id", draft.sender.id_namespace)
    if kind == kinds.POINTS_TRANSFERRED:
        stated["to"] = _source_profile(draft.properties.pop("to", None))
    if kind in (kinds.POINTS_ADJUSTED, kinds.POINTS_TRANSFERRED):
        reason = draft.properties.get("reason")
        if not isinstance(reason, str) or not 0 < len(reason.strip()) <= MAX_REASON_CHARS:
            raise ValidationError("properties.reason", f"must be text of 1 to {MAX_REASON_CHARS} characters")
    properties(draft)
    own, others = msgspec.json.encode(stated).decode(), draft.fields["properties"]
    draft.fields["properties"] = own if others == "{}" else f"{own[:-1]},{others[1:]}"


def _points(kind: str, value: object) -> int:
    """What comes back may be left open: all of it then."""
    if value is None and kind == kinds.POINTS_RETURNED:
        return 0
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValidationError("properties.points", "must be a whole number", RejectReason.MALFORMED)
    if not 0 < (abs(value) if kind == kinds.POINTS_ADJUSTED else value) <= MAX_POINTS:
        raise ValidationError("properties.points", f"{value} is not from 1 to {MAX_POINTS}")
    return value


def _source_profile(value: object) -> str:
    try:
        return str(UUID(value if isinstance(value, str) else ""))
    except ValueError:
        raise ValidationError("properties.to", "must be the id of a source profile") from None
