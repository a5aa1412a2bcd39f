"""The page of a refused scan: what happened, and what to do, without a word that helps a forger."""

from functools import lru_cache
from html import escape
from typing import Final, NamedTuple

from gateway.http.languages import wanted_languages
from gateway.http.pages import POLICY, page
from gateway.http.responses import RawHeaders, RawResponse
from schemas.brand.model import Brand, Tag
from schemas.brand.tags import NTAG424, ROTATING

REFUSED: Final = "refused"
STATUS: Final = 410


class _Texts(NamedTuple):
    title: str
    screen: str
    chip: str
    code: str
    home: str


_TEXTS: Final = {
    "en": _Texts(
        "This code is no longer valid",
        "Scan the code that the screen shows now. If that does not help, ask our staff.",
        "Hold your phone to the chip again. If that does not help, ask our staff.",
        "Scan the code again where it hangs. If that does not help, ask our staff.",
        "To {brand}",
    ),
    "de": _Texts(
        "Dieser Code gilt nicht mehr",
        "Scannen Sie den Code, den der Bildschirm jetzt zeigt. Hilft das nicht, fragen Sie unser Team.",
        "Halten Sie Ihr Telefon noch einmal an den Chip. Hilft das nicht, fragen Sie unser Team.",
        "Scannen Sie den Code noch einmal dort, wo er hängt. Hilft das nicht, fragen Sie unser Team.",
        "Zu {brand}",
    ),
}
_HEADERS: Final[RawHeaders] = [
    (b"content-type", b"text/html; charset=utf-8"),
    (b"content-security-policy", POLICY.encode()),
    (b"cache-control", b"no-store"),
    (b"footpath-outcome", REFUSED.encode()),
]


def refused_response(brand: Brand, tag: Tag, accept_language: str) -> RawResponse:
    """410 in the language that the phone asks for, else in the brand's, else in English."""
    wanted = (*wanted_languages(accept_language), brand.about.language.lower())
    language = next((found for one in wanted if (found := one.partition("-")[0]) in _TEXTS), "en")
    return RawResponse(STATUS, _HEADERS, _page(language, tag.security, brand.about.name, brand.about.fallback))


@lru_cache(256)
def _page(language: str, security: str, brand: str, fallback: str) -> bytes:
    texts = _TEXTS[language]
    what = texts.screen if security == ROTATING else texts.chip if security == NTAG424 else texts.code
    link = f'<a href="{escape(fallback)}" rel="noreferrer">{escape(texts.home.format(brand=brand))}</a>'
    body = f"<h1>{escape(texts.title)}</h1><p>{escape(what)}</p>{link}"
    return page(texts.title, body, language, "ltr").encode()
