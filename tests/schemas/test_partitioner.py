"""Partitions that every client computes alike."""

from aiokafka.partitioner import murmur2 as aiokafkas_murmur2
from hypothesis import given
from hypothesis import strategies as st

from schemas.kafka.partitioner import murmur2, murmur2_of_all, partition_of, partitions_of


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


@given(data=st.data(), length=st.integers(0, 60))
def test_many_keys_of_one_length_are_hashed_like_each(data: st.DataObject, length: int) -> None:
    keys = data.draw(st.lists(st.binary(min_size=length, max_size=length), min_size=1, max_size=40))
    assert list(murmur2_of_all(keys)) == [murmur2(key) for key in keys]


@given(keys=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), max_size=60))
def test_many_keys_have_the_partitions_of_each(keys: list[str]) -> None:
    assert partitions_of(keys, 12) == [partition_of(key, 12) for key in keys]
