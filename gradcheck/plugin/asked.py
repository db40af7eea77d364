"""What is refused before anything runs."""

import pytest

from gradcheck.base.errors import UsageError
from gradcheck.cli_baseline import under_ci
from gradcheck.plugin.settings import settings_for


def refuse(config: pytest.Config) -> None:
    """Raises pytest.UsageError where a setting makes no sense, or where baselines must not be written."""
    if config.option.gradcheck_update and not config.option.gradcheck_force and under_ci():
        raise pytest.UsageError(
            "--gradcheck-update: CI is set, and a baseline that a machine accepts guards nothing; update where you "
            "can look at the drift, or add --gradcheck-force"
        )
    try:
        settings_for(config, config.rootpath / "any.py")
    except UsageError as error:
        raise pytest.UsageError(f"gradcheck: {error}") from None
