"""One event at a time before the gateway's judge, without a gateway."""

import json
import time
from typing import Any

import pytest

from gateway.brand import World
from gateway.incoming import Invalid
from gateway.judge import Sender, judge
from schemas.kinds import TYPES

TILL = Sender("till", TYPES)


def taken(event: dict[str, Any] | bytes, world: World, sender: Sender = TILL) -> Any:
    raw = event if isinstance(event, bytes) else json.dumps(event).encode()
    return judge(raw, sender, world, time.time_ns() // 1000)


def refused(event: dict[str, Any] | bytes, world: World, sender: Sender = TILL) -> tuple[str, str, str]:
    with pytest.raises(Invalid) as error:
        taken(event, world, sender)
    return error.value.reason, error.value.field, error.value.detail
