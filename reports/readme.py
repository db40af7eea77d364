"""The table in the README as the command really prints it. `python -m reports.readme` writes it anew."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "README.md"
COMMAND = ("run", "layers/article/convolution.py", "--no-config")
BEGIN = f"<!-- printed by: gradcheck {' '.join(COMMAND)} -->"
END = "<!-- until here -->"


def printed() -> str:
    """What the command prints, without the first line: it names the folder of this machine."""
    ran = subprocess.run(  # noqa: S603 -- our own command
        [sys.executable, "-m", "gradcheck", *COMMAND], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return ran.stdout.partition("\n\n")[2].strip()


def page(text: str, table: str) -> str:
    """The README with this table in its place.

    Raises:
        ValueError: the place is not there.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{PAGE.name}: expected the lines {BEGIN} and {END}")
    return f"{before}{BEGIN}\n```text\n{table}\n```\n{END}{after}"


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), printed()), encoding="utf-8")
    print(f"wrote {PAGE}")


if __name__ == "__main__":
    main()
