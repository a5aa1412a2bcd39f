"""The tokens of an expression, each with its place in the text."""

import re
from typing import Final, NamedTuple

_TOKEN: Final = re.compile(
    r"(?P<space>(?:[ \t\n\f\r]+|//[^\n]*)+)"
    r"|(?P<number>0[xX][0-9a-fA-F]+|(?:[0-9]+\.[0-9]+|\.[0-9]+|[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<text>\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*')"
    r"|(?P<sign>&&|\|\||==|!=|<=|>=|[<>+\-*/%!?:.,()\[\]{}])"
)
END: Final = "end"
RESERVED: Final = frozenset(
    (
        *("as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package"),
        *("namespace", "return", "var", "void", "while"),
    )
)
"""Words that the language keeps for itself."""


class Token(NamedTuple):
    """``kind`` is number, name, text, sign or end; ``start`` and ``stop`` count characters of the expression."""

    kind: str
    text: str
    start: int
    stop: int


class SyntaxFault(Exception):
    """The text is no expression. ``offset`` is where, in characters."""

    def __init__(self, offset: int, message: str) -> None:
        super().__init__(message)
        self.offset = offset


def tokens_of(text: str) -> list[Token]:
    """The tokens, the end last. :raises SyntaxFault: a character begins none."""
    tokens, at = [], 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise SyntaxFault(at, _odd(text, at))
        kind, stop = str(found.lastgroup), found.end()
        if kind == "number" and stop < len(text) and (text[stop].isalnum() or text[stop] == "_"):
            raise SyntaxFault(at, f"{text[at : stop + 1]} is no number")
        if kind == "name" and stop < len(text) and text[stop] in "'\"":
            raise SyntaxFault(at, f"a text has no prefix such as {found[0]}")
        if kind == "text" and stop < len(text) and text[stop] == text[at]:
            raise SyntaxFault(at, "a text begins with one quotation mark")
        if kind == "name" and found[0] in RESERVED:
            raise SyntaxFault(at, f"{found[0]} is a word of the language itself")
        if kind != "space":
            tokens.append(Token(kind, found[0], at, stop))
        at = stop
    tokens.append(Token(END, "", len(text), len(text)))
    return tokens


def _odd(text: str, at: int) -> str:
    char = text[at]
    if char in "'\"":
        return "a text without its closing quotation mark"
    hints = {"=": "write == to compare", "&": "write && for and", "|": "write || for or"}
    hint = f": {hints[char]}" if char in hints else ""
    return f"{char!r} means nothing here{hint}"
