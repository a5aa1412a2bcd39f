"""A certificate of a pass type as Apple issues them, and a service account as Google does, both self-made."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

PASS_TYPE = "pass.example.corner"
TEAM = "TEAM123456"
ISSUER = "3388000000012345678"
EMAIL = "wallet@corner.iam.example"


def _pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _name(**parts: str) -> x509.Name:
    oids = {"cn": NameOID.COMMON_NAME, "uid": NameOID.USER_ID, "ou": NameOID.ORGANIZATIONAL_UNIT_NAME}
    return x509.Name([x509.NameAttribute(oids[part], text) for part, text in parts.items()])


def apple_files(folder: Path, **subject: str) -> tuple[Path, Path]:
    """The file of the setting, and the certificate of who issued it. :param subject: of the certificate."""
    folder.mkdir(parents=True, exist_ok=True)
    root_key, key = (rsa.generate_private_key(65537, 2048) for _ in range(2))
    now, root_name = datetime.now(UTC), _name(cn="Relations")

    def signed(name: x509.Name, of: rsa.RSAPrivateKey, is_root: bool) -> bytes:
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(root_name)
            .public_key(of.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=30))
            .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
        )
        return builder.sign(root_key, SHA256()).public_bytes(Encoding.PEM)

    root = signed(root_name, root_key, True)
    own = signed(_name(**(subject or {"cn": "Pass", "uid": PASS_TYPE, "ou": TEAM})), key, False)
    file, root_file = folder / "pass.pem", folder / "root.pem"
    file.write_bytes(own + _pem(key) + root)
    root_file.write_bytes(root)
    return file, root_file


def google_file(folder: Path) -> tuple[Path, rsa.RSAPublicKey]:
    """The file of the setting, and the key that its signatures are verified with."""
    folder.mkdir(parents=True, exist_ok=True)
    key = rsa.generate_private_key(65537, 2048)
    file = folder / "account.json"
    file.write_text(json.dumps({"type": "service_account", "client_email": EMAIL, "private_key": _pem(key).decode()}))
    return file, key.public_key()
