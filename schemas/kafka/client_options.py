"""What every client of Kafka is given, by the library that it is of."""

import asyncio
import inspect
import ssl
from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

from aiokafka.abc import AbstractTokenProvider

from schemas.kafka.client_settings import OAUTHBEARER, TOKEN_PROVIDER, ClientSettings, Kafka, settings_for
from schemas.process.settings import SettingError


def client_options(kafka: Kafka) -> dict[str, Any]:
    """Arguments of aiokafka's producer, consumer, admin and bare client.

    :raises SettingError: the token provider cannot be found.
    """
    settings = settings_for(kafka)
    options: dict[str, Any] = {
        "bootstrap_servers": settings.bootstrap,
        "client_id": settings.client_id,
        "security_protocol": settings.security,
    }
    if settings.has_tls:
        options["ssl_context"] = _ssl_context(settings.ca_file, settings.certificate_file, settings.key_file)
    if settings.has_sasl:
        options["sasl_mechanism"] = settings.mechanism
        if settings.mechanism == OAUTHBEARER:
            options["sasl_oauth_token_provider"] = _token_provider(settings)
        else:
            options |= {"sasl_plain_username": settings.user, "sasl_plain_password": settings.password}
    return options


def consumer_options(kafka: Kafka) -> dict[str, Any]:
    """The same for a consumer, which may fetch from a replica in its own rack."""
    return client_options(kafka) | {"client_rack": rack_of(kafka)}


def rack_of(kafka: Kafka) -> str | None:
    """The rack of this process, None when it is not set."""
    return settings_for(kafka).rack or None


class TokenSource(AbstractTokenProvider):  # type: ignore[misc]
    """Gives the token anew for each connection. :param read: may block, or return something to await."""

    def __init__(self, read: Callable[[], Any]) -> None:
        self._read = read

    async def token(self) -> str:
        token = await asyncio.to_thread(self._read)
        return str(await token if inspect.isawaitable(token) else token).strip()


def _token_provider(settings: ClientSettings) -> TokenSource:
    if settings.token_file is not None:
        return TokenSource(settings.token_file.read_text)
    module, _, name = settings.token_provider.partition(":")
    try:
        function = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise SettingError(f"{TOKEN_PROVIDER.name}={settings.token_provider}: {error}") from None
    if not callable(function):
        raise SettingError(f"{TOKEN_PROVIDER.name}={settings.token_provider}: this is no function")
    return TokenSource(function)


@lru_cache(8)  # the system's own authorities take 20 ms to load, and a worker has hundreds of clients
def _ssl_context(ca_file: Path | None, certificate_file: Path | None, key_file: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca_file)
    if certificate_file is not None:
        context.load_cert_chain(certificate_file, key_file)
    return context
