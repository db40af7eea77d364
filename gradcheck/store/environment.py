"""What numbers were made with: versions and the name of the BLAS; nothing of the machine or its user."""

import platform
import re
from typing import Any

import numpy as np


def environment(version: str) -> dict[str, str]:
    """version: of gradcheck."""
    return {
        "blas": _blas(),
        "gradcheck": version,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }


def _blas() -> str:
    """Name and version, as numpy was built."""
    built: Any = np.show_config(mode="dicts")
    blas = built.get("Build Dependencies", {}).get("blas", {}) if isinstance(built, dict) else {}
    words = [str(blas.get(key, "")) for key in ("name", "version")]
    return " ".join(word for word in words if re.fullmatch(r"[\w.+-]+", word)) or "unknown"
