"""Runs a command of `footpath` as a child process."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.support.hangs import HANG_S


def footpath(*args: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The finished command, with its output. Of the settings it sees only those in ``environment``."""
    return run_module("deploy.cli.main", args, environment)


def run_module(
    module: str, args: tuple[str, ...], environment: Mapping[str, str], directory: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """`python -m module` without any FOOTPATH_… variable but those given.

    :param directory: where it runs and imports from; by default the working directory of the tests.
    """
    clean = {name: value for name, value in os.environ.items() if not name.startswith("FOOTPATH_")}
    return subprocess.run(
        [sys.executable, "-m", module, *args],
        env=clean | environment,
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=HANG_S,
    )
