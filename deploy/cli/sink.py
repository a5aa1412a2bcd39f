"""`footpath sink`: the process that writes topics to ClickHouse."""

from deploy.cli import RUN_IT, Command


def sink() -> None:
    """Run the sink: write the events of every topic to its table in ClickHouse."""
    from sinks.serve import main as serve

    serve()


COMMAND = Command(sink, RUN_IT)
