"""`footpath tag-keys` and `footpath screen`, from the command line to what a gateway accepts."""

import re
import time
from pathlib import Path

import zxingcpp
from PIL import Image

from deploy.local.settings import DEMO_BRAND
from deploy.operate.screen import show
from deploy.setup.brand import check
from gateway.trust.link_check import LinkCheck
from schemas.trust.keys import TagKeys
from tests.support.command_line import footpath

ADDRESS = "https://go.example"


def query_of(link: str) -> bytes:
    return link.partition("?")[2].encode()


def test_a_key_is_made_listed_succeeded_and_retired(tmp_path: Path) -> None:
    file = {"FOOTPATH_TAG_KEY_FILE": str(tmp_path / "tag.keys")}
    first = footpath("tag-keys", "create", **file).stdout.strip()
    second = footpath("tag-keys", "create", "--accept-days", "30", **file).stdout.strip()
    listed = footpath("tag-keys", "list", **file).stdout.splitlines()
    assert re.fullmatch(rf"{first} accepted until \d{{4}}-\d\d-\d\d", listed[0]) and listed[1] == f"{second} signing"
    assert footpath("tag-keys", "retire", first, **file).returncode == 0
    assert footpath("tag-keys", "list", **file).stdout.splitlines()[0] == f"{first} retired"
    wrong = footpath("tag-keys", "retire", "zzz", **file)
    assert wrong.returncode == 1 and "no key zzz" in wrong.stderr and len(wrong.stderr.splitlines()) == 1
    chip = footpath("tag-keys", "chip", "bottle-coldbrew", "04DE5F1EACC040", **file)
    assert f"/s/bottle-coldbrew?fp={second}&picc_data={'0' * 32}&cmac={'0' * 16}" in chip.stdout
    assert len(re.findall(r"key: [0-9a-f]{32}\n", chip.stdout)) == 2
    for tag, uid in (("mitte-door", "04DE5F1EACC040"), ("bottle-coldbrew", "04DE")):
        assert footpath("tag-keys", "chip", tag, uid, **file).returncode == 1


def test_the_code_on_a_screen_is_read_and_accepted(tmp_path: Path) -> None:
    file = tmp_path / "tag.keys"
    footpath("tag-keys", "create", FOOTPATH_TAG_KEY_FILE=str(file))
    shown = footpath(
        "screen", "kreuzberg-screen", "--once", "--address", ADDRESS, FOOTPATH_TAG_KEY_FILE=str(file)
    )  # fmt: skip
    *picture, link = shown.stdout.splitlines()
    assert link.startswith(f"{ADDRESS}/s/kreuzberg-screen?fp=") and read_in_terminal(picture) == link
    brand = check([DEMO_BRAND])
    links = LinkCheck(TagKeys(file))
    tag = brand.tags["kreuzberg-screen"]
    assert links.check(tag, brand.about.id, query_of(link), time.time()).refused == ""
    assert links.check(tag, brand.about.id, query_of(link), time.time() + 300).refused
    svg = tmp_path / "code.svg"
    show(DEMO_BRAND, "kreuzberg-screen", ADDRESS, TagKeys(file), svg, once=True)
    assert svg.read_bytes().startswith(b"<?xml")
    plain = footpath("screen", "mitte-door", "--once", "--address", ADDRESS, FOOTPATH_TAG_KEY_FILE=str(file))
    assert plain.returncode == 1 and "mitte-door" in plain.stderr


def read_in_terminal(lines: list[str]) -> str:
    """What a phone reads from blocks of two modules a character: segno writes the light ones."""
    rows = []
    for line in lines:
        text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", line)
        rows.append([character in "█▀" for character in text])
        rows.append([character in "█▄" for character in text])
    width = max(map(len, rows))
    image = Image.new("L", (width, len(rows)), 255)
    for y, row in enumerate(rows):
        for x, light in enumerate(row):
            image.putpixel((x, y), 255 if light else 0)
    found = zxingcpp.read_barcodes(image.resize((width * 8, len(rows) * 8), Image.Resampling.NEAREST))
    return found[0].text if found else ""
