"""`footpath topics`: the topics on Kafka."""

import os
from typing import Annotated

from cyclopts import App, Parameter

from deploy.cli import SET_IT_UP, Command

topics = App(help="Create the topics on Kafka.")


@topics.command
def apply(*, replication: int = 1, dry_run: Annotated[bool, Parameter(negative="")] = False) -> None:
    """Create the topics that are missing on FOOTPATH_KAFKA, by default on the stack in FOOTPATH_DATA.

    An existing topic is never changed; one that differs in partitions or cleanup policy is an error.

    Parameters
    ----------
    replication
        Number of replicas of each partition; with 3 or more, two must acknowledge a write.
    dry_run
        Print what would be done, and change nothing.
    """
    from deploy.environment import read_or_default
    from deploy.operate.client_logs import silence_client_logs
    from deploy.setup.topics import apply as apply_topics
    from deploy.target import read_kafka
    from schemas.process.shared_settings import PARTITIONS

    silence_client_logs()
    for step in apply_topics(read_kafka(os.environ), read_or_default(PARTITIONS, os.environ), replication, dry_run):
        print(step)


COMMAND = Command(topics, SET_IT_UP)
