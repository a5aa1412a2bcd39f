"""Who may import whom: the processes know the contract and never each other."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("schemas", "gateway", "processors", "sinks", "deploy")
MAY_IMPORT = {
    "schemas": {"schemas"},
    "gateway": {"gateway", "schemas"},
    "processors": {"processors", "schemas"},
    "sinks": {"sinks", "schemas"},
    "deploy": set(PACKAGES),
}


def files(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def imports(file: Path) -> Iterator[str]:
    """Full names of the modules that a file imports, also inside functions."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0 and node.module, f"{file}: relative import"
            yield node.module


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_imports_what_it_may(package: str) -> None:
    assert files(package)
    for file in files(package):
        ours = {name.partition(".")[0] for name in imports(file)} & {*PACKAGES, "tests"}
        assert ours <= MAY_IMPORT[package], file


def test_faust_is_in_the_shell_and_the_worker_alone() -> None:
    for package in PACKAGES:
        for file in files(package):
            if any(name.partition(".")[0] in ("faust", "mode") for name in imports(file)):
                place = file.relative_to(ROOT / "processors") if package == "processors" else file
                assert place.parts[0] in ("shell", "worker.py"), file


def test_cores_of_processors_do_no_input_or_output() -> None:
    outside = {
        "aiokafka",
        "aiohttp",
        "asyncio",
        "clickhouse_connect",
        "os",
        "socket",
        "time",
        "random",
        "urllib.request",
    }
    for core in ("identity", "context", "rewards", "likeness"):
        for file in files(f"processors/{core}"):
            found = {part for name in imports(file) for part in (name, name.partition(".")[0])}
            assert not found & outside, file


def test_importing_a_module_does_nothing() -> None:
    """No connection, file or thread before somebody calls: a module's own level has no call to such things."""
    doers = {"open", "connect", "start", "run", "mkdir", "urlopen", "Popen", "get_client"}
    for package in PACKAGES:
        for file in files(package):
            for node in ast.parse(file.read_text()).body:
                if isinstance(node, ast.Expr | ast.Assign | ast.AnnAssign):
                    called = {name_of(call.func) for call in ast.walk(node) if isinstance(call, ast.Call)}
                    assert not called & doers, f"{file}:{node.lineno}"


def test_schemas_need_no_server_library() -> None:
    needed = {"aiokafka", "fastavro", "jellyfish", "msgspec", "opening_hours", "phonenumbers", "ruamel"}
    allowed = needed | sys.stdlib_module_names
    for file in files("schemas"):
        assert {name.partition(".")[0] for name in imports(file)} <= allowed | {"schemas"}, file


def name_of(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
