"""Labels and owners of files, told in a CSV, and what is counted by them."""

from __future__ import annotations

from pathlib import Path

import pytest

from keii.case.labels import label_of, read_labels
from keii.errors import SettingsError
from keii.model import FileTouch
from keii.model.trace import CoverageCell
from keii.report.labels import count

CSV = "\ufeffpath,label,owner\n\\\\FS01\\plans\\*,restricted,Ministry of Example\n*.dwg,drawing,Customer A\nhr/*,personal,\n\n"


def _written(folder: Path, text: str) -> Path:
    path = folder / "labels.csv"
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize(
    ("server", "path", "label"),
    [
        ("FS01", "plans\\2020\\a.dwg", "restricted"),  # the first row that fits
        ("fs01", "Plans\\b.txt", "restricted"),
        ("FS02", "plans\\b.txt", None),
        ("FS02", "D:\\x\\y.DWG", "drawing"),
        ("FS02", "D:\\hr\\list.xlsx", "personal"),
        ("FS02", "D:\\three\\hr.txt", None),
        ("", "", None),
    ],
)
def test_the_first_row_that_fits_labels_a_file(tmp_path: Path, server: str, path: str, label: str | None) -> None:
    found = label_of(server, path, read_labels(_written(tmp_path, CSV)))
    assert (found.label if found else None) == label


@pytest.mark.parametrize(
    ("text", "place"),
    [("a,b\n", "line 1"), ("path,label\nx\n", "line 2"), ("path,label\n,x\n", "line 2"), ('path,label\n"x,y\n', "line 2"), ("", "line 1")],
)  # fmt: skip
def test_a_wrong_file_is_refused_with_its_line(tmp_path: Path, text: str, place: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read_labels(_written(tmp_path, text))
    assert place in str(refused.value.place)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError):
        read_labels(tmp_path / "none.csv")


def test_counts_by_label_with_what_they_leave_open() -> None:
    def file(name: str, label: str, *operations: str) -> FileTouch:
        at = "2024-03-02T01:00:00+00:00"
        return FileTouch(
            path=name, server="FS01", operations=operations, first=at, last="2024-03-05T01:00:00+00:00", label=label
        )

    cells = [
        CoverageCell(host="FS01.corp.example", log="Security", day=f"2024-03-0{day}", state="erased")
        for day in (1, 3, 4, 9)
    ]
    files = [file("a", "restricted", "read", "opened"), file("b", "restricted", "listed"), file("c", "", "sent")]
    found = count(files, [*cells, CoverageCell(host="FS02", log="Security", day="2024-03-03", state="erased")])
    assert [(one.label, one.files, one.least, one.readings, one.open_days) for one in found] == [
        ("restricted", 2, 1, {"listed": 1, "opened": 1, "read": 1}, 2),
        ("", 1, 1, {"sent": 1}, 2),
    ]
