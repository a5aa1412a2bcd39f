"""Whether brokers refuse this client: aiokafka's clients only say that they cannot bootstrap, and try for ever."""

import ssl

from aiokafka.conn import collect_hosts, create_conn
from aiokafka.errors import (
    IllegalSaslStateError,
    KafkaError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)

from schemas.kafka.client_options import client_options
from schemas.kafka.client_settings import (
    CA_FILE,
    MECHANISM,
    OAUTHBEARER,
    SECURITY,
    TOKEN_FILE,
    USER,
    Kafka,
    settings_for,
)
from schemas.process.settings import SettingError

TIMEOUT_MS = 5000
NO_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE")


async def check_login(kafka: Kafka) -> None:
    """Asks one broker after the other until one takes or refuses this client; brokers that are away are no mistake of
    a setting. Called where a client could not connect, and once by each command.

    :raises SettingError: TLS or SASL is refused; names the setting.
    """
    settings = settings_for(kafka)
    if settings.security == "PLAINTEXT":
        return
    options = client_options(kafka)
    for host, port, _ in collect_hosts(options.pop("bootstrap_servers")):
        broker = f"{host}:{port}"
        try:
            connection = await create_conn(host, port, request_timeout_ms=TIMEOUT_MS, **options)
        except (SaslAuthenticationFailed, IllegalSaslStateError) as error:
            what = (
                f"the token of {TOKEN_FILE.name}"
                if settings.mechanism == OAUTHBEARER
                else (f"{USER.name}={settings.user} or its password")
            )
            raise SettingError(f"{broker} refuses {what} ({settings.mechanism}): {error}") from None
        except UnsupportedSaslMechanismError:
            raise SettingError(f"{MECHANISM.name}={settings.mechanism}: {broker} does not offer it") from None
        except ssl.SSLCertVerificationError as error:
            raise SettingError(
                f"{CA_FILE.name}={settings.ca_file or ''}: the certificate of {broker} is not trusted "
                f"({error.verify_message})"
            ) from None
        except ssl.SSLError as error:
            if error.reason in NO_TLS:
                raise SettingError(f"{SECURITY.name}={settings.security}: {broker} does not speak TLS") from None
        except (TimeoutError, OSError, KafkaError):
            continue
        else:
            connection.close()
            return
