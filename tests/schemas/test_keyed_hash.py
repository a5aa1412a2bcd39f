"""The keyed hash is the HMAC of RFC 2104."""

import hashlib
import hmac

from hypothesis import given
from hypothesis import strategies as st

from schemas.identifiers.keyed_hash import KeyedHash


@given(key=st.binary(min_size=1, max_size=140), content=st.binary(max_size=300))
def test_it_is_the_hmac_of_the_content(key: bytes, content: bytes) -> None:
    hashed = KeyedHash(key)
    expected = hmac.digest(key, content, hashlib.sha256).hex()[:32]
    assert hashed.hex(content) == expected == hashed.hex(content)
