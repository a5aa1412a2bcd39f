"""Which codes are printed: of tags, of a list in a file, of GS1 Digital Links."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from deploy.operate.qr.codes import Code, codes_of
from deploy.operate.qr.listing import Line, read_listing
from schemas.brand.model import Brand, Product, Tag
from schemas.process.errors import OperatorError
from schemas.trust.keys import TagKeys
from tests.support.brand_files import brand

BASE = "https://go.corner.example/x"
GTIN = "4012345678901"


def shop() -> Brand:
    """Tea with a pack and a shelf, a mug without a GTIN, a door with a key of its own."""
    tags = [
        Tag(id="pack", placement="packaging", product="tea"),
        Tag(id="shelf", placement="shelf", store="mitte", product="tea"),
        Tag(id="mug", placement="packaging", product="mug"),
        Tag(id="door", placement="door", store="mitte", gs1="414/9506000134369"),
        Tag(id="plates", placement="product", gs1="8004/0950*"),
    ]
    products = [Product(id="tea", name="Tea", gtin=GTIN), Product(id="mug", name="Mug")]
    return replace(brand(), products={one.id: one for one in products}, tags={tag.id: tag for tag in tags})


def planned(*lines: Line, gs1: bool = False, captions: bool = False) -> list[Code]:
    return codes_of(shop(), Path("shop"), lines, BASE, gs1, captions).codes


def test_without_names_every_tag_has_a_code() -> None:
    assert [(code.name, code.link) for code in planned()] == [(tag, f"{BASE}/s/{tag}") for tag in shop().tags]


def test_captions_are_the_ids_or_those_of_the_list() -> None:
    lines = [Line(2, "pack"), Line(3, "shelf", caption="Tea", copies=3), Line(4, "door", caption="")]
    assert [(code.caption, code.copies) for code in planned(*lines, captions=True)] == [
        ("pack", 1),
        ("Tea", 3),
        ("", 1),
    ]


def test_digital_links_of_the_tags_that_have_one() -> None:
    assert [(code.name, code.link) for code in planned(gs1=True)] == [
        ("pack", f"{BASE}/01/0{GTIN}"),
        ("door", f"{BASE}/414/9506000134369"),
    ]


def test_lots_and_serials_come_from_the_list() -> None:
    lines = [Line(2, "pack", lot="A/1"), Line(3, "pack", lot="A/1", serial="7"), Line(4, "pack", serial="8")]
    assert [(code.name, code.link) for code in planned(*lines, gs1=True)] == [
        ("pack-A_1", f"{BASE}/01/0{GTIN}/10/A%2F1"),
        ("pack-A_1-7", f"{BASE}/01/0{GTIN}/10/A%2F1/21/7"),
        ("pack-8", f"{BASE}/01/0{GTIN}/21/8"),
    ]


@pytest.mark.parametrize(
    ("line", "gs1", "fault"),
    [
        (Line(2, "nobody"), False, "shop has no tag nobody; there are pack, shelf"),
        (Line(2, "shelf"), True, "no GS1 Digital Link means shelf"),
        (Line(2, "mug"), True, "no GS1 Digital Link means mug"),
        (Line(2, "plates"), True, "no GS1 Digital Link means plates"),
        (Line(2, "pack", lot="A"), False, "line 2: lot and serial are parts of a GS1 Digital Link: add --gs1"),
        (Line(7, "pack", lot="A" * 21), True, "line 7: (10) has 21 characters"),
        (Line(7, "pack", serial="ü"), True, "line 7: (21) has a character that GS1 does not allow"),
        (Line(7, "door", lot="A"), True, "line 7: the key of door has neither a lot nor a serial"),
        (Line(7, "pack", copies=200_001), False, "200001 codes are too many"),
    ],
)
def test_what_has_no_such_code_is_refused(line: Line, gs1: bool, fault: str) -> None:
    with pytest.raises(OperatorError) as refused:
        planned(line, gs1=gs1)
    assert fault in str(refused.value)


def test_a_brand_without_digital_links_says_so() -> None:
    with pytest.raises(OperatorError, match="a product needs its gtin"):
        codes_of(brand(), Path("shop"), [], BASE, gs1=True, captions=False)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_a_list_is_read(tmp_path: Path, separator: str, start: str) -> None:
    file = tmp_path / "list.csv"
    rows = ["Tag,copies,caption", 'pack,3,"Tea, green"', "", "shelf,,", "größe"]
    file.write_text(start + "\r\n".join(row.replace(",", separator) for row in rows).replace(f"{separator} g", ", g"))
    assert read_listing(file) == [
        Line(2, "pack", "Tea, green", 3), Line(4, "shelf", "", 1), Line(5, "größe", None, 1)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "1: must have a header with the column tag"),
        ("pack\nshelf\n", "1: must have a header with the column tag"),
        ("tag,colour\n", "1: 'colour' must be one of the columns tag, caption"),
        ("tag,tag\n", "1: 'tag' must be one of the columns"),
        ("tag\npack,3\n", "2: has 2 cells for 1 columns"),
        ("tag,copies\npack,0\n", "2: copies '0' must be 1 to 10000"),
        ("tag,copies\npack,1\npack,many\n", "3: copies 'many' must be"),
        ('tag\n"pack\n', "unexpected end of data"),
        ("tag\nfl\udce4che\n", "is not UTF-8"),
    ],
)
def test_a_mistake_in_a_list_is_named_by_its_line(tmp_path: Path, text: str, fault: str) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(OperatorError) as refused:
        read_listing(file)
    assert fault in str(refused.value)


def test_a_list_that_is_not_there() -> None:
    with pytest.raises(OperatorError, match="--csv /nowhere: No such file"):
        read_listing(Path("/nowhere"))


def test_signed_links_need_a_key_and_chips_make_their_own(tmp_path: Path) -> None:
    whole = shop()
    secured = {
        one.id: one
        for one in (
            Tag(id="geisha", placement="packaging", product="mug", security="signed"),
            Tag(id="chip", placement="packaging", security="ntag424"),
            Tag(id="screen", placement="screen", security="rotating"),
        )
    }
    whole = replace(whole, tags=whole.tags | secured)
    (file := tmp_path / "tag.keys").write_text(f"k1 {'0f' * 32}\n")
    keys = TagKeys(file)
    without, signed = (codes_of(whole, Path("shop"), [], BASE, False, False, one) for one in (None, keys))
    assert without.left_out == ["geisha"] and [code.name for code in without.codes] == list(shop().tags)
    assert signed.left_out == [] and [code.name for code in signed.codes] == [*shop().tags, "geisha"]
    assert signed.codes[-1].link.startswith(f"{BASE}/s/geisha?")
    for tag in secured:
        with pytest.raises(OperatorError, match=tag):
            codes_of(whole, Path("shop"), [Line(2, tag)], BASE, False, False)
