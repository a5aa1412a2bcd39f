"""States outlive releases: rows of earlier versions are migrated, those of later ones stop the worker with words."""

from typing import Any

import msgspec
import pytest

from processors.shell.state.forwarded import Forwarded
from processors.shell.state.records import Active, Redirect, StateRecordCodec, StateUnreadable


class First(msgspec.Struct, frozen=True, array_like=True):
    points: int
    name: str = ""


class Appended(msgspec.Struct, frozen=True, array_like=True):
    points: int
    name: str = ""
    level: int = 3


class Second(msgspec.Struct, frozen=True, array_like=True):
    micros: int
    names: tuple[str, ...] = ()


def to_second(state: Any) -> Any:
    points, *name = state
    return [points * 1_000_000, name]


def to_third(state: Any) -> Any:
    return [state[0], state[1], "third"]


class Third(msgspec.Struct, frozen=True, array_like=True):
    micros: int
    names: tuple[str, ...]
    mark: str


FIRST = StateRecordCodec(First, name="shop")
APPENDED = StateRecordCodec(Appended, name="shop")
SECOND = StateRecordCodec(Second, (to_second,), "shop")
THIRD = StateRecordCodec(Third, (to_second, to_third), "shop")
SEEN, REDIRECTS = b"12345678", {"ann": Redirect(3, "ben")}


def test_appended_fields_roll_in_both_directions() -> None:
    old = FIRST.encode(Active(First(7, "ann"), SEEN, REDIRECTS))
    assert APPENDED.decode(old) == Active(Appended(7, "ann", 3), SEEN, REDIRECTS)
    new = APPENDED.encode(Active(Appended(7, "ann", 9), SEEN, REDIRECTS))
    assert FIRST.decode(new) == Active(First(7, "ann"), SEEN, REDIRECTS)


@pytest.mark.parametrize("read", ["decode", "decode_transfer"])
def test_rows_of_earlier_versions_are_migrated_when_they_are_read(read: str) -> None:
    first = FIRST.encode(Active(First(7, "ann"), SEEN, REDIRECTS))
    second = SECOND.encode(Active(Second(7_000_000, ("ann",)), SEEN, REDIRECTS))
    assert getattr(SECOND, read)(first) == getattr(SECOND, read)(second)
    third = Active(Third(7_000_000, ("ann",), "third"), SEEN, REDIRECTS)
    assert getattr(THIRD, read)(first) == getattr(THIRD, read)(second) == third
    assert getattr(THIRD, read)(THIRD.encode(third)) == third, "and once it is written, nothing is migrated"


def test_what_has_no_state_has_no_version() -> None:
    for codec in (FIRST, SECOND, THIRD):
        assert codec.decode(FIRST.encode(Active(None, SEEN, REDIRECTS))) == Active(None, SEEN, REDIRECTS)
        forwarded = Forwarded("touchpoint-identified", b"bytes")
        assert codec.decode_transfer(codec.encode(forwarded)) == forwarded


@pytest.mark.parametrize("read", ["decode", "decode_transfer"])
def test_a_row_of_a_newer_release_says_what_to_do(read: str) -> None:
    row = THIRD.encode(Active(Third(7, (), "third")))
    for codec, own in ((FIRST, 1), (SECOND, 2)):
        with pytest.raises(StateUnreadable) as stopped:
            getattr(codec, read)(row)
        assert str(stopped.value) == (
            f"the state of shop is of version 3, and this release reads it up to version {own}: run the newer release "
            "again, or stop the workers of shop and run `footpath replay state shop --write` with this one"
        )


@pytest.mark.parametrize("row", [b"", b"\x94", b"garbage", msgspec.msgpack.encode(["a", "no state"])])
def test_a_row_that_is_none_says_what_to_do(row: bytes) -> None:
    for codec in (FIRST, THIRD):
        with pytest.raises(StateUnreadable, match=r"cannot be read .*`footpath replay state shop --write`"):
            codec.decode(row)
        with pytest.raises(msgspec.MsgspecError):
            codec.decode_transfer(row)
