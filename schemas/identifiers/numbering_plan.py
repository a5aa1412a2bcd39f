"""Whether a number in E.164 is in its country's numbering plan: what phonenumbers says of it, from the metadata of
phonenumbers, in a twentieth of the time.

Most numbers that tills send are written so. For each of them phonenumbers tries the regular expressions of up to eleven
kinds of numbers one by one, in each of the regions that share a country's code; here they are one.
"""

import re
from functools import cache
from typing import Any, Final, NamedTuple

import phonenumbers
from phonenumbers import PhoneMetadata

_E164: Final = re.compile(r"\+[1-9][0-9]{4,17}")
_KINDS: Final = (
    "premium_rate",
    "toll_free",
    "shared_cost",
    "voip",
    "personal_number",
    "pager",
    "uan",
    "voicemail",
    "fixed_line",
    "mobile",
)
"""The kinds of numbers that phonenumbers counts as valid."""


class _Region(NamedTuple):
    """``leading`` matches the first digits of all numbers of the region, where regions are told apart by them."""

    leading: re.Pattern[str] | None
    valid: re.Pattern[str]


class _Plan(NamedTuple):
    """The regions that share a country's code, in their order. ``prefix`` matches what may be before a national number
    and is no part of it."""

    prefix: re.Pattern[str] | None
    regions: tuple[_Region, ...]


def is_e164(text: str) -> bool:
    """Whether the text is a number in E.164 of its country's plan, and so its own normal form. False is not certain:
    phonenumbers also reads numbers with a national prefix behind the country's code, and all other forms."""
    if not _E164.fullmatch(text):
        return False
    for length in (1, 2, 3):  # no code begins with another
        code = int(text[1 : 1 + length])
        if code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            return _has(_plan_of(code), text[1 + length :])
    return False


def _has(plan: _Plan, number: str) -> bool:
    if plan.prefix is not None and plan.prefix.match(number):
        return False
    for leading, valid in plan.regions:
        if leading is None:
            if valid.fullmatch(number):
                return True
        elif leading.match(number):
            return valid.fullmatch(number) is not None
    return False


@cache  # there are some 220 codes
def _plan_of(code: int) -> _Plan:
    names = phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code]
    regions: list[Any] = [PhoneMetadata.metadata_for_region_or_calling_code(code, name) for name in names]
    prefix = regions[0].national_prefix_for_parsing
    return _Plan(
        re.compile(prefix) if prefix else None,
        tuple(_region(one, shares_code=len(regions) > 1) for one in regions if one is not None),
    )


def _region(metadata: Any, shares_code: bool) -> _Region:
    digits = metadata.leading_digits if shares_code else None
    of_kinds = "|".join(filter(None, (_expression(getattr(metadata, kind)) for kind in _KINDS)))
    general = _expression(metadata.general_desc)
    return _Region(None if digits is None else re.compile(digits), re.compile(f"(?={general}$)(?:{of_kinds})"))


def _expression(kind: Any) -> str:
    """The regular expression for a kind of numbers; empty where the region has none."""
    if kind is None or not kind.national_number_pattern:
        return ""
    lengths = "|".join(f".{{{length}}}" for length in kind.possible_length if length > 0)
    if not lengths:
        return "" if kind.possible_length else f"(?:{kind.national_number_pattern})"
    return f"(?=(?:{lengths})$)(?:{kind.national_number_pattern})"
