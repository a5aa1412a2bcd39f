"""`footpath worker`: a process that runs processors."""

from deploy.cli import RUN_IT, Command


def worker(*processors: str, name: str = "") -> int:
    """Run one or more processors in one process: identity, context, rewards, consent, matching, intake, budgets.

    Parameters
    ----------
    processors
        Names of the processors.
    name
        Name of this worker when several run the same processors; its local state lies in a folder of this name.
    """
    from processors.worker import main as run

    return run(list(processors), name)


COMMAND = Command(worker, RUN_IT)
