"""Section ``experiments``: two or more variants of what routes do, drawn among people, and compared."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import ClassVar, Final

import msgspec

from schemas.brand.expressions import expression_mistakes
from schemas.brand.item import ID, Item, Mistake, Part, Sections, below_one, unknown_kinds
from schemas.brand.routes import When
from schemas.expressions.inputs import CONTEXT
from schemas.ids import digest

MAX_VARIANTS: Final = 10
MAX_EXPERIMENTS: Final = 50
"""Every scan draws for each experiment that a route depends on."""
MAX_DAYS: Final = 365
MAX_WEIGHT: Final = 10_000
MAX_PHASE: Final = 1_000_000


class Variant(Part, frozen=True):
    """One of the arms; ``weight`` is its part of all weights: 50 and 50, or 9 and 1."""

    id: str
    weight: int = 1


class Layer(Part, frozen=True):
    """A part of all people, from the share ``begins`` up to ``ends``: experiments of one layer whose parts do not
    overlap have nobody in common."""

    id: str
    begins: float = 0.0
    ends: float = 1.0


class Metrics(Part, frozen=True):
    """What counts as a conversion: an event of one of ``kinds`` within ``days`` of the first exposure."""

    kinds: tuple[str, ...] = ("sale",)
    days: int = 28


class Experiment(Item, frozen=True, omit_defaults=True):
    """A test of ``variants``, of which the first is the control that the others are compared with.

    ``audience`` and the expression ``if`` are conditions as those of a route, on the scan at which somebody is drawn;
    ``coverage`` is the share of these people who take part; ``salt`` draws them (by default the id): another one draws
    others. ``starts`` and ``ends`` are dates (of UTC) or times with an offset. A route reads its variant by
    ``when.experiment``.

    Arms, their order, weights and the salt make a phase; when one of them changes, another phase begins by itself, in
    which everybody is drawn anew. ``phase`` begins one by hand. Phases are never added up.
    """

    section: ClassVar[str] = "experiments"
    kind: ClassVar[str] = "experiment"

    variants: tuple[Variant, ...]
    audience: When = When()
    coverage: float = 1.0
    salt: str = ""
    layer: Layer | None = None
    starts: str = ""
    ends: str = ""
    metrics: Metrics = Metrics()
    phase: int = 1
    condition: str | msgspec.UnsetType = msgspec.field(default=msgspec.UNSET, name="if")

    @property
    def expression(self) -> str:
        """The text of ``if``; empty where there is none."""
        return self.condition if isinstance(self.condition, str) else ""

    @property
    def seed(self) -> str:
        """What draws people, together with their ids."""
        return self.salt or self.id

    @property
    def phase_id(self) -> str:
        """The name of the present phase: its number, and a hash of what makes it one."""
        arms = ",".join(
            f"{variant.id}:{weight:.6f}" for variant, weight in zip(self.variants, self.weights, strict=True)
        )
        return f"{self.phase}-{digest(f'{self.seed}/{arms}'.encode())[:8]}"

    @property
    def weights(self) -> tuple[float, ...]:
        """The share of each variant; their sum is 1."""
        whole = sum(variant.weight for variant in self.variants)
        return tuple(variant.weight / whole for variant in self.variants)

    def mistakes(self, brand: Sections) -> Iterator[Mistake]:
        yield from self._variant_mistakes()
        if not 0 <= self.coverage <= 1:
            yield "coverage", f"{self.coverage} is no share from 0 to 1"
        yield from _phase_mistakes(self.phase)
        yield from self._time_mistakes()
        yield from unknown_kinds("metrics.kinds", self.metrics.kinds)
        if not self.metrics.kinds:
            yield "metrics.kinds", "must name what counts, e.g. sale"
        if not 1 <= self.metrics.days <= MAX_DAYS:
            yield "metrics.days", f"{self.metrics.days} is not from 1 to {MAX_DAYS}"
        for field, message in self.audience.mistakes(brand):
            yield f"audience{field.removeprefix('when')}", message
        if self.audience.experiment:
            yield "audience.experiment", "must be empty: to keep experiments apart, give them parts of a layer"
        yield from expression_mistakes("if", self.condition, CONTEXT)
        yield from self._layer_mistakes(brand)

    def _variant_mistakes(self) -> Iterator[Mistake]:
        if not 2 <= len(self.variants) <= MAX_VARIANTS:
            yield (
                "variants",
                f"{len(self.variants)} are too {'few' if len(self.variants) < 2 else 'many'}: 2 to {MAX_VARIANTS}",
            )
        seen = set()
        for index, variant in enumerate(self.variants):
            if not ID.fullmatch(variant.id):
                yield f"variants[{index}].id", "must be 1 to 100 letters, digits, '-', '_' or '.'"
            elif variant.id in seen:
                yield f"variants[{index}].id", f"variant {variant.id!r} is there already"
            seen.add(variant.id)
            if not 1 <= variant.weight <= MAX_WEIGHT:
                yield f"variants[{index}].weight", f"{variant.weight} is not from 1 to {MAX_WEIGHT}"

    def _time_mistakes(self) -> Iterator[Mistake]:
        times = {}
        for field in ("starts", "ends"):
            text = getattr(self, field)
            times[field] = at = micros_of(text)
            if text and at is None:
                yield field, f"{text!r} is no date such as 2026-03-01, nor a time such as 2026-03-01T08:00+01:00"
        if times["starts"] is not None and times["ends"] is not None and times["starts"] >= times["ends"]:
            yield "ends", f"{self.ends} is not after {self.starts}"

    def _layer_mistakes(self, brand: Sections) -> Iterator[Mistake]:
        layer = self.layer
        if layer is None:
            return
        if not ID.fullmatch(layer.id):
            yield "layer.id", "must be 1 to 100 letters, digits, '-', '_' or '.'"
        if not 0 <= layer.begins < layer.ends <= 1:
            yield "layer", f"{layer.begins} to {layer.ends} is no part of 0 to 1"
            return
        for other in brand.experiments.values():
            if other.id < self.id and other.layer is not None and other.layer.id == layer.id and self._meets(other):
                yield (
                    "layer",
                    f"{layer.begins} to {layer.ends} overlaps {other.layer.begins} to {other.layer.ends} of {other.id}",
                )

    def _meets(self, other: "Experiment") -> bool:
        """Whether both have people in common at some time."""
        if other.layer is None or self.layer is None:
            return False
        mine, theirs = self.period, other.period
        together = _earlier(mine[0], theirs[1]) and _earlier(theirs[0], mine[1])
        return together and self.layer.begins < other.layer.ends and other.layer.begins < self.layer.ends

    @property
    def period(self) -> tuple[int | None, int | None]:
        """When it starts and ends, in microseconds; None: it always has, or never does."""
        return micros_of(self.starts), micros_of(self.ends)


def _earlier(starts: int | None, ends: int | None) -> bool:
    return starts is None or ends is None or starts < ends


def _phase_mistakes(phase: int) -> Iterator[Mistake]:
    yield from below_one("phase", phase)
    if phase > MAX_PHASE:
        yield "phase", f"{phase} is more than {MAX_PHASE}"


def micros_of(text: str) -> int | None:
    """A date (of UTC) or a time with an offset, in microseconds since 1970; None where it is neither."""
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is None:
            if len(text) > len("2026-03-01"):
                return None
            at = at.replace(tzinfo=UTC)
        return round(at.timestamp()) * 1_000_000
    except (ValueError, OverflowError):
        return None
