"""Coverage-guided fuzzing of everything that reads bytes from outside.

A target is a module with `seeds()`, inputs to start from, and `one(data)`, which raises when a promise is broken.
`python -m tests.fire.hostile.fuzzing.run <target> <libFuzzer's options>` searches; inputs worth keeping are files under
`corpus/<target>/`, which every test run tries again.
"""

from importlib import import_module
from pathlib import Path
from types import ModuleType

TARGETS = ("codec", "encoding", "walk", "importing", "identifiers", "sent")
CORPUS = Path(__file__).parent / "corpus"


def target(name: str) -> ModuleType:
    """The module of a target."""
    return import_module(f"{__name__}.{name}")


def kept(name: str) -> list[bytes]:
    """Inputs that are tried in every run: the target's own, and those that a search brought to light."""
    found = sorted((CORPUS / name).glob("*"))
    return [*target(name).seeds(), *(path.read_bytes() for path in found)]
