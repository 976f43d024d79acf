"""The wheel holds every file that the program reads at run time."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
def test_wheel_holds_all_data_and_templates(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        str(tmp_path),
        str(ROOT),
    ]
    subprocess.run(command, check=True, timeout=60)
    (wheel,) = tmp_path.glob("keii-*.whl")
    with zipfile.ZipFile(wheel) as packed:
        inside = set(packed.namelist())
    wanted = {
        path.relative_to(ROOT / "src").as_posix()
        for folder in ("data", "exporters/templates")
        for path in (ROOT / "src" / "keii" / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert any("/templates/" in name for name in wanted)
    assert any(name.startswith("keii/data/text/") for name in wanted)
    assert sorted(wanted - inside) == []
