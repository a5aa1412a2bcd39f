"""Which data keys get a tombstone, whatever order keys, tombstones and erasures come in."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.identifiers.destroying import KeysToDestroy

RECORD = st.tuples(st.sampled_from(["email:a/1", "email:a/2", "phone:b/1"]), st.booleans())


def read(keys: KeysToDestroy, records: list[tuple[str, bool]]) -> None:
    for topic_key, is_tombstone in records:
        keys.take(0, topic_key, is_tombstone)


def test_a_key_of_the_living_stays() -> None:
    keys = KeysToDestroy()
    read(keys, [("email:a/1", False), ("rolling", True)])
    assert keys.found() == {} and not keys.has_dead


def test_a_key_without_a_tombstone_is_found_once() -> None:
    keys = KeysToDestroy()
    assert keys.add_dead("email:a") and not keys.add_dead("email:a")
    read(keys, [("email:a/1", False), ("email:a/2", False), ("email:a/1", True)])
    assert keys.found() == {0: ["email:a/2"]}
    keys.destroyed(0, "email:a/2")
    assert keys.found() == {}


@given(st.lists(RECORD), st.lists(RECORD), st.integers(0, 10))
def test_reading_again_finds_what_is_open_and_nothing_else(
    before: list[tuple[str, bool]], after: list[tuple[str, bool]], died_at: int
) -> None:
    keys, log = KeysToDestroy(), before + after
    read(keys, log[:died_at])
    keys.add_dead("email:a")
    read(keys, log)
    open_now = {topic_key: None for topic_key, gone in log if topic_key.startswith("email:a")}
    for topic_key, gone in log:
        open_now |= {topic_key: None} if topic_key.startswith("email:a") and not gone else {}
        if gone:
            open_now.pop(topic_key, None)
    expected = {key for key in open_now if not dict(log)[key]}
    assert set(keys.found().get(0, [])) == expected
