"""Ids that follow from their cause, and partitions that every client computes alike."""

from uuid import UUID

from aiokafka.partitioner import murmur2 as aiokafkas_murmur2
from hypothesis import given
from hypothesis import strategies as st

from schemas.ids import derived, digest, murmur2, partition_of, person_of

part = st.text(st.characters(exclude_characters="\x1f", exclude_categories=["Cs"]), max_size=20)


@given(noun=part, parts=st.lists(part, max_size=4))
def test_the_same_cause_gives_the_same_id(noun: str, parts: list[str]) -> None:
    assert derived(noun, *parts) == derived(noun, *parts)
    assert str(UUID(derived(noun, *parts))) == derived(noun, *parts)


@given(first=st.lists(part, min_size=1, max_size=4), second=st.lists(part, min_size=1, max_size=4))
def test_another_cause_gives_another_id(first: list[str], second: list[str]) -> None:
    assert (derived(*first) == derived(*second)) == (first == second)


def test_ids_never_change() -> None:
    """They stand on topics for ever: a change here would pay every reward again."""
    assert derived("reward", "scan", "p", "e") == "2417404b-e4e9-5e22-9cbc-a37e80564bea"
    assert person_of("device:00") == "b2185b79-1c0f-5860-8ab6-18f0421677e2"
    assert digest(b"footpath") == "8b0b3bffa9f68663"


def test_partitions_are_kafkas_own() -> None:
    """Kafka's default partitioner: murmur2 with the sign bit off; hashes from the tests of the Java client."""
    hashes = {"21": -973932308, "foobar": -790332482, "a-little-bit-long-string": -985981536}
    for key, signed in hashes.items():
        for partitions in (1, 4, 12):
            assert partition_of(key, partitions) == (signed & 0x7FFFFFFF) % partitions


@given(data=st.binary(max_size=100))
def test_the_hash_is_that_of_other_clients(data: bytes) -> None:
    assert murmur2(data) == aiokafkas_murmur2(data)


@given(key=st.text(st.characters(exclude_categories=["Cs"])), partitions=st.integers(1, 100))
def test_every_key_has_a_partition(key: str, partitions: int) -> None:
    assert 0 <= partition_of(key, partitions) < partitions
