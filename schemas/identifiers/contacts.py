"""E-mail addresses and phone numbers in a text: where they are, in time that is linear in the text.

To read a number takes ten thousand times as long as to read a letter, so for one event only so much effort is made:
enough for some sixty of them. Whatever may be one behind these is masked unread (:data:`MASKED`).
"""

import re
from collections.abc import Callable
from typing import Any, Final

import phonenumbers

AT_SIGNS: Final = "@＠﹫"
MAX_EFFORT_US: Final = 2400
READ_US: Final = 40
"""An address or a number, roughly, on a slow core; measured."""
GROUP_US: Final = 5
"""Digits that are too few."""
MASKED: Final = "[masked]"
MAX_MAILBOX_CHARS: Final = 64
"""RFC 5321, 4.5.3.1.1."""
_AT: Final = re.compile(f"[{AT_SIGNS}]")
_PART: Final = r"[^\s@＠﹫<>(),;:\"\[\]"
_BACKWARDS: Final = re.compile(rf"{_PART}]{{1,{MAX_MAILBOX_CHARS}}}")
_DOMAIN: Final = re.compile(rf"{_PART}']+[.。．｡]{_PART}'.]{{2,63}}")
_DIGITS: Final = re.compile(r"\d(?:\D{0,3}\d){6,}")
"""As many digits as a phone number has, no two of them far apart."""
_SEVEN: Final = re.compile(r"\d(?:\D*\d){6}")
_UNREAD: Final = re.compile(r"\[[a-z]+:[0-9a-f]{32}\]|\+?\d(?:[^\w\[\]]{0,4}\d){6,}")
"""An identifier, which stays, or digits that may be a phone number."""
_DATE: Final = re.compile(r"[12]\d{3}([-/.])[01]\d\1[0-3]\d(?: +[0-2]\d)?")


class Effort:
    """How long may still be read of one event, in microseconds."""

    __slots__ = ("_left_us",)

    def __init__(self) -> None:
        self._left_us = MAX_EFFORT_US

    def take(self, cost_us: int = READ_US) -> bool:
        """Whether one more may be read."""
        self._left_us -= cost_us
        return self._left_us >= 0


def has_at_sign(text: str) -> bool:
    return "@" in text or (not text.isascii() and _AT.search(text) is not None)


def replace_addresses(text: str, effort: Effort, replacement: Callable[[str], str]) -> str:
    """The text with every e-mail address replaced."""
    parts, end = [], 0
    for at in _AT.finditer(text):
        if at.start() < end:
            continue
        mailbox = _BACKWARDS.match(text[max(end, at.start() - MAX_MAILBOX_CHARS) : at.start()][::-1])
        domain = _DOMAIN.match(text, at.end())
        if mailbox is None or domain is None:
            continue
        start = at.start() - mailbox.end()
        found = text[start : domain.end()]
        # Domains that are not ASCII are read by IDNA's rules, letter by letter.
        found = replacement(found) if effort.take(READ_US if found.isascii() else 5 * READ_US) else MASKED
        parts += [text[end:start], found]
        end = domain.end()
    return "".join([*parts, text[end:]]) if parts else text


def may_hold_phone(text: str) -> bool:
    """Whether the text has as many digits as a phone number."""
    return _DIGITS.search(text) is not None


def replace_phones(text: str, country: str, effort: Effort, replacement: Callable[[Any], str]) -> str:
    """The text with every phone number replaced that is valid in its country's plan: dates and sums have as many
    digits.

    :param country: of numbers without a country prefix; empty: they are none.
    :param replacement: of a ``phonenumbers.PhoneNumber``.
    """
    matcher = _Matcher(text, country, effort)
    parts, end = [], 0
    for match in matcher:
        parts += [text[end : match.start], replacement(match.number)]
        end = match.end
    rest = text[end:]
    if matcher.unread_from is not None:
        rest = _masked(rest, matcher.unread_from - end)
    return "".join([*parts, rest])


def _masked(text: str, start: int) -> str:
    """The text with all masked from ``start`` that may be a number; identifiers and dates are none."""

    def mask(found: re.Match[str]) -> str:
        is_none = found.end() <= start or found[0].startswith("[") or _DATE.match(found[0])
        return found[0] if is_none else MASKED

    return _UNREAD.sub(mask, text)


class _Matcher(phonenumbers.PhoneNumberMatcher):
    """libphonenumber's search, without reading what has too few digits or is a date, and with an end: it stops where
    the effort is spent, at ``unread_from``.

    Its own bound counts what is found to be none, so that its time grows with the digits: it reads every group of them
    by itself, and every sequence of groups.
    """

    def __init__(self, text: str, country: str, effort: Effort) -> None:
        super().__init__(text, country or None, phonenumbers.Leniency.VALID)
        self._effort = effort
        self._at = 0
        self.unread_from: int | None = None

    def _extract_match(self, candidate: str, offset: int) -> Any:
        self._at = offset
        return super()._extract_match(candidate, offset) if _SEVEN.search(candidate) else None

    def _parse_and_verify(self, candidate: str, offset: int) -> Any:
        is_read = _SEVEN.search(candidate) and not _DATE.fullmatch(candidate)
        if not self._effort.take(READ_US if is_read else GROUP_US):
            if self.unread_from is None:
                self.unread_from = self._at
            self._max_tries = 0
            return None
        return super()._parse_and_verify(candidate, offset) if is_read else None
