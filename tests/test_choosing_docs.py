"""The commands that docs/choosing.md and docs/links.md show."""

import re
import shlex
from pathlib import Path

import pytest

from evonasc.cli import main

DOCS = Path(__file__).parents[1] / "docs"
BLOCK = re.compile(r"^```(?:csv (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["choosing.md", "links.md"])
def test_every_command_works(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    n_commands = 0
    for file, text in BLOCK.findall((DOCS / name).read_text(encoding="utf-8")):
        if file:
            Path(file).write_text(text, encoding="utf-8")
            continue
        for line in text.splitlines():
            program, *words = shlex.split(line)
            assert program == "evonasc", line
            words += ["--budget", "500", "--no-plot"] if words[0] == "run" else []
            assert main(words) == 0, line
            n_commands += 1
    assert n_commands >= 3
    assert "Written to" in capsys.readouterr().out
