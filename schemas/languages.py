"""Languages as web pages name them: tags of BCP 47 (RFC 5646), and the direction of their scripts."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal, TypeVar

from schemas.brand.suggestions import USUAL_ERRORS, closest
from schemas.countries import COUNTRIES
from schemas.language_subtags import ALPHA_3, NAMES, SCRIPTS, is_language

Direction = Literal["ltr", "rtl"]
Text = TypeVar("Text")
MAX_CHARS: Final = 60
_TAG: Final = re.compile(
    r"(?P<language>[a-z]{2,3})(?:-(?P<extended>[a-z]{3}))?(?:-(?P<script>[a-z]{4}))?"
    r"(?:-(?P<region>[a-z]{2}|[0-9]{3}))?(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*"
    r"(?:-[0-9a-wyz](?:-[a-z0-9]{2,8})+)*(?:-x(?:-[a-z0-9]{1,8})+)?",
    re.IGNORECASE | re.ASCII,
)
_COUNTRIES_FOR_LANGUAGES: Final = {
    "cn": "zh", "cz": "cs", "dk": "da", "gb": "en", "gr": "el", "jp": "ja", "kr": "ko", "us": "en",
}  # fmt: skip
"""Codes of countries that are written where a language belongs; those that are a language, such as ``uk``, stay."""
_OTHER_NAMES: Final = {
    "deutsch": "de", "español": "es", "farsi": "fa", "français": "fr", "italiano": "it", "mandarin": "zh",
    "nederlands": "nl", "polski": "pl", "português": "pt", "türkçe": "tr", "русский": "ru", "українська": "uk",
    "עברית": "he", "العربية": "ar", "中文": "zh", "日本語": "ja",
}  # fmt: skip
"""Beside the English names: what languages call themselves, and what people call them."""
_SCRIPTS: Final = """
    Adlm Arab Aran Armi Avst Chrs Cprt Elym Gara Hatr Hebr Hung Khar Lydi Mand Mani Mend Merc Mero Narb Nbat Nkoo Orkh
    Ougr Palm Phli Phlp Phlv Phnx Prti Rohg Samr Sarb Sidt Sogd Sogo Syrc Syre Syrj Syrn Thaa Todr Yezi
"""
_RIGHT_TO_LEFT_SCRIPTS: Final = frozenset(_SCRIPTS.split())
_LANGUAGES: Final = """
    acm acq acw acx adf ae aeb aec aeq afb aii aiq apc apd ar arc arq ars ary arz auz avl ayh ayl ayn ayp azb bal bcc
    bgn bgp bqi brh ckb def dv fa fay fub gbz ggg gha gig gjk glk haz hbo he hnd hno hrt iw ji jpr jrb jye kfm khw ks
    kvx lad lah lki lrc lrk luz mid mvy mzn nqo ota pbt phl phr plk prd prs ps psh psi pst pal rhg sam sd sdh shm shu
    skr syc syr swb tru trw ug ur wne ydg yhd yi yud
"""
_RIGHT_TO_LEFT: Final = frozenset(_LANGUAGES.split())
"""Languages that are usually written in such a script (CLDR, likely subtags)."""
_THERE: Final = "az-iq az-ir ha-cm ha-sd kk-af kk-cn kk-ir ku-iq ku-ir ku-lb ky-cn ms-cc pa-pk tg-pk uz-af"
_RIGHT_TO_LEFT_THERE: Final = frozenset(_THERE.split())
_LEFT_TO_RIGHT_THERE: Final = frozenset(("sd-in", "ug-kz", "ug-mn"))


def language_faults(tag: str) -> Iterator[str]:
    """What is wrong with a language tag, in words."""
    if is_tag(tag):
        return
    near = _meant(tag)
    meant = f"; did you mean {near!r}?" if near else ""
    yield f"{tag!r} is no language tag of BCP 47, such as de, pt-BR or zh-Hant{meant}"


def is_tag(tag: str) -> bool:
    """Whether the tag is well-formed and its language, script and region exist."""
    found = _TAG.fullmatch(tag)
    if found is None or len(tag) > MAX_CHARS or not is_language(found["language"].lower()):
        return False
    script, region, extended = found["script"], found["region"], found["extended"]
    return (
        (not script or script.title() in SCRIPTS)
        and (not region or region.isdigit() or region.upper() in COUNTRIES)
        and (not extended or is_language(extended.lower()))
    )


def direction_of(tag: str) -> Direction:
    """The way that texts of a language run: that of its script, where the tag names one."""
    found = _TAG.fullmatch(tag)
    if found is None:
        return "ltr"
    if found["script"]:
        return "rtl" if found["script"].title() in _RIGHT_TO_LEFT_SCRIPTS else "ltr"
    language = found["language"].lower()
    there = f"{language}-{(found['region'] or '').lower()}"
    if there in _RIGHT_TO_LEFT_THERE:
        return "rtl"
    return "rtl" if language in _RIGHT_TO_LEFT and there not in _LEFT_TO_RIGHT_THERE else "ltr"


def ranges_of(tag: str) -> Iterator[str]:
    """The tag, and what is left of it as its subtags are taken away from the end, in small letters (RFC 4647, 3.4)."""
    parts = tag.lower().split("-")
    while parts:
        yield "-".join(parts)
        del parts[-1:]
        if parts and len(parts[-1]) == 1:  # the mark of an extension says nothing alone
            del parts[-1:]


def lookup(wanted: Sequence[str], available: Sequence[str], default: str) -> str:
    """The language that somebody gets (RFC 4647, 3.4): of the languages wanted, the most wanted first, the first of
    which there is one. Where there is none, another variant of a wanted one, such as pt-BR for pt-PT, else the default.
    """
    exact = {tag.lower(): tag for tag in reversed(available)}
    for tag in wanted:
        for range in ranges_of(tag):
            if range in exact:
                return exact[range]
    primary = {tag.partition("-")[0]: own for tag, own in exact.items()}
    return next((primary[one] for tag in wanted if (one := tag.lower().partition("-")[0]) in primary), default)


def of_language(texts: Mapping[str, Text], language: str) -> Text | None:
    """The texts in a language, or without its last subtags; None where there are none."""
    if not texts:
        return None
    exact = {tag.lower(): text for tag, text in texts.items()}
    return next((exact[range] for range in ranges_of(language) if range in exact), None)


def _meant(tag: str) -> str:
    """The tag that was probably meant; empty where none is near."""
    language, _, rest = tag.strip().replace("_", "-").partition(".")[0].partition("-")
    code = language.lower()
    if not is_language(code):
        by_name = {name: one for one, name in NAMES.items()} | _OTHER_NAMES
        code = ALPHA_3.get(code) or _COUNTRIES_FOR_LANGUAGES.get(code) or by_name.get(closest(code, by_name), "")
    parts = [USUAL_ERRORS.get(part.upper(), part.upper()) if len(part) == 2 else part for part in rest.split("-")]
    near = "-".join(filter(None, [code, *parts]))
    return near if is_tag(near) else code
