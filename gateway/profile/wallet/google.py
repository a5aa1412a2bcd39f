"""Passes for Google Wallet: an address that saves one, with the pass in a token that the issuer signed (RFC 7519)."""

import hashlib
import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from gateway.profile.wallet.passes import CARD, Pass
from gateway.profile.words.model import MeWords
from gateway.wallet_keys import GoogleAccount
from schemas.brand.look import Look

SAVE: Final = "https://pay.google.com/gp/v/save/"
MAX_LINK_CHARS: Final = 1_800
"""Of a token in an address, as Google states it; the text of a pass is left out beyond it."""


def save_link(
    one: Pass, brand: str, brand_id: str, look: Look, words: MeWords, account: GoogleAccount, issuer: str, now_s: int
) -> str:
    """The address. :param issuer: the number that the issuer has at Google. :param now_s: seconds since 1970."""
    link = ""
    for text in (one.text, ""):
        payload = payload_of(one, text, brand, brand_id, look, words, issuer)
        link = SAVE + _token(payload, account, now_s)
        if len(link) <= MAX_LINK_CHARS:
            break
    return link


def payload_of(
    one: Pass, text: str, brand: str, brand_id: str, look: Look, words: MeWords, issuer: str
) -> dict[str, Any]:
    """The class of the pass, which all of its kind share, and the pass."""
    is_card = one.kind == CARD
    kind = "loyalty" if is_card else "offer"
    shared_by = "\0".join((brand_id, kind, one.group))
    class_id = f"{issuer}.{hashlib.sha256(shared_by.encode()).hexdigest()[:32]}"
    shared: dict[str, Any] = {
        "id": class_id,
        "issuerName": brand,
        "reviewStatus": "UNDER_REVIEW",
        "hexBackgroundColor": look.primary,
    }
    own: dict[str, Any] = {
        "id": f"{issuer}.{one.id}",
        "classId": class_id,
        "state": "ACTIVE",
        "barcode": {"type": "QR_CODE", "value": one.code, "alternateText": one.shown},
    }
    if is_card:
        shared |= {"programName": one.title, "programLogo": {"sourceUri": {"uri": look.logo}}}
        own |= {
            "accountId": one.shown,
            "loyaltyPoints": {"label": words.points_label, "balance": {"int": one.points or 0}},
        }
    else:
        shared |= {"title": one.title, "provider": brand, "redemptionChannel": "INSTORE"}
        if text:
            shared["details"] = text
        if one.expires_at:
            end = datetime.fromtimestamp(one.expires_at // 1_000_000, UTC)
            own["validTimeInterval"] = {"end": {"date": f"{end:%Y-%m-%dT%H:%M:%SZ}"}}
    return {f"{kind}Classes": [shared], f"{kind}Objects": [own]}


def _token(payload: dict[str, Any], account: GoogleAccount, now_s: int) -> str:
    claims = {
        "iss": account.email,
        "aud": "google",
        "typ": "savetowallet",
        "iat": now_s,
        "origins": [],
        "payload": payload,
    }
    signed = f"{_encoded({'alg': 'RS256', 'typ': 'JWT'})}.{_encoded(claims)}"
    return f"{signed}.{_base64(account.key.sign(signed.encode(), PKCS1v15(), SHA256()))}"


def _encoded(value: Any) -> str:
    return _base64(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def _base64(content: bytes) -> str:
    return urlsafe_b64encode(content).decode().rstrip("=")
