"""Programs that the benches measure side by side: baselines, peers, and Footpath's shell doing the same job.

The job of those that count: count the records of each key, keep the count as state, publish each record with its
count. Each runs as a process of its own, ``python -m tests.bench.baselines.NAME KAFKA SOURCE SINK GROUP FOLDER``, until
it is killed. A record's value has 100 bytes; in the output the last 8 are the count.
"""
