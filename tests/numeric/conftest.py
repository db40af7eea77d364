"""What tests of exact numbers need."""

import pytest

from gradcheck.numeric import lines


@pytest.fixture
def even_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps that are powers of two, so that slopes of whole numbers are exact."""
    monkeypatch.setattr(lines, "_UNEVEN", 1.0)
