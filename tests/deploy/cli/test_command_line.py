"""The command line: help at once, one clear line when something is wrong, codes that a phone can read."""

import subprocess
import sys
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from cyclopts import App
from PIL import Image

from deploy.cli.discovery import find_commands
from deploy.cli.main import build_app
from deploy.local.settings import DEMO_BRAND
from tests.support.command_line import footpath

COMMANDS = dict(find_commands())
SUBCOMMANDS = [
    (name, subcommand)
    for name, command in COMMANDS.items()
    if isinstance(command.run, App)
    for subcommand in command.run
    if not subcommand.startswith("-")
]


CODE = ("mitte-door", "--out", "/nowhere", "--format", "png")


def test_help_lists_every_command_in_its_group() -> None:
    shown = footpath("--help").stdout
    for title in ("Try it", "Run it", "Set it up", "Use it"):
        assert title in shown
    for name in ("up", "shoppers", "gateway", "worker", "sink", "topics", "store", "brand", *COMMANDS):
        assert f"│ {name} " in shown


@pytest.mark.parametrize("command", [*((name,) for name in COMMANDS), *SUBCOMMANDS], ids=" ".join)
def test_every_command_has_help(command: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    build_app()([*command, "--help"], result_action="return_value")
    shown = capsys.readouterr().out
    assert f"Usage: footpath {' '.join(command)}" in shown
    assert len(shown.split("\n\n")[1].strip()) > 20, "a sentence says what it does"


def test_help_needs_no_heavy_library() -> None:
    heavy = (
        "aiokafka",
        "faust",
        "fastavro",
        "aiohttp",
        "clickhouse_connect",
        "starlette",
        "segno",
        "numpy",
        "scipy",
        "sklearn",
        "altair",
    )
    program = (
        f"import sys, deploy.cli.main as m; m.build_app(); print([name for name in {heavy} if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "[]\n"


@pytest.mark.parametrize(
    ("args", "environment", "expected"),
    [
        (("import", "events.jsonl"), {"FOOTPATH_DATA": "/nowhere"}, "no stack runs in /nowhere"),
        (("import", "events.jsonl"), {"FOOTPATH_GATEWAY": "shop.example"}, "that starts with http://"),
        (
            ("import", "events.jsonl"),
            {"FOOTPATH_GATEWAY": "http://127.0.0.1:1", "FOOTPATH_DATA": "/nowhere"},
            "FOOTPATH_API_KEY",
        ),
        (("import",), {}, "needs a file"),
        (("topics", "apply"), {"FOOTPATH_KAFKA": "127.0.0.1:1"}, "FOOTPATH_KAFKA=127.0.0.1:1 does not answer"),
        (("topics", "apply"), {"FOOTPATH_PARTITIONS": "four"}, "FOOTPATH_PARTITIONS=four"),
        (("store", "migrate"), {"FOOTPATH_CLICKHOUSE": "http://127.0.0.1:1"}, "FOOTPATH_CLICKHOUSE"),
        (("brand", "check", "/nowhere"), {}, "/nowhere: no such file or folder"),
        (("brand", "apply", str(DEMO_BRAND)), {"FOOTPATH_KAFKA": "127.0.0.1:1"}, "FOOTPATH_KAFKA"),
        (("brand", "apply"), {"FOOTPATH_KAFKA": "127.0.0.1:1"}, "which folder?"),
        (("brand", "check"), {}, "which folder?"),
        (("up",), {"FOOTPATH_WORKERS": "many"}, "FOOTPATH_WORKERS"),
        (("qr", "nothing", "--out", "/nowhere", "--address", "http://a.example"), {}, "has no tag nothing"),
        (("qr", *CODE, "--address", "go.shop.example"), {}, "starts with http:// or https://"),
        (("qr", *CODE, "--address", "https://go.shop.example/?a=b"), {}, "without user, query and fragment"),
        (("qr", *CODE, "--address", ""), {}, "starts with http:// or https://"),
        (("qr", *CODE), {"FOOTPATH_GATEWAY_PUBLIC_URL": "go.shop.example"}, "starts with http:// or https://"),
        (("qr", *CODE), {"FOOTPATH_GATEWAY": "http://127.0.0.1:8080/?a=b"}, "without user, query and fragment"),
        (("qr", *CODE, "--csv", "/nowhere", "--address", "https://go.shop.example"), {}, "not both"),
        (("qr", *CODE, "--size", "20", "--address", "https://go.shop.example"), {}, "--size belongs to --sheet cut"),
        (("qr", *CODE, "--skip", "2", "--address", "https://go.shop.example"), {}, "--skip belongs to --sheet"),
        (("gateway",), {}, "FOOTPATH_IDENTIFIER_KEY_FILE"),
        (("worker", "juggler"), {}, "no such processor: juggler"),
    ],
)
def test_what_a_user_can_correct_is_reported_in_one_line(
    args: tuple[str, ...], environment: dict[str, str], expected: str
) -> None:
    answer = footpath(*args, **environment)
    assert answer.returncode == 1 and answer.stdout == ""
    assert expected in answer.stderr and "Traceback" not in answer.stderr
    assert len(answer.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("args", "nearest"),
    [
        (("upp",), '"up"'),
        (("repotr",), '"report"'),
        (("identity", "sho"), '"show"'),
        (("up", "--shopers", "3"), "--shoppers"),
    ],
)
def test_a_mistyped_command_or_option_suggests_the_nearest(args: tuple[str, ...], nearest: str) -> None:
    answer = footpath(*args)
    assert answer.returncode == 1
    assert f"Did you mean {nearest}?" in " ".join((answer.stderr + answer.stdout).replace("│", " ").split())


@pytest.mark.parametrize("args", [("upp",), ("up", "--shoppers", "many"), ("topics", "apply", "now"), ("qr",)])
def test_a_command_that_is_mistyped_ends_with_one(args: tuple[str, ...]) -> None:
    answer = footpath(*args)
    assert answer.returncode == 1 and "Traceback" not in answer.stderr + answer.stdout


def test_the_demo_brand_is_checked() -> None:
    answer = footpath("brand", "check", str(DEMO_BRAND))
    assert answer.returncode == 0 and answer.stdout.startswith("Kolibri Coffee & Tea: version ")


def test_printed_codes_lead_to_their_tags(tmp_path: Path) -> None:
    args = ("--out", str(tmp_path), "--address", "https://kolibri.example/")
    assert footpath("qr", "mitte-door", "pack-mint", *args, "--format", "png").stdout.splitlines() == [
        str(tmp_path / "mitte-door.png"),
        str(tmp_path / "pack-mint.png"),
    ]
    for tag in ("mitte-door", "pack-mint"):
        (found,) = zxingcpp.read_barcodes(Image.open(tmp_path / f"{tag}.png"))
        assert found.text == f"https://kolibri.example/s/{tag}"
    assert footpath("qr", *args).stdout.count(".svg\n") >= 30, "without names: every tag"
    assert footpath("qr", "mitte-door", *args, "--format", "pdf").returncode == 0
    assert (tmp_path / "mitte-door.pdf").read_bytes().startswith(b"%PDF")


def test_a_list_is_printed_on_a_sheet_of_digital_links(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("tag,caption,copies,lot\npack-espresso,Sunrise Espresso,3,LOT7\npack-mint,,1,\n")
    args = (
        "--csv",
        str(tmp_path / "list.csv"),
        "--out",
        str(tmp_path / "labels.pdf"),
        "--address",
        "https://id.example",
    )
    answer = footpath("qr", "--gs1", "--sheet", "cut", "--size", "25", *args)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, f"{tmp_path / 'labels.pdf'}\n", "")
    (page,) = pypdfium2.PdfDocument(tmp_path / "labels.pdf")
    found = sorted(one.text for one in zxingcpp.read_barcodes(page.render(scale=300 / 72).to_pil()))
    espresso, mint = "https://id.example/01/09520000001018/10/LOT7", "https://id.example/01/09520000002015"
    assert found == [espresso] * 3 + [mint]


def test_colours_that_no_reader_tells_apart_are_refused_by_name(tmp_path: Path) -> None:
    brand = (DEMO_BRAND / "brand.yaml").read_text().replace('code_dark: "#0b3d2e"', 'code_dark: "#ffcc00"')
    (tmp_path / "brand.yaml").write_text(brand + "tags: [{id: a, placement: poster}]\n")
    answer = footpath("qr", "--brand", str(tmp_path), "--out", str(tmp_path), "--address", "https://go.shop.example")
    assert answer.returncode == 1 and "look.code_dark" in answer.stderr and not list(tmp_path.glob("*.svg"))


def test_codes_that_lead_nowhere_outside_are_told(tmp_path: Path) -> None:
    for address, said in (("http://127.0.0.1:8080", "this machine itself"), ("http://10.0.0.7", "private address")):
        answer = footpath("qr", "mitte-door", "--out", str(tmp_path), "--address", address)
        assert answer.returncode == 0 and answer.stdout.splitlines() == [str(tmp_path / "mitte-door.svg")]
        assert said in answer.stderr and "--address" in answer.stderr


def test_a_code_that_is_hard_to_read_is_told(tmp_path: Path) -> None:
    brand = (DEMO_BRAND / "brand.yaml").read_text()
    long = "日" * 50
    tags = f"tags: [{{id: {long}, placement: poster}}, {{id: a, placement: poster}}]"
    (tmp_path / "brand.yaml").write_text(f"{brand}{tags}\n")
    answer = footpath("qr", "--brand", str(tmp_path), "--out", str(tmp_path), "--address", "https://go.shop.example")
    assert len(answer.stdout.splitlines()) == 2 and f"the link of {long} has 476 characters" in answer.stderr
    assert len(answer.stderr.splitlines()) == 1


def test_growing_the_number_of_partitions_is_answered_with_the_reason_and_what_to_do() -> None:
    done = footpath("topics", "grow")
    assert done.returncode == 1 and not done.stdout
    assert "cannot grow" in done.stderr and "FOOTPATH_PARTITIONS" in done.stderr
