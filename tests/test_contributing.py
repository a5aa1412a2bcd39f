"""CONTRIBUTING.md is true: its files and checks exist, and a processor is what its row says."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "CONTRIBUTING.md").read_text()
PATH = re.compile(r"`((?:schemas|gateway|processors|sinks|deploy|tests)/[^`]*)`")

ECHO = '''"""Echo: reads reward-posted, writes scan-missed, keyed by person id."""

import msgspec

from processors.step import Emit, Processor, Step
from schemas.events import RewardPosted, ScanMissed
from schemas.ids import derived
from schemas.topics import REWARD_POSTED, SCAN_MISSED


class Count(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How many rewards a person got."""

    rewards: int = 0


def step(state: Count | None, event: RewardPosted, reference: object) -> Step[Count]:
    """Counts the reward and answers it."""
    missed = ScanMissed(
        event_id=derived("echo", event.event_id), occurred_at=event.occurred_at, scan_event_id=event.source_event_id,
        tag="", destination="", reason="late", waited_ms=0.0,
    )  # fmt: skip
    return Step(Count((state or Count()).rewards + 1), (Emit(missed),))


def merge(winner: Count | None, loser: Count) -> Step[Count]:
    """The larger of both, so that merging twice changes nothing."""
    return Step(Count(max((winner or Count()).rewards, loser.rewards)))


def erase(state: Count) -> tuple[()]:
    """Nothing is due."""
    return ()


PROCESSOR = Processor(
    name="echo",
    sources=(REWARD_POSTED,),
    emits=(SCAN_MISSED,),
    state=Count,
    step=step,
    merge=merge,
    erase=erase,
    reference=(),
    linger_ms=300,
)
'''
LINE = ("BACKGROUND = (\n", 'BACKGROUND = (\n    "echo",\n')
DERIVED = """
from deploy.local.processes import worker_names
from deploy.setup.topics import topic_specs
from processors.registry import PROCESSORS
assert PROCESSORS["echo"].name == "echo"
assert "footpath.echo-state.v1" in {topic.name for topic in topic_specs(2, 1)}
assert any("echo" in processors for processors, _ in worker_names(1)), worker_names(1)
"""


PURITY, TOPICS = "tests/test_imports.py", "tests/processors/test_registry.py"
"""The purity test, and the test that holds topics against processors."""


def rows() -> list[list[str]]:
    lines = TEXT.partition("## To add")[2].splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return cells[2:]


def test_every_row_names_files_that_exist_and_a_check_that_exists() -> None:
    assert len(rows()) == 12
    for what, files, held_by in rows():
        for path in PATH.findall(files) + PATH.findall(held_by):
            known = re.split(r"[<{]|NNNN", path)[0]
            assert (ROOT / known.rpartition("/")[0]).exists() if known != path else (ROOT / path).exists(), (what, path)
        assert PATH.findall(held_by), what


def copied(folder: Path) -> Path:
    """The code and what is needed to check it, elsewhere."""
    for package in ("schemas", "gateway", "processors", "sinks", "deploy"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    for file in (PURITY, TOPICS):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, folder / file)
    return folder


def run(folder: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    # Not isolated from site-packages, but the copy comes first on the path.
    return subprocess.run(
        [sys.executable, *argv], cwd=folder, capture_output=True, text=True, env={"PYTHONPATH": str(folder), "PATH": ""}
    )


def check(folder: Path, *checks: str) -> subprocess.CompletedProcess[str]:
    return run(folder, "-m", "pytest", "-q", "-p", "no:cacheprovider", *checks)


def test_a_processor_is_one_folder_and_its_lines(tmp_path: Path) -> None:
    tree = copied(tmp_path)
    (tree / "processors" / "echo").mkdir()
    (tree / "processors" / "echo" / "__init__.py").write_text('"""Echo: a stub."""\n')
    (tree / "processors" / "echo" / "core.py").write_text(ECHO)
    registry = tree / "processors" / "registry.py"
    assert LINE[0] in registry.read_text()
    registry.write_text(registry.read_text().replace(*LINE))

    derived = run(tree, "-c", DERIVED)
    assert derived.returncode == 0, derived.stderr

    # The one thing left is named by the check: the topics that it reads and writes do not know it yet.
    missing = check(tree, TOPICS)
    assert missing.returncode == 1 and "echo" in missing.stdout and "read_by" in missing.stdout, missing.stdout
    topics = tree / "schemas" / "topics.py"
    text = topics.read_text()
    for noun, field in (("reward-posted", "read_by"), ("scan-missed", "written_by"), ("event-rejected", "written_by")):
        start = text.index(f"{field}=(", text.index(f'"{noun}"')) + len(f"{field}=(")
        text = f'{text[:start]}"echo", {text[start:]}'
    topics.write_text(text)
    done = check(tree, PURITY, TOPICS)
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_impure_core_is_named(tmp_path: Path) -> None:
    tree = copied(tmp_path)
    core = tree / "processors" / "rewards" / "core.py"
    core.write_text(core.read_text() + "\nimport socket\n")
    failed = check(tree, PURITY)
    assert failed.returncode == 1 and "rewards/core.py" in failed.stdout, failed.stdout
