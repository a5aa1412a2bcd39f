"""axe-core, which finds what keeps people from using a page: a tool of the tests, fetched by npm and checked.

Where there is no npm, or no registry that it reaches, the tests that need it are skipped.
"""

import hashlib
import io
import json
import shutil
import subprocess
import tarfile
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

from tests.support.chromium import Tab

PACKAGE = "axe-core@4.14.1"
SHA512 = (
    "1477dafa598d8d065f273d6af302aa203c02e83131707b7fa648cd41bd3d6b73"
    "4f8c22a0dab86ee6a6f64b8afbe804b214d36db85a2826965edfb3a0b9d546b5"
)
FETCH_S = 60
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


@lru_cache
def axe_script() -> str:
    """The source of axe-core; empty where it cannot be had."""
    npm = shutil.which("npm")
    if npm is None:
        return ""
    with tempfile.TemporaryDirectory() as folder:
        packed = subprocess.run([npm, "pack", PACKAGE], cwd=folder, capture_output=True, timeout=FETCH_S, check=False)
        found = list(Path(folder).glob("*.tgz"))
        if packed.returncode or not found:
            return ""
        archive = found[0].read_bytes()
    assert hashlib.sha512(archive).hexdigest() == SHA512, "it is another package than the tests were written with"
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        script = files.extractfile("package/axe.min.js")
        assert script is not None
        return script.read().decode()


async def violations(tab: Tab) -> list[tuple[str, str]]:
    """What axe finds on the page that is open: the rule and the element."""
    await tab.evaluate(f"{axe_script()};0")
    options = json.dumps({"runOnly": {"type": "tag", "values": RULES}})
    found: dict[str, Any] = await tab.call(
        "Runtime.evaluate",
        expression=f"axe.run(document, {options}).then(found => JSON.stringify(found.violations))",
        awaitPromise=True,
        returnByValue=True,
    )
    assert "exceptionDetails" not in found, found
    return [(one["id"], node["html"]) for one in json.loads(found["result"]["value"]) for node in one["nodes"]]
