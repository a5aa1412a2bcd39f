"""The functions that conditions may call: argument types and the result's.

``matches`` is left out, because a pattern compiles at each evaluation (measured: up to 85 ms); timestamps and durations
because the time inputs are ready and local; the size of a text because the engine counts bytes, not characters.
"""

from collections.abc import Mapping
from typing import Final

Overloads = Mapping[tuple[str, ...], str]
_SIZES: Final[Overloads] = {("list(any)",): "int", ("map(any, any)",): "int"}

FUNCTIONS: Final[Mapping[str, Overloads]] = {
    "size": _SIZES,
    "int": {("double",): "int", ("string",): "int", ("int",): "int"},
    "double": {("int",): "double", ("string",): "double", ("double",): "double"},
    "string": {("int",): "string", ("bool",): "string", ("string",): "string"},
}
METHODS: Final[Mapping[str, Overloads]] = {
    "size": _SIZES,
    "contains": {("string", "string"): "bool"},
    "startsWith": {("string", "string"): "bool"},
    "endsWith": {("string", "string"): "bool"},
}
