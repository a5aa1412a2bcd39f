"""What a brand says of its pages: languages, colours, pictures, products and stores; each mistake has its place."""

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from schemas.brand.colours import contrast, readable_on
from schemas.brand.item import Item
from schemas.brand.items import version_of
from schemas.brand.load import BrandError, load
from schemas.brand.model import About, Action, Product, Route, Store
from schemas.brand.versioned import versioned
from tests.support.brand_files import write

YAML = """\
brand:
  id: kolibri
  name: Kolibri
  currency: EUR
  country: DE
  fallback: https://shop.example/hello
  destinations: [https://shop.example]
  language: en
  languages: [de, pt-BR]
  pictures: [https://cdn.example/kolibri]
  directions: https://shop.example/to/{store}?{latitude},{longitude}
  look: {primary: "#0b5d3b", background: "#ffffff", text: "#1d1a16", logo: https://cdn.example/kolibri/logo.svg}
stores:
  - id: mitte
    name: Mitte
    time_zone: Europe/Berlin
    address: Torstraße 1
    pick_up: true
    texts: {de: {name: Mitte-Filiale}}
products:
  - id: KB-1
    name: Espresso
    price: 7.90
    picture: https://cdn.example/kolibri/1.webp
    rating: 4.6
    ratings: 12
    steps: [Grind.]
    texts: {de: {name: Der Espresso, steps: [Mahlen.]}}
tags:
  - {id: shelf-1, placement: shelf, store: mitte, product: KB-1}
routes:
  - id: buy
    priority: 10
    moment: buy
    action:
      kind: page
      url: https://shop.example/p/{product}
      title: Only {stock} left
      label: Keep one
      steps: ["Ask for {product_name}."]
      texts: {de: {title: "Nur noch {stock}", label: Zurücklegen}}
rewards: []
"""


def test_all_of_it_is_read(tmp_path: Path) -> None:
    brand = load(write(tmp_path, YAML))
    product, store, action = brand.products["KB-1"], brand.stores["mitte"], brand.routes[0].action
    assert (product.price, product.rating) == (Decimal("7.90"), Decimal("4.6"))
    assert product.texts_in("de-AT").steps == ("Mahlen.",) and product.texts_in("pt-BR").name == "Espresso"
    assert (store.texts_in("de").name, store.texts_in("de").address) == ("Mitte-Filiale", "Torstraße 1")
    german = action.texts_in("de")
    assert (german.title, german.steps) == ("Nur noch {stock}", ("Ask for {product_name}.",))
    assert action.needs() == {"product", "stock", "product_name"}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[de, pt-BR]", "[de, german]", "9:19: brand kolibri.languages[1]: 'german' is no language tag"),
        ("[de, pt-BR]", "[de, DE]", "brand kolibri.languages[1]: DE is listed twice"),
        ("[de, pt-BR]", "[de, en]", "en is listed twice"),
        ("  language: en\n", "", "brand kolibri.languages: are other ones than language"),
        ("{de: {name: M", "{fr: {name: M", "store mitte.texts.fr: brand.languages has no 'fr'"),
        ("{de: {name: D", "{dee: {name: D", "product KB-1.texts.dee: brand.languages has no 'dee'"),
        ('{de: {title: "Nur noch {stock}"', '{de: {title: "Nur noch {stok}"', "route buy.action.texts.de.title: no {"),
        ("steps: [\"Ask for {product_name}", 'steps: ["Ask for {nobody}', "route buy.action.steps: no {"),
        ('"#0b5d3b"', '"#fafafa"', "brand kolibri.look.primary: has a contrast of 1.04 with the background"),
        ('"#1d1a16"', '"#777777"', "brand kolibri.look.text: has a contrast of 4.48 with the background; WCAG AA asks"),
        ('"#0b5d3b"', "green", "brand kolibri.look.primary: 'green' is no colour such as #1a7f4b"),
        ("cdn.example/kolibri/logo", "cdn.example/kolibris/logo", "look.logo: https://cdn.example/kolibris/logo.svg"),
        ("cdn.example/kolibri/1", "evil.example/1", "product KB-1.picture: https://evil.example/1.webp is under none"),
        ("https://cdn.example/kolibri/1.webp", '"javascript:alert(1)"', "is no address of a picture"),
        ("cdn.example/kolibri/1", "cdn.example/kolibri/ä", "must have what is no part of an address percent-encoded"),
        ("pictures: [https://cdn.example/kolibri]", "pictures: ['https://*.example']", "has no wildcards"),
        ("shop.example/to/", "maps.example/to/", "brand kolibri.directions: https://maps.example/to/store"),
        ("{latitude}", "{lat}", "brand kolibri.directions: may name {store}, {latitude} and {longitude}"),
        ("price: 7.90", "price: -1", "product KB-1.price: -1 is not between 0 and 1000000000"),
        ("price: 7.90", "price: 7.12345", "has more than 4 decimal places"),
        ("price: 7.90", "price: .nan", "product KB-1.price"),
        ("rating: 4.6", "rating: 5.1", "product KB-1.rating: 5.1 is not between 0 and 5"),
        ("ratings: 12", "ratings: 0", "product KB-1.ratings: 0 is too few"),
        ("steps: [Grind.]", f"steps: [{', '.join('abcdefghijklm')}]", "product KB-1.steps: are too many"),
        ("label: Zurück", f"text: {'x' * 11_000}, label: Zurück", "route buy.action.texts.de.text: makes a page of 1"),
    ],
)  # fmt: skip
def test_a_mistake_has_its_place(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert YAML.count(old) == 1
    with pytest.raises(BrandError) as refused:
        load(write(tmp_path, YAML.replace(old, new)))
    assert message in str(refused.value)


def test_a_brand_that_uses_nothing_of_it_keeps_the_version_that_the_release_before_gave_it() -> None:
    items: dict[str, list[Item]] = {
        "brand": [
            About(id="b", name="B", currency="EUR", country="DE", fallback="https://a.example",
                  destinations=("https://a.example",))
        ],
        "store": [Store(id="s", name="S", time_zone="UTC")],
        "product": [Product(id="p", name="P")],
        "route": [Route(id="r", priority=1, moment="buy", action=Action(url="https://a.example"))],
    }  # fmt: skip
    used: dict[str, dict[str, object]] = {
        "brand": {"languages": ("de",), "pictures": ("x",), "directions": "x", "look": {"logo": "x"}},
        "store": {"address": "x", "pick_up": True, "texts": {"de": {}}},
        "product": {"price": "1", "picture": "x", "rating": "1", "ratings": 1, "steps": ("x",), "texts": {"de": {}}},
        "route": {"action": {"url": "https://a.example", "steps": ("x",)}},
    }
    before = version_of(items)
    for kind, [item] in items.items():
        for field, said in used[kind].items():
            other = msgspec.convert(msgspec.to_builtins(item) | {field: said}, type(item))
            assert version_of(items | {kind: [other]}) != before, field
            assert versioned(item).get(field) != versioned(other)[field]


def test_contrasts_are_those_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == contrast("#ffffff", "#000000") == 21
    assert round(contrast("#777777", "#ffffff"), 2) == 4.48 and contrast("#123456", "#123456") == 1
    assert readable_on("#ffff00") == "#000000" and readable_on("#0b5d3b") == "#ffffff"
