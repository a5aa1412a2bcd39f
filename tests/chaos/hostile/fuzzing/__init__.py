"""Coverage-guided fuzzing of everything that reads bytes from outside.

A target is a module with `seeds()`, the inputs to start from, and `check(data)`, which raises when a promise is broken.
`python -m tests.chaos.hostile.fuzzing.run <target> <libFuzzer's options>` searches; inputs found by it that are of
lasting interest are files under `corpus/<target>/`, which every test run checks again.
"""

from importlib import import_module
from pathlib import Path
from types import ModuleType

TARGETS = ("codec", "encoding", "avro_validate", "importing", "identifiers", "validate")
CORPUS = Path(__file__).parent / "corpus"


def target(name: str) -> ModuleType:
    """The module of a target."""
    return import_module(f"{__name__}.{name}")


def inputs(name: str) -> list[bytes]:
    """Inputs that are checked in every run: the target's seeds and its corpus."""
    found = sorted((CORPUS / name).glob("*"))
    return [*target(name).seeds(), *(path.read_bytes() for path in found)]
