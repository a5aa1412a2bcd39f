"""Whether ClickHouse refuses this sink: a wrong password or authority is a mistake of a setting and stops it at its
start, where an outage is waited for."""

import ssl
from collections.abc import Iterator

from schemas.process.settings import SettingError
from sinks.clickhouse.store_settings import CA_FILE, USER, Store, store_settings
from sinks.clickhouse.writer import ERRORS, build_client

LOGIN_CODES = frozenset({192, 193, 194, 516})
"""UNKNOWN_USER, WRONG_PASSWORD, REQUIRED_PASSWORD, AUTHENTICATION_FAILED."""


async def check_store_login(store: Store) -> None:
    """Asks one address after the other until one takes or refuses the login.

    :raises SettingError: it is refused, or the certificate is not trusted; names the setting.
    """
    settings = store_settings(store)
    for number, _ in enumerate(settings.addresses):
        try:
            client = await build_client(settings, number)
        except ERRORS as problem:
            if getattr(problem, "code", None) in LOGIN_CODES:
                raise SettingError(
                    f"FOOTPATH_CLICKHOUSE={settings.shown} refuses its user or {USER.name}={settings.user}, or the "
                    "password"
                ) from None
            if refusals := [cause for cause in _causes(problem) if isinstance(cause, ssl.SSLCertVerificationError)]:
                why = getattr(refusals[-1], "verify_message", "")  # the last is OpenSSL's, the others are aiohttp's
                raise SettingError(
                    f"{CA_FILE.name}={settings.ca_file or ''}: the certificate of {settings.shown} is not trusted "
                    f"({why})"
                ) from None
        else:
            await client.close()
            return


def _causes(problem: BaseException) -> Iterator[BaseException]:
    """The exception and what it was raised from."""
    seen: list[BaseException] = []
    cause: BaseException | None = problem
    while cause is not None and cause not in seen:
        seen.append(cause)
        yield cause
        cause = cause.__cause__ or cause.__context__
