"""An expression as a tree, by the grammar of CEL (cel-spec, doc/langdef.md).

The tree is for the checks and for what an expression reads; the engine has its own parser. Texts with prefixes,
unsigned numbers, bytes and messages are not part of a brand's expressions.
"""

from typing import Final

import msgspec

from schemas.expressions.tokens import END, SyntaxFault, Token, tokens_of

MAX_BYTES: Final = 2_000
MAX_NODES: Final = 400
MAX_DEPTH: Final = 24
"""The engine's own parser gives up at 95 pairs of brackets."""
_TOO_DEEP: Final = f"is nested too deeply; {MAX_DEPTH} levels are the most"
_LEVELS: Final = (("==", "!=", "<", "<=", ">", ">=", "in"), ("+", "-"), ("*", "/", "%"))
"""Binary operators, the weakest first."""


class Node(msgspec.Struct, frozen=True, gc=False):
    """``op`` is an operator; ``name``, ``select``, ``call`` and ``method`` carry theirs in ``value``, literals
    (``bool``, ``int``, ``double``, ``string``, ``null``) their text. ``start`` and ``stop`` include brackets around it.
    """

    op: str
    children: "tuple[Node, ...]" = ()
    value: str = ""
    start: int = 0
    stop: int = 0
    depth: int = 1


def parse(text: str) -> Node:
    """The tree of an expression. :raises SyntaxFault: it is none, or is too large."""
    size = len(text.encode(errors="surrogatepass"))
    if size > MAX_BYTES:
        raise SyntaxFault(0, f"has {size} bytes; {MAX_BYTES} is the most")
    parser = _Parser(tokens_of(text))
    node = parser.expression(0)
    if parser.token.kind != END:
        raise SyntaxFault(parser.token.start, f"{parser.token.text} is not expected here")
    return node


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._nodes = 0

    @property
    def token(self) -> Token:
        return self._tokens[self._at]

    def expression(self, depth: int) -> Node:
        """condition ? one : other, or what is stronger."""
        if depth > MAX_DEPTH:
            raise SyntaxFault(self.token.start, _TOO_DEEP)
        condition = self._joined("||", depth)
        if not self._take("?"):
            return condition
        one = self._joined("||", depth + 1)
        self._need(":")
        other = self.expression(depth + 1)
        return self._node("?:", (condition, one, other), "", condition.start, other.stop)

    def _joined(self, op: str, depth: int) -> Node:
        """Operands of && or ||, as many as there are, in one node."""
        operands = []
        while True:
            operands.append(self._joined("&&", depth) if op == "||" else self._binary(0, depth))
            if not self._take(op):
                break
        if len(operands) == 1:
            return operands[0]
        return self._node(op, tuple(operands), "", operands[0].start, operands[-1].stop)

    def _binary(self, level: int, depth: int) -> Node:
        if level == len(_LEVELS):
            return self._unary(depth)
        left = self._binary(level + 1, depth)
        while self.token.text in _LEVELS[level] and self.token.kind in ("sign", "name"):
            op = self._next().text
            right = self._binary(level + 1, depth)
            left = self._node(op, (left, right), "", left.start, right.stop)
        return left

    def _unary(self, depth: int) -> Node:
        token = self.token
        if token.kind != "sign" or token.text not in "!-":
            return self._member(depth)
        self._next()
        if token.text == self.token.text:
            raise SyntaxFault(self.token.start, f"a second {token.text} takes the first one back")
        if depth > MAX_DEPTH:
            raise SyntaxFault(token.start, _TOO_DEEP)
        operand = self._unary(depth + 1)
        return self._node("not" if token.text == "!" else "minus", (operand,), "", token.start, operand.stop)

    def _member(self, depth: int) -> Node:
        node = self._primary(depth)
        while True:
            if self._take("."):
                name = self._next()
                if name.kind != "name":
                    raise SyntaxFault(name.start, "a name must follow the dot")
                if self._take("("):
                    children = (node, *self._items(")", depth))
                    node = self._node("method", children, name.text, node.start, self._before)
                else:
                    node = self._node("select", (node,), name.text, node.start, name.stop)
            elif self._take("["):
                index = self.expression(depth + 1)
                self._need("]")
                node = self._node("index", (node, index), "", node.start, self._before)
            else:
                return node

    def _primary(self, depth: int) -> Node:
        token = self._next()
        if token.kind == "number":
            is_whole = token.text.isdecimal() or token.text[:2].lower() == "0x"
            return self._node("int" if is_whole else "double", (), token.text, token.start, token.stop)
        if token.kind == "text":
            return self._node("string", (), token.text, token.start, token.stop)
        if token.kind == "name":
            if token.text in ("true", "false", "null"):
                op = "null" if token.text == "null" else "bool"
                return self._node(op, (), token.text, token.start, token.stop)
            if token.text == "in":
                raise SyntaxFault(token.start, "in needs a value on its left")
            if self._take("("):
                return self._node("call", self._items(")", depth), token.text, token.start, self._before)
            return self._node("name", (), token.text, token.start, token.stop)
        if token.text == "(":
            inner = self.expression(depth + 1)
            self._need(")")
            return msgspec.structs.replace(inner, start=token.start, stop=self._before)
        if token.text == "[":
            return self._node("list", self._items("]", depth), "", token.start, self._before)
        if token.text == "{":
            return self._node("map", self._entries(depth), "", token.start, self._before)
        raise SyntaxFault(token.start, f"{token.text} is not expected here" if token.text else "ends too early")

    def _items(self, closing: str, depth: int) -> tuple[Node, ...]:
        items: list[Node] = []
        while not self._take(closing):
            if items:
                self._need(",")
            items.append(self.expression(depth + 1))
        return tuple(items)

    def _entries(self, depth: int) -> tuple[Node, ...]:
        """Keys and values in turn."""
        entries: list[Node] = []
        while not self._take("}"):
            if entries:
                self._need(",")
            entries.append(self.expression(depth + 1))
            self._need(":")
            entries.append(self.expression(depth + 1))
        return tuple(entries)

    @property
    def _before(self) -> int:
        """Where the last token ended."""
        return self._tokens[self._at - 1].stop

    def _next(self) -> Token:
        token = self.token
        self._at += token.kind != END
        return token

    def _take(self, sign: str) -> bool:
        is_next = self.token.kind == "sign" and self.token.text == sign
        self._at += is_next
        return is_next

    def _need(self, sign: str) -> None:
        if not self._take(sign):
            found = self.token
            raise SyntaxFault(found.start, f"{sign} is missing" + (f" before {found.text}" if found.text else ""))

    def _node(self, op: str, children: tuple[Node, ...], value: str, start: int, stop: int) -> Node:
        self._nodes += 1
        depth = 1 + max((child.depth for child in children), default=0)
        if self._nodes > MAX_NODES:
            raise SyntaxFault(start, f"has too many parts; {MAX_NODES} are the most")
        if depth > 4 * MAX_DEPTH:
            raise SyntaxFault(start, _TOO_DEEP)
        return Node(op, children, value, start, stop, depth)
