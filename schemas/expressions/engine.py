"""An expression ready for evaluation by the engine (PyPI common-expression-language, in Rust).

An evaluation never raises: it holds, does not hold, or is unknown for a reason. The engine reads flat variables, since
nested ones take it ten times the time to prepare: ``place.kind`` is ``place__kind`` to it, ``has(place.kind)`` is
``has__place__kind``. The engine knows no host: it has its standard functions, and no variable but those given.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final

import cel

from schemas.expressions.check import MACROS, check, input_name
from schemas.expressions.inputs import BY_NAME, names_read_by
from schemas.expressions.syntax import Node, parse
from schemas.expressions.tokens import SyntaxFault

MAX_SHOWN: Final = 80
"""Characters of a condition in a reason."""
OUTCOMES_KEPT: Final = 1024
"""Of a condition, by the values that it reads."""
_FLAT: Final = {name: name.replace(".", "__") for name in BY_NAME}
UNKNOWN: Final = {name: f"{name} is unknown" for name in BY_NAME}
_ABSORBING: Final = frozenset(("&&", "||", "?:"))
"""Operators that may hold, or not, although one operand is unknown; macros over elements may as well."""
_SCALARS: Final = frozenset(("string", "int", "double", "bool"))
_TEST: Final = {name: f"has__{flat}" for name, flat in _FLAT.items()}


class Condition:
    """One operand of an expression's outermost &&, or the whole expression. ``reads`` are its inputs: ``names`` whose
    values it takes, ``tests`` of which it asks whether they are known; ``changes_with`` is what these change with.

    Its outcome follows from what it reads alone. ``outcomes`` remembers it by the value of ``key``, the one input that
    it reads, or by those of all its inputs; ``key`` is empty where there are several, or one that cannot be looked up.
    """

    __slots__ = ("changes_with", "execute", "fails", "key", "names", "needs", "outcomes", "reads", "tests", "unclear")

    def __init__(self, text: str, node: Node) -> None:
        names, tests = set[str](), set[str]()
        cuts: list[tuple[int, int, str]] = []
        _gather(node, frozenset(), names, tests, cuts)
        self.names, self.tests = tuple(sorted(names)), tuple(sorted(tests))
        self.reads = tuple(sorted(names | tests))
        self.changes_with = frozenset(BY_NAME[name].changes_with for name in self.reads)
        # Without these the engine raises; where nothing can take its place, that need not be tried.
        self.needs = self.names if _is_strict(node) else ()
        shown = " ".join(text[node.start : node.stop].split())
        shown = shown if len(shown) <= MAX_SHOWN else f"{shown[: MAX_SHOWN - 1]}…"
        self.fails, self.unclear = f"not true: {shown}", f"unknown: {shown}"
        self.execute = cel.compile(_flat(text, node, cuts)).execute
        self.key = self.reads[0] if len(self.reads) == 1 and BY_NAME[self.reads[0]].type in _SCALARS else ""
        self.outcomes: dict[Any, str] = {}

    def fault(self, values: Mapping[str, Any]) -> str:
        """Why it does not hold for these values of inputs; empty when it holds."""
        try:
            known: Any = values.get(self.key) if self.key else tuple(map(values.get, self.reads))
            found = self.outcomes.get(known)
        except TypeError:  # a list or a map is among them
            return self._evaluated(values)
        if found is None:
            if len(self.outcomes) >= OUTCOMES_KEPT:
                self.outcomes.clear()
            found = self.outcomes[known] = self._evaluated(values)
        return found

    def _evaluated(self, values: Mapping[str, Any]) -> str:
        for name in self.needs:
            if name not in values:
                return UNKNOWN[name]
        context = _context_of(values, self.names, self.tests)
        try:
            return "" if self.execute(context) is True else self.fails
        except BaseException as error:
            if not _given_up(error):
                raise
            return next((UNKNOWN[name] for name in self.names if name not in values), self.unclear)


class Expression:
    """``conditions`` must all hold, ``reads`` are their inputs. Of one that nobody could read, ``unreadable`` says why,
    and it never holds."""

    __slots__ = ("conditions", "reads", "unreadable")

    def __init__(self, conditions: tuple[Condition, ...] = (), unreadable: str = "") -> None:
        self.conditions, self.unreadable = conditions, unreadable
        self.reads = tuple(sorted({name for condition in conditions for name in condition.reads}))

    def fault(self, values: Mapping[str, Any]) -> str:
        """Why it does not hold for these values of inputs; empty when it holds. What is false counts before what is
        unknown, as && has it."""
        if self.unreadable:
            return self.unreadable
        unknown = ""
        for condition in self.conditions:
            fault = condition.fault(values)
            if fault is condition.fails:
                return fault
            unknown = unknown or fault
        return unknown


@lru_cache(4096)
def expression_of(text: str) -> Expression:
    """The expression of a text; one that the check would refuse is never true."""
    try:
        return Expression(_conditions(text, frozenset(BY_NAME)))
    except SyntaxFault as fault:
        return Expression(unreadable=f"cannot be read: {fault}"[:MAX_SHOWN])


def expression_fault(text: str, reader: str) -> SyntaxFault | None:
    """What is wrong with the text as an expression of an evaluator (``inputs.CONTEXT`` or ``REWARDS``)."""
    try:
        _conditions(text, names_read_by(reader))
    except SyntaxFault as fault:
        return fault
    return None


def _conditions(text: str, known: frozenset[str]) -> tuple[Condition, ...]:
    """:raises SyntaxFault: the text is no condition over the inputs ``known``."""
    root = parse(text)
    check(root, known)
    try:
        cel.compile(text)
        parts = root.children if root.op == "&&" else (root,)
        return tuple(Condition(text, part) for part in parts)
    except BaseException as error:
        if not _given_up(error):
            raise
        raise SyntaxFault(root.start, str(error).replace("\n", " ")[:200]) from None


def _context_of(values: Mapping[str, Any], names: Iterable[str], tests: Iterable[str]) -> Any:
    """The engine's context for conditions with these ``names`` and ``tests``; what ``values`` lacks is unknown."""
    flat: dict[str, Any] = {_FLAT[name]: values[name] for name in names if name in values}
    for name in tests:
        flat[_TEST[name]] = name in values
    return cel.Context(variables=flat)


def _gather(
    node: Node, bound: frozenset[str], names: set[str], tests: set[str], cuts: list[tuple[int, int, str]]
) -> None:
    """Notes the inputs that a tree reads, and by what their places in the text are replaced."""
    if node.op in ("name", "select"):
        name = input_name(node)
        if name not in bound:
            names.add(name)
            cuts.append((node.start, node.stop, _FLAT[name]))
        return
    if node.op == "call" and node.value == "has":
        name = input_name(node.children[0])
        tests.add(name)
        cuts.append((node.start, node.stop, _TEST[name]))
        return
    children = node.children
    if node.op == "method" and len(children) == 3 and children[1].op == "name":
        _gather(children[0], bound, names, tests, cuts)
        _gather(children[2], bound | {children[1].value}, names, tests, cuts)
        return
    for child in children:
        _gather(child, bound, names, tests, cuts)


def _is_strict(node: Node) -> bool:
    """Whether a tree is unknown as soon as one of its inputs is."""
    if node.op in _ABSORBING or (node.op == "method" and node.value in MACROS):
        return False
    return all(map(_is_strict, node.children))


def _flat(text: str, node: Node, cuts: list[tuple[int, int, str]]) -> str:
    done, at = [], node.start
    for start, stop, name in sorted(cuts):
        done += [text[at:start], name]
        at = stop
    return "".join((*done, text[at : node.stop]))


def _given_up(error: BaseException) -> bool:
    """Whether it is how the engine gives up: its own errors, or a panic."""
    return isinstance(error, Exception) or type(error).__name__ == "PanicException"
