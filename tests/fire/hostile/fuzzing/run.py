"""Searches for an input that breaks a target: `run <target> [libFuzzer's options] [folders]`.

Ends with 0 when it found none; with a traceback, and the input in a file, when it did.
"""

import sys
from types import FunctionType

import atheris

from tests.fire.hostile import fuzzing

WATCHED = ["schemas.compiled", "schemas.codec", "schemas.identifiers", "deploy.importing.lines", "sinks.walk"]
WATCHED += [f"gateway.{module}" for module in ("body", "device", "incoming", "judge", "keys", "rejects", "values")]
"""Modules whose branches guide the search."""


def main() -> None:
    with atheris.instrument_imports(include=WATCHED, enable_loader_override=False):
        target = fuzzing.target(sys.argv[1])
    _watch_what_was_made()
    atheris.Setup([sys.argv[0], *sys.argv[2:]], target.one)
    atheris.Fuzz()


def _watch_what_was_made() -> None:
    """Codecs may be functions that were written at run time: no import has shown them."""
    from schemas.topics import TOPICS
    from tests.fire.hostile.fuzzing.oracle import CODEC

    for topic in TOPICS:
        for made in vars(CODEC.of(topic)).values():
            if isinstance(made, FunctionType):
                atheris.instrument_func(made)


if __name__ == "__main__":
    main()
