"""Commands, events, queries and file names of the README work as they are printed there."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from tests.support.full_stack import FullStack, wait_until

README = (Path(__file__).parent.parent.parent / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_its_events_can_be_imported_and_its_queries_answer(stack: FullStack, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text(blocks("json")[0])
    done = stack.footpath("import", str(file))
    assert done.returncode == 0, done.stderr + done.stdout
    bought = "SELECT * FROM attribution(model='last', lookback_days=90, since='2026-03-01', until='2026-04-01')"
    searched = [{"channel": "search", "conversions": 1, "revenue": 39.9}]
    wait_until(lambda: stack.rows(bought) == searched, lambda: f"{stack.rows(bought)}\n{stack.logs()}")

    [learn] = re.findall(r"footpath (attribute .*)", README)
    done = stack.footpath(*shlex.split(learn))
    assert done.returncode == 0, done.stderr + done.stdout
    stack.scan()
    queries = [query for block in blocks("sql") for query in block.split(";") if query.strip()]
    inline = re.findall(r"`(SELECT .*?)`", README)
    assert len(queries) >= 4 and inline
    for query in (*queries, *inline):
        stack.rows(query.replace("FORMAT Vertical", ""))


def test_its_commands_exist(stack: FullStack) -> None:
    commands = re.findall(r"(?:^ {4}|&& |\.venv/bin/)(footpath [a-z-]+(?: [a-z-]+)?)", README, re.MULTILINE)
    assert len(commands) >= 6
    for command in commands:
        # A second word is a command of a group, or else an argument such as a worker's processor.
        words = shlex.split(command)[1:]
        groups = ("topics", "store", "brand", "identity", "replay")
        known = stack.footpath(*(words if words[0] in groups else words[:1]), "--help")
        assert known.returncode == 0, f"{command}: {known.stderr}"


def test_its_coupon_is_redeemed(stack: FullStack, tmp_path: Path) -> None:
    [script] = [block for block in blocks("bash") if "/redeem" in block]
    root = Path(__file__).parents[2]
    script = script.replace(".venv/bin/footpath", f"{shlex.quote(sys.executable)} -m deploy.cli.main")
    given = {"KEY": stack.run["api_key"], "GATEWAY": stack.run["gateway"], "FOOTPATH_DATA": str(stack.data)}
    for _ in range(2):  # who asks again is told the same
        done = subprocess.run(
            ["bash", "-e"],
            input=script,
            cwd=tmp_path,
            env={**os.environ, **given, "PYTHONPATH": str(root)},
            capture_output=True,
            text=True,
        )
        assert '"state":"redeemed"' in done.stdout and '"discount":"2.79"' in done.stdout, done.stdout + done.stderr


def test_its_files_exist() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (Path(__file__).parent.parent.parent / target).exists(), target
