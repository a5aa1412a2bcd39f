"""A Kafka as clusters have it: TLS with an authority of its own, and users with passwords or tokens."""

import base64
import json
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from deploy.local import kafka, ports
from deploy.local.settings import cache_directory
from tests.support.certificates import Authority, Identity
from tests.support.servers import KafkaServer, broker_command

USER, PASSWORD = "footpath", "se:cret/with @ slash"
JAAS = "org.apache.kafka.common.security"


@dataclass
class SecureKafka:
    """``sasl`` and ``mutual`` are addresses: SASL over TLS, and TLS with the client's own certificate. ``server`` has
    an address without security, for a test's own look."""

    server: KafkaServer
    authority: Authority
    client: Identity
    sasl: str
    mutual: str
    password_file: Path

    def environment(self, mechanism: str = "SCRAM-SHA-512") -> dict[str, str]:
        """The settings of a client that signs in with its password."""
        return {
            "FOOTPATH_KAFKA": self.sasl,
            "FOOTPATH_KAFKA_SECURITY": "SASL_SSL",
            "FOOTPATH_KAFKA_SASL": mechanism,
            "FOOTPATH_KAFKA_USER": USER,
            "FOOTPATH_KAFKA_PASSWORD_FILE": str(self.password_file),
            "FOOTPATH_KAFKA_CA_FILE": str(self.authority.file),
        }


def start_secure_kafka(folder: Path) -> SecureKafka:
    """Started, with a user for PLAIN, SCRAM and unsigned tokens; its data and its secrets are in ``folder``."""
    authority = Authority(folder / "tls")
    broker_identity = authority.sign("broker")
    key_store = folder / "tls" / "broker.store"
    key_store.write_bytes(broker_identity.key.read_bytes() + broker_identity.certificate.read_bytes())
    install = kafka.prepare(cache_directory(os.environ), print)
    broker = kafka.Broker(folder / "kafka", ports.free(), ports.free())
    sasl, mutual = ports.free(), ports.free()
    broker.directory.mkdir()
    log = broker.directory / "log"
    settings = kafka.properties(broker, log) + _security(broker, sasl, mutual, key_store, authority)
    broker.properties_file.write_text(settings)
    users = [f"SCRAM-SHA-{bits}=[name={USER},password={PASSWORD}]" for bits in (256, 512)]
    scram = [argument for user in users for argument in ("--add-scram", user)]
    tool = ("kafka.tools.StorageTool", "format", "-t", kafka._cluster_id(), "-c", str(broker.properties_file), *scram)
    subprocess.run(install.command(*tool), check=True, capture_output=True, text=True)
    password_file = folder / "password"
    password_file.write_text(PASSWORD + "\n")
    server = KafkaServer(
        argv=broker_command(install, broker),
        log=folder / "kafka.log",
        is_serving=lambda: kafka.is_serving(broker.bootstrap),
        bootstrap=broker.bootstrap,
    )
    server.start()
    host = ports.LOCALHOST
    client = authority.sign("client")
    return SecureKafka(server, authority, client, f"{host}:{sasl}", f"{host}:{mutual}", password_file)


def unsigned_token(user: str = USER, valid_s: int = 3600) -> str:
    """A token that a Kafka without an identity provider accepts (RFC 7515, algorithm none)."""
    now = int(time.time())
    claims = {"sub": user, "iat": now - 60, "exp": now + valid_s}
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({"alg": "none"}, claims)
    ]
    return ".".join([*parts, ""])


def _security(broker: kafka.Broker, sasl: int, mutual: int, key_store: Path, authority: Authority) -> str:
    """Properties behind those of the embedded Kafka; of a property that is there twice, the last counts."""
    plain = f"PLAINTEXT://{broker.bootstrap}"
    secured = f"SASL_SSL://{ports.LOCALHOST}:{sasl},SSL://{ports.LOCALHOST}:{mutual}"
    control = f"CONTROLLER://{ports.LOCALHOST}:{broker.controller_port}"
    quoted = PASSWORD.replace("\\", "\\\\").replace('"', '\\"')
    settings = {
        "listeners": f"{plain},{secured},{control}",
        "advertised.listeners": f"{plain},{secured}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL,SSL:SSL",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": key_store,
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": authority.file,
        "listener.name.ssl.ssl.client.auth": "required",
        "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER",
        "listener.name.sasl_ssl.plain.sasl.jaas.config": (
            f'{JAAS}.plain.PlainLoginModule required user_{USER}="{quoted}";'
        ),
        "listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config": f"{JAAS}.scram.ScramLoginModule required;",
        "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": f"{JAAS}.scram.ScramLoginModule required;",
        "listener.name.sasl_ssl.oauthbearer.sasl.jaas.config": (
            f'{JAAS}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";'
        ),
    }
    return "".join(f"{key}={value}\n" for key, value in settings.items())
