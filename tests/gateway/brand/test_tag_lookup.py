"""A link means its tag also when a scanner, a chat or a print shop changed it, as long as it can mean only one."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.brand.tag_lookup import MAX_APPENDED, TagLookup
from schemas.brand.model import Tag

TAGS = ("shelf-1", "shelf-10", "Shelf-A", "größe", "кофе", "a.b.", "x-", "mug", "MUG", "cup", "Cup.", "日本", "1")
APPENDED = [
    ".", ",", ")", ";", ":", "!", "?", "]", "}", ">", "'", '"', "’", "”", "»", "…", "。", "/", "//", " ", "%20", "\t",
    "\n", "\u200b", "\u200d", "\ufeff", "\u00a0", "\u2060", "\u00ad", "+", "*", "_", ").", '".', ".,;)", "%2520",
    "?utm_source=a", "#top", "%3Fa=b", "\u3000", "|", "\\", "&", "=", "-",
]  # fmt: skip


def found(written: str, *tags: str) -> str | None:
    tag = TagLookup({id: Tag(id=id, placement="shelf") for id in tags or TAGS}).find(written)
    return None if tag is None else tag.id


@pytest.mark.parametrize("tag", TAGS)
def test_an_id_as_it_is_comes_first(tag: str) -> None:
    assert found(tag) == tag


@pytest.mark.parametrize("appended", APPENDED)
@pytest.mark.parametrize("tag", ["shelf-1", "größe", "日本", "1"])
def test_what_is_appended_does_not_count(tag: str, appended: str) -> None:
    assert found(tag + appended) == tag


@pytest.mark.parametrize(
    ("written", "tag"),
    [
        ("SHELF-1", "shelf-1"), ("Shelf-1", "shelf-1"), ("SHELF-10.", "shelf-10"), ("shelf-a", "Shelf-A"),
        ("GRÖSSE", "größe"), ("GRÖẞE", "größe"), ("КОФЕ", "кофе"), ("gro\u0308ße", "größe"), ("GRO\u0308SSE.", "größe"),
        ("\u200bshelf-1", "shelf-1"), (" shelf-1", "shelf-1"), ("shelf\u00ad-1", "shelf-1"),
        ("shelf\u200c-1", "shelf-1"),
        ("A.B.", "a.b."), ("a.b.)", "a.b."), ("x-.", "x-"), ("X-", "x-"),
    ],
)  # fmt: skip
def test_case_and_invisible_characters_do_not_count(written: str, tag: str) -> None:
    assert found(written) == tag


@pytest.mark.parametrize(
    ("written", "tag"),
    [
        ("mug.", "mug"), ("MUG.", "MUG"), ("Mug", None), ("Mug.", None),  # two tags differ in case alone
        ("cup.", "cup"), ("Cup.", "Cup."), ("cup.,", "cup"), ("CUP.", None),  # and two in what is appended
    ],
)  # fmt: skip
def test_a_link_that_may_mean_two_tags_means_none(written: str, tag: str | None) -> None:
    assert found(written) == tag


@pytest.mark.parametrize(
    "written",
    ["", ".", "/", "nobody", "shelf", "shelf-11", "shelf-1a", "shelf-1/x", "shelf-1 x", "a" * 5000, "\x00", "\ufffd",
     "shelf-1" + "." * (MAX_APPENDED + 1), "../shelf-1", "%", "%%%", "größ", "日"],
)  # fmt: skip
def test_another_link_means_no_tag(written: str) -> None:
    assert found(written) is None


def test_an_id_that_ends_like_something_appended_is_the_tag_itself() -> None:
    assert found("a.", "a", "a.") == "a." and found("a.;", "a", "a.") is None and found("a,", "a", "a.") == "a"


IDS = st.from_regex(r"[\w.-]{1,12}", fullmatch=True).map(lambda id: unicodedata.normalize("NFC", id))


@given(st.lists(IDS, min_size=1, unique=True), st.data())
def test_whatever_is_written_the_answer_is_a_tag_that_it_can_mean(tags: list[str], data: st.DataObject) -> None:
    tag = data.draw(st.sampled_from(tags))
    changed = data.draw(st.sampled_from([tag, tag.upper(), tag.lower(), unicodedata.normalize("NFD", tag)]))
    written = changed + data.draw(st.sampled_from(["", *APPENDED]))
    assert found(tag, *tags) == tag
    means = found(written, *tags)
    assert means is None or means in tags
    if means is None:
        alike = [one for one in tags if one.casefold().strip(".-_") == tag.casefold().strip(".-_")]
        assert len(alike) > 1 or not any(char.isalnum() for char in tag) or tag.upper().lower() != tag.lower()


@given(st.text(max_size=80))
def test_any_text_is_looked_up(written: str) -> None:
    assert found(written) in (None, *TAGS)
