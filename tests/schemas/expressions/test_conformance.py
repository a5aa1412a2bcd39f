"""The engine gives the answers that it gave: a release of it that answers one case otherwise fails here, before it
changes what a brand's expressions mean.

``cel_core.json``: the core suites of the CEL conformance tests without messages and bindings, 1,023 cases, from npm
@bufbuild/cel-spec 0.6.1 (cel-spec v0.25.1), Apache-2.0, Copyright 2024-2026 Buf Technologies.
"""

import base64
import json
import math
from pathlib import Path
from typing import Any

import cel

CASES = json.loads((Path(__file__).parent / "cel_core.json").read_text())
KNOWN_FAILURES = (Path(__file__).parent / "cel_failures.txt").read_text().splitlines()
"""Cases that the engine answers otherwise than the specification. An expression of a brand meets none of them: the
check refuses bytes, time stamps, unsigned numbers and the size of a text."""
NUMBERS = {"Infinity": math.inf, "-Infinity": -math.inf, "NaN": math.nan}


def name(case: dict[str, Any]) -> str:
    return f"{case['suite']}/{case['name']}: {' '.join(case['expr'].split())}"


def expected(value: dict[str, Any]) -> Any:
    [(kind, plain)] = value.items()
    match kind:
        case "int64Value" | "uint64Value":
            return int(plain)
        case "doubleValue":
            return float(NUMBERS.get(plain, plain))
        case "bytesValue":
            return base64.b64decode(plain)
        case "listValue":
            return [expected(one) for one in plain.get("values", ())]
        case "mapValue":
            return {expected(one["key"]): expected(one["value"]) for one in plain.get("entries", ())}
        case "nullValue":
            return None
    return plain


def equal(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return one == other or (math.isnan(one) and math.isnan(other))
    return type(one) is type(other) and bool(one == other)


def passes(case: dict[str, Any]) -> bool:
    try:
        value = cel.evaluate(case["expr"])
    except Exception:
        return "evalError" in case
    return "value" in case and equal(value, expected(case["value"]))


def test_the_engine_answers_every_case_as_it_did() -> None:
    assert [name(case) for case in CASES if not passes(case)] == KNOWN_FAILURES
    assert len(CASES) - len(KNOWN_FAILURES) >= 950
