"""The number of partitions comes from the topics; what contradicts them is named."""

import pytest

from schemas.kafka.partition_counts import PartitionsDifferError, common_count

TOPICS = ("a", "b")


def test_the_topics_decide() -> None:
    assert common_count({"a": 8, "b": 8, "other": 3}, TOPICS, 0) == 8
    assert common_count({"a": 8, "b": 8}, TOPICS, 8) == 8


@pytest.mark.parametrize("configured", [1, 2, 64])
def test_a_setting_that_contradicts_the_topics_is_named(configured: int) -> None:
    with pytest.raises(PartitionsDifferError, match=f"^FOOTPATH_PARTITIONS={configured}: the topics have 8 partitions"):
        common_count({"a": 8, "b": 8}, TOPICS, configured)


def test_unequal_topics_are_named_whatever_the_setting_says() -> None:
    for configured in (0, 2, 8):
        with pytest.raises(PartitionsDifferError, match="2 partitions: b; 8 partitions: a"):
            common_count({"a": 8, "b": 2}, TOPICS, configured)
