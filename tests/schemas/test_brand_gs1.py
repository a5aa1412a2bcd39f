"""What `brand check` says of GTINs, links and other keys of GS1."""

import pytest
from msgspec.structs import replace

from schemas.brand.checked import Checked
from schemas.brand.gs1_keys import tags_of_products
from schemas.brand.links import Link
from schemas.brand.model import Product, Tag
from tests.support.brand_files import brand

GTIN = "4012345678901"
PIP = Link(type="gs1:pip", url="https://shop.example/p/{key}?lot={lot}")


def faults(*items: Product | Tag) -> list[tuple[str, str]]:
    """The mistakes of the last item, in a brand that has them all."""
    whole = brand()
    for item in items:
        held = whole.products if isinstance(item, Product) else whole.tags
        field = "products" if isinstance(item, Product) else "tags"
        whole = replace(whole, **{field: held | {item.id: item}})
    return list(items[-1].mistakes(Checked(whole)))


@pytest.mark.parametrize("gtin", ["4012345678901", "04012345678901", "96385074", "614141123452"])
def test_a_gtin_is_a_number_of_four_lengths(gtin: str) -> None:
    product = Product(id="a", name="A", gtin=gtin)
    assert faults(product) == [] and len(product.gtin14) == 14


@pytest.mark.parametrize(
    ("gtin", "fault"),
    [
        ("4012345678902", "has the check digit 2, which should be 1"),
        ("401234567890", "has the check digit 0, which should be 3"),
        ("tea", "must be a GTIN: 8, 12, 13 or 14 digits, in quotes"),
        ("٤٠١٢٣٤٥٦٧٨٩٠١", "must be a GTIN: 8, 12, 13 or 14 digits, in quotes"),
    ],
)
def test_a_wrong_gtin_is_a_mistake(gtin: str, fault: str) -> None:
    assert faults(Product(id="a", name="A", gtin=gtin)) == [("gtin", f"{gtin!r} {fault}")]


def test_two_products_cannot_have_one_gtin() -> None:
    first, second = Product(id="a", name="A", gtin=GTIN), Product(id="b", name="B", gtin=f"0{GTIN}")
    assert faults(first, second) == [("gtin", f"0{GTIN} is the GTIN of a as well")]
    assert faults(second, first) == [("gtin", f"0{GTIN} is the GTIN of b as well")]


def test_a_gtin_means_the_pack_then_what_hangs_in_no_store() -> None:
    product = Product(id="a", name="A", gtin=GTIN)
    shelves = [Tag(id=f"shelf-{n}", placement="shelf", store="mitte", product="a") for n in (1, 2)]
    poster = Tag(id="poster", placement="poster", product="a")
    other_key = Tag(id="case", placement="packaging", product="a", gs1="01/10012345678902")
    packs = [Tag(id=f"pack-{n}", placement="packaging", product="a") for n in (1, 2)]
    assert faults(*shelves, product) == faults(*shelves, poster, product) == []
    assert faults(poster, packs[0], other_key, product) == []
    assert faults(*packs, product) == [
        ("gtin", "may mean the tags pack-1, pack-2: one of them needs digital_link: true")
    ]
    assert faults(*packs, replace(shelves[0], digital_link=True), product) == []


@pytest.mark.parametrize(
    ("link", "field"),
    [
        (replace(PIP, url="https://shop.example/{gtin}"), "url"),
        (replace(PIP, url="https://shop.example/{"), "url"),
        (replace(PIP, url="https://{lot}.example/"), "url"),
        (replace(PIP, url="https://else.example/"), "url"),
        (replace(PIP, url="https://shop.example/" + "a" * 1000), "url"),
        (replace(PIP, type="pip!"), "type"),
        (replace(PIP, languages=("en", "english")), "languages[1]"),
        (replace(PIP, media_type="html"), "media_type"),
        (replace(PIP, title="a" * 301), "title"),
    ],
)
def test_a_wrong_link_is_a_mistake(link: Link, field: str) -> None:
    found = faults(Product(id="a", name="A", links=(PIP, link)))
    assert [path for path, _ in found] == [f"links[1].{field}"]


def test_the_default_link_is_one_of_them() -> None:
    assert faults(Product(id="a", name="A", links=(PIP,), default_link="gs1:pip")) == []
    ((field, fault),) = faults(Product(id="a", name="A", links=(PIP,), default_link="gs1:pi"))
    assert field == "default_link" and "did you mean 'gs1:pip'" in fault


@pytest.mark.parametrize(
    "key",
    ["414/9506000134369", "414/9506000134369/254/7", "8004/095060001343*", "8010/0950ABC/8011/1", "01/10012345678902"],
)
def test_other_keys_stand_with_the_tag(key: str) -> None:
    assert faults(Tag(id="door", placement="door", store="mitte", gs1=key)) == []


@pytest.mark.parametrize(
    "key",
    [
        "414/9506000134368",
        "414",
        "10/LOT",
        "8004/095*",
        "414/950600*",
        "8004/0950 0*",
        "gln/9506000134369",
        "8004/0950%2f",
        "x",
    ],
)
def test_a_wrong_key_is_a_mistake(key: str) -> None:
    assert [field for field, _ in faults(Tag(id="door", placement="door", gs1=key))] == ["gs1"]


def test_two_tags_cannot_have_one_key() -> None:
    first = Tag(id="door", placement="door", gs1="414/9506000134369")
    assert faults(first, replace(first, id="gate")) == [("gs1", "414/9506000134369 is the key of door as well")]
    assert faults(Tag(id="door", placement="door", digital_link=True))[0][0] == "digital_link"


def test_a_code_that_everybody_can_print_proves_nothing() -> None:
    chip = Tag(id="chip", placement="packaging", product="a", security="ntag424")
    assert faults(chip, Product(id="a", name="A", gtin=GTIN)) == []
    assert tags_of_products([chip, replace(chip, id="pack", security="")]) == {"a": ("pack",)}
    for wrong in (replace(chip, digital_link=True), Tag(id="d", placement="door", security="signed", gs1="8004/0950A")):
        assert "security" in dict(faults(wrong))
