"""The table of references at the end of a run: errors and tolerances side by side, the worst of equal rows."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from .conftest import REACHED, pytest_terminal_summary


class Terminal:
    """Stands for pytest's terminal: gives reports, keeps lines."""

    def __init__(self, passed, failed):
        self.reports = {"passed": passed, "failed": failed}
        self.lines = []

    def getreports(self, name):
        return self.reports[name]

    def section(self, title):
        self.lines.append(title)

    def write_line(self, line):
        self.lines.append(line)


def report(*rows, when="call"):
    return SimpleNamespace(when=when, user_properties=[(REACHED, list(row)) for row in rows] + [("other", 1)])


def test_the_summary_shows_the_worst_of_each_row_aligned():
    near, far = ("Atlantis", "stock", 1e-15, 1e-12, "%", "end"), ("Atlantis", "stock", 2e-15, 1e-12, "%", "end")
    missed = ("Zembla", "births of every year", 2.0, 0.5, "persons", "even")
    unknown = ("Zembla", "deaths", float("nan"), 0.5, "persons", "even")
    terminal = Terminal([report(near, far), report(near), report(missed, when="setup")], [report(missed, unknown)])
    pytest_terminal_summary(terminal)
    title, head, *rows = terminal.lines
    assert title == "references: reached error against tolerance"
    assert [row.split() for row in rows] == [
        ["Atlantis", "stock", "2e-15", "1e-12", "%", "end"],
        ["Zembla", "births", "of", "every", "year", "MISSED", "2", "0.5", "persons", "even"],
        ["Zembla", "deaths", "MISSED", "nan", "0.5", "persons", "even"],
    ]
    assert {row.index(row.split()[-1]) for row in rows} == {head.index("convention")}


def test_a_run_without_references_has_no_summary():
    terminal = Terminal([report()], [])
    pytest_terminal_summary(terminal)
    assert terminal.lines == []


@pytest.mark.parametrize("error", [0.6, -0.1, float("nan")])
def test_an_error_beyond_its_tolerance_fails(error, reached, request):
    with pytest.raises(AssertionError, match="Atlantis, stock"):
        reached("Atlantis", "stock", error, 0.5, "persons", "end")
    # What was tried here is no reference.
    request.node.user_properties.clear()
