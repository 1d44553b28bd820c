"""What the source must never hold: code from data, pickles, shells, switches that open what is shut."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "netsitter"
FILES = sorted(SOURCE.rglob("*.py"))

FORBIDDEN = {
    "eval or exec": r"(?<![.\w])(eval|exec|compile|__import__)\(",
    "a shell": r"shell\s*=\s*True|os\.(system|popen|exec|spawn)|subprocess",
    "a switch that lets a pickle through": r"weights_only\s*=\s*False|allow_pickle\s*=\s*True|torch\.load|joblib",
    "an archive unpacked as it wishes": r"extractall|unpack_archive",
    "a certificate not looked at": r"verify\s*=\s*False|_create_unverified_context|CERT_NONE",
    "a door to everybody": r"0\.0\.0\.0",
    "YAML that builds objects": r"yaml\.(load|unsafe_load|full_load)",
    "a path of one machine": r"/home/|/root/",
    "a file in a shared place by a guessable name": r"""["']/tmp|mktemp\(""",
}

ALLOWED = {("a shell", "board/beside.py")}
"""The board beside a run is a process of its own: the interpreter that runs us, with a fixed program."""


@pytest.mark.parametrize("what", FORBIDDEN)
def test_the_source_does_without(what):
    pattern = re.compile(FORBIDDEN[what])
    found = [
        f"{file.relative_to(SOURCE)}:{number}: {line.strip()}"
        for file in FILES
        if (what, file.relative_to(SOURCE).as_posix()) not in ALLOWED
        for number, line in enumerate(file.read_text().splitlines(), start=1)
        if pattern.search(line)
    ]
    assert found == []


def test_no_pickle_machine_is_imported_but_where_a_search_sends_code_to_its_own_workers():
    importing = {
        str(file.relative_to(SOURCE))
        for file in FILES
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        and {"pickle", "dill", "cloudpickle", "marshal", "shelve", "joblib"}
        & {getattr(node, "module", None), *(alias.name for alias in node.names)}
    }
    # What goes to workers of our own, in memory, from the process that began them; no file is ever read so.
    assert importing == {"searching/engines/site.py"}


def test_every_file_says_what_it_is_and_stays_short():
    for file in FILES:
        text = file.read_text()
        assert ast.get_docstring(ast.parse(text)), f"{file} has no docstring"
        assert text.count("\n") < 400, f"{file} has {text.count(chr(10))} lines"


def test_the_patterns_find_what_they_are_for():
    samples = {
        "eval or exec": "x = eval(text)",
        "a shell": "run(command, shell=True)",
        "a switch that lets a pickle through": "np.load(file, allow_pickle=True)",
        "an archive unpacked as it wishes": "tar.extractall(path)",
        "a certificate not looked at": "get(url, verify=False)",
        "a door to everybody": 'host = "0.0.0.0"',
        "YAML that builds objects": "yaml.load(text)",
        "a path of one machine": 'open("/root/data")',
        "a file in a shared place by a guessable name": 'open("/tmp/netsitter.lock")',
    }
    assert samples.keys() == FORBIDDEN.keys()
    for what, sample in samples.items():
        assert re.search(FORBIDDEN[what], sample)
        assert not re.search(FORBIDDEN[what], "net.eval(); model.compile_options; re.compile(r'x'); executor")
