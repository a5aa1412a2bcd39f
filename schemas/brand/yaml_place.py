"""Where something within a text stands in its YAML file: texts may be quoted, and go over several lines."""

from collections.abc import Sequence

from schemas.brand.yaml_file import MappingNode, Node, ScalarNode, Step, place


def descend(node: Node, steps: Sequence[Step]) -> ScalarNode | None:
    """The scalar that the steps lead to, None where there is none."""
    for step in steps:
        if isinstance(node, MappingNode):
            found = next((value for key, value in node.value if key.value == str(step)), None)
        else:
            found = node.value[step] if isinstance(step, int) and step < len(node.value) else None
        if found is None:
            return None
        node = found
    return node if isinstance(node, ScalarNode) else None


def within(node: ScalarNode, offset: int, lines: Sequence[str]) -> tuple[int, int]:
    """Line and column, from 1, of a character of a scalar's text.

    YAML folds white space and keeps all else, so the character is found by how many visible ones come before it.

    :param offset: in the text. :param lines: those of the file.
    """
    text = node.value
    before = len("".join(text[:offset].split())) - (offset >= len(text.rstrip()) > 0)
    line, column = place(node)
    line, column = line - 1, column - 1
    if node.style in ("|", ">"):
        line, column = line + 1, 0
    elif node.style:
        column += 1
    passed = 0
    for number in range(line, min(len(lines), node.end_mark.line + 1)):
        row, at = lines[number], column if number == line else 0
        while at < len(row):
            wide = _width(row, at, node.style)
            if not row[at].isspace():
                if passed == before:
                    return number + 1, at + 1 + (offset >= len(text.rstrip()) > 0)
                passed += 1
            at += wide
    return place(node)


def _width(row: str, at: int, style: str | None) -> int:
    """How many characters of the file one character of the text takes."""
    if style == "'" and row.startswith("''", at):
        return 2
    return 2 if style == '"' and row[at] == "\\" and at + 1 < len(row) else 1
