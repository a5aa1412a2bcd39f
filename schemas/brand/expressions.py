"""The fields of items that are expressions."""

from collections.abc import Iterator

import msgspec

from schemas.brand.item import Mistake, Within


def expression_mistakes(field: str, text: str | msgspec.UnsetType, reader: str) -> Iterator[Mistake]:
    """What is wrong with a text as an expression of ``reader``, and where in it."""
    if isinstance(text, msgspec.UnsetType):
        return
    # Every process reads brands, and few need the engine.
    from schemas.expressions.engine import expression_fault

    if fault := expression_fault(text, reader):
        yield Within(field, fault.offset), str(fault)
