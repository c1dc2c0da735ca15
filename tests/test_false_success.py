"""What ends before it has done its work does not end as a success."""

import errno

import pytest

from evonasc.cli import main

#: Where a problem's file calls sys.exit(0).
EXITS = {
    "import": "import sys\nsys.exit(0)\n",
    "factory": "import sys\n\n\ndef make():\n    sys.exit(0)\n",
    "evaluation": (
        "import sys\nimport numpy as np\nfrom evonasc.problems.toy import Staircase\n\n\n"
        "class Exits(Staircase):\n    def evaluate(self, genes):\n        sys.exit(0)\n\n"
        "    def columns(self, genes):\n        sys.exit(0)\n\n\n"
        "def make():\n    return Exits()\n"
    ),
}


@pytest.mark.parametrize("where", EXITS)
@pytest.mark.parametrize("command", ["run --budget 40", "compare --algos random --seeds 1"])
def test_a_plug_in_that_exits_is_an_error(where, command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    name = f"exits_{where}_{command[:3]}"
    (tmp_path / f"{name}.py").write_text(EXITS[where])
    words = [*command.split(), "--problem", f"{name}:make", "--out", "out"]
    assert main([*words, "--quiet", "--no-plot"]) == 2
    error = capsys.readouterr().err
    assert f"{name}.py, line" in error
    assert "called sys.exit(0)" in error
    assert error.count("\n") == 1


class Full:
    """A file on a disk that has no room left: what is buffered fails again when it is closed."""

    name = "evaluations.csv"

    def write(self, text):
        return len(text)

    def flush(self):
        raise OSError(errno.ENOSPC, "No space left on device")

    def close(self):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_is_told_in_one_line(tmp_path, monkeypatch, capsys):
    from evonasc.runs import writer as folder

    class Writer(folder.RunWriter):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            self._file.close()
            self._file = Full()

    monkeypatch.setattr("evonasc.cli.run.RunWriter", Writer)
    words = ["run", "--problem", "toy", "--budget", "40", "--quiet", "--no-plot"]
    assert main([*words, "--out", str(tmp_path / "r")]) == 2
    error = capsys.readouterr().err
    assert "Cannot write evaluations.csv: No space left on device" in error
    assert error.count("\n") == 1
