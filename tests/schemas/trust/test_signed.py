"""Signatures of links and rotating codes."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.trust.signed import (
    MAC_BYTES,
    STEP_S,
    STEPS_AHEAD,
    STEPS_BEHIND,
    code_digest,
    is_current,
    is_rotating_code,
    is_signature,
    rotating_code,
    signature,
    step_of,
)

TOTP = json.loads((Path(__file__).parent / "vectors" / "totp_rfc6238.json").read_text())
SECRET, OTHER = b"\x01" * 32, b"\x02" * 32
IDS = st.from_regex(r"[\w.-]{1,100}", fullmatch=True)


@pytest.mark.parametrize("vector", TOTP["vectors"], ids=lambda vector: str(vector["time"]))
@pytest.mark.parametrize("digest", ["SHA1", "SHA256", "SHA512"])
def test_steps_and_digests_are_those_of_rfc_6238(vector: dict[str, Any], digest: str) -> None:
    hashed = code_digest(TOTP["keys_ascii"][digest].encode(), step_of(vector["time"]), digest.lower())
    offset = hashed[-1] & 15  # dynamic truncation, RFC 4226, 5.3
    number = int.from_bytes(hashed[offset : offset + 4], "big") & 0x7FFFFFFF
    assert f"{number % 10**8:08}" == vector[digest]


@given(IDS, IDS, IDS)
def test_a_signature_counts_for_its_brand_tag_and_key_alone(brand: str, tag: str, other: str) -> None:
    made = signature(SECRET, brand, tag)
    assert is_signature(made, SECRET, brand, tag) and not is_signature(made, OTHER, brand, tag)
    if other != tag:
        assert not is_signature(made, SECRET, brand, other) and not is_signature(made, SECRET, f"{brand}{other}", tag)
    assert not is_signature(made[:-1], SECRET, brand, tag) and not is_signature(made + "A", SECRET, brand, tag)
    assert len(made) * 6 == MAC_BYTES * 8, "a link with other characters at its end is another link"


@given(st.integers(10, 10**12 - 10), st.integers(-5, 5))
def test_a_code_counts_within_its_window(step: int, steps_later: int) -> None:
    code = rotating_code(SECRET, "b", "screen", step)
    assert is_rotating_code(code, SECRET, "b", "screen") == step
    assert is_rotating_code(code, OTHER, "b", "screen") is None
    assert is_rotating_code(code, SECRET, "b", "other") is None
    assert is_current(step, (step + steps_later) * STEP_S) == (-STEPS_AHEAD <= steps_later <= STEPS_BEHIND)


@given(st.text(max_size=40) | st.from_regex(r"[0-9]{1,13}\.[\w-]{12}", fullmatch=True))
def test_any_text_is_no_code(text: str) -> None:
    assert is_rotating_code(text, SECRET, "b", "screen") is None


def test_a_code_moves_to_no_other_step() -> None:
    step, mac = rotating_code(SECRET, "b", "screen", 100).split(".")
    assert is_rotating_code(f"{int(step) + 1}.{mac}", SECRET, "b", "screen") is None
    assert is_rotating_code(f"0{step}.{mac}", SECRET, "b", "screen") is None, "a code has one form"
    assert not is_signature(mac, SECRET, "b", "screen"), "and is no signature"
