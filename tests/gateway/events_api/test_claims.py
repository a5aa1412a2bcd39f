"""A public key makes and takes nobody: its identifiers are claims, which count with a proof of the brand's server."""

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from gateway.brand.live import BrandView
from gateway.events_api.draft import Sender
from gateway.events_api.rejects import read_received, rejected, sender_of
from gateway.events_api.validate import Accepted, validate
from schemas.brand.api_keys import ApiKey, public_key_ids
from schemas.identifiers.proofs import Proofs
from schemas.kinds import FAMILIES
from schemas.reasons import RejectReason
from tests.support.gateway_process import IDENTIFIER_KEY, page_view
from tests.support.validation import validation_error

WEB = Sender("web", FAMILIES["web"], is_public=True)
SERVER = Sender("shop", FAMILIES["web"])
DEVICE = {"type": "device", "value": "phone-1"}
CUSTOMER = {"type": "customer", "value": "C-1"}
NOW_S = int(time.time())
PROOFS = Proofs(IDENTIFIER_KEY)
README = Path(__file__).parents[3] / "README.md"


def proven(given: dict[str, str], device: str = "phone-1", expires_s: int = NOW_S + 600) -> dict[str, str]:
    return given | {"proof": PROOFS.proof(given["type"], given["value"], device, expires_s)}


def accepted(brand_view: BrandView, *identifiers: Any, sender: Sender = WEB) -> Accepted:
    return validate(
        json.dumps(page_view(identifiers=list(identifiers))).encode(), sender, brand_view, time.time_ns() // 1000
    )


def found(brand_view: BrandView, *identifiers: Any, sender: Sender = WEB) -> tuple[str, ...]:
    return accepted(brand_view, *identifiers, sender=sender).event.identifiers  # type: ignore[union-attr]


def test_a_claim_joins_nobody_and_is_said(brand_view: BrandView) -> None:
    device = brand_view.pseudonyms.identifier("device", "phone-1")
    result = accepted(brand_view, CUSTOMER, DEVICE)
    assert result.event.identifiers == (device,)  # type: ignore[union-attr]
    assert [warning.partition(":")[0] for warning in result.warnings] == ["identifiers[0].proof"]


def test_a_proof_makes_it_count(brand_view: BrandView) -> None:
    assert found(brand_view, DEVICE, proven(CUSTOMER)) == found(brand_view, DEVICE, CUSTOMER, sender=SERVER)


def test_a_server_needs_no_proof(brand_view: BrandView) -> None:
    assert len(found(brand_view, CUSTOMER, DEVICE, sender=SERVER)) == 2


@pytest.mark.parametrize(
    ("what", "claim"),
    [
        ("of another device", proven(CUSTOMER, device="phone-2")),
        ("of another value", CUSTOMER | {"proof": proven(CUSTOMER | {"value": "C-2"})["proof"]}),
        ("of another type", CUSTOMER | {"proof": proven({"type": "loyalty", "value": "C-1"})["proof"]}),
        ("expired", proven(CUSTOMER, expires_s=NOW_S - 60)),
        ("of another key", CUSTOMER | {"proof": Proofs(b"1" * 32).proof("customer", "C-1", "phone-1", NOW_S + 600)}),
        ("with a longer life", CUSTOMER | {"proof": "9" + proven(CUSTOMER)["proof"]}),
        ("made up", CUSTOMER | {"proof": f"{NOW_S + 600}.{'A' * 43}"}),
        ("of no form", CUSTOMER | {"proof": "yes"}),
        ("empty", CUSTOMER | {"proof": ""}),
        ("with letters outside ASCII", CUSTOMER | {"proof": "١.é"}),
        ("moved between the fields", {"type": "customer", "value": "C-1\0phone", "proof": proven(CUSTOMER)["proof"]}),
    ],
)
def test_a_wrong_proof_is_none(what: str, claim: dict[str, str], brand_view: BrandView) -> None:
    assert found(brand_view, DEVICE, claim) == found(brand_view, DEVICE), what


def test_an_event_of_claims_alone_is_rejected(brand_view: BrandView) -> None:
    """Also with a proof: without a device it would hold for any phone."""
    for claim in (CUSTOMER, proven(CUSTOMER), proven(CUSTOMER, device="")):
        reason, field, _ = validation_error(page_view(identifiers=[claim]), brand_view, WEB)
        assert (reason, field) == (RejectReason.UNPROVEN, "identifiers[0].proof")


def test_a_second_device_is_a_claim_too(brand_view: BrandView) -> None:
    other = {"type": "device", "value": "phone-2"}
    assert found(brand_view, DEVICE, other) == found(brand_view, DEVICE)
    assert len(found(brand_view, DEVICE, proven(other))) == 2
    assert len(found(brand_view, {"type": "mac", "value": "00:1b:63:84:45:e6"}, DEVICE)) == 1


def test_a_reject_of_a_public_key_is_judged_as_public_when_it_is_replayed(brand_view: BrandView) -> None:
    raw = json.dumps(page_view(identifiers=[CUSTOMER])).encode()
    for key_now in ([], [ApiKey(id="web", hash="", scopes=("events:write",))]):
        with pytest.raises(Exception, match="proof") as problem:
            validate(raw, WEB, brand_view, time.time_ns() // 1000)
        reject = rejected(raw, problem.value, WEB, brand_view, 1)  # type: ignore[arg-type]
        assert sender_of(read_received(reject.raw), key_now).is_public


def test_which_keys_are_public() -> None:
    keys = [
        ApiKey(id="page", hash="", scopes=("events:web",)),
        ApiKey(id="server", hash="", scopes=("events:web",), public=False),
        ApiKey(id="app", hash="", scopes=("events:web", "events:sensor"), public=True),
        ApiKey(id="till", hash="", scopes=("events:till",)),
        ApiKey(id="all", hash="", scopes=("events:write",)),
    ]
    assert public_key_ids(keys) == {"page", "app"}


def test_the_lines_of_the_readme_sign(brand_view: BrandView) -> None:
    [lines] = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    names: dict[str, Any] = {}
    exec(lines, names)
    signed = CUSTOMER | {"proof": names["proof"](PROOFS.key.hex(), "customer", "C-1", "phone-1")}
    assert len(found(brand_view, DEVICE, signed)) == 2
