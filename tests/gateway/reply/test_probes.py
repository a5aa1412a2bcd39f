"""Probes pass through every partition of both topics on a scan's way."""

from gateway.reply.probes import probe_identifiers
from schemas.ids import person_of
from schemas.kafka.partitioner import partition_of


def test_probes_go_through_every_partition_of_both_hops() -> None:
    for partitions in (1, 4, 12):
        for partition, primary_identifier in enumerate(probe_identifiers(partitions)):
            assert (
                partition_of(primary_identifier, partitions)
                == partition_of(person_of(primary_identifier), partitions)
                == partition
            )
