"""What ends before it has done its work does not end as a success."""

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
