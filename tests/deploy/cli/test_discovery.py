"""A command is one file of `deploy/cli`: it appears in the help, and a file that declares no command is named."""

import shutil
from pathlib import Path

import pytest

from deploy.cli.discovery import name_of
from tests.support.command_line import run_module

ROOT = Path(__file__).parents[3]
GREET = '''"""`footpath greet-all`: a command of a test."""

from deploy.cli import USE_IT, Command


def greet_all(name: str = "everybody") -> None:
    """Print a greeting."""
    print(f"hello {name}")


COMMAND = Command(greet_all, USE_IT)
'''


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A folder with a copy of the program."""
    for package in ("deploy", "schemas", "sinks", "processors", "gateway"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_a_file_is_a_command(copy: Path) -> None:
    (copy / "deploy" / "cli" / "greet_all.py").write_text(GREET)
    here = {"PYTHONPATH": str(copy)}
    listed = run_module("deploy.cli.main", ("--help",), here, copy).stdout
    assert "greet-all Print a greeting." in " ".join(listed.split())
    assert run_module("deploy.cli.main", ("greet-all", "Ann"), here, copy).stdout == "hello Ann\n"


@pytest.mark.parametrize("declared", ["", "COMMAND = greet_all\n"])
def test_a_file_without_a_command_is_named(copy: Path, declared: str) -> None:
    (copy / "deploy" / "cli" / "greet.py").write_text(GREET.split("COMMAND")[0] + declared)
    answer = run_module("deploy.cli.main", ("--help",), {"PYTHONPATH": str(copy)}, copy)
    assert answer.returncode != 0
    assert "deploy/cli/greet.py declares no command: assign COMMAND = Command(function, GROUP)" in answer.stderr


def test_a_file_names_its_command() -> None:
    assert [name_of(module) for module in ("up", "import_", "dry_run")] == ["up", "import", "dry-run"]
