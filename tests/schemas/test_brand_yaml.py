"""What an editor may write as YAML is read as YAML 1.2 says, or refused with its line and column."""

from pathlib import Path

import pytest

from schemas.brand.load import load
from schemas.brand.yaml_file import Unreadable, parse, plain
from tests.support.brand_files import YAML, write


def value(text: str) -> object:
    node = parse(text)
    assert node is not None
    return plain(node)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("no", "no"),
        ("2026-11-28", "2026-11-28"),
        ("12:30", "12:30"),
        ("'5'", "5"),
        ("5", 5),
        ("-0o17", "-0o17"),
        ("0o17", 15),
        ("0xfF", 255),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("1_000", "1_000"),
        ("~", None),
        ("True", True),
        ("!!str 5", "5"),
        ("!!float 5.0", 5.0),
    ],
)
def test_a_plain_scalar_is_what_the_core_schema_says(text: str, read: object) -> None:
    assert value(f"a: {text}") == {"a": read}
    assert type(value(f"a: {text}")["a"]) is type(read)  # type: ignore[index]


def test_block_texts_anchors_aliases_and_merges_are_read() -> None:
    text = """\
a: >-
  Mo-Fr 08:00-20:00;
  Sa 09:00-18:00
b: |
  one
  two
c: &shop {zone: &tz Europe/Berlin, kind: shelf}
d: {<<: *shop, kind: door}
e: *tz
f: {<<: [{kind: till}, *shop]}
"""
    assert value(text) == {
        "a": "Mo-Fr 08:00-20:00; Sa 09:00-18:00",
        "b": "one\ntwo\n",
        "c": {"zone": "Europe/Berlin", "kind": "shelf"},
        "d": {"zone": "Europe/Berlin", "kind": "door"},
        "e": "Europe/Berlin",
        "f": {"zone": "Europe/Berlin", "kind": "till"},
    }


def test_hours_in_a_block_and_a_time_zone_by_alias_make_a_brand(tmp_path: Path) -> None:
    written = YAML.replace("time_zone: Europe/Berlin", "time_zone: &tz Europe/Berlin").replace(
        "products:", "  - id: ost\n    name: Ost\n    time_zone: *tz\n    hours: >-\n      Mo-Fr 08:00-20:00\nproducts:"
    )
    assert load(write(tmp_path, written)).stores["ost"].hours == "Mo-Fr 08:00-20:00"
    assert load(tmp_path).stores["ost"].time_zone == "Europe/Berlin"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("b: &b [*b]", (1, 4)),
        ('a:\n  - "\\ud800"', (2, 8)),
        ("a: !secret x", (1, 4)),
        ("a: !!int x", (1, 4)),
        ("a: {[b]: c}", (1, 5)),
        ("a: *b", (1, 4)),
        ("a: {<<: b}", (1, 9)),
        ("a: 1\n---\nb: 2", (2, 1)),
        ("a: " + "[" * 5_000, (1, 1)),
    ],
)
def test_what_cannot_be_read_has_its_line_and_column(text: str, place: tuple[int, int]) -> None:
    with pytest.raises(Unreadable) as refused:
        value(text)
    assert (refused.value.line, refused.value.column) == place
