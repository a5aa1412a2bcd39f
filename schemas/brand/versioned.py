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
    return msgspec.Raw(msgspec.json.encode(versioned(items)))


def versioned(value: Any) -> Any:
    """An item, or a value within one, with those of its ``later`` fields left out that have their default."""
    if isinstance(value, Item | Part):
        defaults = _defaults(type(value))
        stated = ((name, getattr(value, name)) for name in value.__struct_fields__)
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
def _has_later(kind: Any) -> bool:
    """Whether a type has such fields, or a type within it."""
    if not (isinstance(kind, type) and issubclass(kind, Item | Part)):
        return any(map(_has_later, get_args(kind)))
    return bool(kind.later) or any(_has_later(field.type) for field in msgspec.structs.fields(kind))
