"""The command line `footpath`. Each file of this folder is one command; to add a command, add its file.

The file assigns `COMMAND = Command(function_or_app, GROUP)` at its top level and is named like the command:
`shoppers.py` is `footpath shoppers`, `import_.py` is `footpath import` (a keyword of Python cannot be a module's name),
and an underscore inside a name becomes a hyphen. A command with subcommands is a `cyclopts.App`, any other a function,
whose docstring is the help text. `discovery.py` finds the files and fails with the file's name when `COMMAND` is
missing.

Every start of `footpath` imports every file of this folder. A heavy library (Kafka, ClickHouse, numpy …) is therefore
imported inside the function that needs it, so that `footpath --help` stays fast. An expected failure is an
`OperatorError` (`deploy/errors.py`).
"""

from collections.abc import Callable
from dataclasses import dataclass

from cyclopts import App, Group

TRY_IT = Group("Try it", sort_key=1)
RUN_IT = Group("Run it: one process each, settings from FOOTPATH_… variables", sort_key=2)
SET_IT_UP = Group("Set it up: each step can be repeated", sort_key=3)
USE_IT = Group("Use it", sort_key=4)


@dataclass(frozen=True)
class Command:
    """A command of `footpath`: the function or app that runs it, and the group of `footpath --help` that lists it.

    A function returns the exit code; None stands for 0.
    """

    run: Callable[..., int | None] | App
    group: Group
