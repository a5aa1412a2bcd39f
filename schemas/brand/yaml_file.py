"""A YAML file as plain values, and where each value stands.

libyaml parses: a chain's 50,000 tags take a second, of which a parser in Python needs half a minute. Plain scalars are
what YAML 1.2's core schema says (https://yaml.org/spec/1.2.2/#103-core-schema): ``no`` and dates are texts.
"""

import re
from collections.abc import Sequence
from typing import Any

from yaml.cyaml import CParser
from yaml.error import MarkedYAMLError
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.reader import ReaderError

__all__ = ["MappingNode", "Node", "ScalarNode", "SequenceNode", "Unreadable", "locate", "parse", "place", "plain"]

Step = str | int
"""A key of a mapping, or an index of a list."""

DEEPEST = 100
"""How deep values may be within each other; a brand needs six."""
MOST_VALUES = 1_000_000
"""Values that aliases may make of a file; one that has more of its own may have ten times as many."""
_CONSTANTS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
    **{sign + name: float(sign + "inf") for sign in ("", "+", "-") for name in (".inf", ".Inf", ".INF")},
}
_WHOLE = re.compile(r"[-+]?[0-9]{1,4000}")
_BASED = re.compile(r"0o[0-7]{1,1000}|0x[0-9a-fA-F]{1,1000}")
_FRACTION = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_TAG = "tag:yaml.org,2002:"
_TAGGED: dict[str, type] = {
    "!": str,
    _TAG + "str": str,
    _TAG + "int": int,
    _TAG + "float": float,
    _TAG + "bool": bool,
    _TAG + "null": type(None),
}


class Unreadable(Exception):
    """The text is no YAML that a brand may use; line and column count from 1."""

    def __init__(self, line: int, column: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


class _Parser(CParser):  # type: ignore[misc]  # PyYAML has no types
    """Composes nodes, whose tags ``plain`` resolves; counts how deep they are, since composing recurses in C."""

    def __init__(self, text: str) -> None:
        CParser.__init__(self, text)
        self._depth = 0

    def resolve(self, kind: Any, value: Any, implicit: Any) -> str:
        return ""

    def descend_resolver(self, parent: Any, index: Any) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise RecursionError

    def ascend_resolver(self) -> None:
        self._depth -= 1


def parse(text: str) -> Node | None:
    """The text's one document as nodes, None when it is empty. :raises Unreadable: it is no YAML."""
    try:
        node = _Parser(text).get_single_node()
        if node is not None and "*" in text:
            _check_aliases(node)
        return node
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise Unreadable(line, column, error.problem or "cannot be read") from None
    except ReaderError as error:
        before = text.encode()[: error.position].decode(errors="ignore")
        line = before.count("\n") + 1
        raise Unreadable(line, len(before) - before.rfind("\n"), f"unacceptable character: {error.reason}") from None
    except RecursionError:
        raise Unreadable(1, 1, "is nested too deeply") from None


def _check_aliases(root: Node) -> None:
    """:raises Unreadable: a value within itself, or aliases of aliases that make more values than anybody wrote."""
    sizes: dict[int, int] = {}

    def size(node: Node) -> int:
        known = sizes.get(id(node))
        if known == 0:
            raise Unreadable(*place(node), "contains itself")
        if known is None:
            sizes[id(node)] = 0
            known = 1
            if not isinstance(node, ScalarNode):
                mapping = isinstance(node, MappingNode)
                known += sum(size(part) for child in node.value for part in (child if mapping else (child,)))
            sizes[id(node)] = known
        return known

    values = size(root)
    if values > max(MOST_VALUES, 10 * len(sizes)):
        raise Unreadable(*place(root), f"its aliases make {values:,} values")


def plain(node: Node) -> Any:
    """The node's value: dict, list, text, number, bool or None.

    :raises Unreadable: a key that is no text or comes twice, a tag of its own, an alias within what it names.
    """
    try:
        return _value(node)
    except RecursionError:
        raise Unreadable(*place(node), "is nested too deeply, or contains itself") from None


def place(node: Node) -> tuple[int, int]:
    """Line and column of a node, from 1."""
    return node.start_mark.line + 1, node.start_mark.column + 1


def locate(node: Node, steps: Sequence[Step]) -> tuple[int, int]:
    """Line and column of what the steps lead to, which for a value in a mapping is its key; of the nearest parent where
    they lead to nothing."""
    position = place(node)
    for step in steps:
        found = _child(node, step)
        if found is None:
            break
        position, node = place(found[0]), found[1]
    return position


def _child(node: Node, step: Step) -> tuple[Node, Node] | None:
    """What marks the place of a child, and the child."""
    if isinstance(node, ScalarNode):
        return None
    if isinstance(node, MappingNode):
        return next(((key, value) for key, value in node.value if key.value == str(step)), None)
    if isinstance(step, int) and step < len(node.value):
        return node.value[step], node.value[step]
    return None


def _value(node: Node) -> Any:
    kind = type(node)
    if kind is ScalarNode:
        # A word is the usual case; only what begins like a number, or is a constant, can be anything else.
        text = node.value
        if not node.tag and (node.style or (text[:1].isalpha() and text not in _CONSTANTS)):
            return text
        return _tagged(node, text) if node.tag else _resolved(text)
    if node.tag and node.tag != _TAG + ("map" if kind is MappingNode else "seq"):
        raise Unreadable(*place(node), f"the tag {node.tag} is not known")
    if kind is MappingNode:
        return _mapping(node)
    return [_value(item) for item in node.value]


def _mapping(node: Node) -> dict[str, Any]:
    values: dict[str, Any] = {}
    merged: dict[str, Any] = {}
    for key, value in node.value:
        if type(key) is not ScalarNode:
            raise Unreadable(*place(key), "a key must be a text")
        name = key.value
        if name == "<<" and not key.style:
            merged = _merged(value)
            continue
        if name in values:
            raise Unreadable(*place(key), f'found duplicate key "{name}"')
        values[name] = _value(value)
    return {**merged, **values} if merged else values


def _merged(node: Node) -> dict[str, Any]:
    """The keys that a merge key brings: of several mappings the first one counts."""
    sources = node.value if isinstance(node, SequenceNode) else [node]
    merged: dict[str, Any] = {}
    for source in reversed(sources):
        if not isinstance(source, MappingNode):
            raise Unreadable(*place(node), "a merge key needs a mapping")
        merged |= _mapping(source)
    return merged


def _resolved(text: str) -> Any:
    """The value of a plain scalar."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    if _BASED.fullmatch(text):
        return int(text, 0)
    return float(text) if _FRACTION.fullmatch(text) else text


def _tagged(node: ScalarNode, text: str) -> Any:
    """The value of a scalar that names its type, or ``!`` for a text."""
    kind = _TAGGED.get(node.tag)
    value = text if kind is str else _resolved(text)
    if kind is None or not isinstance(value, kind):
        raise Unreadable(*place(node), f"{text!r} is nothing of the tag {node.tag}")
    return value
