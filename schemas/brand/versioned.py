"""What of an item makes a brand's version: all that it states, without what later releases added and it does not use.

So a brand that an operator did not change keeps its version when Footpath is upgraded.
"""

from functools import lru_cache
from typing import Any, get_args

import msgspec

from schemas.brand.item import Item, Part


def version_body(items: list[Item], kind: type[Item]) -> msgspec.Raw:
    """The JSON of the items of a kind, as a version counts them."""
    if not _has_later(kind):
        return msgspec.Raw(msgspec.json.encode(items, order="deterministic"))
    unused = _unused(kind)
    if unused is None:
        return msgspec.Raw(msgspec.json.encode(versioned(items)))
    # A chain has 50,000 tags, and most of them use nothing of later releases.
    bodies = (msgspec.json.encode(item, order="deterministic") for item in items)
    stated = (
        body.replace(unused, b"", 1) if unused in body else msgspec.json.encode(versioned(item))
        for item, body in zip(items, bodies, strict=True)
    )
    return msgspec.Raw(b"[" + b",".join(stated) + b"]")


def versioned(value: Any) -> Any:
    """An item, or a value within one, with those of its ``later`` fields left out that have their default."""
    if isinstance(value, Item | Part):
        defaults = _defaults(type(value))
        names = [name for name in value.__struct_fields__ if name not in getattr(value, "unversioned", ())]
        fields = ((name, getattr(value, name)) for name in names)
        stated = ((name, one) for name, one in fields if one is not msgspec.UNSET)
        return {name: versioned(one) for name, one in stated if name not in defaults or one != defaults[name]}
    if isinstance(value, tuple | list):
        return [versioned(one) for one in value]
    if isinstance(value, dict):
        return {name: versioned(one) for name, one in sorted(value.items())}
    return value


@lru_cache
def _defaults(kind: type[Item] | type[Part]) -> dict[str, Any]:
    """The defaults of the fields that are not written where they have them."""
    omitted = kind.__struct_config__.omit_defaults
    return {
        field.name: field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()
        for field in msgspec.structs.fields(kind)
        if not field.required and (omitted or field.name in kind.later)
    }


@lru_cache
def _unused(kind: type[Item]) -> bytes | None:
    """The part of an item's JSON that has its later fields where it uses none of them; None where they do not stand
    together, before the id."""
    fields = [field for field in msgspec.structs.fields(kind) if field.name != "id"]
    last = fields[len(fields) - len(kind.later) :]
    if {field.name for field in last} != kind.later or kind.__struct_config__.omit_defaults:
        return None
    if any(_has_later(field.type) for field in fields):
        return None
    defaults = _defaults(kind)
    return b"," + msgspec.json.encode({field.encode_name: defaults[field.name] for field in last})[1:-1]


@lru_cache
def _has_later(kind: Any) -> bool:
    """Whether a type has such fields, or a type within it."""
    if not (isinstance(kind, type) and issubclass(kind, Item | Part)):
        return any(map(_has_later, get_args(kind)))
    return bool(kind.later) or any(_has_later(field.type) for field in msgspec.structs.fields(kind))
