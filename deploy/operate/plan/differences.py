"""What differs between two configurations: item by item, field by field."""

from typing import Any, Literal

import msgspec

from schemas.brand.item import Item
from schemas.brand.model import SECTIONS, ApiKey, Brand

SECRET = frozenset({(ApiKey.kind, "hash")})
"""Fields of which only that they differ is said, by kind."""


Change = Literal["added", "removed", "changed"]


class FieldChange(msgspec.Struct, frozen=True):
    """A field by its path, such as ``when.stock_at_most``, before and after; None where an item does not have it."""

    field: str
    before: Any
    after: Any


class ItemChange(msgspec.Struct, frozen=True):
    """An item that is added, removed or changed; ``fields`` are those that differ."""

    section: str
    id: str
    change: Change
    fields: list[FieldChange] = []


def differences(before: Brand | None, after: Brand) -> list[ItemChange]:
    """Every item that differs, by section, then by id. :param before: None: nothing was ever applied."""
    found = []
    for section in SECTIONS:
        was = {item.id: item for item in section.items(before)} if before is not None else {}
        now = {item.id: item for item in section.items(after)}
        for id in sorted(was.keys() | now.keys()):
            if id not in was:
                found.append(ItemChange(section.name, id, "added"))
            elif id not in now:
                found.append(ItemChange(section.name, id, "removed"))
            elif fields := _fields(section.kind, was[id], now[id]):
                found.append(ItemChange(section.name, id, "changed", fields))
    return found


def _fields(kind: str, before: Item, after: Item) -> list[FieldChange]:
    was, now = _flat(msgspec.to_builtins(before)), _flat(msgspec.to_builtins(after))
    found = [
        FieldChange(path, was.get(path), now.get(path))
        for path in [*was, *(path for path in now if path not in was)]
        if was.get(path) != now.get(path)
    ]
    return [FieldChange(one.field, "…", "…") if (kind, one.field) in SECRET else one for one in found]


def _flat(value: dict[str, Any], path: str = "") -> dict[str, Any]:
    """The values by path. Lists are values: what stands where in one means something as a whole."""
    found: dict[str, Any] = {}
    for name, one in value.items():
        if isinstance(one, dict) and one:
            found |= _flat(one, f"{path}{name}.")
        else:
            found[f"{path}{name}"] = one
    return found
