"""`footpath import`: recorded events."""

import os
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from deploy.cli import USE_IT, Command
from schemas.process.errors import OperatorError


def import_(
    *files: Annotated[Path, Parameter(allow_leading_hyphen=True)],
    again: Annotated[bool, Parameter(negative="")] = False,
    give_up_after: float = 300.0,
    full_speed: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Send recorded events to the gateway: JSON Lines in the shape of the events API, plain or gzip.

    An interrupted import continues where it stopped, and a file that changed may be imported again: every line counts
    once, wherever it stands. A line without an event_id is known by its text and by how often that came in the file.
    Rejected lines are written to FILE.rejected.jsonl with the reason, of standard input without their text; a last
    line that is not finished waits for the next import. The exit code is then 2.

    Parameters
    ----------
    files
        One or more files; - is standard input.
    again
        Send a completely imported file once more. Events that were accepted before count once.
    give_up_after
        Time without any accepted request after which the import gives up, in seconds.
    full_speed
        Send as fast as the gateway takes it, not only as fast as scans are decided soon and the workers keep up. Phones
        that scan meanwhile may get their tag's fallback.
    """
    import asyncio

    from deploy.operate.importer.run import import_file
    from deploy.target import read_data, read_target

    if not files:
        raise OperatorError("import needs a file, or - for standard input")
    target, checkpoints = read_target(os.environ), read_data(os.environ) / "imports"
    code = 0
    for file in files:
        path = file if str(file) == "-" else file.absolute()
        summary = asyncio.run(import_file(path, target, checkpoints, again, give_up_after, not full_speed))
        print(summary)
        code = summary.code or code
    return code


COMMAND = Command(import_, USE_IT)
