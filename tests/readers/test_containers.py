"""Archives: opened in place whatever their name, within bounds, and never a write under a name from inside."""

from __future__ import annotations

import bz2
import contextlib
import hashlib
import io
import lzma
import random
import tarfile
import zipfile
from pathlib import Path

import py7zr
import pytest
import zstandard

from keii.errors import LimitError, UnreadableError
from keii.model import Skipped, Source
from keii.readers.containers import container_kind, member_id, members
from keii.readers.containers_stream import Limits
from tests.made import gzipped, tarred, zipped

TEXT = b"one line\n" * 100


def source(content: bytes, name: str = "given") -> Source:
    digest = hashlib.sha256(content).hexdigest()
    return Source(id=f"s-{digest[:16]}", name=name, sha256=digest, size=len(content))


def opened(
    tmp_path: Path, content: bytes, name: str = "given", limits: Limits | None = None
) -> tuple[dict[str, bytes], dict[str, str]]:
    """Return what is in an archive by name, and what was refused with the reason; damage counts as a reason."""
    path = tmp_path / "given"
    path.write_bytes(content)
    found: dict[str, bytes] = {}
    refused: dict[str, str] = {}
    for member in members(path, source(content, name), limits, tmp_path):
        if isinstance(member, Skipped):
            refused[member.place] = member.reason
        else:
            stream = member.open()
            inner = member.source.name.removeprefix(f"{name}!")
            found[inner] = stream.read()
            if stream.damage:
                refused[inner] = stream.damage
    assert [entry.name for entry in tmp_path.iterdir()] == ["given"]
    return found, refused


def seven(contents: dict[str, bytes], password: str | None = None) -> bytes:
    out = io.BytesIO()
    with py7zr.SevenZipFile(out, "w", password=password) as archive:
        for name, content in contents.items():
            archive.writestr(content, name)
    return out.getvalue()


SINGLE = {
    "gz": gzipped,
    "zst": lambda data: zstandard.ZstdCompressor().compress(data),
    "xz": lzma.compress,
    "bz2": lambda data: bz2.compress(data, 1),
}


@pytest.mark.parametrize("ending", SINGLE)
def test_single_streams_and_their_tars(tmp_path: Path, ending: str) -> None:
    pack = SINGLE[ending]
    assert opened(tmp_path, pack(TEXT), f"a.log.{ending}") == ({"a.log": TEXT}, {})
    assert opened(tmp_path, pack(tarred({"d/a.log": TEXT})), f"a.tar.{ending}") == ({"d/a.log": TEXT}, {})


def test_several_frames_in_one_file_are_all_read(tmp_path: Path) -> None:
    for pack in SINGLE.values():
        assert opened(tmp_path, pack(TEXT) + pack(b"more"))[0] == {"given": TEXT + b"more"}


@pytest.mark.parametrize("pack", [zipped, tarred, seven])
def test_archives_with_members(tmp_path: Path, pack: object) -> None:
    contents = {"d/a.log": TEXT, "empty.log": b"", "z.log": b"z"}
    assert opened(tmp_path, pack(contents)) == (contents, {})  # type: ignore[operator]


def test_the_content_decides_not_the_name(tmp_path: Path) -> None:
    assert opened(tmp_path, gzipped(TEXT), "really.zip") == ({"really.zip": TEXT}, {})
    assert opened(tmp_path, TEXT, "text.zip") == ({"text.zip": TEXT}, {})
    assert container_kind(b"BZh is how this sentence starts") is None
    assert container_kind(bytes(512)) is None


def test_archives_in_archives_down_to_the_third(tmp_path: Path) -> None:
    third = zipped({"c.log": TEXT, "d.zip": zipped({"deep.log": TEXT})})
    found, refused = opened(tmp_path, zipped({"a.tar": tarred({"b.zip": third})}))
    assert found == {"a.tar!b.zip!c.log": TEXT}
    assert list(refused) == ["a.tar!b.zip!d.zip"]
    assert "deep" in refused["a.tar!b.zip!d.zip"]


def test_ids_follow_the_rule_of_the_model(tmp_path: Path) -> None:
    content = zipped({"a.tar": tarred({"x.log": TEXT})})
    (tmp_path / "given").write_bytes(content)
    outer = source(content)
    (member,) = members(tmp_path / "given", outer)
    assert not isinstance(member, Skipped)
    expected = hashlib.sha256(f"{outer.sha256}!a.tar!x.log".encode()).hexdigest()[:16]
    assert member.source.id == f"s-{expected}"
    assert member.source.container == member_id(outer.sha256, "a.tar")


@pytest.mark.parametrize("name", ["../../out.log", "a/../../out.log", "..\\..\\out.log"])
def test_names_that_lead_out_are_refused(tmp_path: Path, name: str) -> None:
    for pack in (zipped, tarred):
        found, refused = opened(tmp_path, pack({name: TEXT, "in.log": TEXT}))
        assert found == {"in.log": TEXT}
        assert list(refused.values()) == ["its name leads out of the archive"]


def test_an_absolute_name_is_only_a_name(tmp_path: Path) -> None:
    for pack in (zipped, tarred):
        assert opened(tmp_path, pack({"/etc/passwd": TEXT}))[0] == {"etc/passwd": TEXT}
    assert opened(tmp_path, zipped({"C:\\Windows\\a.log": TEXT}))[0] == {"Windows/a.log": TEXT}


def test_links_and_devices_are_refused(tmp_path: Path) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, kind in (("sym", tarfile.SYMTYPE), ("hard", tarfile.LNKTYPE), ("dev", tarfile.CHRTYPE)):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
    found, refused = opened(tmp_path, out.getvalue())
    assert (found, set(refused)) == ({}, {"sym", "hard", "dev"})
    link = zipfile.ZipInfo("sym")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    zip_out = io.BytesIO()
    with zipfile.ZipFile(zip_out, "w") as zip_archive:
        zip_archive.writestr(link, "/etc/passwd")
    assert set(opened(tmp_path, zip_out.getvalue())[1]) == {"sym"}


def test_encrypted_members_are_told(tmp_path: Path) -> None:
    content = bytearray(zipped({"a.log": TEXT, "b.log": TEXT}))
    content[6] |= 1  # the flag of the first local header, and of its entry in the directory
    content[content.index(b"PK\x01\x02") + 8] |= 1
    found, refused = opened(tmp_path, bytes(content))
    assert (found, refused) == ({"b.log": TEXT}, {"a.log": "it is encrypted"})
    with pytest.raises(UnreadableError, match="encrypted"):
        opened(tmp_path, seven({"a.log": TEXT}, password="secret"))


def test_japanese_names_of_windows_are_read(tmp_path: Path) -> None:
    raw = zipped({"XXXXXX.log": TEXT}).replace(b"XXXXXX", "監査記".encode("cp932"))
    assert list(opened(tmp_path, raw)[0]) == ["監査記.log"]


def test_equal_names_are_told_apart(tmp_path: Path) -> None:
    raw = zipped({"a.log": b"1", "b.log": b"2"}).replace(b"b.log", b"a.log")
    assert opened(tmp_path, raw)[0] == {"a.log": b"1", "a.log#2": b"2"}


def test_a_document_in_a_zip_is_one_thing(tmp_path: Path) -> None:
    docx = zipped({"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w/>"})
    assert opened(tmp_path, docx, "a.docx") == ({"a.docx": docx}, {})
    assert opened(tmp_path, tarred({"a.docx": docx}))[0] == {"a.docx": docx}


@pytest.mark.parametrize("ending", SINGLE)
def test_a_cut_stream_keeps_what_came_before(tmp_path: Path, ending: str) -> None:
    content = random.Random(7).randbytes(300_000)
    packed = SINGLE[ending](content)
    found, refused = opened(tmp_path, packed[: len(packed) * 2 // 3], f"a.{ending}")
    assert content.startswith(found["a"])
    assert "cut or damaged" in refused["a"]


def test_a_small_cut_stream_too(tmp_path: Path) -> None:
    content = b"".join(b"line %d\n" % number for number in range(3000))
    packed = gzipped(content)
    found, refused = opened(tmp_path, packed[:-100], "a.gz")
    assert content.startswith(found["a"])
    assert len(found["a"]) > len(content) // 2
    assert "cut or damaged" in refused["a"]


def test_cut_archives_are_told(tmp_path: Path) -> None:
    content = random.Random(7).randbytes(30_000)
    with pytest.raises(UnreadableError, match="cut or damaged"):
        opened(tmp_path, zipped({"a": content, "b": content})[:40_000])
    with pytest.raises(UnreadableError, match="cut or damaged"):
        opened(tmp_path, seven({"a": content})[:20_000])
    path = tmp_path / "given"
    cut = tarred({"a": content, "b": content})[:40_000]
    path.write_bytes(cut)
    walk = members(path, source(cut))
    first = next(walk)
    assert not isinstance(first, Skipped)
    assert first.open().read() == content
    rest = [member if isinstance(member, Skipped) else member.open() for member in _until_error(walk)]
    assert any(getattr(stream, "damage", "") or len(stream.read()) < 30_000 for stream in rest)  # type: ignore[union-attr]


def _until_error(walk: object) -> list[object]:
    found: list[object] = []
    try:
        for member in walk:  # type: ignore[attr-defined]
            if not isinstance(member, Skipped):
                member.open().head()
            found.append(member)
    except UnreadableError:
        pass
    return found


def test_bombs_end_at_their_bounds(tmp_path: Path) -> None:
    bounds = Limits(free=100_000, ratio=10)
    zeros = bytes(5_000_000)
    for content in (
        gzipped(zeros),
        zipped({"a": zeros}),
        tarred({"a.gz": gzipped(zeros)}),
        zipped({"z.zip": zipped({"a": zeros})}),
    ):
        with pytest.raises(LimitError, match="bounds"):
            opened(tmp_path, content, limits=bounds)
    with pytest.raises(LimitError, match="bounds"):
        opened(tmp_path, seven({"a": zeros}), limits=bounds)


def test_too_many_members_and_too_long_names(tmp_path: Path) -> None:
    many = {f"{n}.log": b"" for n in range(20)}
    with pytest.raises(LimitError, match="more than 10 members"):
        opened(tmp_path, zipped(many), limits=Limits(members=10))
    _, refused = opened(tmp_path, tarred({"n" * 300: TEXT}), limits=Limits(name=100))
    assert list(refused.values()) == ["its name is longer than 100 characters"]


def test_random_and_damaged_bytes_end_in_words(tmp_path: Path) -> None:
    """Whatever the damage: members, skips or an UnreadableError, never another exception."""
    chance = random.Random(1)
    contents = {"a/b.log": TEXT, "c.log": chance.randbytes(2000)}
    made = [
        zipped(contents),
        tarred(contents),
        gzipped(tarred(contents)),
        seven(contents),
        *(p(TEXT) for p in SINGLE.values()),
    ]
    for whole in made:
        for _ in range(25):
            broken = bytearray(whole)
            for _ in range(chance.randint(1, 8)):
                broken[chance.randrange(len(broken))] = chance.randrange(256)
            cut = chance.randint(1, len(broken)) if chance.random() < 0.3 else len(broken)
            with contextlib.suppress(UnreadableError):
                opened(tmp_path, bytes(broken[:cut]))
