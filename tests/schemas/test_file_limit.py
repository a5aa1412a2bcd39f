"""A process takes what the system allows it, whatever its shell gave it."""

import subprocess
import sys

CODE = (
    "import resource; from schemas.process.file_limit import raise_file_limit; raise_file_limit(); "
    "print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])"
)


def limit_after(shell: str) -> int:
    done = subprocess.run(
        ["sh", "-c", f"{shell}; exec {sys.executable} -c '{CODE}'"], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


def test_the_limit_of_a_shell_is_raised_to_what_the_system_allows() -> None:
    assert limit_after("ulimit -S -n 256; ulimit -H -n 2048") == 2048
    assert limit_after("ulimit -n 300") == 300
