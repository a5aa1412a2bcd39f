"""The id of a removed code is recorded; a stranger's millions of made-up ones are not."""

import pytest

from gateway.scan.unknown_tags import DAY_US, IDS_PER_DAY, UnknownTags


@pytest.mark.parametrize("written", ["gone-1", "größe", "a.b", "日本", "0431234567"])
def test_what_may_be_an_id_is_recorded(written: str) -> None:
    assert UnknownTags().recorded(written, 1) == written == UnknownTags().recorded(f" {written}\u00a0", 1)


@pytest.mark.parametrize(
    "written", ["", "ann@shop.example", "a b", "a/b", "\x00", "\ufffd", "a" * 101, "a" * 10**6, "\ud800"]
)
def test_what_is_no_id_is_not(written: str) -> None:
    assert UnknownTags().recorded(written, 1) == ""


def test_made_up_ids_have_an_end_and_known_ones_and_the_next_day_have_not() -> None:
    tags = UnknownTags()
    assert all(tags.recorded(f"x{number}", 1) for number in range(IDS_PER_DAY))
    assert tags.recorded("one-more", DAY_US - 1) == "" and tags.recorded("x7", 1) == "x7"
    assert tags.recorded("one-more", DAY_US) == "one-more"
