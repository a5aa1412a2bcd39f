"""Partitions that every client computes alike."""

from aiokafka.partitioner import murmur2 as aiokafkas_murmur2
from hypothesis import given
from hypothesis import strategies as st

from schemas.kafka.partitioner import murmur2, partition_of


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
