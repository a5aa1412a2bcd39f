"""The idempotency cache holds the last ids that were acknowledged."""

from gateway.events_api.idempotency import IdempotencyCache


def test_the_oldest_ids_are_forgotten() -> None:
    cache = IdempotencyCache(max_ids=3)
    cache.add(["a", "b", "c", "d"])
    assert ["a" in cache, "b" in cache, "d" in cache] == [False, True, True]
