"""`footpath topics`: the topics on Kafka."""

import os
from typing import Annotated

from cyclopts import App, Parameter

from deploy.cli import SET_IT_UP, Command

topics = App(help="Create the topics on Kafka.")


@topics.command
def apply(
    *,
    replication: int | None = None,
    min_insync: int | None = None,
    dry_run: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Create the topics that are missing on FOOTPATH_KAFKA, by default on the stack in FOOTPATH_DATA.

    One that differs in partitions or cleanup policy is an error. New ones get as many partitions as the existing ones
    have, else FOOTPATH_PARTITIONS, by default 64: the number cannot grow later. Where the live brand says how long
    touchpoints and decisions are kept on their topics (section retention, topics), those topics get that retention;
    everything else that was set for an existing topic stays.

    Parameters
    ----------
    replication
        Number of replicas of each partition. None: FOOTPATH_KAFKA_REPLICATION, by default 1.
    min_insync
        Replicas that must have a write before it counts. None: FOOTPATH_KAFKA_MIN_INSYNC, by default 2 of 3 or more.
    dry_run
        Print what would be done, and change nothing.
    """
    from deploy.environment import MIN_INSYNC, REPLICATION, read, read_or_default
    from deploy.operate.client_logs import silence_client_logs
    from deploy.setup.topics import apply as apply_topics
    from deploy.target import read_kafka, read_registry
    from schemas.process.shared_settings import PARTITIONS
    from schemas.topics import CLUSTER_PARTITIONS

    silence_client_logs()
    kafka, partitions = read_kafka(os.environ), read(PARTITIONS, os.environ)
    replicas = read_or_default(REPLICATION, os.environ) if replication is None else replication
    insync = read(MIN_INSYNC, os.environ) if min_insync is None else min_insync
    registry = read_registry(os.environ)
    for step in apply_topics(kafka, partitions, replicas, dry_run, CLUSTER_PARTITIONS, insync, registry):
        print(step)


@topics.command
def grow() -> int:
    """Say why the number of partitions cannot grow, and what to do instead.

    A key's partition is its hash modulo the number of partitions. With another number most keys fall into another
    partition than their state, their earlier records and their place in order: people would have two states, and what
    was counted once would count twice. To grow in place, every topic and every state would have to be keyed anew while
    events keep coming; there is no such command. Topics have enough partitions from the start instead (64 by default),
    which serve as many workers of each processor.

    Who needs more sets up a second cluster with the number in FOOTPATH_PARTITIONS and the same identifier key, and
    imports the events there anew from their senders' records: people, purchases and points follow from the events.
    """
    import inspect
    import sys

    print(inspect.getdoc(grow), file=sys.stderr)
    return 1


COMMAND = Command(topics, SET_IT_UP)
