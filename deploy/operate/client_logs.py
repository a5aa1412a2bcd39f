"""Log output of client libraries inside a command."""

import logging


def silence_client_logs() -> None:
    """Keeps warnings of the Kafka and ClickHouse clients off the terminal: a command retries or reports those itself.

    Python prints warnings to standard error as long as the root logger has no handler at all.
    """
    logging.getLogger().addHandler(logging.NullHandler())
