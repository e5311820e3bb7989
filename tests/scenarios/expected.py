"""The expected table of each scenario file: a few rows that a person can read, and the one command that changes them.

python tests/scenarios/expected.py "why the numbers changed"
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).parents[2]
FOLDERS = (ROOT / "scenarios", ROOT / "scenarios" / "gallery")
YEARS = [2021, 2023, 2025, 2035, 2050]
VARIABLES = [
    "population_total", "births", "deaths", "natural_increase_rate", "tfr", "share_second_third",
    "first_marriages", "married_share_20_29", "total_dependency_60", "total_dependency_65",
    "population_under_3", "childcare_places", "childcare_coverage", "ideal_children", "infant_mortality_rate",
]  # fmt: skip


def files() -> list[Path]:
    """Return the scenario files that ship, those of the gallery after the others."""
    return [path for folder in FOLDERS for path in sorted(folder.glob("*.toml"))]


def run():
    """Return Huzhou under every scenario that ships."""
    from huyou_sim import run_packages

    return run_packages("huzhou", [path.stem for path in files()])


def tables(packages) -> dict[str, pd.DataFrame]:
    """Return the table (variable, year) of each scenario, for Huzhou as a whole."""
    keys = [scenario.key for scenario in packages.scenarios]
    indicators = packages.indicators.sel(area="330500", year=YEARS).isel(draw=0)
    return {
        key: pd.DataFrame({name: indicators[name].sel(scenario=key).values for name in VARIABLES}, index=YEARS).T
        for key in keys
    }


def path_of(key: str) -> Path:
    """Return where the expected table of a scenario stands: beside its file."""
    folder = next(path.parent for path in files() if path.stem == key)
    return folder / f"{key}.expected.csv"


def read(key: str) -> pd.DataFrame:
    """Return an expected table as it stands."""
    text = path_of(key).read_text(encoding="utf-8")
    body = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("#"))
    table = pd.read_csv(io.StringIO(body), index_col=0)
    return table.set_axis([int(year) for year in table.columns], axis=1)


START, END = "<!-- targets: written by tests/scenarios/expected.py -->\n", "<!-- targets: end -->"
SHOWN = ["no_new_policy", "plan_as_written", "everything_together"]


def readme_table(packages) -> str:
    """Return the table of the README: value of 2025 and verdict at the central level, for three packages."""
    from huyou_sim.variables import variable

    central = packages.targets.query("level == 'central'")
    names = {scenario.key: scenario.label("en") for scenario in packages.scenarios}
    lines = [
        f"| 2025 target, central level | asked | {' | '.join(names[key] for key in SHOWN)} |",
        "|---|---|" + "---|" * len(SHOWN),
    ]
    for indicator, rows in central.groupby("indicator_id", sort=True):
        first = rows.iloc[0]
        about = variable(first["variable"])
        low, high = first["threshold"], first["threshold_upper"]
        asked = {"at_most": f"≤ {low:g}", "within": f"{low:g}-{high:g}"}.get(first["rule"], f"≥ {low:g}")
        cells = []
        for key in SHOWN:
            row = rows[rows["scenario"] == key].iloc[0]
            verdict = "reached" if row["met"] else f"misses by {row['distance']:.2g}"
            cells.append(f"{row['value_2025']:.2f}, {verdict}")
        star = "*" if first["bridged"] else ""
        lines.append(f"| {indicator} {about.label_en}{star} [{about.unit}] | {asked} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def readme() -> tuple[str, str, str]:
    """Return the README before its table, the table, and what follows."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    head, rest = text.split(START)
    table, tail = rest.split(END)
    return head, table, tail


def main() -> None:
    """Write each table whose numbers changed, with the reason in its first line, and the table of the README."""
    if len(sys.argv) != 2 or len(sys.argv[1]) < 10:
        sys.exit(__doc__)
    packages = run()
    for key, table in tables(packages).items():
        text = table.map(lambda value: f"{value:.6g}").to_csv(index_label="variable", lineterminator="\n")
        path = path_of(key)
        if path.is_file() and path.read_text(encoding="utf-8").partition("\n")[2] == text:
            continue  # its first line says when its numbers changed, not when somebody looked
        path.write_text(f"# Huzhou, central values. Last change: {sys.argv[1]}\n{text}", encoding="utf-8")
        print(path)
    head, _, tail = readme()
    (ROOT / "README.md").write_text(head + START + readme_table(packages) + END + tail, encoding="utf-8")
    print(ROOT / "README.md")


if __name__ == "__main__":
    main()
