"""Who guesses codes is stopped, and nobody else."""

from gateway.coupons.misses import ALL_BURST, ALL_PER_S, KEY_BURST, KEY_PER_S, Misses


def test_a_key_that_guesses_waits_and_others_do_not() -> None:
    misses = Misses()
    tried = 0
    for tenth in range(600):
        now_s = tenth / 10
        while not misses.wait_s("guesser", now_s):
            misses.count("guesser", now_s)
            tried += 1
        assert misses.wait_s("till", now_s) == 0.0
    assert tried <= KEY_BURST + 60 * KEY_PER_S
    assert 0 < misses.wait_s("guesser", 59.9) <= 1 / KEY_PER_S


def test_many_keys_together_have_one_limit() -> None:
    misses = Misses()
    tried = 0
    for second in range(60):
        for number in range(100):
            while not misses.wait_s(f"key-{number}", float(second)):
                misses.count(f"key-{number}", float(second))
                tried += 1
    assert tried <= ALL_BURST + 60 * ALL_PER_S
    assert misses.wait_s("another", 59.0) > 0
    assert misses.wait_s("another", 59.0 + ALL_BURST / ALL_PER_S) == 0.0


def test_guesses_of_a_year_find_nothing() -> None:
    """10^8 coupons are out there; a code has 64.8 random bits."""
    a_year = ALL_BURST + 365 * 86_400 * ALL_PER_S
    assert a_year * 10**8 / 2**64.8 < 0.01
