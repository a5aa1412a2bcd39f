"""Replay: rejects through today's code, tables and states rebuilt from their topics.

In reading order: topic_reader, groups, reference and progress (shared); for rejects: rejects, repair, replan, ledger,
rejected; for tables: checksum, shadow_table, table; for states: order, rebuilding, canonical, comparing, changelogs,
versions, state.
"""
