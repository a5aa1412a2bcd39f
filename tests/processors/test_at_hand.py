"""States at hand, and rows read ahead: in whatever order a desk takes runs, a thread reads for those that wait, and
commits go on beside both, everybody finds the last word on a key.
"""

from concurrent.futures import Future
from typing import Any, NamedTuple
from unittest.mock import patch

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.shell import at_hand
from processors.shell.at_hand import Asked, AtHand
from processors.shell.kept import Active, KeptCodec
from processors.shell.store import MemoryStore

KEYS = [b"anna", b"ben"]
SOME_KEYS = st.lists(st.sampled_from(KEYS), min_size=1, max_size=3)


class Count(msgspec.Struct, frozen=True, array_like=True):
    of: int = 0


CODEC = KeptCodec(Count)


class SlowStore(MemoryStore):
    """Reads ahead when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.begun: list[tuple[list[bytes], Future[Any]]] = []

    def ahead(self, keys: list[bytes]) -> Future[list[bytes | None]]:
        self.begun.append((keys, Future()))
        return self.begun[-1][1]

    def read(self) -> None:
        keys, rows = self.begun.pop(0)
        if rows.set_running_or_notify_cancel():
            rows.set_result([self.get(key) for key in keys])


class Waiting(NamedTuple):
    """A run on its way to the desk."""

    keys: list[bytes]
    asked: Asked | None


class Town:
    """A desk's states and a count of how often each key was taken, which is what they have to agree with."""

    def __init__(self) -> None:
        self.store = SlowStore()
        self.states = AtHand(self.store, CODEC)
        self.true: dict[bytes, int] = {}
        self.waiting: list[Waiting] = []
        self.dirty: dict[bytes, Any] = {}
        self.committing: dict[bytes, bytes] | None = None

    def arrives(self, keys: list[bytes]) -> None:
        self.waiting.append(Waiting(keys, self.states.ask(keys)))

    def reads(self) -> None:
        if self.store.begun:
            self.store.read()

    def takes(self) -> None:
        if not self.waiting:
            return
        run = self.waiting.pop(0)
        self.states.use(run.asked)
        for key in run.keys:
            kept = self.states.young.get(key) or self.states.find(key)
            count = kept.state.of if isinstance(kept, Active) and kept.state else 0
            assert count == self.true.get(key, 0), f"{key!r} is as it was before"
            self.true[key] = count + 1
            self.states.young[key] = self.dirty[key] = Active(Count(count + 1))

    def commits(self) -> None:
        """Begins a commit, or ends the one that is under way."""
        if self.committing is None:
            self.committing = {key: CODEC.encode(kept) for key, kept in self.dirty.items()}
            self.dirty = {}
        else:
            self.store.write(self.committing.items(), 0)
            self.states.committed()
            self.committing = None


STEPS = st.one_of(
    st.builds(lambda keys: ("arrives", keys), SOME_KEYS),
    st.sampled_from([("reads",), ("takes",), ("takes",), ("commits",), ("commits",)]),
)


@settings(max_examples=300)
@given(st.lists(STEPS, max_size=60))
def test_everybody_finds_the_last_word(steps: list[tuple[Any, ...]]) -> None:
    with patch.object(at_hand, "YOUNG_KEYS", 0):
        town = Town()
        for name, *given_ in steps:
            getattr(town, name)(*given_)
        while town.waiting:
            town.takes()


def test_rows_of_two_generations_ago_count_for_nothing() -> None:
    """Ben's row is read while he is a stranger; then he comes, and two commits later nobody has him at hand."""
    with patch.object(at_hand, "YOUNG_KEYS", 0):
        town = Town()
        town.arrives([b"ben"])
        town.arrives([b"ben"])
        town.reads()
        town.reads()
        town.takes()
        for _ in range(2):
            town.commits()
            town.commits()
            town.states.young[b"anna"] = Active(Count(1))
        town.takes()


def test_what_is_read_ahead_is_not_read_again() -> None:
    town = Town()
    town.store.write([(b"ben", CODEC.encode(Active(Count(3))))], 1)
    town.true[b"ben"] = 3
    town.arrives([b"ben"])
    town.reads()
    with patch.object(town.store, "get", side_effect=AssertionError("asked for twice")):
        town.takes()
    assert town.true[b"ben"] == 4
