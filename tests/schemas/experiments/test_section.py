"""The section experiments: what the check refuses, when a phase ends, and what a new configuration says of it."""

from pathlib import Path

import pytest
from msgspec.structs import replace as changed

from schemas.brand.experiments import Experiment, Layer, Metrics, Variant, micros_of
from schemas.brand.load import BrandError, load
from schemas.brand.model import Brand
from schemas.brand.routes import When
from schemas.experiments.changes import differences
from tests.support.reference import reference, route

HALVES = (Variant(id="a"), Variant(id="b"))
CTA = Experiment(id="cta", variants=HALVES)
YAML = """
brand: {{id: b, name: B, currency: EUR, country: DE, fallback: https://shop.example, destinations: [https://shop.example]}}
experiments:
  - id: cta
    variants: [{{id: a}}, {{id: b}}]
    layer: {{id: shelf, ends: 0.5}}
    ends: "2026-06-01"
  - {experiment}
routes:
  - {{id: r, priority: 1, moment: buy, action: {{url: https://shop.example}}, when: {when}}}
"""
WRONG = {
    "id: tea, variants: [{id: a}]": "variants: 1 are too few: 2 to 10",
    "id: tea, variants: [{id: a}, {id: a}]": "variants[1].id: variant 'a' is there already",
    "id: tea, variants: [{id: a}, {id: 'b c'}]": "variants[1].id: must be 1 to 100 letters",
    "id: tea, variants: [{id: a}, {id: b, weight: 0}]": "variants[1].weight: 0 is not from 1 to 10000",
    "id: tea, variants: [{id: a}, {id: b}], coverage: .nan": "coverage: nan is no share from 0 to 1",
    "id: tea, variants: [{id: a}, {id: b}], coverage: 1.5": "coverage: 1.5 is no share from 0 to 1",
    "id: tea, variants: [{id: a}, {id: b}], starts: soon": "starts: 'soon' is no date such as 2026-03-01",
    "id: tea, variants: [{id: a}, {id: b}], starts: '2026-03-01T08:00'": "starts: '2026-03-01T08:00' is no date",
    "id: tea, variants: [{id: a}, {id: b}], starts: '2026-03-01', ends: '2026-03-01'": "ends: 2026-03-01 is not after",
    "id: tea, variants: [{id: a}, {id: b}], metrics: {kinds: [sail]}": "metrics.kinds: no kind of touchpoint is called "
    "'sail'; did you mean 'sale'?",
    "id: tea, variants: [{id: a}, {id: b}], metrics: {days: 0}": "metrics.days: 0 is not from 1 to 365",
    "id: tea, variants: [{id: a}, {id: b}], phase: 0": "phase: 0 is too few",
    "id: tea, variants: [{id: a}, {id: b}], audience: {placements: [shelff]}": "audience.placements: no placement is",
    "id: tea, variants: [{id: a}, {id: b}], audience: {experiment: {cta: a}}": "audience.experiment: must be empty",
    "id: tea, variants: [{id: a}, {id: b}], if: 'nothing.here'": "if: ",
    "id: tea, variants: [{id: a}, {id: b}], layer: {id: shelf, begins: 0.4}": "layer: 0.4 to 1.0 overlaps 0.0 to 0.5",
    "id: tea, variants: [{id: a}, {id: b}], layer: {id: shelf, begins: 1}": "layer: 1.0 to 1.0 is no part of 0 to 1",
}


def written(folder: Path, experiment: str, when: str = "{}") -> Path:
    (folder / "brand.yaml").write_text(YAML.format(experiment="{" + experiment + "}", when=when))
    return folder


@pytest.mark.parametrize("experiment", WRONG)
def test_a_mistake_is_named_with_its_place(experiment: str, tmp_path: Path) -> None:
    with pytest.raises(BrandError) as error:
        load(written(tmp_path, experiment))
    (problem,) = error.value.problems
    assert f"experiment tea.{WRONG[experiment]}" in str(problem) and problem.line == 8


@pytest.mark.parametrize(
    ("when", "message"),
    [
        ("{experiment: {ctaa: a}}", "when.experiment: 'ctaa' is not in the configuration; did you mean 'cta'?"),
        ("{experiment: {cta: c}}", "when.experiment.cta: no variant of cta is called 'c'"),
        ("{experiment: {cta: 1}}", "expected `str`, got `int`"),
    ],
)
def test_a_route_asks_for_variants_that_exist(when: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(BrandError, match="10:") as error:
        load(written(tmp_path, "id: tea, variants: [{id: a}, {id: b}]", when))
    assert message in str(error.value)


def test_parts_of_a_layer_may_overlap_at_different_times(tmp_path: Path) -> None:
    after = "id: tea, variants: [{id: a}, {id: b}], starts: '2026-06-01', layer: {id: shelf, begins: 0.2}"
    assert load(written(tmp_path, after)).experiments.keys() == {"cta", "tea"}


def test_there_are_not_too_many(tmp_path: Path) -> None:
    more = "}\n  - {".join(f"id: e{number}, variants: [{{id: a}}, {{id: b}}]" for number in range(60))
    with pytest.raises(BrandError, match="61 experiments are too many: 50 is the most"):
        load(written(tmp_path, more))


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("1970-01-02", 86_400_000_000), ("1970-01-01T01:00+01:00", 0), ("1970-01-01T00:00:00.9Z", 1_000_000),
        ("0001-01-01", -62_135_596_800_000_000), ("9999-12-31T23:59:59-12:00", 253_402_343_999_000_000), ("", None),
        ("tomorrow", None), ("1970-01-01T00:00", None), ("2026-02-29", None), ("2026-W01-1", 1_766_966_400_000_000),
    ],
)  # fmt: skip
def test_times(text: str, micros: int | None) -> None:
    assert micros_of(text) == micros


def brand_with(*experiments: Experiment) -> Brand:
    return reference(route("usual"), experiments=experiments).brand


@pytest.mark.parametrize(
    ("after", "statement"),
    [
        (CTA, None),
        (changed(CTA, variants=(Variant(id="a", weight=50), Variant(id="b", weight=50))), None),
        (
            changed(CTA, variants=(Variant(id="a", weight=9), Variant(id="b"))),
            "experiment cta begins a new phase (a 50 %, b 50 % become a 90 %, b 10 %): everybody is drawn anew, and "
            "its figures begin at zero",
        ),
        (changed(CTA, variants=HALVES[::-1]), "begins a new phase (a 50 %, b 50 % become b 50 %, a 50 %)"),
        (
            changed(CTA, variants=(*HALVES, Variant(id="c"))),
            "begins a new phase (a 50 %, b 50 % become a 33.3333 %, b 33.3333 %, c 33.3333 %)",
        ),
        (
            changed(CTA, variants=(Variant(id="a", weight=10_000), Variant(id="b", weight=9_999))),
            "new phase (a 50 %, b 50 % become a 50.0025 %",
        ),
        (changed(CTA, salt="other"), "begins a new phase (another salt)"),
        (changed(CTA, salt="cta"), None),
        (changed(CTA, phase=2), "begins a new phase (phase 2)"),
        (changed(CTA, coverage=0.5), "experiment cta changes the coverage: whoever saw a variant keeps it"),
        (changed(CTA, audience=When(visits_at_least=2)), "changes the audience"),
        (changed(CTA, condition="true"), "changes the condition of the audience"),
        (changed(CTA, layer=Layer(id="l")), "changes the part of the layer"),
        (changed(CTA, starts="2026-01-01"), "changes when it starts"),
        (changed(CTA, metrics=Metrics(days=7)), "changes what counts as a conversion"),
    ],
)
def test_a_new_configuration_says_what_changes(after: Experiment, statement: str | None) -> None:
    found = differences(brand_with(CTA), brand_with(after))
    assert (found == []) if statement is None else (len(found) == 1 and statement in found[0])
    assert (CTA.phase_id != after.phase_id) == ("new phase" in (statement or ""))


def test_experiments_that_come_and_go() -> None:
    assert differences(brand_with(CTA), brand_with(changed(CTA, id="tea"))) == [
        "experiment cta is gone: nobody has a variant of it", "experiment tea is new: a 50 %, b 50 %",
    ]  # fmt: skip
