"""What every client of ClickHouse is given."""

from typing import Any
from urllib.parse import urlsplit


def client_options(url: str) -> dict[str, Any]:
    """Arguments of clickhouse_connect's `get_client` and `get_async_client` for an address with user and password.

    An https address is reached by TLS with a verified certificate, whatever its port: from a DSN the library takes the
    port alone for that, and speaks plain HTTP to port 9440. No session: it would allow one request at a time.
    """
    is_tls = urlsplit(url).scheme.lower() == "https"
    return {"dsn": url, "interface": "https" if is_tls else "http", "secure": is_tls, "autogenerate_session_id": False}
