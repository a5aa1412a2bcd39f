"""The certificate and the account with which passes are signed, as settings name them."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from schemas.process.parsers import Parser

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.x509 import Certificate

_CERTIFICATE: Final = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----\s*", re.DOTALL)
_KEY: Final = re.compile(
    rb"-----BEGIN (?:RSA |EC )?PRIVATE KEY-----.+?-----END (?:RSA |EC )?PRIVATE KEY-----\s*", re.DOTALL
)
_ISSUER: Final = re.compile(r"[0-9]{5,30}")


class AppleCertificate:
    """A certificate of Apple's for one type of passes, with its key; ``others``: those that lead from it to Apple's
    root. ``pass_type`` and ``team`` are what it was issued for."""

    def __init__(
        self,
        certificate: "Certificate",
        key: "RSAPrivateKey | EllipticCurvePrivateKey",
        others: "tuple[Certificate, ...]",
        pass_type: str,
        team: str,
    ) -> None:
        self.certificate = certificate
        self.key = key
        self.others = others
        self.pass_type = pass_type
        self.team = team

    def __repr__(self) -> str:
        return f"AppleCertificate({self.pass_type})"


class GoogleAccount:
    """A service account of Google's that may issue passes."""

    def __init__(self, email: str, key: "RSAPrivateKey") -> None:
        self.email = email
        self.key = key

    def __repr__(self) -> str:
        return f"GoogleAccount({self.email})"


class _Account(msgspec.Struct):
    client_email: str
    private_key: str


def _apple(text: str) -> AppleCertificate:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from cryptography.x509 import load_pem_x509_certificate
    from cryptography.x509.oid import NameOID

    content = Path(text).expanduser().read_bytes()
    found = _KEY.search(content)
    certificates = [load_pem_x509_certificate(one) for one in _CERTIFICATE.findall(content)]
    if found is None:
        raise ValueError
    try:
        key = load_pem_private_key(found[0], None)
    except TypeError:  # it has a password
        raise ValueError from None
    if not isinstance(key, RSAPrivateKey | EllipticCurvePrivateKey):
        raise ValueError
    own = [one for one in certificates if one.public_key() == key.public_key()]
    if len(own) != 1:
        raise ValueError
    types = own[0].subject.get_attributes_for_oid(NameOID.USER_ID)
    teams = own[0].subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)
    if len(types) != 1 or len(teams) != 1:
        raise ValueError
    others = tuple(one for one in certificates if one is not own[0])
    return AppleCertificate(own[0], key, others, str(types[0].value), str(teams[0].value))


def _google(text: str) -> GoogleAccount:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        account = msgspec.json.decode(Path(text).expanduser().read_bytes(), type=_Account)
        key = load_pem_private_key(account.private_key.encode(), None)
    except (msgspec.MsgspecError, TypeError):  # another file; a key with a password
        raise ValueError from None
    if not isinstance(key, RSAPrivateKey) or "@" not in account.client_email:
        raise ValueError
    return GoogleAccount(account.client_email, key)


def _issuer(text: str) -> str:
    if not _ISSUER.fullmatch(text):
        raise ValueError
    return text


APPLE_PASS: Final = Parser(
    "a PEM file with the certificate of a pass type, its key without a password, and Apple's certificate (WWDR) that "
    "it was issued by",
    _apple,
)
GOOGLE_ACCOUNT: Final = Parser("the JSON file of a service account's key", _google)
GOOGLE_ISSUER: Final = Parser("the issuer's number, as the console of Google Wallet shows it", _issuer)
