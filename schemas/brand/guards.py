"""The brand's guards: limits that keep identifiers from joining strangers."""

from collections.abc import Iterator, Sequence

import msgspec

from schemas.brand.item import Mistake, Part, unknown_name


class Guards(Part, frozen=True):
    """Limits on what may be joined. Types are the built-in ones and the brand's ``identifier_types``.

    ``neighbours``: with how many others an identifier of a type may be seen within ``window_days`` before and after
    evidence; with more it is shared at that time, and the evidence joins nobody. ``per_person``: how many identifiers
    of a type one person may have, of more than one the newest; 0 lets none of the type join at all. Both leave built-in
    limits as they are for types that they do not name. ``person_size`` bounds a person's identifiers in all; edges
    beyond it are in quarantine until an operator has decided. ``never_stitch``: classes of devices that many people
    use, as events name them in ``properties.device_class``.
    """

    neighbours: dict[str, int] = msgspec.field(default_factory=dict)
    per_person: dict[str, int] = msgspec.field(default_factory=dict)
    window_days: int = 30
    person_size: int = 50
    never_stitch: tuple[str, ...] = ("kiosk", "till", "staff")

    def mistakes(self, types: Sequence[str]) -> Iterator[Mistake]:
        """:param types: all types of identifiers that the brand knows."""
        for field, limits in (("neighbours", self.neighbours), ("per_person", self.per_person)):
            for kind, limit in limits.items():
                yield from unknown_name(f"guards.{field}.{kind}", kind, types, "no type of identifier is called")
                if limit < 0:
                    yield f"guards.{field}.{kind}", f"{limit} is no limit: it must be zero or more"
        if self.window_days < 1:
            yield "guards.window_days", f"{self.window_days} is no window: it must be one day or more"
        if self.person_size < 1:
            yield "guards.person_size", f"{self.person_size} is no size: a person has one identifier at least"
        for index, name in enumerate(self.never_stitch):
            if not name.strip():
                yield f"guards.never_stitch[{index}]", "must name a class of devices"
