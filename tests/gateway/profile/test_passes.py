"""Passes as Apple's and Google's wallets take them: complete, signed, and verified by others than who signed."""

import hashlib
import io
import json
import shutil
import subprocess
import zipfile
from base64 import urlsafe_b64decode
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from msgspec.structs import replace
from PIL import Image

from gateway.profile.wallet.apple import ICONS, apple_pass, square
from gateway.profile.wallet.google import MAX_LINK_CHARS, SAVE, save_link
from gateway.profile.wallet.passes import CARD, COUPON, Pass, pass_id
from gateway.profile.words import ME_WORDS
from gateway.wallet_keys import APPLE_PASS, GOOGLE_ACCOUNT, GOOGLE_ISSUER
from schemas.brand.look import Look
from tests.support.wallets import EMAIL, ISSUER, PASS_TYPE, TEAM, apple_files, google_file

CARD_PASS = Pass(CARD, "1f" * 16, "", "7Q2M8K1R4TWX0ZAB", "7Q2M-8K1R-4TWX-0ZAB", "Customer card", points=1240)
COUPON_PASS = Pass(
    COUPON, "2f" * 16, "spring", "7Q2M8K1R4TWX0Z", "7Q2M-8K1R-4TWX-0Z", "10 % off “tea”", "Once.", None,
    1_791_000_000_000_000,
)  # fmt: skip
LOOK = Look(primary="#1a7f4b", logo="https://shop.example/logo.png")
NOW_S = 1_790_000_000
WORDS = ME_WORDS["en"]


def unzipped(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("one", [CARD_PASS, COUPON_PASS], ids=lambda one: one.kind)
def test_a_pass_for_apple_is_signed_as_its_manifest_says(tmp_path: Path, one: Pass) -> None:
    file, root = apple_files(tmp_path)
    content = apple_pass(one, "Corner", LOOK, WORDS, APPLE_PASS.parse(str(file)))
    files = unzipped(content)
    manifest = json.loads(files["manifest.json"])
    assert {*manifest} | {"manifest.json", "signature"} == {*files} >= {"pass.json", *ICONS}
    for name, digest in manifest.items():
        assert hashlib.sha1(files[name], usedforsecurity=False).hexdigest() == digest
    for name in ("signature", "manifest.json"):
        (tmp_path / name).write_bytes(files[name])
    openssl = shutil.which("openssl")
    if openssl is not None:
        verify = [openssl, "cms", "-verify", "-inform", "DER", "-in", "signature", "-content", "manifest.json",
                  "-binary", "-CAfile", str(root), "-purpose", "any", "-out", "checked"]  # fmt: skip
        assert subprocess.run(verify, cwd=tmp_path, capture_output=True, check=False).returncode == 0
        (tmp_path / "manifest.json").write_bytes(files["manifest.json"] + b" ")
        assert subprocess.run(verify, cwd=tmp_path, capture_output=True, check=False).returncode != 0
    said = json.loads(files["pass.json"])
    assert (said["passTypeIdentifier"], said["teamIdentifier"], said["formatVersion"]) == (PASS_TYPE, TEAM, 1)
    assert {code["message"] for code in said["barcodes"]} == {one.code} and said["serialNumber"] == one.id
    assert said["backgroundColor"] == "rgb(26, 127, 75)"
    assert ("storeCard" in said) is (one.kind == CARD) and ("coupon" in said) is (one.kind == COUPON)
    assert ("expirationDate" in said) is bool(one.expires_at)


def test_a_card_says_its_points(tmp_path: Path) -> None:
    file, _ = apple_files(tmp_path)
    said = json.loads(unzipped(apple_pass(CARD_PASS, "Corner", LOOK, WORDS, APPLE_PASS.parse(str(file))))["pass.json"])
    assert said["storeCard"]["headerFields"] == [{"key": "points", "label": "Points", "value": 1240}]


@pytest.mark.parametrize("side", ICONS.values())
def test_icons_are_pictures(side: int) -> None:
    with Image.open(io.BytesIO(square("#1a7f4b", side))) as picture:
        assert picture.size == (side, side) and picture.getpixel((side - 1, 0)) == (26, 127, 75)


def part(text: str) -> Any:
    return json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))


@pytest.mark.parametrize("one", [CARD_PASS, COUPON_PASS], ids=lambda one: one.kind)
def test_a_pass_for_google_is_a_link_that_the_account_signed(tmp_path: Path, one: Pass) -> None:
    file, key = google_file(tmp_path)
    link = save_link(one, "Corner", "corner", LOOK, WORDS, GOOGLE_ACCOUNT.parse(str(file)), ISSUER, NOW_S)
    assert link.startswith(SAVE) and len(link) <= MAX_LINK_CHARS
    head, claims, signature = link.removeprefix(SAVE).split(".")
    signed = f"{head}.{claims}".encode()
    key.verify(urlsafe_b64decode(signature + "=" * (-len(signature) % 4)), signed, PKCS1v15(), SHA256())
    assert part(head) == {"alg": "RS256", "typ": "JWT"}
    said = part(claims)
    assert (said["iss"], said["aud"], said["typ"], said["iat"]) == (EMAIL, "google", "savetowallet", NOW_S)
    kind = "loyalty" if one.kind == CARD else "offer"
    [shared], [own] = said["payload"][f"{kind}Classes"], said["payload"][f"{kind}Objects"]
    assert own["classId"] == shared["id"] and own["id"] == f"{ISSUER}.{one.id}" and shared["issuerName"] == "Corner"
    assert own["barcode"]["value"] == one.code


def test_a_long_text_is_left_out_of_a_link(tmp_path: Path) -> None:
    file, _ = google_file(tmp_path)
    one = replace(COUPON_PASS, text="x" * 2_000)
    link = save_link(one, "Corner", "corner", LOOK, WORDS, GOOGLE_ACCOUNT.parse(str(file)), ISSUER, NOW_S)
    assert len(link) <= MAX_LINK_CHARS


@pytest.mark.parametrize(
    "subject", [{"cn": "Pass"}, {"cn": "Pass", "uid": PASS_TYPE}, {"cn": "Pass", "ou": TEAM}], ids=str
)
def test_a_certificate_of_something_else_is_refused(tmp_path: Path, subject: dict[str, str]) -> None:
    file, _ = apple_files(tmp_path, **subject)
    with pytest.raises(ValueError):
        APPLE_PASS.parse(str(file))


@pytest.mark.parametrize("content", ["", "nonsense", "{}", "[]", '{"client_email": "a@b", "private_key": "x"}'])
def test_files_of_something_else_are_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "file").write_text(content)
    for parser in (APPLE_PASS, GOOGLE_ACCOUNT):
        with pytest.raises(ValueError):
            parser.parse(str(tmp_path / "file"))
    with pytest.raises(ValueError):
        GOOGLE_ISSUER.parse("corner")
    with pytest.raises(OSError):
        APPLE_PASS.parse(str(tmp_path / "missing"))


def test_the_id_of_a_pass_does_not_tell_its_code() -> None:
    assert pass_id(b"k" * 32, COUPON, "A") == pass_id(b"k" * 32, COUPON, "A")
    others = {pass_id(key, kind, code) for key in (b"k", b"l") for kind in (CARD, COUPON) for code in ("A", "B")}
    assert len(others) == 8
