"""Whatever things are called: every format stays what it is, and nothing of a name is obeyed."""

import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from typing import Any

import pytest
from markdown_it import MarkdownIt

from gradcheck.render.formats import FORMATS
from gradcheck.render.html import result_html
from tests.render.hostile import NAME, WORSE, checks, hostile, names
from tests.render.pictures import drawn_once

RUNS = {**{f"worse{k}": (name,) for k, name in enumerate(WORSE)}, "unicode": tuple(names(400))}
OURS = {"script", "style", "img"}


class Page(HTMLParser):
    """Elements with their attributes, and the text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self._parts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self._parts.append(data)

    @property
    def text(self) -> str:
        return "".join(self._parts)


@pytest.fixture(scope="module", params=list(RUNS.values()), ids=list(RUNS))
def record(request: pytest.FixtureRequest) -> dict[str, Any]:
    return hostile(*request.param)


@pytest.fixture(scope="module")
def texts(record: dict[str, Any]) -> dict[str, str]:
    """It in every format, each made once."""
    with drawn_once():
        return {name: made(record) for name, made in FORMATS.items()}


@pytest.mark.parametrize("name", FORMATS)
def test_no_control_character_is_in_any_format(texts: dict[str, str], name: str) -> None:
    text = texts[name]
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff]", text)
    text.encode("utf-8")


def test_html_has_no_element_or_attribute_of_a_name(texts: dict[str, str]) -> None:
    read = Page(texts["html"])
    counts = {tag: sum(element == tag for element, _ in read.elements) for tag in OURS}
    assert (counts["script"], counts["style"]) == (1, 1)
    for tag, attributes in read.elements:
        assert not any(key.startswith("on") for key in attributes)
        if tag == "img":
            assert str(attributes["src"]).startswith("data:image/svg+xml,")
        if tag == "a":
            assert str(attributes["href"]).startswith("#")
    identities = [attributes["id"] for _, attributes in read.elements if "id" in attributes]
    assert len(identities) == len(set(identities))
    assert all(re.fullmatch(r"[a-z0-9-]+", str(identity)) for identity in identities)


def test_html_shows_the_name_as_it_is() -> None:
    page = Page(FORMATS["html"](hostile(NAME)))
    assert "<script>alert(1)</script>|\"'&]]>\\x1b[31m\\x00" in page.text


def test_a_notebook_gets_the_same_care() -> None:
    page = Page(result_html(checks(NAME)[0]))
    assert "script" not in [tag for tag, _ in page.elements]


def test_junit_is_xml_with_unique_names(record: dict[str, Any], texts: dict[str, str]) -> None:
    root = ET.fromstring(texts["junit"])  # noqa: S314 -- our own
    for suite in root.iter("testsuite"):
        cases = [case.get("name") for case in suite.iter("testcase")]
        assert len(cases) == len(set(cases))
    verdicts = [check["verdict"] for check in record["checks"] if not check["expected"]]
    assert len(list(root.iter("failure"))) == verdicts.count("fail") + len(record["expected_vanished"])
    assert len(list(root.iter("error"))) == verdicts.count("error") + len(record["problems"])


def test_markdown_renders_without_foreign_elements(texts: dict[str, str]) -> None:
    """GitHub's own dialect, raw HTML let through: what is left of it would show."""
    page = Page(MarkdownIt("gfm-like", {"linkify": False, "html": True}).render(texts["markdown"]))
    known = {"h2", "h3", "p", "table", "thead", "tbody", "tr", "th", "td", "code", "strong", "em"}
    assert {tag for tag, _ in page.elements} <= known
    assert sum(tag == "h2" for tag, _ in page.elements) == 1


def test_markdown_tables_keep_their_columns() -> None:
    page = MarkdownIt("gfm-like", {"linkify": False}).render(FORMATS["markdown"](hostile(NAME)))
    for row in re.findall(r"<tr>.*?</tr>", page, re.DOTALL):
        assert len(re.findall(r"<t[hd]", row)) in (5, 6)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;|&quot;'&amp;]]&gt;" in page


COMMAND = re.compile(r"::(error|warning|notice) (?:(?:file|line|title)=[^,:\r\n]*,?)*::[^\r\n]*")


def test_every_github_line_is_one_command(texts: dict[str, str]) -> None:
    lines = texts["github"].rstrip("\n").split("\n")
    assert 1 <= len(lines) <= 10
    assert all(COMMAND.fullmatch(line) for line in lines)
    assert all(re.fullmatch(r"(?:[^%]|%25|%0A|%0D|%3A|%2C)*", line) for line in lines)


def test_the_text_on_stdout_gives_no_command_to_a_workflow(texts: dict[str, str]) -> None:
    assert not re.search(r"(?m)^\s*(::|##\[)", texts["text"])


def test_names_of_any_length_are_cut() -> None:
    long, places = "x" * 100_000, 60
    assert FORMATS["html"](hostile("y")).count("y") > places
    for name in ("html", "junit", "markdown", "github"):
        assert len(FORMATS[name](hostile(long))) < len(FORMATS[name](hostile("y"))) + 5 * len(long)
