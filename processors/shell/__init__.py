"""The shell: runs any core on Kafka, in batches, and solves the hard parts of stream processing once for all of them.

Reading order: state/records (what is stored for a key), apply (one event), task (a batch), partition (the order of
durability), outbox (effects), state/changelog (fenced transactions, restore), state/store, state/state_cache,
state/dedup_window; then fetch/gaps and fetch/recovery_order (what a partition is sure to get, and in which order),
fetch/consumer and app (Faust), agent (partitions as they are assigned and revoked), local_delivery, reject_limit.
"""
