"""Reading a brand's files reports every mistake at once, each with file, line, column and field."""

from decimal import Decimal
from pathlib import Path

import pytest

from deploy.local.settings import DEMO_BRAND
from schemas.brand.load import BrandError, Problem, load
from schemas.brand.model import Holdout, is_registered
from tests.support.brand_files import YAML, write


def problems(folder: Path, old: str, new: str) -> list[Problem]:
    """The mistakes in the small brand with one piece of its text replaced."""
    assert YAML.count(old) == 1
    with pytest.raises(BrandError) as refused:
        load(write(folder, YAML.replace(old, new)))
    return list(refused.value.problems)


def line_of(text: str) -> int:
    return next(number for number, line in enumerate(YAML.splitlines(), 1) if text in line)


def test_a_brand_is_read(tmp_path: Path) -> None:
    found = load(write(tmp_path))
    assert (found.about.id, list(found.tags), list(found.stores), [r.id for r in found.routes]) == (
        "kolibri",
        ["shelf-1"],
        ["mitte"],
        ["buy"],
    )


def test_files_and_their_order_do_not_matter(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    write(one)
    middle = YAML.index("tags:")
    write(two, YAML[:middle], "z.yaml")
    write(two, YAML[middle:], "a.yml")
    assert load(one) == load(two) == load(two / "a.yml", two / "z.yaml")


@pytest.mark.parametrize(
    ("old", "new", "line", "field", "message"),
    [
        ("placement: shelf", "placment: shelf", "shelf-1", "tags[0].placment", "no such field"),
        ("{id: shelf-1, ", "{", "placement: shelf", "tags[0].id", "is missing"),
        ("placement: shelf", "placement: shelv", "shelf-1", "tags[0].placement", "there are store, zone"),
        ("priority: 10", "priority: high", "priority", "routes[0].priority", "expected `int`"),
        ("moment: buy", "moment: bye", "moment", "routes[0].moment", "there are know, go, buy, do"),
        ("types: [scan]", "type: [scan]", "placements: [shelf]", "routes[0].when.type", "no such field"),
        ("types: [scan]", "types: [skan]", "placements: [shelf]", "route buy.when.types", "'skan'"),
        ("store: mitte", "store: munich", "shelf-1", "tag shelf-1.store", "'munich' is not in the configuration"),
        ("product: KB-1", "product: KB-9", "shelf-1", "tag shelf-1.product", "'KB-9' is not in the configuration"),
        ("Europe/Berlin", "Europe/Bärlin", "Mitte", "store mitte.time_zone", "no time zone"),
        ("Mo-Fr 08:00-20:00", "Mo-Fr 8 to 8", "Mitte", "store mitte.hours", "opening_hours"),
        ("currency: EUR", "currency: euro", "currency", "brand kolibri.currency", "ISO 4217"),
        ("country: DE", "country: Germany", "country", "brand kolibri.country", "ISO 3166"),
        ("shop.example/hello", "evil.example/hello", "fallback", "brand kolibri.fallback", "destinations"),
        ("shop.example/p/", "shop.example.evil/p/", "action", "route buy.action.url", "destinations"),
        ("{product}", "{colour}", "action", "route buy.action.url", "no {colour}"),
        ("points: 5", "points: 0", "points", "reward scan.points", "above zero"),
        ("on: [scan], points: 5", "on: [scan], points_per_unit: 1", "id: scan", "reward scan.points_per_unit", "sale"),
        ("points: 5", "points: 5, purchases_at_least: 0", "id: scan", "reward scan.purchases_at_least", "too few"),
        ("types: [scan]", "purchases_at_least: 0", "when", "route buy.when.purchases_at_least", "one or more"),
        ("types: [scan]", "bought_within_days: -1", "when", "route buy.when.bought_within_days", "-1 is too few"),
        ("types: [scan]", "spent_at_least: 0.00", "when", "route buy.when.spent_at_least", "no amount above zero"),
        ("types: [scan]", "spent_at_least: NaN", "when", "route buy.when.spent_at_least", "no amount above zero"),
        ("types: [scan]", "spent_at_least: lots", "when", "routes[0].when.spent_at_least", "invalid decimal"),
        ("types: [scan]", "bought_categories: [tee]", "when", "route buy.when.bought_categories", "category 'tee'"),
        ("tags:", "tag:", "tags:", "tag", "no such section"),
        ("id: mitte", "id: mit/te", "Mitte", "store mit/te.id", "letters, digits"),
    ],
)
def test_a_mistake_has_its_place_and_its_words(
    tmp_path: Path, old: str, new: str, line: str, field: str, message: str
) -> None:
    found = [p for p in problems(tmp_path, old, new) if p.field == field]
    assert found, problems(tmp_path, old, new)
    assert found[0].line == line_of(line)
    assert message in found[0].message
    assert str(found[0]).startswith(f"{tmp_path / 'brand.yaml'}:{found[0].line}:{found[0].column}: {field}: ")


@pytest.mark.parametrize("amount", ["99.90", '"99.90"', "99.9"])
def test_an_amount_is_a_number_or_its_text(tmp_path: Path, amount: str) -> None:
    asking = f"spent_at_least: {amount}, bought_categories: [coffee], purchases_at_least: 2, bought_within_days: 30"
    [route] = load(write(tmp_path, YAML.replace("types: [scan]", asking))).routes
    assert route.when.spent_at_least == Decimal("99.9")
    assert (route.when.bought_categories, route.when.purchases_at_least) == (("coffee",), 2)


def test_the_column_is_the_fields_own(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, "placement: shelf", "placement: 3")
    assert YAML.splitlines()[problem.line - 1][problem.column - 1 :].startswith("placement")


def test_all_mistakes_are_reported_at_once(tmp_path: Path) -> None:
    broken = (
        YAML.replace("priority: 10", "priority: x")
        .replace("points: 5", "points: y")
        .replace("country: DE", "cuntry: DE")
    )
    with pytest.raises(BrandError) as refused:
        load(write(tmp_path, broken))
    assert [p.field for p in refused.value.problems] == ["brand.cuntry", "routes[0].priority", "rewards[0].points"]
    assert len(str(refused.value).splitlines()) == 3


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"tags:\n  - {id: a, id: b}\n", 'brand.yaml:2:13: YAML: found duplicate key "id"'),
        (b"tags: [\n", "brand.yaml:2:1: YAML: "),
        (b"stores:\n  - {id: \xff}\n", "brand.yaml:2:10: is no UTF-8 at byte 17"),
        (b"stores:\n  - {id: a\x01}\n", "brand.yaml:2:11: YAML: unacceptable character"),
        (b"- a\n- b\n", "brand.yaml:1:1: must have sections: brand, stores"),
        (b"stores: {a: b}\n", "brand.yaml:1:1: stores: must be a list"),
        (b"tags:\n  - 7\n", "brand.yaml:2:5: tags[0]: expected `object`, got `int`"),
        (b"brand: 7\n", "brand.yaml:1:1: brand: expected `object`, got `int`"),
        (b"", ": brand: there must be one brand section, found 0"),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "brand.yaml").write_bytes(content)
    with pytest.raises(BrandError) as refused:
        load(tmp_path)
    assert message in str(refused.value)


def test_a_folder_that_is_missing_or_empty(tmp_path: Path) -> None:
    for place, message in ((tmp_path / "nowhere", "no such file or folder"), (tmp_path, "has no .yaml file")):
        with pytest.raises(BrandError) as refused:
            load(place)
        assert str(refused.value) == f"{place}: {message}"


def test_two_items_of_one_id(tmp_path: Path) -> None:
    write(tmp_path, "tags:\n  - {id: shelf-1, placement: door}\n", "more.yaml")
    with pytest.raises(BrandError, match=r"tag 'shelf-1' is already in brand\.yaml"):
        load(write(tmp_path))


def test_the_demo_brand_is_right_and_knows_all_four_moments() -> None:
    demo = load(DEMO_BRAND)
    assert len({store.time_zone for store in demo.stores.values()}) >= 2
    assert {route.moment for route in demo.routes} == {"know", "go", "buy", "do"}
    assert {tag.trigger for tag in demo.tags.values()} == {"scan", "nfc_tap"}
    assert {route.action.kind for route in demo.routes} == {"redirect", "page"}
    assert len(demo.tags) >= 30


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://shop.example", True),
        ("https://shop.example/a?b=c#d", True),
        ("https://shop.example.evil/", False),
        ("https://shop.example@evil.example/", False),
        ("//shop.example/", False),
        ("javascript:alert(1)", False),
        ("https:\\\\shop.example\\", False),
        ("https://shop.example/\r\nSet-Cookie: a", False),
        ("https://shop.example/../x", False),
        ("http://shop.example/", False),
        ("HTTPS://SHOP.example:443/", True),
        ("https://shop.example?utm_source=qr", True),
        ("https://shop.example#menu", True),
        ("https://shop.example:8443/", False),
        ("https://shop.example:99999999/", False),
        ("https://", False),
        ("https:///shop.example", False),
        ("https://shop.example%2eevil.example/", False),
        ("https://shop.example/%2E%2e/x", False),
        ("https://[::1/", False),
    ],
)
def test_a_phone_goes_to_registered_destinations_only(url: str, allowed: bool) -> None:
    assert is_registered(url, ("https://shop.example",)) is allowed


GUARDED = YAML.replace(
    "  destinations: [https://shop.example]\n",
    """  destinations: [https://shop.example]
  identifier_types: [badge]
  guards:
    neighbours: {email: 10, badge: 5}
    per_person:
      customer: 1
    person_size: 40
    never_stitch: [kiosk, vending]
""",
)


def test_a_brand_says_what_keeps_strangers_apart(tmp_path: Path) -> None:
    guards = load(write(tmp_path, GUARDED)).about.guards
    assert (guards.neighbours, guards.per_person) == ({"email": 10, "badge": 5}, {"customer": 1})
    assert (guards.person_size, guards.never_stitch) == (40, ("kiosk", "vending"))


HOLDING_OUT = YAML.replace(
    "  destinations: [https://shop.example]\n",
    """  destinations: [https://shop.example]
  holdout: {share: 0.0500, salt: "2026"}
""",
)


def test_a_brand_says_how_many_are_held_out_and_without_a_word_nobody_is(tmp_path: Path) -> None:
    assert load(write(tmp_path, HOLDING_OUT)).about.holdout == Holdout(share=0.05, salt="2026")
    assert load(write(tmp_path, YAML)).about.holdout.share == 0


@pytest.mark.parametrize(
    ("changed", "place", "message"),
    [
        ('share: 0.51, salt: "2026"', "share", "no share from 0 to 0.5"),
        ('share: -0.1, salt: "2026"', "share", "no share from 0 to 0.5"),
        ('share: .nan, salt: "2026"', "share", "no share from 0 to 0.5"),
        ('share: 0.12345, salt: "2026"', "share", "more than four decimals"),
        ("share: 0.05", "salt", "must be given"),
        ('share: 5 %, salt: "2026"', "share", "expected `float`"),
    ],
)
def test_a_hold_out_that_cannot_be_is_reported_with_its_place(
    tmp_path: Path, changed: str, place: str, message: str
) -> None:
    with pytest.raises(BrandError) as refused:
        load(write(tmp_path, HOLDING_OUT.replace('share: 0.0500, salt: "2026"', changed)))
    (problem,) = refused.value.problems
    assert f".holdout.{place}: " in str(problem) and message in str(problem)


@pytest.mark.parametrize(
    ("old", "new", "place", "message"),
    [
        ("badge: 5}", "badger: 5}", "10:29: brand kolibri.guards.neighbours.badger", "no type of identifier is called"),
        ("      customer: 1", "      customer: -1", "12:7: brand kolibri.guards.per_person.customer", "-1 is no limit"),
        ("email: 10", "email: many", "10:5: brand.guards.neighbours[...]", "expected `int`"),
        ("person_size: 40", "person_size: 0", "13:5: brand kolibri.guards.person_size", "0 is no size"),
        ("person_size: 40", "size: 40", "13:5: brand.guards.size", "no such field"),
        ("[kiosk, vending]", '[kiosk, ""]', "14:27: brand kolibri.guards.never_stitch[1]", "class of devices"),
    ],
)
def test_a_mistake_in_the_guards_is_reported_with_its_place(
    tmp_path: Path, old: str, new: str, place: str, message: str
) -> None:
    assert GUARDED.count(old) == 1
    with pytest.raises(BrandError) as refused:
        load(write(tmp_path, GUARDED.replace(old, new)))
    (problem,) = refused.value.problems
    assert f"brand.yaml:{place}: " in str(problem) and message in str(problem)


def test_names_of_a_brand_have_the_form_of_names_in_events(tmp_path: Path) -> None:
    text = (
        "brand: {id: b, name: B, currency: EUR, country: DE, fallback: https://b.example, "
        "destinations: [https://b.example]}\n"
        'tags:\n  - {id: t, placement: shelf, campaign: "\\u00a0Fru\\u0308hling sale\\t", zone: "a\\u00a0b"}\n'
    )
    (tmp_path / "b.yaml").write_text(text, "utf-8")
    tag = load(tmp_path).tags["t"]
    assert (tag.campaign, tag.zone) == ("Fr\u00fchling sale", "a\u00a0b")
