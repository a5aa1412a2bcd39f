"""Nobody makes up, changes or copies the link of a tag that demands a proof."""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES128
from cryptography.hazmat.primitives.ciphers.modes import CBC

from deploy.operate.tag_key_file import create_tag_key, retire_tag_keys, tag_keys
from gateway.scan.link import printed_link, rotating_link
from gateway.trust.link_check import LinkCheck
from schemas.brand.model import Tag
from schemas.reasons import TrustReason
from schemas.trust import sun
from schemas.trust.keys import TagKey, TagKeys
from schemas.trust.signed import STEP_S, STEPS_BEHIND

NOW_S = 1_800_000_000.0
BRAND = "corner"
SIGNED = Tag(id="pack-1", placement="packaging", security="signed")
CHIP = Tag(id="bottle-1", placement="packaging", security="ntag424")
SCREEN = Tag(id="screen-1", placement="screen", security="rotating")
UID = bytes.fromhex("04DE5F1EACC040")
TEXT = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def tap_query(key: TagKey, counter: int, uid: bytes = UID, enc: str = "", tag: Tag = CHIP, brand: str = BRAND) -> str:
    """What a chip that was personalised with the key writes at a tap."""
    meta, file = sun.meta_key(key.secret, brand, tag.id), sun.file_key(key.secret, brand, tag.id, uid)
    read = counter.to_bytes(3, "little")
    encryptor = Cipher(AES128(meta), CBC(bytes(16))).encryptor()
    picc = encryptor.update(b"\xc7" + uid + read + bytes(5)) + encryptor.finalize()
    session = sun._cmac(file, sun._MAC_KEY + uid + read)
    cmac = sun._cmac(session, f"{enc}&cmac=".encode() if enc else b"")[1::2]
    return f"fp={key.id}&picc_data={picc.hex().upper()}{f'&enc={enc}' if enc else ''}&cmac={cmac.hex().upper()}"


def query_of(link: str) -> str:
    return link.partition("?")[2]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    create_tag_key(tmp_path / "tag.keys")
    return tmp_path / "tag.keys"


@pytest.fixture
def check(file: Path) -> Callable[..., str]:
    """The refusal of a link, empty when it counts."""
    links = LinkCheck(TagKeys(file))
    return lambda tag, query, now_s=NOW_S: links.check(tag, BRAND, query.encode(), now_s).refused


def genuine(keys: TagKeys) -> dict[str, tuple[Tag, str]]:
    key = keys.signing
    assert key is not None
    return {
        "signed": (SIGNED, query_of(printed_link("", SIGNED, BRAND, keys))),
        "chip": (CHIP, tap_query(key, 61)),
        "chip with a file": (CHIP, tap_query(key, 62, enc="CEE9A53E3E463EF1F459635736738962")),
        "screen": (SCREEN, query_of(rotating_link("", SCREEN, BRAND, keys, NOW_S))),
    }


@pytest.mark.parametrize("kind", ["signed", "chip", "chip with a file", "screen"])
def test_a_genuine_link_counts_and_no_changed_one(file: Path, check: Callable[..., str], kind: str) -> None:
    tag, query = genuine(TagKeys(file))[kind]
    assert check(tag, query) == ""
    assert check(tag, f"utm_source=a&{query}&fbclid=1") == "", "chats add parameters"
    start = query.index(".") if "." in query else query.index("&")
    for place in range(start, len(query)):
        for bit in range(7):
            changed = query[:place] + chr(ord(query[place]) ^ 1 << bit) + query[place + 1 :]
            if changed.lower() != query.lower() or kind in ("signed", "screen"):  # hex digits have two cases
                assert check(tag, changed) != "", changed
    for other in (SIGNED, CHIP, SCREEN, with_id(tag, "another")):
        if other != tag:
            assert check(other, query) != "", "a proof counts for its own tag"


def with_id(tag: Tag, id: str) -> Tag:
    return Tag(id=id, placement=tag.placement, security=tag.security)


@pytest.mark.parametrize("tag", [SIGNED, CHIP, SCREEN], ids=lambda tag: tag.security)
def test_a_link_without_a_proof_is_refused(check: Callable[..., str], tag: Tag) -> None:
    assert check(tag, "") == check(tag, "utm_source=a") == check(tag, "fp=") == TrustReason.UNSIGNED
    assert check(Tag(id="plain", placement="shelf"), "fp=made.up") == "", "where nothing is demanded anything counts"


def test_without_keys_a_tag_that_demands_a_proof_refuses_everybody(file: Path) -> None:
    for tag, query in genuine(TagKeys(file)).values():
        assert LinkCheck(None).check(tag, BRAND, query.encode(), NOW_S).refused


def test_codes_that_outlive_their_key_count_with_less_trust_until_the_day(file: Path) -> None:
    tag, query = genuine(TagKeys(file))["signed"]
    create_tag_key(file, accept_days=10)
    links, until = LinkCheck(TagKeys(file)), tag_keys(file)[0].until
    assert until is not None
    end = datetime.combine(until, time(), UTC).timestamp()
    early = links.check(tag, BRAND, query.encode(), end - 1)
    assert (early.refused, early.reasons) == ("", (TrustReason.KEY_OUTLIVED,))
    assert links.check(tag, BRAND, query.encode(), end).refused == TrustReason.FORGED
    retire_tag_keys(file, [tag_keys(file)[0].id])
    assert links.check(tag, BRAND, query.encode(), end - 1).refused == TrustReason.FORGED


def test_a_code_of_a_screen_expires(file: Path, check: Callable[..., str]) -> None:
    tag, query = genuine(TagKeys(file))["screen"]
    assert check(tag, query, NOW_S + STEPS_BEHIND * STEP_S) == ""
    assert check(tag, query, NOW_S + (STEPS_BEHIND + 1) * STEP_S) == TrustReason.CODE_EXPIRED
    assert check(tag, query, NOW_S - 3 * STEP_S) == TrustReason.CODE_EXPIRED


def test_only_the_chip_that_the_tag_names_counts(file: Path, check: Callable[..., str]) -> None:
    key = TagKeys(file).signing
    assert key is not None
    own = Tag(id=CHIP.id, placement="packaging", security="ntag424", uid=UID.hex().upper())
    assert check(own, tap_query(key, 1)) == ""
    assert check(own, tap_query(key, 1, uid=b"\x04anothe")) == TrustReason.FORGED


def forgeries(file: Path, count: int, seed: int) -> Iterator[tuple[Tag, str]]:
    """Random, bit-flipped, of other keys and tags, spliced from two genuine ones."""
    draw = random.Random(seed)
    keys = TagKeys(file)
    key = keys.signing
    assert key is not None
    real = list(genuine(keys).values())
    other = TagKey(key.id, draw.randbytes(32))
    for number in range(count):
        tag, query = real[number % len(real)]
        match number // len(real) % 5:
            case 0:
                proof = "".join(draw.choices(TEXT, k=12))
                step = f"{int(NOW_S // STEP_S)}." if tag is SCREEN else ""
                picc = f"&picc_data={draw.randbytes(16).hex()}&cmac={draw.randbytes(8).hex()}" if tag is CHIP else ""
                yield tag, f"fp={key.id}{picc}" if picc else f"fp={key.id}.{step}{proof}"
            case 1:
                start = query.index(".") if "." in query else query.index("&picc_data=") + 11
                place = draw.randrange(start + 1, len(query))
                while (letter := draw.choice(TEXT)).lower() == query[place].lower():
                    pass
                yield tag, query[:place] + letter + query[place + 1 :]
            case 2:
                yield CHIP, tap_query(other, draw.randrange(1 << 24), draw.randbytes(7))
            case 3:
                yield CHIP, query_of(f"?{real[1][1].rpartition('=')[0]}={draw.randbytes(8).hex()}")
            case _:
                yield with_id(tag, f"t{number}"), query


def accepted(file: Path, count: int) -> int:
    links = LinkCheck(TagKeys(file))
    tried = forgeries(file, count, 20261129)
    return sum(not links.check(tag, BRAND, query.encode(), NOW_S).refused for tag, query in tried)


def test_thousands_of_forged_tags_are_refused(file: Path) -> None:
    assert accepted(file, 5_000) == 0


@pytest.mark.usefixtures("long_form")
def test_a_million_forged_tags_are_refused(file: Path) -> None:
    assert accepted(file, 1_000_000) == 0
