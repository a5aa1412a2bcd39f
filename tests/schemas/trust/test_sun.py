"""NTAG 424 DNA SUN messages, by NXP's examples and two more (vectors/README.md)."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.trust.sun import file_key, file_of, is_proven, meta_key, tap_of

VECTORS = json.loads((Path(__file__).parent / "vectors" / "ntag424_sun.json").read_text())
VALID: list[dict[str, Any]] = VECTORS["valid"]
IDS = [vector["name"] for vector in VALID]


@pytest.mark.parametrize("vector", VALID, ids=IDS)
def test_uid_counter_and_file_are_those_of_the_vector(vector: dict[str, Any]) -> None:
    tap = tap_of(bytes.fromhex(vector["picc"]), bytes.fromhex(vector["meta_key"]))
    assert tap is not None and (tap.uid.hex().upper(), tap.counter) == (vector["uid"], vector["ctr"])
    key = bytes.fromhex(vector["file_key"])
    assert is_proven(tap, key, vector["mac_input"].encode(), bytes.fromhex(vector["cmac"]))
    if vector["enc"]:
        assert file_of(tap, key, bytes.fromhex(vector["enc"])).decode() == vector["file"]


@pytest.mark.parametrize("wrong", [one for one in VECTORS["invalid"] if one["based_on"] < len(VALID)], ids=str)
def test_a_wrong_cmac_proves_nothing(wrong: dict[str, Any]) -> None:
    vector = VALID[wrong["based_on"]]
    tap = tap_of(bytes.fromhex(vector["picc"]), bytes.fromhex(vector["meta_key"]))
    assert tap is not None
    key, mac_input = bytes.fromhex(vector["file_key"]), vector["mac_input"].encode()
    assert not is_proven(tap, key, mac_input, bytes.fromhex(wrong["cmac"]))


@given(st.sampled_from(VALID), st.integers(0, 63))
def test_no_bit_of_a_cmac_may_differ(vector: dict[str, Any], bit: int) -> None:
    tap = tap_of(bytes.fromhex(vector["picc"]), bytes.fromhex(vector["meta_key"]))
    assert tap is not None
    flipped = (int(vector["cmac"], 16) ^ 1 << bit).to_bytes(8, "big")
    assert not is_proven(tap, bytes.fromhex(vector["file_key"]), vector["mac_input"].encode(), flipped)


@given(st.binary(max_size=40), st.binary(min_size=16, max_size=16))
def test_any_bytes_are_a_tap_or_none(picc_data: bytes, key: bytes) -> None:
    tap = tap_of(picc_data, key)
    assert tap is None or (len(tap.uid), len(tap.read)) == (7, 3)


def test_each_chip_and_tag_has_keys_of_its_own() -> None:
    secret, uid = bytes(32), bytes(7)
    keys = {
        meta_key(secret, "b", "t"), meta_key(secret, "b", "u"), meta_key(secret, "c", "t"),
        meta_key(b"k" * 32, "b", "t"),
        file_key(secret, "b", "t", uid), file_key(secret, "b", "u", uid), file_key(secret, "b", "t", b"1234567"),
    }  # fmt: skip
    assert len(keys) == 7 and {len(key) for key in keys} == {16}
