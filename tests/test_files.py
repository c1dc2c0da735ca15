import os

import pytest

from evonasc.errors import ConfigError
from evonasc.files import write_atomically


def test_a_file_is_written_whole_and_readable(tmp_path):
    target = tmp_path / "front.csv"
    write_atomically(target, b"a,b\n")
    assert target.read_bytes() == b"a,b\n"
    assert target.stat().st_mode & 0o444 == 0o444
    assert [path.name for path in tmp_path.iterdir()] == ["front.csv"]


def test_an_existing_file_is_replaced(tmp_path):
    target = tmp_path / "front.csv"
    target.write_bytes(b"a much longer old content")
    write_atomically(target, b"new")
    assert target.read_bytes() == b"new"


def test_a_link_stays_one_and_its_file_is_replaced(tmp_path):
    (tmp_path / "there").mkdir()
    real, link = tmp_path / "there" / "front.csv", tmp_path / "link.csv"
    real.write_bytes(b"old")
    link.symlink_to(real)
    write_atomically(link, b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"


def test_a_loop_of_links_is_replaced_by_the_file(tmp_path):
    for one, other in (("a", "b"), ("b", "a")):
        (tmp_path / one).symlink_to(tmp_path / other)
    write_atomically(tmp_path / "a", b"new")
    assert b"new" in {path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}


def test_a_pipe_is_not_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(ConfigError, match="Cannot write .*pipe: not a regular file"):
        write_atomically(pipe, b"new")
    assert not pipe.is_file()


def test_a_failing_write_leaves_the_old_file_and_no_other(tmp_path):
    target = tmp_path / "front.csv"
    target.write_bytes(b"old")
    with pytest.raises(TypeError, match="bytes-like"):
        write_atomically(target, "text is no bytes")
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["front.csv"]


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt("Ctrl-C")])
def test_a_failure_at_the_last_step_leaves_the_old_file_and_no_other(tmp_path, monkeypatch, error):
    target = tmp_path / "front.csv"
    target.write_bytes(b"old")

    def fail(source, destination):
        raise error

    monkeypatch.setattr(os, "replace", fail)
    told = ConfigError if isinstance(error, OSError) else KeyboardInterrupt
    with pytest.raises(told, match=str(error)):
        write_atomically(target, b"new")
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["front.csv"]


def test_a_reader_never_sees_half_a_file(tmp_path, monkeypatch):
    """Until the last step the old content stands there."""
    target = tmp_path / "front.csv"
    target.write_bytes(b"old")
    seen, replace = [], os.replace

    def look_and_replace(source, destination):
        seen.append(target.read_bytes())
        replace(source, destination)

    monkeypatch.setattr(os, "replace", look_and_replace)
    write_atomically(target, b"new")
    assert seen == [b"old"]


def test_a_missing_folder_is_not_made(tmp_path):
    with pytest.raises(ConfigError, match="gone.*No such file or directory"):
        write_atomically(tmp_path / "gone" / "front.csv", b"")
    write_atomically(tmp_path / "gone" / "front.csv", b"1", makes_folder=True)
    assert (tmp_path / "gone" / "front.csv").read_bytes() == b"1"


@pytest.mark.parametrize("mask", [0o077, 0o027, 0o022, 0o002])
def test_the_umask_holds(tmp_path, mask):
    before = os.umask(mask)
    try:
        write_atomically(tmp_path / "a", b"")
        assert os.umask(mask) == mask
    finally:
        os.umask(before)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o666 & ~mask
