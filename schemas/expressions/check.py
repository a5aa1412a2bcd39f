"""The types of an expression, what it reads, and a bound of what it costs.

Types are bool, int, double, string, list(T) and map(K, V); ``any`` is what nothing is known of: an element of an empty
list. CEL's numbers compare with each other and do not add up with each other.
"""

from collections.abc import Collection, Mapping
from typing import Final

import msgspec

from schemas.brand.suggestions import suggestion
from schemas.expressions.functions import FUNCTIONS, METHODS
from schemas.expressions.inputs import BY_NAME, LIST_KEPT
from schemas.expressions.syntax import Node
from schemas.expressions.tokens import SyntaxFault

MAX_STEPS: Final = 15_000
"""Of an evaluation at worst: a few milliseconds."""
MACROS: Final = {"all": "bool", "exists": "bool", "exists_one": "bool", "filter": "", "map": ""}
ANY: Final = "any"
NUMBERS: Final = ("int", "double")
SELF_KIND: Final = frozenset(("bool", "int", "double", "string"))


class Found(msgspec.Struct, frozen=True, gc=False):
    """Of a part of an expression: its type, the most elements if it is a list or map, and the most steps."""

    type: str
    length: int = 1
    steps: int = 1


class Fault(SyntaxFault):
    """The expression reads what there is not, or mixes types."""


def check(root: Node, known: Collection[str]) -> None:
    """Checks that an expression is a condition over the inputs ``known``. :raises SyntaxFault: it is not."""
    found = _of(root, {}, known)
    if found.type not in ("bool", ANY):
        raise Fault(root.start, f"is {_a(found.type)}; a condition must be true or false")
    if found.steps > MAX_STEPS:
        raise Fault(root.start, f"may take {found.steps:,} steps; {MAX_STEPS:,} are the most")


def input_name(node: Node) -> str:
    """The dotted name that a tree of selections stands for; empty where it is none."""
    names: list[str] = []
    while node.op == "select":
        names.append(node.value)
        node = node.children[0]
    if node.op != "name":
        return ""
    return ".".join((node.value, *reversed(names)))


def _of(node: Node, bound: Mapping[str, Found], known: Collection[str]) -> Found:
    """:param bound: the variables of the macros around it."""
    match node.op:
        case "bool" | "int" | "double" | "string":
            return Found(node.op)
        case "null":
            raise Fault(node.start, "nothing is null: has(name) says whether an input is known")
        case "name" | "select":
            return _named(node, bound, known)
        case "call" if node.value == "has":
            return _has(node, bound, known)
        case "method" if node.value in MACROS:
            return _macro(node, bound, known)
        case "call" | "method":
            return _called(node, [_of(child, bound, known) for child in node.children])
    children = [_of(child, bound, known) for child in node.children]
    steps = 1 + sum(child.steps for child in children)
    match node.op:
        case "&&" | "||" | "not":
            for child, one in zip(node.children, children, strict=True):
                _need(child, one, "bool", {"&&": "&&", "||": "||", "not": "!"}[node.op])
            return Found("bool", 1, steps)
        case "?:":
            _need(node.children[0], children[0], "bool", "?")
            type = _common(node.children[2], [children[1], children[2]], "both results")
            return Found(type, max(children[1].length, children[2].length), steps)
        case "minus":
            if children[0].type not in (*NUMBERS, ANY):
                raise Fault(node.start, f"- needs a number, not {_a(children[0].type)}")
            return Found(children[0].type, 1, steps)
        case "list":
            return Found(f"list({_common(node, children, 'all elements')})", len(children), steps)
        case "map":
            keys = _common(node, children[::2], "all keys") if children else ANY
            if keys not in ("string", "int", "bool", ANY):
                raise Fault(node.start, f"{_a(keys)} is no key")
            return Found(f"map({keys}, {_common(node, children[1::2], 'all values')})", len(children) // 2, steps)
        case "index":
            return _indexed(node, children, steps)
    return _operated(node, children, steps)


def _named(node: Node, bound: Mapping[str, Found], known: Collection[str]) -> Found:
    name = input_name(node)
    if not name:
        raise Fault(node.start, f"{node.value} is no field: only inputs have names with dots")
    head = name.partition(".")[0]
    if name in bound:
        return bound[name]
    if head in bound:
        raise Fault(node.start, f"{head} has no fields")
    if name in known:
        type = BY_NAME[name].type
        return Found(type, LIST_KEPT if "(" in type else 1)
    raise _unknown_input(node, name, known)


def _unknown_input(node: Node, name: str, known: Collection[str]) -> Fault:
    if name in BY_NAME:
        return Fault(node.start, f"{name} is not known here")
    inputs = sorted(one for one in known if one.startswith(f"{name}."))
    if inputs:
        return Fault(node.start, f"{name} has fields: {', '.join(inputs)}")
    last = {one.rpartition(".")[2]: one for one in sorted(known)}
    meant = f"; did you mean {last[name]}?" if name in last else suggestion(name, known)
    return Fault(node.start, f"there is no input {name}{meant}")


def _has(node: Node, bound: Mapping[str, Found], known: Collection[str]) -> Found:
    if len(node.children) != 1:
        raise Fault(node.start, "has() takes the name of one input")
    [argument] = node.children
    name = input_name(argument)
    if not name or "." not in name or name.partition(".")[0] in bound:
        raise Fault(argument.start, "has() takes the name of one input, such as has(place.kind)")
    _of(argument, bound, known)
    return Found("bool")


def _macro(node: Node, bound: Mapping[str, Found], known: Collection[str]) -> Found:
    if len(node.children) != 3 or node.children[1].op != "name":
        raise Fault(node.start, f"{node.value} takes a name and an expression: list.{node.value}(one, one == 'x')")
    over, variable, body = node.children
    many = _of(over, bound, known)
    inner = _parts(many.type)
    if not inner:
        raise Fault(over.start, f"{node.value} needs a list or map, not {_a(many.type)}")
    if "__" in variable.value or variable.value in {name.partition(".")[0] for name in BY_NAME}:
        raise Fault(variable.start, f"{variable.value} is no name for an element")
    # Over a map these go through its keys.
    element = Found(inner[0], LIST_KEPT if "(" in inner[0] else 1)
    found = _of(body, {**bound, variable.value: element}, known)
    steps = many.steps + 1 + max(1, many.length) * (found.steps + 1)
    if node.value in ("map", "filter"):
        # The engine copies the list, with all that is in its elements, at each element.
        steps += many.length * many.length * (found.length if node.value == "map" else element.length)
    if node.value == "map":
        return Found(f"list({found.type})", many.length, steps)
    _need(body, found, "bool", node.value)
    return Found(MACROS[node.value] or f"list({inner[0]})", many.length, steps)


def _called(node: Node, children: list[Found]) -> Found:
    table = METHODS if node.op == "method" else FUNCTIONS
    overloads = table.get(node.value)
    if overloads is None:
        if node.value in FUNCTIONS or node.value in METHODS or node.value in MACROS:
            how = "value.name(…)" if node.op == "call" else "name(value)"
            raise Fault(node.start, f"{node.value} is written as {how}")
        names = (*table, *(MACROS if node.op == "method" else ("has",)))
        raise Fault(node.start, f"there is no {node.value}(){suggestion(node.value, names)}")
    given = [child.type for child in children]
    for takes, gives in overloads.items():
        if len(takes) == len(given) and all(map(_fits, given, takes)):
            cost = sum(child.steps + (child.length if "(" in child.type else 0) for child in children)
            return Found(gives, 1, 1 + cost)
    wanted = " or ".join(", ".join(takes) for takes in overloads)
    raise Fault(node.start, f"{node.value} takes {wanted}, not {', '.join(given) or 'nothing'}")


def _indexed(node: Node, children: list[Found], steps: int) -> Found:
    many, index = children
    inner = _parts(many.type)
    if not inner:
        raise Fault(node.children[0].start, f"[] needs a list or map, not {_a(many.type)}")
    wanted = inner[0] if len(inner) == 2 else "int"
    if not _fits(index.type, wanted):
        raise Fault(node.children[1].start, f"the place in {_a(many.type)} is {_a(wanted)}, not {_a(index.type)}")
    type = inner[-1]
    return Found(type, LIST_KEPT if "(" in type else 1, steps)


def _operated(node: Node, children: list[Found], steps: int) -> Found:
    """== != < <= > >= in + - * / %."""
    left, right = children[0].type, children[1].type
    if node.op == "in":
        inner = _parts(right)
        if not inner:
            raise Fault(node.children[1].start, f"in needs a list or map on its right, not {_a(right)}")
        if not _comparable(left, inner[0]):
            raise Fault(node.start, f"{_a(left)} is never in {_a(right)}")
        return Found("bool", 1, steps + children[1].length)
    if node.op in ("==", "!="):
        if not _comparable(left, right):
            raise Fault(node.start, f"{_a(left)} never equals {_a(right)}{_number_hint(node, left, right)}")
        return Found("bool", 1, steps + sum(child.length for child in children if "(" in child.type))
    if node.op in ("<", "<=", ">", ">="):
        if not _comparable(left, right) or not {left, right} <= SELF_KIND | {ANY}:
            raise Fault(node.start, f"{node.op} cannot compare {_a(left)} with {_a(right)}")
        return Found("bool", 1, steps)
    allowed = {"+": ("int", "double", "string", "list"), "%": ("int",)}.get(node.op, NUMBERS)
    type = _common(node, children, f"both sides of {node.op}")
    if type.partition("(")[0] not in (*allowed, ANY):
        raise Fault(node.start, f"{node.op} does not work on {_a(type)}")
    return Found(type, sum(child.length for child in children), steps)


def _number_hint(node: Node, left: str, right: str) -> str:
    if {left, right} == {"int", "string"} or {left, right} == {"double", "string"}:
        return ": a number has no quotation marks"
    return ": true and false have no quotation marks" if {left, right} == {"bool", "string"} else ""


def _need(node: Node, found: Found, type: str, what: str) -> None:
    if found.type not in (type, ANY):
        raise Fault(node.start, f"{what} needs {_a(type)}, not {_a(found.type)}")


def _common(node: Node, found: list[Found], what: str) -> str:
    """The one type of all. :raises Fault: they differ."""
    types = list(dict.fromkeys(one.type for one in found if one.type != ANY))
    if not types:
        return ANY
    for other in types[1:]:
        if not _fits(other, types[0]):
            hint = ": write 1.0, or double(…)" if {other, types[0]} == set(NUMBERS) else ""
            raise Fault(node.start, f"{what} must have one type, not {types[0]} and {other}{hint}")
    return types[0]


def _comparable(one: str, other: str) -> bool:
    return _fits(one, other) or {one, other} <= set(NUMBERS)


def _fits(one: str, other: str) -> bool:
    if one == other or ANY in (one, other):
        return True
    inner, wanted = _parts(one), _parts(other)
    same_kind = one.partition("(")[0] == other.partition("(")[0]
    return bool(inner) and same_kind and all(map(_fits, inner, wanted))


def _parts(type: str) -> tuple[str, ...]:
    """The types within list(T) or map(K, V); none of others. Keys are simple types."""
    kind, _, rest = type.partition("(")
    if kind == "list" and rest:
        return (rest[:-1],)
    if kind == "map" and rest:
        key, _, value = rest[:-1].partition(", ")
        return key, value
    return (ANY, ANY) if type == ANY else ()


def _a(type: str) -> str:
    return f"an {type}" if type[0] in "aeiou" else f"a {type}"
