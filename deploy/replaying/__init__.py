"""Replay: rejects through today's code, tables and states anew from their topics.

Read it in this order: reading, groups and screen (what they share), then for rejects repair, again, ledger, rejected;
for tables checksum, beside, table; for states order, rebuilding, canonical, changelogs, state.
"""
