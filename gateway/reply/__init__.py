"""Decisions coming back from the stream: the reply partition, the requests that wait for it, and probes."""
