"""Validation of single events as the events API does it, without a gateway process."""

import json
import time
from typing import Any

import pytest

from gateway.brand.live import BrandView
from gateway.events_api.draft import Sender
from gateway.events_api.errors import ValidationError
from gateway.events_api.validate import validate
from schemas.kinds import TYPES

TILL = Sender("till", TYPES)


def validated(event: dict[str, Any] | bytes, brand_view: BrandView, sender: Sender = TILL) -> Any:
    """The event to publish. :raises ValidationError: it is rejected."""
    raw = event if isinstance(event, bytes) else json.dumps(event).encode()
    return validate(raw, sender, brand_view, time.time_ns() // 1000).event


def warnings(event: dict[str, Any], brand_view: BrandView) -> tuple[str, ...]:
    """What is left out of an event that is accepted."""
    return validate(json.dumps(event).encode(), TILL, brand_view, time.time_ns() // 1000).warnings


def validation_error(
    event: dict[str, Any] | bytes, brand_view: BrandView, sender: Sender = TILL
) -> tuple[str, str, str]:
    """Reason, field and detail of an event that must be rejected."""
    with pytest.raises(ValidationError) as error:
        validated(event, brand_view, sender)
    return error.value.reason, error.value.field, error.value.detail
