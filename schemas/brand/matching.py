"""Section ``matching``: trained matching models."""

from collections.abc import Iterator
from typing import ClassVar

from schemas.brand.item import Item, Mistake, Sections, unknown_name
from schemas.matching.model import Model
from schemas.matching.traits import FIELDS

MAX_BITS = 1_000.0
"""The largest weight: odds of 2^1000 are certainty, and sums stay finite."""


class Matching(Item, frozen=True):
    """The model of one sort of traits; its id is the sort. Written by ``footpath identity train``."""

    section: ClassVar[str] = "matching"
    kind: ClassVar[str] = "matching"

    model: Model

    def mistakes(self, brand: Sections) -> Iterator[Mistake]:
        if self.id not in FIELDS:
            yield from unknown_name("id", self.id, FIELDS, "no sort of traits is called")
            return
        if abs(self.model.prior) > MAX_BITS:
            yield "model.prior", f"{self.model.prior} is beyond {MAX_BITS:g} bits"
        for field, levels in self.model.bits.items():
            yield from unknown_name(f"model.bits.{field}", field, FIELDS[self.id], "no trait is called")
            if any(abs(bits) > MAX_BITS for bits in levels):
                yield f"model.bits.{field}", f"has a weight beyond {MAX_BITS:g} bits"
