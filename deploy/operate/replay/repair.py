"""What an operator changes in rejected events before they are sent again: fields by path, in the API's format."""

import copy
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec

from schemas.process.errors import OperatorError

_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_PATH = re.compile(r"[^.\[\]]+(?:\[\d+\]|\.[^.\[\]]+)*")

decode = msgspec.json.Decoder(float_hook=Decimal).decode
"""JSON as the gateway reads it: numbers with a fraction stay exact, because amounts of money may be among them."""
encode = msgspec.json.Encoder(decimal_format="number").encode


class PathError(Exception):
    """The path of a change does not exist in an event."""


@dataclass(frozen=True, slots=True)
class Change:
    """One field: its path (names, and indexes in lists) and its new value; ``drop`` removes it instead."""

    path: tuple[str | int, ...]
    value: Any = None
    drop: bool = False


def read_changes(sets: Sequence[str], drops: Sequence[str]) -> tuple[Change, ...]:
    """Parses options: ``properties.currency=EUR`` sets text, ``properties.amount:=12.5`` JSON; a drop is a path alone.

    :raises OperatorError: an option has no path, no value, or no JSON after ``:=``.
    """
    changes = [Change(_path(path, f"--drop {path}"), drop=True) for path in drops]
    for text in sets:
        field, equals, value = text.partition("=")
        if not equals:
            raise OperatorError(f"--set {text}: must be FIELD=TEXT or FIELD:=JSON, e.g. properties.currency=EUR")
        as_json = field.endswith(":")
        path = _path(field.removesuffix(":"), f"--set {text}")
        try:
            changes.append(Change(path, decode(value.encode()) if as_json else value))
        except msgspec.DecodeError:
            raise OperatorError(f"--set {text}: the value after := is not JSON") from None
    return tuple(changes)


def repaired(event: dict[str, Any], changes: Sequence[Change]) -> dict[str, Any]:
    """The event with the changes; the event itself is not modified.

    :raises PathError: the path of a change cannot exist in this event.
    """
    root: Any = copy.deepcopy(event)
    for change in changes:
        node = root
        *parents, last = change.path
        for step in parents:
            is_member = isinstance(node, dict) and isinstance(step, str)
            node = node.setdefault(step, {}) if is_member else _at(node, step)
        if change.drop:
            _drop(node, last)
        elif isinstance(node, dict) and isinstance(last, str):
            node[last] = change.value
        else:
            _at(node, last)
            node[last] = change.value
    return dict(root)


def _path(text: str, option: str) -> tuple[str | int, ...]:
    if not _PATH.fullmatch(text):
        raise OperatorError(f"{option}: {text!r} is not a path such as properties.currency or identifiers[0].type")
    return tuple(int(number) if number else name for name, number in _STEP.findall(text))


def _at(node: Any, step: str | int) -> Any:
    if isinstance(node, list) and isinstance(step, int) and step < len(node):
        return node[step]
    raise PathError(f"no {step!r} at this path")


def _drop(node: Any, last: str | int) -> None:
    if isinstance(node, dict) and isinstance(last, str):
        node.pop(last, None)
    else:
        _at(node, last)
        del node[last]
