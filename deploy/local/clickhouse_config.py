"""config.xml and users.xml of the embedded ClickHouse: local clients, bounded memory, no access to files or URLs.

Any web page that is open in a browser on this machine can send requests to the port. So only requests for this
machine's own names are answered (a page whose name was bound to 127.0.0.1 has another one), no answer may be read by a
page of another origin, and who has no password can change nothing.
"""

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from xml.sax.saxutils import escape

from deploy.local.ports import LOCALHOST

# The whole stack is to stay below 2.5 GB of memory; everything but ClickHouse needs about 1 GB.
MAX_SERVER_MEMORY_BYTES = 1_300_000_000
# Larger aggregations and sorts spill to disk instead of failing.
SPILL_BYTES = 400_000_000
# By default ClickHouse adds a thread for each free gigabyte, which would leave every query a single thread.
FREE_BYTES_PER_THREAD = 100_000_000
# By default ClickHouse compares its accounts with its resident memory 10 to 20 times a second, and reads the machine's
# figures every second: half of what it does without queries.
MEMORY_CHECK_MS = 1_000
METRICS_EVERY_S = 60
MARK_CACHE_BYTES = 64 << 20
INDEX_CACHE_BYTES = 32 << 20

ENGINES = (
    "Atomic",
    "Memory",
    "Null",
    "Set",
    "Join",
    "Dictionary",
    "Merge",
    "Buffer",
    "MaterializedView",
    "MergeTree",
    "ReplacingMergeTree",
    "AggregatingMergeTree",
    "SummingMergeTree",
    "CollapsingMergeTree",
    "VersionedCollapsingMergeTree",
)

# All statements, but no table function or engine that reads files, URLs or other servers.
GRANTS = (
    "GRANT SHOW, SELECT, INSERT, ALTER, CREATE, CREATE TEMPORARY TABLE, DROP, TRUNCATE, OPTIMIZE, KILL QUERY,"
    " SYSTEM, dictGet, INTROSPECTION ON *.*",
    *(f"GRANT TABLE ENGINE ON {engine}" for engine in ENGINES),
)


OWNER, READER = "footpath", "reader"
"""The user that may change everything, with a password that is a secret of the stack; and the one that reads."""
READER_GRANTS = ("GRANT SHOW, SELECT, dictGet, CREATE TEMPORARY TABLE ON *.*",)
OWN_HOST = r"regex:(127\.0\.0\.1|localhost)(:[0-9]{1,5})?"
"""ClickHouse compares the whole header."""


def config_xml(directory: Path, port: int, password: str) -> str:
    """The server's configuration; the server writes below `directory` only.

    :param password: as in :func:`users_xml`.
    """
    return f"""<clickhouse>
  <listen_host>{LOCALHOST}</listen_host>
  <http_port>{port}</http_port>
  <display_name>footpath</display_name>
  <users_config>{escape(str(directory))}/home/.clickhouse-local/users.xml</users_config>
  <user_files_path>{escape(str(directory))}/user_files/</user_files_path>
  <max_server_memory_usage>{MAX_SERVER_MEMORY_BYTES}</max_server_memory_usage>
  <mark_cache_size>{MARK_CACHE_BYTES}</mark_cache_size>
  <index_mark_cache_size>{INDEX_CACHE_BYTES}</index_mark_cache_size>
  <primary_index_cache_size>{INDEX_CACHE_BYTES}</primary_index_cache_size>
  <uncompressed_cache_size>0</uncompressed_cache_size>
  <compiled_expression_cache_size>{INDEX_CACHE_BYTES}</compiled_expression_cache_size>
  <background_pool_size>2</background_pool_size>
  <background_schedule_pool_size>4</background_schedule_pool_size>
  <background_fetches_pool_size>1</background_fetches_pool_size>
  <background_move_pool_size>1</background_move_pool_size>
  <background_common_pool_size>2</background_common_pool_size>
  <merge_tree>
    <number_of_free_entries_in_pool_to_execute_mutation>2</number_of_free_entries_in_pool_to_execute_mutation>
    <number_of_free_entries_in_pool_to_lower_max_size_of_merge>2</number_of_free_entries_in_pool_to_lower_max_size_of_merge>
    <number_of_free_entries_in_pool_to_execute_optimize_entire_partition>2</number_of_free_entries_in_pool_to_execute_optimize_entire_partition>
  </merge_tree>
  <memory_worker_period_ms>{MEMORY_CHECK_MS}</memory_worker_period_ms>
  <asynchronous_metrics_update_period_s>{METRICS_EVERY_S}</asynchronous_metrics_update_period_s>
  <keep_alive_timeout>10</keep_alive_timeout>
  <http_options_response><header><name>Allow</name><value>GET, POST</value></header></http_options_response>
  <http_handlers>
    <rule><url>/ping</url><handler><type>ping</type></handler></rule>
    <rule><url>/play</url><headers><Host>{OWN_HOST}</Host></headers><handler><type>play</type></handler></rule>
    {_query_rules(password)}
  </http_handlers>
  <shutdown_wait_unfinished>1</shutdown_wait_unfinished>
</clickhouse>
"""


def _query_rules(password: str) -> str:
    """Requests that have the password are taken as the user that they name; all others as the reader, whomever they
    name: `default` is the engine's own user, who needs no password."""
    if not password:
        return _query_rule({})
    basic = b64encode(f"{OWNER}:{password}".encode()).decode()
    with_password = ({"Authorization": f"Basic {basic}"}, {"X-ClickHouse-User": OWNER, "X-ClickHouse-Key": password})
    return "".join(map(_query_rule, with_password)) + _query_rule({}, f"<user>{READER}</user>")


def _query_rule(headers: Mapping[str, str], user: str = "") -> str:
    """How queries with these headers are taken."""
    named = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in headers.items())
    return f"""<rule>
      <url>regex:/(\\?.*)?</url>
      <headers><Host>{OWN_HOST}</Host>{named}</headers>
      <handler><type>dynamic_query_handler</type><query_param_name>query</query_param_name>{user}</handler>
    </rule>"""


def users_xml(database: str | None, password: str) -> str:
    """The engine's own user `default`, :data:`READER`, and :data:`OWNER` with its password; all from this machine only,
    and with `database` as their default.

    The server refuses to start unless that database exists; None leaves the setting out.

    :param password: of OWNER; empty: there is no such user.
    """
    digest = hashlib.sha256(password.encode()).hexdigest()
    users = _user("default", "<no_password/>", "default", database, GRANTS)
    users += _user(READER, "<no_password/>", "reader", database, READER_GRANTS)
    if password:
        users += _user(OWNER, f"<password_sha256_hex>{digest}</password_sha256_hex>", "default", database, GRANTS)
    return f"""<clickhouse>
  <profiles>
    <default>
      <max_bytes_before_external_group_by>{SPILL_BYTES}</max_bytes_before_external_group_by>
      <max_bytes_before_external_sort>{SPILL_BYTES}</max_bytes_before_external_sort>
      <max_threads_min_free_memory_per_thread>{FREE_BYTES_PER_THREAD}</max_threads_min_free_memory_per_thread>
      <add_http_cors_header>0</add_http_cors_header>
      <constraints><add_http_cors_header><const/></add_http_cors_header></constraints>
    </default>
    <reader>
      <profile>default</profile>
      <readonly>2</readonly>
    </reader>
  </profiles>
  <quotas><default/></quotas>
  <users>{users}</users>
</clickhouse>
"""


def _user(name: str, password: str, profile: str, database: str | None, grants: tuple[str, ...]) -> str:
    start_in = f"<default_database>{database}</default_database>" if database else ""
    return f"""<{name}>
    {password}
    <networks><ip>127.0.0.1</ip></networks>
    <profile>{profile}</profile>
    <quota>default</quota>
    {start_in}
    <grants>{"".join(f"<query>{grant}</query>" for grant in grants)}</grants>
  </{name}>"""
