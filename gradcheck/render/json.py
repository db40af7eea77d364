"""The record as it is, in JSON."""

import json
from typing import Any


def run_json(record: dict[str, Any]) -> str:
    """Strict JSON, two spaces deep; everything non-finite is a string already."""
    return json.dumps(record, indent=2, allow_nan=False)
