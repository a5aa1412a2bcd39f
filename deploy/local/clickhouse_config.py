"""config.xml and users.xml of the embedded ClickHouse: local clients, bounded memory, no access to files or URLs."""

from pathlib import Path
from xml.sax.saxutils import escape

from deploy.local.ports import LOCALHOST

# The whole stack is to stay below 2.5 GB of memory; everything but ClickHouse needs about 1 GB.
MAX_SERVER_MEMORY_BYTES = 1_300_000_000
# Larger aggregations and sorts spill to disk instead of failing.
SPILL_BYTES = 400_000_000
# By default ClickHouse adds a thread for each free gigabyte, which would leave every query a single thread.
FREE_BYTES_PER_THREAD = 100_000_000
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

# All statements, but no table function or engine that reads files, URLs or other servers: a request that reaches the
# port (a web page in the user's browser can send a POST) has access to the tables only.
GRANTS = (
    "GRANT SHOW, SELECT, INSERT, ALTER, CREATE, CREATE TEMPORARY TABLE, DROP, TRUNCATE, OPTIMIZE, KILL QUERY,"
    " SYSTEM, dictGet, INTROSPECTION ON *.*",
    *(f"GRANT TABLE ENGINE ON {engine}" for engine in ENGINES),
)


def config_xml(directory: Path, port: int) -> str:
    """The server's configuration; the server writes below `directory` only."""
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
  <keep_alive_timeout>10</keep_alive_timeout>
  <shutdown_wait_unfinished>1</shutdown_wait_unfinished>
</clickhouse>
"""


def users_xml(database: str | None) -> str:
    """One user, `default`, without a password, from this machine only, whose default database is `database`.

    The server refuses to start unless that database exists; None leaves the setting out.
    """
    start_in = f"<default_database>{database}</default_database>" if database else ""
    grants = "".join(f"<query>{grant}</query>" for grant in GRANTS)
    return f"""<clickhouse>
  <profiles><default>
    <max_bytes_before_external_group_by>{SPILL_BYTES}</max_bytes_before_external_group_by>
    <max_bytes_before_external_sort>{SPILL_BYTES}</max_bytes_before_external_sort>
    <max_threads_min_free_memory_per_thread>{FREE_BYTES_PER_THREAD}</max_threads_min_free_memory_per_thread>
  </default></profiles>
  <quotas><default/></quotas>
  <users><default>
    <no_password/>
    <networks><ip>127.0.0.1</ip></networks>
    <profile>default</profile>
    <quota>default</quota>
    {start_in}
    <grants>{grants}</grants>
  </default></users>
</clickhouse>
"""
