"""One process each; settings come from FOOTPATH_… variables."""


def gateway() -> None:
    """Answer phones, tills, beacons and web pages over HTTP."""
    from gateway.serve import main as serve

    serve()


def worker(*processors: str, name: str = "") -> int:
    """Run processors: identity, context, rewards, likeness, or several in one process.

    Parameters
    ----------
    processors
        Their names.
    name
        Name of this worker among several of its kind; its folder of stores has it.
    """
    from processors.worker import main as work

    return work(list(processors), name)


def sink() -> None:
    """Write every topic into ClickHouse."""
    from sinks.serve import main as serve

    serve()
