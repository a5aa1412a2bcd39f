"""The shell: runs any core on Kafka, in batches, and owns everything hard once.

Read it in this order: kept (what is stored for a key), turn (one record), partition (order of durability), changelog
(fenced state, restore), store, outbox (effects), consumer and agent (Faust).
"""
