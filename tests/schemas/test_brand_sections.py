"""The sections of a brand: what is a field of ``Brand`` is read, checked and published without further lists."""

import importlib
from pathlib import Path

import msgspec
from msgspec.structs import replace

import schemas.brand
from schemas.brand.fold import BrandFold
from schemas.brand.item import Item
from schemas.brand.items import CLASSES, build_brand, events_of, items_of
from schemas.brand.model import SECTIONS, About
from schemas.brand.query import Query
from tests.support.brand_files import brand, same


def test_every_section_that_has_a_file_is_a_field_of_the_brand() -> None:
    for file in Path(schemas.brand.__file__).parent.glob("*.py"):
        importlib.import_module(f"schemas.brand.{file.stem}")
    listed = {section.item for section in SECTIONS}
    missing = [item.__name__ for item in Item.__subclasses__() if item not in listed]
    assert not missing, f"add a field to schemas/brand/model.py:Brand for {', '.join(missing)}"


def test_names_and_kinds_are_those_of_files_and_topic() -> None:
    assert [(section.name, section.kind) for section in SECTIONS] == [
        ("brand", "brand"), ("stores", "store"), ("products", "product"), ("tags", "tag"), ("routes", "route"),
        ("rewards", "reward"), ("api_keys", "api_key"), ("matching", "matching"),
        ("consent", "consent"), ("retention", "retention"), ("experiments", "experiment"),
        ("tiers", "tier"),
        ("campaigns", "campaign"),
        ("coupon_pools", "coupon_pool"),
        ("referral", "referral"),
        ("loyalty", "loyalty"),
        ("surveys", "survey"),
    ]  # fmt: skip
    assert list(CLASSES) == [
        "store", "product", "tag", "route", "reward", "api_key", "matching", "consent", "retention", "experiment",
        "tier",
        "campaign",
        "coupon_pool",
        "referral",
        "loyalty",
        "survey",
        "brand",
    ]  # fmt: skip


def test_a_brand_is_its_items() -> None:
    whole = brand(5)
    assert same(build_brand(items_of(whole)), whole)


def test_what_a_brand_says_of_its_pages_and_links_reaches_every_process() -> None:
    whole = brand(2)
    about = replace(whole.about, language="he-IL", direction="rtl", query=Query(parameters=("ref",), pass_on=True))
    said = build_brand({**items_of(whole), About.kind: [about]})
    fold = BrandFold()
    assert [fold.apply(event) for event in events_of(said, 1, {})][-1] and fold.brand == said
    assert fold.brand.about.text_direction == "rtl"


def test_a_brand_of_an_earlier_release_says_nothing_of_them() -> None:
    written = msgspec.to_builtins(brand(1).about)
    for field in ("language", "direction", "query"):
        del written[field]
    about = msgspec.convert(written, About)
    assert (about.language, about.text_direction, about.query) == ("", "", Query())
