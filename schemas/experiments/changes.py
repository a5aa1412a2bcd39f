"""What a new configuration changes of a brand's experiments, in words, before it is applied."""

from collections.abc import Iterator, Mapping

from schemas.brand.experiments import Experiment
from schemas.brand.model import Brand

FIELDS = {
    "audience": "the audience",
    "expression": "the condition of the audience",
    "coverage": "the coverage",
    "layer": "the part of the layer",
    "starts": "when it starts",
    "ends": "when it ends",
    "metrics": "what counts as a conversion",
}
"""What may change within a phase: whoever saw a variant keeps it."""


def differences(old: Brand, new: Brand) -> list[str]:
    """One statement for each change, in the order of experiments' ids; empty: nothing changes. Whoever has seen a
    variant is drawn anew exactly where a statement says that a new phase begins."""
    return list(_differences(old.experiments, new.experiments))


def _differences(old: Mapping[str, Experiment], new: Mapping[str, Experiment]) -> Iterator[str]:
    for id in sorted(old.keys() | new.keys()):
        before, after = old.get(id), new.get(id)
        if before is None and after is not None:
            yield f"experiment {id} is new: {_arms(after)}"
        elif after is None:
            yield f"experiment {id} is gone: nobody has a variant of it"
        elif before is not None:
            yield from _changes(before, after)


def _changes(before: Experiment, after: Experiment) -> Iterator[str]:
    if before.phase_id != after.phase_id:
        why = [f"{_arms(before)} become {_arms(after)}"] if _arms(before) != _arms(after) else []
        why += ["another salt"] if before.seed != after.seed else []
        why += [f"phase {after.phase}"] if before.phase != after.phase else []
        yield (
            f"experiment {after.id} begins a new phase ({', '.join(why)}): everybody is drawn anew, and its figures "
            "begin at zero"
        )
    for field, name in FIELDS.items():
        if getattr(before, field) != getattr(after, field):
            yield f"experiment {after.id} changes {name}: whoever saw a variant keeps it"


def _arms(experiment: Experiment) -> str:
    shares = zip(experiment.variants, experiment.weights, strict=True)
    return ", ".join(f"{variant.id} {weight * 100:.6g} %" for variant, weight in shares)
