"""The language of a brand's pages is a tag of BCP 47 that exists; its script says which way texts run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.language_subtags import NAMES
from schemas.languages import direction_of, is_tag, language_faults


@pytest.mark.parametrize(
    "tag",
    [
        "de", "DE", "de-AT", "pt-BR", "es-419", "zh-Hant", "zh-Hant-TW", "sr-Latn-RS", "sl-rozaj-biske", "de-CH-1996",
        "en-u-nu-latn", "de-x-shop", "fil", "gsw", "yue", "zh-yue", "ckb", "he", "iw", "yi", "nqo", *NAMES,
    ],
)  # fmt: skip
def test_tags_of_bcp_47_are_taken(tag: str) -> None:
    assert is_tag(tag) and not list(language_faults(tag))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("german", "de"), ("Hebrew", "he"), ("Deutsch", "de"), ("farsi", "fa"), ("ger", "de"), ("deu", "de"),
        ("heb", "he"), ("de_DE", "de-DE"), ("de_DE.UTF-8", "de-DE"), ("en-UK", "en-GB"), ("cz", "cs"), ("jp", "ja"),
        ("gr", "el"), ("us", "en"), ("de-ZZ", "de"), ("en-Abcd", "en"), ("de-deutsch-1", "de"),
    ],
)  # fmt: skip
def test_what_people_write_instead_is_corrected(written: str, meant: str) -> None:
    (fault,) = language_faults(written)
    assert fault.endswith(f"did you mean {meant!r}?") and not is_tag(written)


@pytest.mark.parametrize(
    "written", ["", "x", "xx", "de-", "-de", "de--AT", "d\u212a", "x-y", "de AT", "a" * 80, "de\n"]
)
def test_what_is_no_tag_is_refused(written: str) -> None:
    assert list(language_faults(written)) and direction_of(written) == "ltr"


@pytest.mark.parametrize(
    "tag",
    ["ar", "AR", "ar-EG", "he", "he-IL", "iw", "fa", "ur-PK", "yi", "ps", "sd", "ug", "dv", "ckb", "syr", "nqo", "arz",
     "az-Arab", "az-IR", "pa-PK", "ku-IQ", "en-Hebr", "ff-Adlm"],
)  # fmt: skip
def test_scripts_that_run_from_right_to_left_are_known(tag: str) -> None:
    assert direction_of(tag) == "rtl"


@pytest.mark.parametrize(
    "tag", ["de", "en", "ru", "ja", "ar-Latn", "yi-Latn", "az", "pa", "ku", "ug-KZ", "sd-IN", "ka"]
)
def test_all_others_run_from_left_to_right(tag: str) -> None:
    assert direction_of(tag) == "ltr"


@given(st.text(max_size=20) | st.from_regex(r"[a-zA-Z]{1,4}([-_][a-zA-Z0-9]{1,8}){0,4}", fullmatch=True))
def test_any_text_is_a_tag_or_has_a_fault(written: str) -> None:
    assert is_tag(written) == (not list(language_faults(written)))
    assert direction_of(written) in ("ltr", "rtl")
