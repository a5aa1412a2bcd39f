"""What a member of JSON holds, by its name: how digits look says nothing, one in two receipt numbers of ten digits is
a valid phone number somewhere.

The last noun of a name decides, as in ``headphone_sku``, ``mobileAppVersion`` and ``phone_number``.
"""

import re
from enum import Enum
from functools import lru_cache
from typing import Final

from schemas.identifiers.placeholder_words import listed


class Holds(Enum):
    """A code or a quantity, which is left as it is but for e-mail addresses; a phone number, however it is written; the
    address of a page, or its query alone; or text, in which addresses and phone numbers are looked for."""

    CODE = "code"
    PHONE = "phone"
    LINK = "link"
    TEXT = "text"


CODES: Final = listed(
    "id|uid|uuid|guid|key|hash|token|code|barcode|qrcode|sku|ean|gtin|upc|isbn|asin|plu|mpn|article|artikel|item|product"
    "|produkt|serial|imei|batch|lot|charge|receipt|bon|beleg|quittung|invoice|rechnung|order|bestellung|auftrag|basket"
    "|cart|transaction|txn|ticket|booking|voucher|coupon|gutschein|reference|ref|session|request|trace|till|kasse"
    "|register|terminal|device|model|version|build|release|revision|brand|store|filiale|tag|placement|zone|campaign"
    "|channel|category|type|kind|status|class|currency|amount|price|total|sum|tax|discount|tip|quantity|count|points"
    "|weight|width|height|size|lat|lon|lng|latitude|longitude|time|timestamp|date|day|month|year|duration"
)
"""Nouns, in lower case and in the singular, for what no sender counts as a person's."""
LINKS: Final = listed(
    "url|uri|href|link|referrer|referer|page|path|pathname|location|landing|origin|permalink|querystring|query|search"
    "|params"
)
"""Nouns for addresses of pages, as trackers and browsers name them."""
_GENERAL: Final = listed("number|no|nr|num|nummer|value|text|raw|string")
"""Says nothing by itself: the word before it does, or the member that it stands in."""
_PHONE: Final = re.compile(
    r"(?<!head)(?<!ear)(?<!micro)(?<!mega)(?<!xylo)(?<!saxo)(?<!dicta)phone|telefon|mobile|mobil(?:nummer)?$"
    r"|^(?:tel|fax|cell|handy|sms|telephone|telefax|móvil|portable|cellulare)$"
)
_ALWAYS_PHONE: Final = re.compile(r"msisdn|whatsapp")
"""Services whose id of a person is the phone number."""
_TIME: Final = re.compile(
    r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
    r"(?:[T ](?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?(?:Z|[+-](?:0\d|1[0-4]):?[0-5]\d)?)?",
    re.ASCII,
)
_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+")


def is_time(text: str) -> bool:
    """Whether all of a text is a date or time of ISO 8601: its end, such as 03+00:00, may look like a phone number."""
    return 10 <= len(text) <= 35 and _TIME.fullmatch(text) is not None


@lru_cache(4096)
def holds(name: str, inside: Holds = Holds.TEXT) -> Holds:
    """What a member of this name holds; one that is not known holds text.

    :param inside: what the member holds that this one stands in: ``{"phone": {"home": …}}``.
    """
    words = [word.lower() for word in _WORDS.findall(name)]
    if any(map(_ALWAYS_PHONE.search, words)):
        return Holds.PHONE
    while words and words[-1] in _GENERAL:
        words.pop()
    if not words:
        return inside
    if words[-1] in LINKS:
        return Holds.LINK
    if words[-1] in CODES or words[-1].removesuffix("s") in CODES:
        return Holds.CODE
    return Holds.PHONE if inside is Holds.PHONE or any(map(_PHONE.search, words)) else Holds.TEXT
