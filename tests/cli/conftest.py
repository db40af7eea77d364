from pathlib import Path

import pytest

from tests.cli.tools import Cli


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    """The command line in an empty folder."""
    return Cli(tmp_path, capsys, monkeypatch)
