"""The folder is a product of its own."""

from pathlib import Path
import shutil
import subprocess
import sys

from custom_components.flexmeasures import client

PROGRAM = """
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"homeassistant", "custom_components"}:
            raise ImportError(name)

sys.meta_path.insert(0, Blocker())
import alone
assert alone.__file__.startswith(sys.argv[1]), alone.__file__
assert all(hasattr(alone, name) for name in alone.__all__)
print(alone.normalise_url("HTTP://localhost:80/api"))
"""


def test_the_folder_works_alone(tmp_path: Path) -> None:
    """Copied elsewhere under another name, and with Home Assistant out of reach."""
    source = Path(client.__file__).parent
    shutil.copytree(source, tmp_path / "alone", ignore=shutil.ignore_patterns("__pycache__"))

    finished = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)],
        capture_output=True,
        check=False,
        cwd=tmp_path,
        text=True,
    )

    assert (finished.returncode, finished.stdout.strip()) == (0, "http://localhost"), (
        finished.stderr
    )
