"""Searches for an input that makes a target's check fail: `run <target> [libFuzzer's options] [folders]`.

Exits with 0 when there is none; with a traceback, and the input in a file, when there is one.
"""

import sys
from types import FunctionType

import atheris

from tests.chaos.hostile import fuzzing

INSTRUMENTED = [
    "schemas.codec.compiled",
    "schemas.codec.avro",
    "schemas.text",
    "schemas.identifiers.fields",
    "schemas.identifiers.normalise",
    "schemas.identifiers.placeholders",
    "schemas.identifiers.pseudonyms",
    "deploy.operate.importer.batches",
    "deploy.operate.importer.event_ids",
    "deploy.operate.importer.line_reader",
    "sinks.clickhouse.avro_validate",
]
INSTRUMENTED += ["gateway.http.body", "gateway.http.keys", "gateway.scan.device"]
INSTRUMENTED += [f"gateway.events_api.{module}" for module in ("parse", "parse_values", "rejects", "split", "validate")]
INSTRUMENTED += [
    f"gateway.events_api.steps.{module}" for module in ("envelope", "money", "people", "properties", "reports")
]
"""Modules whose branches guide the search."""


def main() -> None:
    with atheris.instrument_imports(include=INSTRUMENTED, enable_loader_override=False):
        target = fuzzing.target(sys.argv[1])
    _instrument_generated_codecs()
    atheris.Setup([sys.argv[0], *sys.argv[2:]], target.check)
    atheris.Fuzz()


def _instrument_generated_codecs() -> None:
    """Codecs may be functions that were generated at run time, which no import instruments."""
    from schemas.topics import TOPICS
    from tests.chaos.hostile.fuzzing.oracle import CODEC

    for topic in TOPICS:
        for function in vars(CODEC.of(topic)).values():
            if isinstance(function, FunctionType):
                atheris.instrument_func(function)


if __name__ == "__main__":
    main()
