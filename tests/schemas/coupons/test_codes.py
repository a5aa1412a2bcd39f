"""Codes of coupons: what is printed, what is typed, and what nobody guesses."""

import random
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.brand.coupon_pools import CouponPool, Discount
from schemas.coupons.codes import ALPHABET, check_character, generated, is_well_typed, normalised, shown
from schemas.coupons.keys import CouponKey, CouponKeys, read_coupon_keys, written_coupon_keys
from schemas.coupons.terms import expires_at

SECRET = bytes(range(32))


def test_the_check_character_is_crockfords() -> None:
    """Of 1234, written 16J: the example of python's package base32-crockford, encode(1234, checksum=True) = 16JD."""
    assert check_character("16J") == "D"
    assert check_character("0") == "0"


def test_a_code_is_that_of_its_pool_and_ordinal_for_ever() -> None:
    assert generated(SECRET, "five", 7) == generated(SECRET, "five", 7)
    others = {
        generated(SECRET, "five", 8),
        generated(SECRET, "ten", 7),
        generated(SECRET, "five", 7, attempt=1),
        generated(bytes(32), "five", 7),
    }
    assert len(others | {generated(SECRET, "five", 7)}) == 5


def test_codes_use_the_alphabet_alone_and_are_all_different() -> None:
    codes = [generated(SECRET, "five", ordinal, "SPR1NG") for ordinal in range(5_000)]
    assert len(set(codes)) == len(codes)
    for code in codes:
        assert len(code) == 6 + 14 and set(code) <= set(ALPHABET)
        assert is_well_typed(code, "SPR1NG") and normalised(code) == code == normalised(shown(code))


def test_a_guess_has_the_chance_that_is_stated() -> None:
    """Each place of 13 has each of 32 symbols about equally often; so 10^8 codes are 10^8 of 2^64.8."""
    codes = [generated(SECRET, "five", ordinal)[:13] for ordinal in range(20_000)]
    for place in range(13):
        counts = [sum(code[place] == symbol for code in codes) for symbol in ALPHABET]
        assert sum((count - 625) ** 2 / 625 for count in counts) < 31 + 6 * 62**0.5
    assert 10**8 / (2**65 * 32 / 37) < 1e-9


@given(st.integers(0, 10**9), st.integers(0, 13), st.sampled_from(ALPHABET))
def test_a_typing_error_of_one_character_is_seen(ordinal: int, place: int, other: str) -> None:
    code = generated(SECRET, "five", ordinal)
    wrong = code[:place] + other + code[place + 1 :]
    assert is_well_typed(wrong) == (wrong == code)


def test_two_neighbours_that_change_places_are_seen() -> None:
    for ordinal in range(300):
        code = generated(SECRET, "five", ordinal)
        for at, (one, other) in enumerate(pairwise(code)):
            assert one == other or not is_well_typed(code[:at] + other + one + code[at + 2 :])


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("abcd-efgh", "ABCDEFGH"),
        ("  l0i o ", "1010"),
        ("4006381333931", "4006381333931"),
        ("A\u2013B", "AB"),
        ("summer_26.x", "SUMMER_26.X"),
        ("", ""),
        ("A/B", ""),
        ("pool/five/0", ""),
        ("ä", ""),
        ("A" * 41, ""),
        ("A\x00B", ""),
        ("-" * 500, ""),
    ],
)
def test_what_is_typed_is_read(typed: str, read: str) -> None:
    assert normalised(typed) == read


@given(st.text())
def test_whatever_is_typed_has_one_form(text: str) -> None:
    code = normalised(text)
    assert normalised(code) == code and "/" not in code


def test_a_key_counts_from_its_time_on() -> None:
    keys = CouponKeys((CouponKey("a", b"1" * 32), CouponKey("b", b"2" * 32, 5_000_000)))
    assert [keys.at(moment).id for moment in (0, 4_999_999, 5_000_000, 10**15)] == ["a", "a", "b", "b"]
    assert read_coupon_keys(written_coupon_keys(keys)) == keys
    assert read_coupon_keys("# mine\n\n" + written_coupon_keys(keys)).at(0).id == "a"


@pytest.mark.parametrize("text", ["", "a\n", "a xyz\n", f"a {'0' * 64}\na {'1' * 64}\n", f"a {'0' * 64} from=today\n"])
def test_a_file_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_coupon_keys(text)


@pytest.mark.parametrize(
    ("days", "until", "ends"),
    [
        (None, "", None),
        (0, "", "2026-03-29T22:00Z"),  # the day on which clocks go forward has 23 hours
        (1, "", "2026-03-30T22:00Z"),
        (None, "2026-03-28", "2026-03-28T23:00Z"),
        (None, "2026-03-28T18:00", "2026-03-28T17:00Z"),
        (None, "2026-03-28T18:00+02:00", "2026-03-28T16:00Z"),
        (1, "2026-03-28", "2026-03-28T23:00Z"),
        (1, "2099-12-31", "2026-03-30T22:00Z"),
    ],
)
def test_when_a_coupon_expires(days: int | None, until: str, ends: str | None) -> None:
    pool = CouponPool(
        id="p", title="P", size=1, discount=Discount(amount=Decimal(1)), valid_days=days, until=until,
        zone="Europe/Berlin",
    )  # fmt: skip
    issued = int(datetime(2026, 3, 29, 12, tzinfo=UTC).timestamp()) * 1_000_000
    expected = int(datetime.fromisoformat(ends).timestamp()) * 1_000_000 if ends else 0
    assert expires_at(pool, issued) == expected


def test_the_random_numbers_of_a_guesser_hit_nothing() -> None:
    codes = {generated(SECRET, "five", ordinal) for ordinal in range(10_000)}
    guesser = random.Random(7)
    assert not any("".join(guesser.choices(ALPHABET, k=14)) in codes for _ in range(10_000))
