"""The file of the keys of tags, and its commands."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.operate.tag_key_file import create_tag_key, retire_tag_keys, tag_keys
from schemas.process.errors import OperatorError
from schemas.trust.keys import TagKey, TagKeys, read_tag_keys, written_tag_keys

HEX = "ab" * 32


def test_a_new_key_signs_and_the_one_before_is_accepted_until_a_day(tmp_path: Path) -> None:
    file = tmp_path / "tag.keys"
    first, keys = create_tag_key(file), TagKeys(file)
    assert keys.signing is not None and keys.signing.id == first and file.stat().st_mode & 0o777 == 0o600
    second = create_tag_key(file, accept_days=10)
    assert keys.signing.id == second, "a changed file is read again"
    earlier = keys.find(first)
    assert earlier is not None and earlier.until is not None and earlier.state.startswith("accepted until")
    end = datetime(earlier.until.year, earlier.until.month, earlier.until.day, tzinfo=UTC).timestamp()
    assert earlier.accepts(end - 1) and not earlier.accepts(end)
    third = create_tag_key(file)
    assert [key.id for key in tag_keys(file)] == [first, second, third]
    assert tag_keys(file)[0].until == earlier.until, "a later key prolongs nothing"


def test_the_bytes_of_a_retired_key_leave_the_file(tmp_path: Path) -> None:
    file = tmp_path / "tag.keys"
    first = create_tag_key(file)
    secret = tag_keys(file)[0].secret
    retire_tag_keys(file, [first])
    assert secret.hex() not in file.read_text() and [key.state for key in tag_keys(file)] == ["retired", "signing"]
    retired = TagKeys(file).find(first)
    assert retired is not None and not retired.accepts(0)
    with pytest.raises(OperatorError, match="no key xyz"):
        retire_tag_keys(file, ["xyz"])


@pytest.mark.parametrize(
    "text",
    ["", f"a {HEX}\nb {HEX}\n", f"a {HEX} until=2027-01-01\n", f"a {HEX}\na {HEX}\n", "a retired", f"A {HEX}", "a abc",
     f"a {HEX} until=2027-13-01\nb {HEX}", f"a {HEX} sometime\nb {HEX}"],
)  # fmt: skip
def test_a_file_without_exactly_one_key_that_signs_is_none(text: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError):
        read_tag_keys(text)
    (tmp_path / "k").write_text(text)
    with pytest.raises(OperatorError, match="FOOTPATH_TAG_KEY_FILE"):
        tag_keys(tmp_path / "k")


def test_a_file_that_is_lost_signs_and_accepts_nothing(tmp_path: Path) -> None:
    file = tmp_path / "tag.keys"
    id, keys = create_tag_key(file), TagKeys(file)
    file.write_text("broken")
    assert keys.find(id) is None and keys.signing is None
    file.unlink()
    assert keys.find(id) is None and keys.signing is None


ENDED = st.builds(TagKey, st.from_regex("[b-z0-9]{1,8}", fullmatch=True), st.binary(min_size=32, max_size=32),
                  st.dates(date(1971, 1, 1), date(2200, 1, 1)))  # fmt: skip


@given(st.lists(ENDED | st.builds(TagKey, st.from_regex("[b-z0-9]{1,8}", fullmatch=True)), unique_by=lambda k: k.id))
def test_what_is_written_is_read_again(ended: list[TagKey]) -> None:
    keys = {key.id: key for key in [*ended, TagKey("a", b"s" * 32)]}
    assert read_tag_keys(written_tag_keys(keys)) == keys
