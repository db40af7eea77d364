"""A class and a leaf whose names mean something to every format: a whole run, and its baseline."""

import re
import xml.etree.ElementTree as ET

import pytest
from markdown_it import MarkdownIt

from tests.cli.tools import Cli

SOURCE = r"""import numpy as np

NAME = "<script>alert(1)</script>|\"'&]]>\x1b[31m"
LEAF = NAME + "\x00"


class Base:
    def __init__(self):
        self.params = {LEAF: np.random.rand(4, 3)}
        self.grads = {}

    def forward(self, x):
        self.x = x
        return np.tanh(x @ self.params[LEAF])

    def backward(self, dout):
        d = dout * (1 - np.tanh(self.x @ self.params[LEAF]) ** 2)
        self.grads[LEAF] = 2 * self.x.T @ d
        return d @ self.params[LEAF].T


Hostile = type(NAME, (Base,), {})


def gradcheck_cases():
    yield Hostile(), np.random.rand(2, 4)
"""
NAME = "<script>alert(1)</script>|\"'&]]>\\x1b[31m"
FORMATS = ("json", "html", "junit", "markdown", "github")


def test_no_format_of_a_run_breaks_or_obeys(cli: Cli) -> None:
    cli.write({"hostile.py": SOURCE})
    reports = [word for name in FORMATS for word in ("--report", f"{name}=out/{name}")]
    ran = cli("run", "hostile.py", "--no-config", "--case", "0", *reports)
    assert (ran.code, ran.err) == (1, "")
    text = {name: (cli.folder / "out" / name).read_text(encoding="utf-8") for name in FORMATS} | {"text": ran.out}
    for name, shown in text.items():
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", shown), name
    assert f"FAIL  {NAME}() at" in text["text"]
    assert "<script>alert" not in text["html"] + text["junit"]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;|" in text["html"]
    (case,) = ET.fromstring(text["junit"]).iter("testcase")  # noqa: S314 -- our own
    assert str(case.get("name")).startswith(NAME)
    page = MarkdownIt("gfm-like", {"linkify": False, "html": True}).render(text["markdown"])
    assert "<script" not in page
    assert all(len(re.findall("<t[hd]", row)) in (5, 6) for row in re.findall("<tr>.*?</tr>", page, re.DOTALL))
    first, last = text["github"].splitlines()
    assert first.startswith("::error file=hostile.py,line=16,title=fail%3A hostile.py%3A<script>")
    assert last.startswith("::error title=gradcheck::1 check: 0 pass, 1 fail.")


def test_its_baseline_is_a_plain_file_in_the_folder(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    cli.write({"pyproject.toml": '[tool.gradcheck]\ntargets = ["hostile.py"]\n', "hostile.py": SOURCE})
    assert cli("baseline", "update").code == 0
    (file,) = (cli.folder / "reports/baselines").iterdir()
    assert re.fullmatch(r"[a-z0-9.-]+\.json", file.name)
    ran = cli("baseline", "check")
    assert ran.code == 0
    assert ran.out.replace("\n", "").isprintable()
