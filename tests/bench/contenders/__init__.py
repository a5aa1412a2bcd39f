"""The same job, told by five programs: count the records of each key, keep the count, send the record on with it.

Each is a process of its own: ``python -m tests.bench.contenders.NAME KAFKA SOURCE SINK GROUP FOLDER``. It runs until it
is killed. A record's value has 100 bytes, of which the last 8 are its count in what goes out.
"""
