"""Which package may import which: the processes import the contract and never each other."""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from processors.registry import PROCESSORS

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


@cache
def imports(file: Path) -> tuple[str, ...]:
    """Full names of the modules that a file imports, also inside functions; ``from tests import x`` is tests.x."""
    return tuple(_imports(file))


def _imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0 and node.module, f"{file}: relative import"
            yield from (f"tests.{alias.name}" for alias in node.names) if node.module == "tests" else (node.module,)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_imports_what_it_may(package: str) -> None:
    assert files(package)
    for file in files(package):
        ours = {name.partition(".")[0] for name in imports(file)} & {*PACKAGES, "tests"}
        assert ours <= MAY_IMPORT[package], file


SHARED = {"support", "oracles"}
"""Folders of tests that every test may import."""


def test_a_folder_of_tests_imports_none_of_another() -> None:
    for file in files("tests"):
        folder = file.relative_to(ROOT / "tests").parts[0]
        others = {module.split(".")[1] for module in imports(file) if module.startswith("tests.")}
        assert others <= SHARED | {folder}, f"{file.relative_to(ROOT)}: move what it imports to tests/support"


def test_faust_is_in_the_shell_and_the_worker_alone() -> None:
    for package in PACKAGES:
        for file in files(package):
            if any(name.partition(".")[0] in ("faust", "mode") for name in imports(file)):
                path = file.relative_to(ROOT / "processors") if package == "processors" else file
                assert path.parts[0] in ("shell", "worker.py"), file


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
    for name in PROCESSORS:
        assert (ROOT / "processors" / name / "core.py").exists()
        for file in files(f"processors/{name}"):
            found = {part for name in imports(file) for part in (name, name.partition(".")[0])}
            assert not found & outside, file


def test_importing_a_module_does_nothing() -> None:
    """The top level of a module opens no connection or file and starts no thread."""
    effects = {"open", "connect", "start", "run", "mkdir", "urlopen", "Popen", "get_client"}
    for package in PACKAGES:
        for file in files(package):
            for node in ast.parse(file.read_text()).body:
                if isinstance(node, ast.Expr | ast.Assign | ast.AnnAssign):
                    called = {name_of(call.func) for call in ast.walk(node) if isinstance(call, ast.Call)}
                    assert not called & effects, f"{file}:{node.lineno}"


def test_in_schemas_only_the_kafka_room_imports_a_kafka_client() -> None:
    for file in files("schemas"):
        if any(name.partition(".")[0] == "aiokafka" for name in imports(file)):
            assert file.parent == ROOT / "schemas" / "kafka", file


def test_schemas_need_no_server_library() -> None:
    needed = {"aiokafka", "cryptography", "fastavro", "holidays", "idna", "jellyfish", "msgspec", "opening_hours"}
    needed |= {"phonenumbers", "yaml", "cel"}
    allowed = needed | sys.stdlib_module_names
    for file in files("schemas"):
        assert {name.partition(".")[0] for name in imports(file)} <= allowed | {"schemas"}, file


def name_of(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Also not for types alone: a module that needs a name of its user declares what it needs as a protocol."""
    modules = {module_of(file): file for package in PACKAGES for file in files(package)}
    graph = {}
    for name, file in modules.items():
        tree = ast.parse(file.read_text())
        froms = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        named = {f"{node.module}.{alias.name}" for node in froms for alias in node.names}
        graph[name] = (named | {str(node.module) for node in froms}) & modules.keys() - {name}
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the modules


def module_of(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
