"""The pages that a phone may get: one action, or one sentence. No script, no address but the button's, under
14 KB.
"""

import base64
import hashlib
from functools import lru_cache
from html import escape

from starlette.responses import HTMLResponse

STYLE = (
    "body{margin:0;min-height:100vh;display:grid;place-items:center;font:18px/1.5 system-ui,sans-serif;"
    "color:#1b1b1f;background:#fafaf7}main{max-width:26rem;padding:2rem;box-sizing:border-box;width:100%}"
    "h1{font-size:1.7rem;line-height:1.2;margin:0 0 .75rem}p{margin:0 0 1.75rem}"
    "a{display:block;padding:1rem;border-radius:.75rem;background:#1b1b1f;color:#fff;text-align:center;"
    "text-decoration:none;font-weight:600}@media(prefers-color-scheme:dark){body{color:#f2f2ee;background:#16161a}"
    "a{background:#f2f2ee;color:#16161a}}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@lru_cache(256)
def action_page(title: str, text: str, label: str, destination: str) -> bytes:
    """A headline, a text and the one button; needs :data:`POLICY`."""
    paragraph = f"<p>{escape(text)}</p>" if text else ""
    button = f'<a href="{escape(destination)}" rel="noreferrer">{escape(label)}</a>'
    return _page(title, f"{paragraph}{button}").encode()


def notice_page(status: int, title: str, text: str) -> HTMLResponse:
    """A headline and what is the matter."""
    return HTMLResponse(_page(title, f"<p>{escape(text)}</p>"), status, headers={"Content-Security-Policy": POLICY})


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{STYLE}</style><main><h1>{escape(title)}</h1>{body}</main></html>"
    )
