"""explain, --version, --help: what they print and what they import."""

import subprocess
import sys
from pathlib import Path

import pytest

import gradcheck
from tests.cli.tools import Cli, process, surroundings

HEAVY = ("numpy", "scipy", "hypothesis", "tabulate", "pytest")


@pytest.mark.parametrize(
    "arguments", [["--help"], ["run", "--help"], ["--version"], ["explain"], ["explain", "located"]], ids=" ".join
)
def test_nothing_heavy_is_imported(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom gradcheck.cli import main\n"
        f"try:\n    main({arguments!r})\nexcept SystemExit as error:\n    assert error.code == 0, error.code\n"
        f"print('HEAVY', [name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=surroundings(), capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.splitlines()[-1] == "HEAVY []"


def test_version(cli: Cli) -> None:
    ran = cli("--version")
    assert (ran.code, ran.out) == (0, f"gradcheck {gradcheck.__version__}\n")


def test_help_names_every_option_of_this_version(cli: Cli) -> None:
    ran = cli("run", "--help")
    assert ran.code == 0
    for option in (
        "TARGET", "--format", "--report", "--seed", "--rtol", "--method", "--timeout", "--strict",
        "--allow-inconclusive", "--case", "--leaf", "--all", "--config", "--no-config", "--budget", "--power",
    ):  # fmt: skip
        assert option in ran.out


def test_explain_lists_every_cause_with_a_sentence(cli: Cli) -> None:
    ran = cli("explain")
    lines = ran.out.splitlines()
    pages = (Path(gradcheck.__file__).parent / "diagnose" / "causes").glob("*.md")
    assert [line.split()[0] for line in lines] == sorted(page.stem for page in pages)
    assert all(len(line.split()) > 3 for line in lines)


def test_explain_prints_the_page_of_a_cause(cli: Cli) -> None:
    ran = cli("explain", "constant-factor")
    page = Path(gradcheck.__file__).parent / "diagnose" / "causes" / "constant-factor.md"
    assert ran.code == 0
    assert ran.out.strip() == page.read_text(encoding="utf-8").strip()


def test_the_module_is_the_command(tmp_path: Path) -> None:
    ran = process(tmp_path, "--version")
    assert (ran.code, ran.out, ran.err) == (0, f"gradcheck {gradcheck.__version__}\n", "")
