"""What an operator states of points is what gateways take."""

from typing import Any

import pytest

from deploy.operate.identity.identifier_input import IdentifierInput
from deploy.operate.points import adjustment, transfer
from gateway.brand.live import build_brand_view
from schemas.brand.load import load
from schemas.ids import person_of
from schemas.points import Stated, stated_of
from tests.support.command_line import run_module
from tests.support.gateway_process import BRAND, IDENTIFIER_KEY
from tests.support.validation import validated

WHO = IdentifierInput("customer", "C-1042")
TO = IdentifierInput("customer", f"hash:{'ab' * 16}")


def stated(event: Any) -> Stated | None:
    return stated_of(validated(event, build_brand_view(load(BRAND), IDENTIFIER_KEY)).properties)


@pytest.mark.parametrize("points", [50, -50])
def test_an_adjustment_is_an_event_with_a_reason(points: int) -> None:
    assert stated(adjustment(WHO, points, "sorry")) == Stated(points=points, reason="sorry")


def test_a_transfer_names_the_other_by_source_profile_and_joins_nobody() -> None:
    event = transfer(WHO, TO, 20, "gift", {}, "", id="t-1")
    assert stated(event) == Stated(points=20, reason="gift", to=person_of(f"customer:{'ab' * 16}"))
    assert (event["event_id"], event["identifiers"]) == ("t-1", [{"type": "customer", "value": "C-1042"}])


def test_the_command_says_what_it_does() -> None:
    assert "--reason" in run_module("deploy.cli.main", ("points", "adjust", "--help"), {}).stdout
