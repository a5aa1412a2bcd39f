"""The settings of every client of Kafka: what cannot work is named before anything connects."""

from pathlib import Path

import pytest

from schemas.kafka.client_options import client_options, consumer_options
from schemas.kafka.client_settings import ClientSettings
from schemas.process.settings import SettingError, read_settings
from tests.support.certificates import Authority

PASSWORD = {"FOOTPATH_KAFKA_SECURITY": "SASL_PLAINTEXT", "FOOTPATH_KAFKA_USER": "ann", "FOOTPATH_KAFKA_PASSWORD": "x/y"}


def test_an_address_alone_is_a_kafka_without_security() -> None:
    plain = {"bootstrap_servers": "a:1", "client_id": "footpath", "security_protocol": "PLAINTEXT"}
    assert client_options("a:1") == client_options(ClientSettings(bootstrap="a:1")) == plain
    assert consumer_options("a:1") == plain | {"client_rack": None}


def test_every_client_gets_the_same(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    own = authority.sign("client")
    secret = tmp_path / "password"
    secret.write_text("x/y\n")
    settings = read_settings(
        ClientSettings,
        {
            "FOOTPATH_KAFKA": "a:1, b:2",
            "FOOTPATH_KAFKA_SECURITY": "SASL_SSL",
            "FOOTPATH_KAFKA_SASL": "SCRAM-SHA-256",
            "FOOTPATH_KAFKA_USER": "ann",
            "FOOTPATH_KAFKA_PASSWORD_FILE": str(secret),
            "FOOTPATH_KAFKA_CA_FILE": str(authority.file),
            "FOOTPATH_KAFKA_CERTIFICATE_FILE": str(own.certificate),
            "FOOTPATH_KAFKA_KEY_FILE": str(own.key),
            "FOOTPATH_KAFKA_CLIENT_ID": "till",
            "FOOTPATH_KAFKA_RACK": "a",
        },
    )
    options = consumer_options(settings)
    assert options.pop("ssl_context").get_ca_certs()
    assert options == {
        "bootstrap_servers": "a:1,b:2",
        "client_id": "till",
        "client_rack": "a",
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-256",
        "sasl_plain_username": "ann",
        "sasl_plain_password": "x/y",
    }
    secret.write_text("renewed")
    assert client_options(settings)["sasl_plain_password"] == "renewed"


def test_no_representation_has_a_password() -> None:
    settings = read_settings(ClientSettings, PASSWORD | {"FOOTPATH_KAFKA_PASSWORD": "hidden"})
    assert settings.password == "hidden"
    assert "hidden" not in repr(settings) and str(settings) == settings.bootstrap


@pytest.mark.parametrize("address", ["https://broker:9092", "broker", "broker:", "u:p@broker:1", "a:1,,b:2", "a:1/x"])
def test_an_address_that_is_none_is_named(address: str) -> None:
    with pytest.raises(SettingError, match=r"^FOOTPATH_KAFKA=.*: must be host:port"):
        read_settings(ClientSettings, {"FOOTPATH_KAFKA": address})


def test_an_ipv6_address_is_one() -> None:
    assert read_settings(ClientSettings, {"FOOTPATH_KAFKA": "[::1]:9092"}).bootstrap == "[::1]:9092"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"USER": ""}, "FOOTPATH_KAFKA_USER is not set"),
        ({"PASSWORD": ""}, "FOOTPATH_KAFKA_PASSWORD is not set"),
        ({"SECURITY": "PLAINTEXT"}, "FOOTPATH_KAFKA_USER is set, and FOOTPATH_KAFKA_SECURITY=PLAINTEXT"),
        ({"SECURITY": "SSL"}, "FOOTPATH_KAFKA_USER is set, and FOOTPATH_KAFKA_SECURITY=SSL"),
        ({"SECURITY": "TLS"}, "FOOTPATH_KAFKA_SECURITY=TLS: must be PLAINTEXT or SSL"),
        ({"SASL": "MD5"}, "FOOTPATH_KAFKA_SASL=MD5: must be PLAIN or"),
        ({"SASL": "OAUTHBEARER"}, "FOOTPATH_KAFKA_USER is set, and FOOTPATH_KAFKA_SASL=OAUTHBEARER"),
        ({"SASL": "OAUTHBEARER", "USER": "", "PASSWORD": ""}, "FOOTPATH_KAFKA_TOKEN_FILE is not set"),
        ({"TOKEN_FILE": "/x"}, "FOOTPATH_KAFKA_TOKEN_FILE is set, and FOOTPATH_KAFKA_SASL=SCRAM-SHA-512"),
        ({"CA_FILE": "/nowhere"}, "FOOTPATH_KAFKA_CA_FILE=/nowhere: No such file"),
        ({"CERTIFICATE_FILE": "/nowhere"}, "FOOTPATH_KAFKA_CERTIFICATE_FILE is set, and FOOTPATH_KAFKA_SECURITY="),
        ({"SECURITY": "SASL_SSL", "CERTIFICATE_FILE": "/nowhere"}, "FOOTPATH_KAFKA_CERTIFICATE_FILE=/nowhere"),
        ({"SECURITY": "SASL_SSL", "KEY_FILE": "/nowhere"}, "FOOTPATH_KAFKA_CERTIFICATE_FILE is not set"),
        ({"PASSWORD_FILE": "/nowhere"}, "FOOTPATH_KAFKA_PASSWORD_FILE=/nowhere: No such file"),
        ({"PREFIX": "retail/"}, "FOOTPATH_KAFKA_PREFIX=retail/: must be up to 100 letters"),
        ({"TOKEN_PROVIDER": "function"}, "FOOTPATH_KAFKA_TOKEN_PROVIDER=function: must be module:function"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_named(changes: dict[str, str], message: str) -> None:
    environ = PASSWORD | {f"FOOTPATH_KAFKA_{name}": value for name, value in changes.items()}
    with pytest.raises(SettingError) as refused:
        read_settings(ClientSettings, environ)
    assert message in str(refused.value) and "x/y" not in str(refused.value)


def test_files_that_are_no_certificates_are_named(tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    other.write_text("-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----\n")
    with pytest.raises(SettingError, match=r"^FOOTPATH_KAFKA_CA_FILE=.*other\.pem: must be a file with certificates"):
        read_settings(ClientSettings, {"FOOTPATH_KAFKA_SECURITY": "SSL", "FOOTPATH_KAFKA_CA_FILE": str(other)})
    one, two = Authority(tmp_path).sign("one"), Authority(tmp_path).sign("two")
    environ = {
        "FOOTPATH_KAFKA_SECURITY": "SSL",
        "FOOTPATH_KAFKA_CERTIFICATE_FILE": str(one.certificate),
        "FOOTPATH_KAFKA_KEY_FILE": str(two.key),
    }
    with pytest.raises(SettingError, match=r"one\.pem, FOOTPATH_KAFKA_KEY_FILE=.*two\.key: they do not belong"):
        read_settings(ClientSettings, environ)


def test_a_password_twice_is_named(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("x")
    with pytest.raises(SettingError, match="FOOTPATH_KAFKA_PASSWORD and FOOTPATH_KAFKA_PASSWORD_FILE are both set"):
        read_settings(ClientSettings, PASSWORD | {"FOOTPATH_KAFKA_PASSWORD_FILE": str(tmp_path / "password")})


def test_a_token_provider_that_is_not_there_is_named() -> None:
    for provider in ("no.such.module:token", "json:token"):
        environ = {
            "FOOTPATH_KAFKA_SECURITY": "SASL_PLAINTEXT",
            "FOOTPATH_KAFKA_SASL": "OAUTHBEARER",
            "FOOTPATH_KAFKA_TOKEN_PROVIDER": provider,
        }
        with pytest.raises(SettingError, match=f"^FOOTPATH_KAFKA_TOKEN_PROVIDER={provider}: "):
            client_options(read_settings(ClientSettings, environ))
