"""How a bug is planted: each is a context manager, inside which the product has it."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from unittest.mock import patch

Bug = Callable[[], AbstractContextManager[Any]]
PLANTED: dict[str, Bug] = {}


def planted(name: str) -> Callable[[Bug], Bug]:
    def keep(bug: Bug) -> Bug:
        assert name not in PLANTED
        PLANTED[name] = bug
        return bug

    return keep


def around(owner: Any, name: str, bug: Callable[..., Any]) -> Any:
    """Puts ``bug`` in the place of a function; it is given the true one first."""
    true = getattr(owner, name)
    return patch.object(owner, name, lambda *args, **kwargs: bug(true, *args, **kwargs))
