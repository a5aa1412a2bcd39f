"""The documentation of expressions, from the lists that the check uses: ``EXPRESSIONS.md``."""

from collections.abc import Iterator

from schemas.expressions.check import MACROS, MAX_STEPS
from schemas.expressions.functions import FUNCTIONS, METHODS
from schemas.expressions.inputs import INPUTS, LIST_KEPT, REWARDS
from schemas.expressions.syntax import MAX_BYTES, MAX_DEPTH

_INTRODUCTION = """\
# Expressions

`if` of a route is a condition in the Common Expression Language (CEL), beside `when`; both must hold. So is `if` of a
reward.

    if: place.in_store && behaviour.days_since_purchase >= 21 && !('tea' in behaviour.bought_categories)

An input without a value is unknown, and so is a condition that needs it: it does not hold, and the decision says which
input was missing. `a || b` holds where one of them does, though the other one is unknown; `has(place.kind)` says
whether an input is known. Inputs of a visitor who does not allow personalisation are those of a stranger.
`footpath brand check` refuses what has no meaning, with line and column."""


def page() -> str:
    """The whole page, as Markdown."""
    return "\n".join((*_lines(), ""))


def _lines() -> Iterator[str]:
    yield _INTRODUCTION
    yield ""
    methods = ", ".join(f"`.{name}()`" for name in (*METHODS, *MACROS))
    functions = ", ".join(f"`{name}()`" for name in (*FUNCTIONS, "has"))
    yield "Operators: `&& || ! == != < <= > >= in + - * / % ?:`, lists `[1, 2]`, maps `{'a': 1}`, `[…]`."
    yield f"Functions: {functions}, {methods}. Texts compare by their characters' numbers."
    yield (
        f"An expression has at most {MAX_BYTES:,} bytes, {MAX_DEPTH} levels and {MAX_STEPS:,} steps; lists of inputs "
        f"have at most {LIST_KEPT} elements."
    )
    yield ""
    yield "| input | type | meaning | unknown when | also for rewards |"
    yield "| --- | --- | --- | --- | --- |"
    for one in INPUTS:
        also = "yes" if REWARDS in one.read_by else ""
        yield f"| `{one.name}` | {one.type} | {one.meaning} | {one.unknown} | {also} |"
