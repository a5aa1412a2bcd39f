"""What every client of ClickHouse is given."""

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from clickhouse_connect.driver import options as optional_packages
from clickhouse_connect.driver.exceptions import ClickHouseError

from sinks.clickhouse.store_settings import Store, store_settings

C = TypeVar("C")

# clickhouse_connect 1 loads these packages, if they are installed, with its first result: 50 MB and half a second for
# data frames, which nothing here asks for. As if they were not installed:
vars(optional_packages).update(pd=None, pd_time_test=None, arrow=None, pl=None)


def client_options(store: Store, number: int = 0) -> dict[str, Any]:
    """Arguments of clickhouse_connect's `get_client` and `get_async_client` for one of the addresses.

    An https address is reached by TLS with a verified certificate, whatever its port: from a DSN the library takes the
    port alone for that, and speaks plain HTTP to port 9440. No session: it would allow one request at a time.

    :param number: of the address; the first one follows after the last.
    """
    settings = store_settings(store)
    url = settings.addresses[number % len(settings.addresses)]
    is_tls = urlsplit(url).scheme.lower() == "https"
    options: dict[str, Any] = {
        "dsn": url,
        "interface": "https" if is_tls else "http",
        "secure": is_tls,
        "autogenerate_session_id": False,
    }
    if settings.user:
        options["username"] = settings.user
    if settings.password:
        options["password"] = settings.password
    if is_tls and settings.ca_file is not None:
        options["ca_cert"] = str(settings.ca_file)
    return options


def first_answering(store: Store, connect: Callable[..., C], **options: Any) -> C:
    """A client of the first address that answers. Blocks. :raises ClickHouseError: none does; that of the last one."""
    count = len(store_settings(store).addresses)
    for number in range(count):
        try:
            return connect(**client_options(store, number), **options)
        except ClickHouseError:
            if number == count - 1:
                raise
    raise AssertionError("there is at least one address")
