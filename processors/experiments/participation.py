"""Who takes part in no experiment at all."""

import json

from processors.experiments.assignment import Plan, Why, plans_of
from processors.reference import Reference
from schemas.brand.model import Tag
from schemas.consent.permission import Permission
from schemas.events import TouchpointIdentified

STAFF = "staff"
STAFF_BADGE = "staff_badge"
_MEMO = "experiment plans"
"""Key of the brand's plans in ``Reference.memo``."""


def plans(reference: Reference) -> tuple[Plan, ...]:
    """The experiments on which some route of the brand depends."""
    found: tuple[Plan, ...] | None = reference.memo.get(_MEMO)
    if found is None:
        found = reference.memo[_MEMO] = plans_of(reference.brand)
    return found


def excluded(
    event: TouchpointIdentified,
    tag: Tag,
    reference: Reference,
    held_out: bool,
    permission: Permission | None,
) -> Why | None:
    """Why nobody is drawn at this scan, the hold-out before all else; None: they may take part.

    :param permission: of personalisation; None where the brand says nothing of it and nobody did.
    """
    if held_out:
        return Why.HELD_OUT
    if STAFF_BADGE in (tag.placement, event.placement) or _is_of_staff(event.properties, reference):
        return Why.STAFF
    if permission is not None and not permission.allowed:
        return Why.NO_CONSENT
    return None


def _is_of_staff(properties: str, reference: Reference) -> bool:
    """Whether the device is one of the staff's, or one that many people use."""
    if "device_class" not in properties:
        return False
    try:
        parsed = json.loads(properties)
    except ValueError:
        return False
    device_class = parsed.get("device_class") if isinstance(parsed, dict) else None
    return device_class == STAFF or device_class in reference.brand.about.guards.never_stitch
