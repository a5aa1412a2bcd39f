"""A rejected event is kept without anything that identifies a person."""

import json
import time

import pytest

from gateway.brand import World
from gateway.incoming import Invalid
from gateway.judge import judge
from gateway.rejects import rejected
from tests.gateway.judging import TILL
from tests.gateway.street import page_view

NOW = time.time_ns() // 1000


def test_a_rejection_keeps_everything_but_who_it_was(world: World) -> None:
    event = page_view(
        event_id="r-1", colour="red", note="ann@corner.example",
        identifiers=[
            {"type": "email", "value": "Ann@Corner.Example"}, {"type": "phone", "value": "0151 12345678"}, "bob",
        ],
        identifers=[{"type": "customer", "value": "secret-77"}],
    )  # fmt: skip
    for raw in (json.dumps(event).encode(), json.dumps(event).replace("@", "\\u0040").encode()[:-1]):
        with pytest.raises(Invalid) as error:
            judge(raw, TILL, world, NOW)
        first, again = (rejected(raw, error.value, world, now) for now in (NOW, NOW + 5))
        assert first.event_id == again.event_id and first.stage == "gateway"
        for secret in (b"nn@", b"orner.E", b"12345678", b"\\u0040"):
            assert secret not in first.raw
    whole = rejected(json.dumps(event).encode(), error.value, world, NOW)
    assert whole.source_event_id == "r-1" and b"secret-77" not in whole.raw and b'"bob"' not in whole.raw
    kept = json.loads(whole.raw)
    email = world.pseudonyms.identifier("email", "ann@corner.example")
    assert kept["identifiers"][0] == {"type": "email", "hash": email.partition(":")[2]}
    assert (kept["colour"], kept["type"]) == ("red", "page_view")


def test_an_event_that_is_too_long_leaves_only_its_beginning(world: World) -> None:
    raw = json.dumps(page_view(properties={"a": ["0151 12345678, "] * 6000})).encode()
    with pytest.raises(Invalid) as error:
        judge(raw, TILL, world, NOW)
    kept = rejected(raw, error.value, world, NOW)
    assert len(kept.raw) < 64 * 1024 and b"12345678" not in kept.raw and b"0151 " not in kept.raw
