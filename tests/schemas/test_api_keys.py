"""API keys: scopes by which others' data is seen are for keys that nobody else has."""

from typing import Any, cast

import pytest

from schemas.brand.api_keys import ApiKey


def faults(**fields: Any) -> list[tuple[str, str]]:
    key = ApiKey(**({"id": "tablet", "hash": "sha256:" + "0" * 64} | fields))
    return list(key.mistakes(cast(Any, None)))


@pytest.mark.parametrize("scope", ["staff", "privacy"])
def test_a_public_key_sees_nobodys_data(scope: str) -> None:
    assert faults(scopes=(scope,)) == []
    [(field, fault)] = faults(scopes=(scope, "events:web"), public=True)
    assert field == "scopes" and fault.startswith(f"{scope} is for a key")


@pytest.mark.parametrize(
    ("scopes", "public", "sees"),
    [
        (("staff",), None, True), (("events:crm",), None, True), (("events:crm", "events:web"), None, True),
        (("events:write",), None, False), (("privacy",), None, False), (("events:web",), None, False),
        (("staff",), True, False), (("events:crm",), True, False), ((), None, False),
    ],
)  # fmt: skip
def test_profiles_are_for_staff_and_for_the_crm(scopes: tuple[str, ...], public: bool | None, sees: bool) -> None:
    assert ApiKey(id="k", hash="", scopes=scopes, public=public).sees_profiles is sees
