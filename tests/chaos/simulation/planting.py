"""Planted bugs: each is a context manager inside which the product has the bug."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from unittest.mock import patch

Bug = Callable[[], AbstractContextManager[Any]]
PLANTED: dict[str, Bug] = {}


def planted(title: str) -> Callable[[Bug], Bug]:
    """Adds a bug to the list under this title."""

    def add(bug: Bug) -> Bug:
        assert title not in PLANTED
        PLANTED[title] = bug
        return bug

    return add


def around(owner: Any, name: str, bug: Callable[..., Any]) -> Any:
    """Replaces a function by ``bug``, which gets the original as its first argument."""
    original = getattr(owner, name)
    return patch.object(owner, name, lambda *args, **kwargs: bug(original, *args, **kwargs))
