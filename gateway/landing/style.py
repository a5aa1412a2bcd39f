"""The style of a page, and the Content-Security-Policy that allows it and nothing else.

Sizes are in rem, so that texts follow the reader's setting (WCAG 2.2, 1.4.4). The button stays at the lower edge of
the screen where that is high enough: whoever stands at a shelf reaches it with the thumb.
"""

import base64
import hashlib
from functools import lru_cache
from typing import Final

from gateway.landing.palette import palettes
from gateway.landing.question import STYLE as QUESTION_STYLE
from schemas.brand.look import Look

_RULES: Final = (
    "@supports(font:-apple-system-body) and (-webkit-touch-callout:none){html{font:-apple-system-body}}"
    "body{margin:0;min-height:100vh;min-height:100dvh;display:flex;flex-direction:column;color:var(--t);"
    "background:var(--b);font:1.0625rem/1.45 system-ui,sans-serif;overflow-wrap:anywhere}"
    "header,main,footer{width:100%;max-width:32rem;margin:0 auto;padding:0 min(1.25rem,5vw);box-sizing:border-box}"
    "header{padding-top:.9rem;padding-bottom:.9rem;font-weight:600;color:var(--s)}"
    "header img{display:block;height:2rem;width:auto;max-width:60%;object-fit:contain}"
    "main{flex:1;display:flex;flex-direction:column}main.plain{justify-content:center}"
    "h1{font-size:1.75rem;line-height:1.15;letter-spacing:-.01em;margin:0 0 .5rem;white-space:pre-line}"
    "p{margin:0}h1+p{margin:0 0 1rem;white-space:pre-line}"
    ".pts:not(:empty){font-weight:700;padding:.6rem 0}"
    ".bar{margin-top:auto;padding:.75rem 0;background:var(--b)}.plain .bar{margin-top:.75rem}"
    ".b{display:block;padding:.95rem 1rem;border-radius:.85rem;background:var(--p);color:var(--q);text-align:center;"
    "text-decoration:none;font-weight:700;font-size:1.125rem}"
    ":focus-visible{outline:.1875rem solid var(--t);outline-offset:.1875rem}"
    "footer{padding-bottom:.6rem;font-size:.95rem;color:var(--s)}footer a{color:inherit}"
)
_PART_RULES: Final = (
    "h2,h3{font-size:1.0625rem;line-height:1.3;margin:0}"
    ".pic{display:block;width:100%;height:auto;aspect-ratio:4/3;max-height:38vh;object-fit:cover;border-radius:1rem;"
    "background:var(--l);margin:0 0 1rem}"
    "section{border-top:.0625rem solid var(--l);padding:.9rem 0}"
    ".r{display:flex;flex-wrap:wrap;gap:.15rem 1rem;justify-content:space-between;align-items:baseline}"
    ".s{color:var(--s);font-size:.95rem}.price{font-size:1.35rem;font-weight:700}"
    ".c{display:flex;flex-wrap:wrap;gap:.4rem;margin:.5rem 0}"
    ".c>span{border:.0625rem solid var(--s);border-radius:1rem;padding:.1rem .7rem;font-size:.95rem;font-weight:600}"
    ".c .k{background:var(--p);color:var(--q);border-color:var(--p)}"
    "section a{color:inherit;display:inline-block;padding:.35rem 0}"
    "ul,ol{margin:.25rem 0 0;padding:0;list-style:none}li{padding:.5rem 0}"
    "ol{counter-reset:n}ol li{display:flex;gap:.75rem;align-items:baseline}"
    "ol li::before{counter-increment:n;content:counter(n);flex:none;min-width:1.6em;line-height:1.6em;"
    "text-align:center;border-radius:1em;background:var(--p);color:var(--q);font-weight:700;font-size:.95rem}"
    "@media(min-height:30rem){main .bar{position:sticky;bottom:0}}"
)


@lru_cache(64)
def style_of(look: Look, has_parts: bool = True, asks: bool = False) -> str:
    """The style with the brand's colours. :param has_parts: of the page, below its texts. :param asks: a question."""
    day, dark = palettes(look)
    parts = _PART_RULES + (QUESTION_STYLE if asks else "") if has_parts else ""
    return (
        f":root{{color-scheme:light dark;{day.variables}}}"
        f"@media(prefers-color-scheme:dark){{:root{{{dark.variables}}}header img{{background:{day.background};"
        f"border-radius:.4rem;padding:.2rem .4rem}}}}{_RULES}{parts}"
    )


@lru_cache(64)
def policy_of(style: str, script: str, picture_origins: tuple[str, ...], asks: bool = False) -> bytes:
    """The value of Content-Security-Policy. :param script: empty for none. :param asks: the page has a form."""
    allowed = [f"default-src 'none'; style-src 'sha256-{_digest(style)}'"]
    if script:
        allowed.append(f"script-src 'sha256-{_digest(script)}'; connect-src 'self'")
    if picture_origins:
        allowed.append(f"img-src {' '.join(picture_origins)}")
    form = "'self'" if asks else "'none'"
    allowed.append(f"base-uri 'none'; form-action {form}; frame-ancestors 'none'")
    return "; ".join(allowed).encode()


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
