"""Passes for Apple Wallet: a zip file with the pass, its pictures, a manifest of SHA-1 sums and a signature of that.

The signature is a detached PKCS #7 over ``manifest.json``, as Apple's "Building a Pass" describes it.
"""

import hashlib
import io
import json
import struct
import zipfile
import zlib
from datetime import UTC, datetime
from typing import Any, Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7Options, PKCS7SignatureBuilder

from gateway.profile.wallet.passes import CARD, Pass
from gateway.profile.words.model import MeWords
from gateway.wallet_keys import AppleCertificate
from schemas.brand.colours import readable_on
from schemas.brand.look import Look

MEDIA_TYPE: Final = "application/vnd.apple.pkpass"
ICONS: Final = {"icon.png": 29, "icon@2x.png": 58, "icon@3x.png": 87}
"""Without an icon no pass is taken; pixels a side."""
_ZIP_TIME: Final = (1980, 1, 1, 0, 0, 0)
"""The earliest that a zip file can say: the same pass is the same file."""


def apple_pass(one: Pass, brand: str, look: Look, words: MeWords, signed_by: AppleCertificate) -> bytes:
    """The file. :param brand: its name."""
    files = {"pass.json": json.dumps(pass_of(one, brand, look, words, signed_by), ensure_ascii=False).encode()}
    files |= {name: square(look.primary, side) for name, side in ICONS.items()}
    # SHA-1 is what the format has; the signature over the manifest is with SHA-256.
    sums = {name: hashlib.sha1(content, usedforsecurity=False).hexdigest() for name, content in files.items()}
    files["manifest.json"] = json.dumps(sums).encode()
    files["signature"] = _signature(files["manifest.json"], signed_by)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, _ZIP_TIME), content)
    return out.getvalue()


def pass_of(one: Pass, brand: str, look: Look, words: MeWords, signed_by: AppleCertificate) -> dict[str, Any]:
    """What ``pass.json`` says."""
    codes = [
        {"format": f"PKBarcodeFormat{name}", "message": one.code, "messageEncoding": "iso-8859-1", "altText": one.shown}
        for name in ("QR", "Code128")
    ]
    on_primary = readable_on(look.primary)
    said: dict[str, Any] = {
        "formatVersion": 1,
        "passTypeIdentifier": signed_by.pass_type,
        "teamIdentifier": signed_by.team,
        "serialNumber": one.id,
        "organizationName": brand,
        "description": f"{brand}: {one.title}",
        "logoText": brand,
        "backgroundColor": _rgb(look.primary),
        "foregroundColor": _rgb(on_primary),
        "labelColor": _rgb(on_primary),
        "barcodes": codes,
        "barcode": codes[0],
    }
    fields: dict[str, Any] = {"primaryFields": [{"key": "title", "label": brand, "value": one.title}]}
    if one.points is not None:
        fields["headerFields"] = [{"key": "points", "label": words.points_label, "value": one.points}]
    if one.text:
        fields["backFields"] = [{"key": "text", "label": one.title, "value": one.text}]
    if one.expires_at:
        said["expirationDate"] = _date(one.expires_at)
        fields["auxiliaryFields"] = [
            {
                "key": "until",
                "label": words.until_label,
                "value": _date(one.expires_at),
                "dateStyle": "PKDateStyleMedium",
            }
        ]
    said["storeCard" if one.kind == CARD else "coupon"] = fields
    return said


def square(colour: str, side: int) -> bytes:
    """A PNG of one colour, ``#rrggbb``."""
    row = b"\0" + bytes.fromhex(colour[1:]) * side
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(row * side)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks
    )


def _signature(manifest: bytes, signed_by: AppleCertificate) -> bytes:
    builder = PKCS7SignatureBuilder().set_data(manifest)
    builder = builder.add_signer(signed_by.certificate, signed_by.key, SHA256())
    for one in signed_by.others:
        builder = builder.add_certificate(one)
    return builder.sign(Encoding.DER, [PKCS7Options.DetachedSignature, PKCS7Options.Binary])


def _rgb(colour: str) -> str:
    return f"rgb({int(colour[1:3], 16)}, {int(colour[3:5], 16)}, {int(colour[5:7], 16)})"


def _date(micros: int) -> str:
    return f"{datetime.fromtimestamp(micros // 1_000_000, UTC):%Y-%m-%dT%H:%M:%SZ}"
