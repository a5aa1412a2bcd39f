"""What processors store is released: a state of the release before is read, or a migration says how.

`released_states.txt` has the fields of every stored class as the last release stores them. Fields may be appended, with
defaults: the release before skips them, so processes roll in both directions. After any other change this test names
the class; it needs an entry of `Processor.migrations`, and a release that reads it before one that writes it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import msgspec
from msgspec import inspect

from processors.identity.signals import Signal
from processors.identity.state import Component
from processors.registry import PROCESSORS
from processors.shell.state.records import Active, StateRecordCodec

RELEASED = Path(__file__).with_name("released_states.txt")
STORED_INSIDE: dict[str, tuple[type, ...]] = {"identity": (Component, *get_args(Signal))}
"""Classes that a state stores as bytes, or that processors of one release send to those of another."""


def stored_classes(*roots: type) -> list[type]:
    """The classes that are reached from these."""
    found: list[type] = []
    for one in _structs(inspect.multi_type_info(roots)):
        if one.cls not in found:
            found.append(one.cls)
    return found


def _structs(node: Any) -> Iterator[inspect.StructType]:
    seen: list[type] = []
    waiting = list(node)
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, inspect.StructType):
            if one.cls not in seen:
                seen.append(one.cls)
                yield one
                waiting += [field.type for field in one.fields]
        else:
            waiting += _held(one)


def _held(node: inspect.Type) -> list[inspect.Type]:
    """The types that a container holds."""
    values = [getattr(node, name) for name in node.__struct_fields__]
    each = [one for value in values for one in (value if isinstance(value, tuple) else (value,))]
    return [one for one in each if isinstance(one, inspect.Type)]


def text_of(node: inspect.Type) -> str:
    """A type as text: its kind and what it holds."""
    if isinstance(node, inspect.StructType):
        return node.cls.__name__
    held = " ".join(map(text_of, _held(node)))
    return type(node).__name__.removesuffix("Type").lower() + (f"[{held}]" if held else "")


def line_of(processor: str, version: int, cls: type) -> str:
    """A class as the file has it; ``=`` marks a field with a default."""
    fields = inspect.type_info(cls).fields  # type: ignore[attr-defined]
    stored = " ".join(f"{f.encode_name}{'' if f.required else '='}:{text_of(f.type)}" for f in fields)
    return f"{processor} {version} {cls.__name__} {stored}"


def lines_now() -> dict[str, str]:
    """The lines of all stored classes, by processor and class."""
    lines = {}
    for name, processor in PROCESSORS.items():
        for cls in stored_classes(processor.state, *STORED_INSIDE.get(name, ())):
            lines[f"{name} {cls.__name__}"] = line_of(name, len(processor.migrations) + 1, cls)
    return lines


def incompatible(released: str, now: str | None) -> str:
    """Why rows of the released class cannot be read; empty: they can."""
    if now is None:
        return "is gone"
    (_, then_version, _, *then), (_, version, _, *current) = released.split(), now.split()
    if version != then_version:
        return ""
    if current[: len(then)] != then:
        return f"was changed: {released}"
    fields = [word for word in current[len(then) :] if ":" in word]  # a container's type has several words
    if missing := [field for field in fields if "=" not in field.partition(":")[0]]:
        return f"has new fields without a default: {' '.join(missing)}"
    return ""


def test_every_state_of_the_last_release_can_be_read() -> None:
    now = lines_now()
    released = {f"{(words := line.split())[0]} {words[2]}": line for line in RELEASED.read_text().splitlines()}
    found = {key: why for key, line in released.items() if (why := incompatible(line, now.get(key)))}
    assert found == {}, "see the docstring of this file"
    new = [line for key, line in now.items() if key not in released]
    assert new == [], f"stored for the first time: add these lines to {RELEASED.name}"


def test_the_gate_sees_what_would_be_unreadable() -> None:
    released = "shop 1 State points:int name=:str"
    assert incompatible(released, "shop 1 State points:int name=:str level=:int") == ""
    assert incompatible(released, "shop 2 State points:str") == "", "a migration reads it"
    assert "has new fields" in incompatible(released, "shop 1 State points:int name=:str level:int")
    for changed in ("points:str name=:str", "name=:str points:int", "points:int"):
        assert "was changed" in incompatible(released, f"shop 1 State {changed}")
    assert incompatible(released, None) == "is gone"


def test_each_processor_reads_an_empty_state_of_its_own() -> None:
    for processor in PROCESSORS.values():
        codec = StateRecordCodec.of(processor)
        assert codec.decode(codec.encode(Active(None))) == Active(None)
        assert issubclass(processor.state, msgspec.Struct)
