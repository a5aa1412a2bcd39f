"""What the dictionary's linters ask of a component: each returns what is wrong, in words, or an empty text.

``couponcode``, ``couponposoffer`` (coupons of North America) and ``packagetype`` are not among them: nothing here reads
those values.
"""

import calendar
import re
from collections.abc import Callable
from typing import Final

from schemas.countries import COUNTRIES
from schemas.gs1.check_digits import check_characters, check_digit

_CENTURY: Final = 50
"""Years of two digits up to here are of the 2000s: 2000 and 1900 differ in leap years, and 1900 is not in reach."""
_COUNTRY_CODES: Final = """
    004 008 010 012 016 020 024 028 031 032 036 040 044 048 050 051 052 056 060 064 068 070 072 074 076 084 086 090 092
    096 100 104 108 112 116 120 124 132 136 140 144 148 152 156 158 162 166 170 174 175 178 180 184 188 191 192 196 203
    204 208 212 214 218 222 226 231 232 233 234 238 239 242 246 248 250 254 258 260 262 266 268 270 275 276 288 292 296
    300 304 308 312 316 320 324 328 332 334 336 340 344 348 352 356 360 364 368 372 376 380 384 388 392 398 400 404 408
    410 414 417 418 422 426 428 430 434 438 440 442 446 450 454 458 462 466 470 474 478 480 484 492 496 498 499 500 504
    508 512 516 520 524 528 531 533 534 535 540 548 554 558 562 566 570 574 578 580 581 583 584 585 586 591 598 600 604
    608 612 616 620 624 626 630 634 638 642 643 646 652 654 659 660 662 663 666 670 674 678 682 686 688 690 694 702 703
    704 705 706 710 716 724 728 729 732 740 744 748 752 756 760 762 764 768 772 776 780 784 788 792 795 796 798 800 804
    807 818 826 831 832 833 834 840 850 854 858 860 862 876 882 887 894
"""
_COUNTRY_NUMBERS: Final = frozenset(_COUNTRY_CODES.split())
_CURRENCY_CODES: Final = """
    008 012 032 036 044 048 050 051 052 060 064 068 072 084 090 096 104 108 116 124 132 136 144 152 156 170 174 188 192
    203 208 214 222 230 232 238 242 262 270 292 320 324 328 332 340 344 348 352 356 360 364 368 376 388 392 396 398 400
    404 408 410 414 417 418 422 426 430 434 446 454 458 462 480 484 496 498 504 512 516 524 532 533 548 554 558 566 578
    586 590 598 600 604 608 634 643 646 654 682 690 702 704 706 710 728 748 752 756 760 764 776 780 784 788 800 807 818
    826 834 840 858 860 882 886 901 924 925 926 927 928 929 930 933 934 936 938 940 941 943 944 946 947 948 949 950 951
    952 953 955 956 957 958 959 960 961 962 963 964 965 967 968 969 970 971 972 973 975 976 977 978 979 980 981 984 985
    986 990 994 997 999
"""
_CURRENCY_NUMBERS: Final = frozenset(_CURRENCY_CODES.split())
_SEQUENCE: Final = re.compile(r"([1-9][0-9]*)/([1-9][0-9]*)")
_IBAN: Final = re.compile(r"[A-Z]{2}[0-9A-Z]{9,32}")


def lint(linter: str, value: str) -> str:
    """What a linter of the dictionary says of a component; empty where nothing is wrong, and for linters that are not
    checked here."""
    check = _LINTERS.get(linter)
    return "" if check is None else check(value)


def _unless(right: Callable[[str], object], fault: str) -> Callable[[str], str]:
    return lambda value: "" if right(value) else fault


def _date(value: str, day_may_be_zero: bool) -> bool:
    """YYMMDD or YYYYMMDD; a day of 00 is the last of the month where the dictionary allows it."""
    year, month, day = int(value[:-4]), int(value[-4:-2]), int(value[-2:])
    if not 1 <= month <= 12:
        return False
    days = calendar.monthrange(year + 2000 if len(value) == 6 else max(year, 1), month)[1]
    return (day_may_be_zero and day == 0) or 1 <= day <= days


def _below(limit: int) -> Callable[[str], bool]:
    return lambda value: int(value) < limit


def _time(value: str) -> bool:
    return int(value[:2]) < 24 and int(value[2:]) < 60


def _piece(value: str) -> bool:
    half = len(value) // 2
    return 0 < int(value[:half]) <= int(value[half:])


def _in_sequence(value: str) -> bool:
    found = _SEQUENCE.fullmatch(value)
    return found is not None and int(found[1]) <= int(found[2])


def _iban(value: str) -> bool:
    if not _IBAN.fullmatch(value) or value[:2] not in COUNTRIES:
        return False
    return int("".join(str(int(char, 36)) for char in value[4:] + value[:4])) % 97 == 1


def _percent_encoded(value: str) -> bool:
    return re.fullmatch(r"(?:[^%]|%[0-9A-Fa-f]{2})*", value) is not None


def _check_digit(value: str) -> str:
    right = check_digit(value[:-1])
    return "" if value[-1] == right else f"the check digit is {value[-1]}, and should be {right}"


_DATE_FAULT: Final = "is no date"
_TIME_FAULT: Final = "is no time of day"
_COMPANY_FAULT: Final = "has no GS1 company prefix"
_LINTERS: Final[dict[str, Callable[[str], str]]] = {
    "csum": _check_digit,
    "csumalpha": _unless(lambda value: value[-2:] == check_characters(value[:-2]), "has wrong check characters"),
    "gcppos1": _unless(lambda value: re.match("[0-9]{4}", value), _COMPANY_FAULT),
    "gcppos2": _unless(lambda value: re.match(".[0-9]{4}", value), _COMPANY_FAULT),
    "yymmdd": _unless(lambda value: _date(value, False), _DATE_FAULT),
    "yymmd0": _unless(lambda value: _date(value, True), _DATE_FAULT),
    "yyyymmdd": _unless(lambda value: _date(value, False), _DATE_FAULT),
    "yyyymmd0": _unless(lambda value: _date(value, True), _DATE_FAULT),
    "hh": _unless(_below(24), _TIME_FAULT),
    "mi": _unless(_below(60), _TIME_FAULT),
    "ss": _unless(_below(60), _TIME_FAULT),
    "hhmi": _unless(_time, _TIME_FAULT),
    "iso3166": _unless(_COUNTRY_NUMBERS.__contains__, "is no country of ISO 3166"),
    "iso3166999": _unless(lambda value: value == "999" or value in _COUNTRY_NUMBERS, "is no country of ISO 3166"),
    "iso3166alpha2": _unless(COUNTRIES.__contains__, "is no country of ISO 3166"),
    "iso4217": _unless(_CURRENCY_NUMBERS.__contains__, "is no currency of ISO 4217"),
    "iso5218": _unless(frozenset("0129").__contains__, "is no sex of ISO 5218"),
    "iban": _unless(_iban, "is no IBAN"),
    "latitude": _unless(_below(1_800_000_001), "is no latitude"),
    "longitude": _unless(_below(3_600_000_001), "is no longitude"),
    "zero": _unless(lambda value: not value.strip("0"), "must be 0"),
    "nonzero": _unless(lambda value: value.strip("0"), "must not be 0"),
    "nozeroprefix": _unless(lambda value: value == "0" or value[0] != "0", "must not begin with 0"),
    "hasnondigit": _unless(lambda value: not value.isdigit(), "must have more than digits"),
    "hyphen": _unless(lambda value: not value.strip("-"), "must be -"),
    "importeridx": _unless(re.compile(r"[-_0-9A-Za-z]").fullmatch, "is no index of an importer"),
    "mediatype": _unless(re.compile(r"0[1-9]|10|[89][0-9]").fullmatch, "is no media type"),
    "pcenc": _unless(_percent_encoded, "is not percent-encoded"),
    "pieceoftotal": _unless(_piece, "is no piece of a total"),
    "posinseqslash": _unless(_in_sequence, "is no place in a sequence"),
    "winding": _unless(frozenset("019").__contains__, "is no direction of winding"),
    "yesno": _unless(frozenset("01").__contains__, "must be 0 or 1"),
}
