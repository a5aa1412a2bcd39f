"""`footpath why`: the story of an event as ClickHouse has it, and the words and exit codes where there is none."""

import io
import json
import re
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from rich.console import Console

from deploy.cli.main import build_app
from deploy.operate.store_client import connect
from deploy.operate.why.outline import Node, lines, outline
from deploy.operate.why.output import print_node
from deploy.operate.why.read_story import read_story
from deploy.operate.why.stored import Stored
from deploy.operate.why.story import Story
from schemas.events import EventRejected, ProfileErased, ScanMissed
from schemas.identifiers.pseudonyms import Pseudonyms
from schemas.ids import derived
from schemas.process.errors import OperatorError
from sinks.store.migrate import migrate
from tests.support.brand_files import YAML, write
from tests.support.builders import (
    MONDAY_TEN,
    after,
    agreed,
    build_events,
    enter,
    event_id,
    merged,
    person,
    purchase,
    returned,
    scan,
    tap,
)
from tests.support.reference import reference, route
from tests.support.servers import ClickHouseServer, start_clickhouse
from tests.support.sink_events import edge
from tests.support.sink_store import Store
from tests.support.stored_stories import copied, put_brand, put_events, put_story

WHERE = reference(
    route("regular", 30, visits_at_least=9, moment="do"),
    route("shelf", 20, placements=("shelf",), promotes=True),
    route("else", 1, moment="know"),
    stock={("mitte", "KB-1"): 4},
)
AT = round(MONDAY_TEN.timestamp() * 1e6)
OTHER = YAML.replace("shelf-1", "shelf").replace(", types: [scan]", "")
KEYED = Pseudonyms(bytes(32), "DE")
MAIL = KEYED.identifier("email", "dora@shop.example")
CARD = KEYED.identifier("customer", "C-1")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Settings of a ClickHouse with some stories, and of the key of the hashes."""
    directory = tmp_path_factory.mktemp("why")
    part = start_clickhouse(directory / "clickhouse")
    (directory / "secrets").mkdir()
    (directory / "secrets" / "identifier.key").write_text("00" * 32)
    migrate(part.url)
    put_everything(Store(part))
    yield {"FOOTPATH_CLICKHOUSE": part.url, "FOOTPATH_DATA": str(directory)}
    part.stop()


def put_everything(store: Store) -> None:
    put_brand(store, WHERE.brand, AT - 1)
    put_story(
        store,
        WHERE,
        agreed("personalisation", name="agreed"),
        enter(),
        after("5 minutes"),
        tap("shelf", name="tap", trust=80, trust_reasons=("impossible_travel",), language="de"),
        purchase("12.50", "KB-1", name="till/sale"),
        scan("shelf", who="ben", name="missed"),
        merged("ben", into="anna"),
        returned("12.50", of="till/sale", name="return"),
        scan("gone", name="gone"),
        scan("shelf", who="cleo", name="waiting"),
    )
    store.put([edge(("device:anna", CARD), "linked", 1, cause="till/sale", at="2026-03-02 10:05")])
    missed = event_id("missed")
    late = ScanMissed(
        event_id=derived("missed", missed), occurred_at=AT, scan_event_id=missed, tag="shelf",
        destination="https://shop.example/hello", reason="late", waited_ms=250.4,
    )  # fmt: skip
    store.put([late])
    put_missing(store)


def put_missing(store: Store) -> None:
    """Stories of which something is missing: a person, a decision, all but a reject."""
    nobody, unfinished, dora = build_events(
        scan("shelf", name="counted"), scan("shelf", name="unfinished"), scan("shelf", who="dora", name="erased")
    )
    put_events(store, WHERE, [copied(nobody, properties='{"counted_only":true}')], inputs="{}")
    store.put([unfinished])
    someone = derived("anonymous")
    put_events(
        store,
        WHERE,
        [copied(dora, identifiers=(), person_id=someone, source_profile_id=someone, primary_identifier="")],
        inputs="{}",
    )
    erased = ProfileErased(
        event_id=derived("erasure"), occurred_at=AT, request_id="r", person_id=person("dora"),
        source_profile_id=person("dora"), identifier=MAIL,
    )  # fmt: skip
    store.put([erased])
    for cause, reason in (("till/bad", "invalid"), (event_id("till/sale"), "conflict")):
        reject = EventRejected(
            event_id=derived("reject", cause), occurred_at=AT, stage="gateway", reason=reason, detail="is no amount",
            field="amount", source_event_id=cause, raw=b"",
        )  # fmt: skip
        store.put([reject])


class Answer(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


def why(store: dict[str, str], *args: str) -> Answer:
    """The command in this process: starting one takes longer than the command."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        for name, value in store.items():
            patch.setenv(name, value)
        try:
            build_app()(["why", *args], exit_on_error=False)
        except SystemExit as end:
            return Answer(int(end.code or 0), out.getvalue(), err.getvalue())
        except OperatorError as error:
            return Answer(1, out.getvalue(), f"{error}\n")
    raise AssertionError("a command ends with its exit code")


def test_a_story_is_told_from_the_scan_to_the_rows(store: dict[str, str]) -> None:
    answer = why(store, event_id("tap"))
    assert answer.returncode == 0, answer.stderr
    shown = re.sub(r"^    \S+ \S+  \S+ \w+  (.*inserted)$", r"    … \1", answer.stdout, flags=re.M)
    golden = Path(__file__).with_name("why_scan.txt")
    assert shown.replace(WHERE.brand.version, "VERSION") == golden.read_text()


def test_a_terminal_of_80_columns_shows_all_of_it(store: dict[str, str]) -> None:
    """Lines are wrapped below their branch, and none is cut."""
    with connect(store) as client:
        story = read_story(Stored(client), event_id("tap"))
    assert story is not None
    console = Console(width=80, force_terminal=True, color_system=None, file=io.StringIO())
    print_node(outline(story), console)
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert max(map(len, shown.splitlines())) <= 80 and "├── decided: shelf (buy), brand version" in shown
    words = [word for line in lines(outline(story)) for word in line.split()]
    assert "".join(words) == "".join(re.sub("[│├└─ \n]", "", shown)), "the same text, all of it"


def test_a_period_is_recomputed_under_another_configuration(store: dict[str, str], tmp_path: Path) -> None:
    """All decisions were of the shelf's route, which the other brand does not have; two have no inputs."""
    period = ("--since", "2026-03-01", "--until", "2026-03-03T00:00:00")
    same = why(store, *period, "--recompute", "--json")
    found = json.loads(same.stdout)
    assert (same.returncode, found["answers"], found["same"], found["moved"]) == (0, 5, 3, []), same.stderr
    assert found["without_inputs"] == 2, "of nobody, and of somebody erased"
    other = why(store, *period, "--with", str(write(tmp_path, OTHER)), "--json")
    found = json.loads(other.stdout)
    assert other.returncode == 2 and found["moved"] == [{"was": "shelf", "now": "buy", "answers": 3, "fields": []}]
    text = why(store, *period, "--with", str(tmp_path)).stdout
    assert "5 decisions from 2026-03-01 00:00 to 2026-03-03 00:00: 3 would be others (100.0%)" in text
    assert "decisions a second" in text and "2 have no inputs" in text
    empty = why(store, "--since", "2020-01-01", "--until", "2020-01-02", "--recompute")
    assert empty.returncode == 0 and "0 decisions" in empty.stdout


def test_a_decision_is_recomputed_field_by_field(store: dict[str, str], tmp_path: Path) -> None:
    same = why(store, event_id("tap"), "--recompute")
    assert same.returncode == 0 and "with its own configuration" in same.stdout and "the same answer" in same.stdout
    folder = write(tmp_path, OTHER)
    other = why(store, event_id("missed"), "--with", str(folder), "--json")
    comparison = json.loads(other.stdout)["recomputed"]
    assert other.returncode == 2 and [one["field"] for one in comparison["differences"]][:2] == ["route", "destination"]
    assert "candidate buy" in [one["field"] for one in comparison["differences"]]
    gone = why(store, event_id("missed"), "--with", str(write(tmp_path, YAML)))
    assert gone.returncode == 2 and "the configuration does not have the tag" in gone.stdout
    nobody = why(store, event_id("erased"), "--recompute")
    assert nobody.returncode == 6 and "its inputs are not stored" in nobody.stdout


def test_each_ending_has_its_words_and_its_exit_code(store: dict[str, str]) -> None:
    endings = {
        event_id("missed"): (0, "answered: the tag's fallback, https://shop.example/hello (no decision within 250 ms)"),
        event_id("till/sale"): (0, "another event under this id was refused: the first one counts"),
        event_id("gone"): (0, "not decided: the link means no tag of the brand"),
        event_id("counted"): (0, "their person allows no analytics"),
        event_id("unfinished"): (5, "not stored (yet): routed"),
        event_id("erased"): (6, "their person was erased"),
        "till/bad": (4, "rejected by gateway: invalid"),
        "bad": (3, "namespace/id; there is till/bad"),
        event_id("tap")[:9]: (3, f"did you mean {event_id('tap')}?"),
        derived("route", event_id("tap")): (3, f"that is a decision; its event is {event_id('tap')}"),
        person("anna"): (3, f"that is a person: footpath identity show --person {person('anna')}"),
        "till/nothing": (3, "an event id of a sender is namespace/id"),
    }
    answers = {id: why(store, id) for id in endings}
    found = {
        id: (answer.returncode, words in answer.stdout + answer.stderr, words)
        for id, (code, words) in endings.items()
        for answer in [answers[id]]
    }
    assert found == {id: (code, True, words) for id, (code, words) in endings.items()}
    assert all(not answer.stdout for id, answer in answers.items() if endings[id][0] == 3)


def test_the_document_has_what_the_tree_has(store: dict[str, str]) -> None:
    answer = why(store, event_id("till/sale"), "--json")
    story = json.loads(answer.stdout)
    assert [(one["kind"], one["points"], one["rule"]) for one in story["entries"]] == [
        ("earned", 24, "bought"), ("reversed", -24, "bought"),
    ]  # fmt: skip
    assert story["entries"][1]["reverses_event_id"] == story["entries"][0]["event_id"]
    assert [one["step"] for one in story["times"]][:3] == ["occurred", "received", "recorded, row inserted"]
    missed = json.loads(why(store, event_id("missed"), "--json").stdout)
    assert (missed["recognised"]["person_id"], missed["recognised"]["person_now"]) == (person("ben"), person("anna"))
    assert [one["change"] for one in missed["recognised"]["changes"]] == ["merged"]
    assert (missed["missed"]["reason"], missed["routed"]["route"]) == ("late", "shelf")


def test_a_persons_latest_events_are_found_by_an_identifier(store: dict[str, str]) -> None:
    answer = why(store, "--person", "device", "hash:anna", "--last", "3", "--json")
    assert answer.returncode == 1 and "nobody has been seen" in answer.stderr, "a hash has 32 digits"
    hashed = f"hash:{CARD.partition(':')[2]}"
    found = [why(store, "--person", "customer", one, "--last", "2", "--json") for one in ("C-1", hashed)]
    assert found[0].stdout == found[1].stdout, found[0].stderr
    assert [one["event_id"] for one in json.loads(found[0].stdout)] == [event_id("gone"), event_id("return")]
    brief = why(store, "--person", "customer", "C-1").stdout
    assert (
        brief.startswith("2026-03-02 10:05:07.000 scan ") and "  decided: shelf (buy)" in brief and "times" not in brief
    )
    erased = why(store, "--person", "email", "dora@shop.example")
    assert (erased.returncode, erased.stdout) == (6, "") and "was erased" in erased.stderr
    nobody = why(store, "--person", "email", "elsa@shop.example")
    assert nobody.returncode == 1 and "nobody has been seen" in nobody.stderr


@pytest.mark.parametrize(
    "id", ["'", "\\", "a/b/c", "/", " ", "\n", "{id:String}", "é" * 300, "\x9b2J", "%", "--", "x\x00"]
)
def test_an_id_may_be_anything(store: dict[str, str], id: str) -> None:
    answer = why(store, "--", id)
    assert answer.returncode == 3 and "is stored" in answer.stderr


def test_what_strangers_wrote_steers_no_terminal() -> None:
    assert [*lines(Node("a\x1b[2Jb\x9bc\r\nd", [Node("é ✓")]))] == ["a�[2Jb�c��d", "  é ✓"]


def test_without_clickhouse_it_says_so(store: dict[str, str]) -> None:
    answer = why(store | {"FOOTPATH_CLICKHOUSE": "http://127.0.0.1:9"}, event_id("tap"))
    assert answer.returncode == 1 and len(answer.stderr.splitlines()) == 1
    assert "FOOTPATH_CLICKHOUSE: ClickHouse does not answer" in answer.stderr
    for args in ((), ("a", "--person", "device", "x"), ("a", "--recompute", "--with", "."), ("--since", "2026-01-01")):
        wrong = why(store, *args)
        assert wrong.returncode == 1 and wrong.stderr.startswith(("why needs", "either", "--since")), args


def test_a_story_is_the_same_when_everything_is_stored_again(store: dict[str, str]) -> None:
    ids = [
        event_id(name) for name in ("tap", "missed", "till/sale", "return", "gone", "counted", "unfinished", "erased")
    ]
    with connect(store) as client:
        before = [read_story(Stored(client), id) for id in ids]
        put_everything(Store(ClickHouseServer([], Path(), is_serving, store["FOOTPATH_CLICKHOUSE"])))
        after_again = [read_story(Stored(client), id) for id in ids]
    assert list(map(untimed, after_again)) == list(map(untimed, before))


async def is_serving() -> bool:
    return True


def untimed(story: Story | None) -> object:
    """A story without when rows were inserted."""

    def without(value: object) -> object:
        if isinstance(value, dict):
            return {name: without(one) for name, one in value.items() if name not in ("stored_at", "times")}
        return [without(one) for one in value] if isinstance(value, list) else value

    assert story is not None
    return without(msgspec.json.decode(msgspec.json.encode(story)))
