"""Outlines for a terminal: a tree; outside one, indented lines that are neither wrapped nor cut."""

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from deploy.operate.why.outline import Node, lines, printable


def build_console() -> Console:
    """Standard output: on a terminal lines are wrapped, elsewhere they stay whole, so that ids can be copied."""
    console = Console(highlight=False, markup=False, emoji=False)
    return console if console.is_terminal else Console(width=1000, highlight=False, markup=False, emoji=False)


def print_node(node: Node, console: Console) -> None:
    """Prints an outline."""
    if console.is_terminal:
        console.print(_tree(node, Tree(Text(printable(node.text), "bold"))))
    else:
        for line in lines(node):
            print(line, file=console.file)


def _tree(node: Node, tree: Tree, depth: int = 0) -> Tree:
    for one in node.below:
        style = "red" if one.wrong else "bold" if not depth and one.below else ""
        _tree(one, tree.add(Text(printable(one.text), style)), depth + 1)
    return tree
