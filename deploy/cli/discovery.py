"""Finds the commands: one a file of the folder `deploy/cli`."""

import importlib
import pkgutil
from collections.abc import Iterator, Sequence

import deploy.cli
from deploy.cli import Command

NOT_COMMANDS = frozenset({"__main__", "discovery", "main"})
"""Files of the folder that run commands instead of being one."""


class CommandFileError(Exception):
    """A file of the folder declares no command; the text names the file and the line that it needs."""


def find_commands(folders: Sequence[str] = tuple(deploy.cli.__path__)) -> Iterator[tuple[str, Command]]:
    """Yields the name and the declaration of every command, in the order of the names. Imports every file.

    :param folders: folders that are searched; all are part of the package `deploy.cli`.
    :raises CommandFileError: a file assigns no `COMMAND`, or one that is no `Command`.
    """
    for module in pkgutil.iter_modules(list(folders)):
        if module.name in NOT_COMMANDS:
            continue
        declared = getattr(importlib.import_module(f"deploy.cli.{module.name}"), "COMMAND", None)
        if not isinstance(declared, Command):
            raise CommandFileError(
                f"deploy/cli/{module.name}.py declares no command: assign COMMAND = Command(function, GROUP) at its "
                "top level (see deploy/cli/__init__.py)"
            )
        yield name_of(module.name), declared


def name_of(module: str) -> str:
    """The command's name from the name of its module: ``import_`` is ``import``, ``dry_run`` is ``dry-run``."""
    return module.strip("_").replace("_", "-")
