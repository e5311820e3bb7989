from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from huyou_sim.demography.states import state_space
from huyou_sim.pack import load_pack
from huyou_sim.policy import load_scenario, policy_context, policy_response

HEAD = 'name = { zh = "甲", en = "A" }\ndescription = { zh = "甲。", en = "A." }\n'
AREAS = ("330502", "330503", "330521", "330522", "330523")


@pytest.fixture(scope="session")
def pack():
    return load_pack("huzhou")


@pytest.fixture(scope="session")
def context(pack):
    return policy_context(pack)


@pytest.fixture(scope="session")
def central(pack):
    """Return the central value of every prior, one draw."""
    return {str(row.id): np.array([float(row.central)]) for row in pack.evidence["priors"].itertuples()}


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a scenario file under the test's folder and returns its path."""

    def write_file(text, name="mine", head=HEAD):
        path = tmp_path / f"{name}.toml"
        path.write_text(head + text, encoding="utf-8")
        return path

    return write_file


@pytest.fixture
def scenario(write):
    """Return a function that makes a scenario from TOML, without the national subsidy unless asked for."""

    def make(text="", name="mine", national=0):
        subsidy = f"[national_childcare_subsidy]\nyuan_per_year = {national}\n"
        return load_scenario(write(text + "\n" + subsidy, name))

    return make


class Asked:
    """Log multipliers of scenarios for a population that stands still."""

    def __init__(self, scenarios, parameters, context, areas=AREAS, until=2050):
        space = state_space("family")
        self.channels = space.channels
        self.areas = areas
        self.response = policy_response(
            scenarios, parameters, context, areas=areas, channels=space.channels, years=range(2021, until + 1)
        )
        n = len(scenarios) * self.response.draws
        self.children = np.full((len(areas), n), 14_000.0)
        self.population = np.full((len(areas), n), 680_000.0)

    def log(self, year, channel=slice(None), area=0):
        """Return the log multipliers of one area, (channel, trajectory) or (trajectory,)."""
        i = self.channels.index(channel) if isinstance(channel, str) else channel
        return self.response.log_multipliers(year, self.children, self.population)[area, i]

    def parts(self, year, area=0):
        part = self.response.components(year, self.children, self.population)
        return {name: values[area] for name, values in part.items()}

    def moved(self, year, trajectory=0, area=0):
        """Return the names of the channels that are not exactly 0."""
        return {c for c, v in zip(self.channels, self.log(year, area=area)[:, trajectory], strict=True) if v != 0.0}


@pytest.fixture
def ask(central, context):
    """Return a function that asks scenarios for their multipliers, with central values unless told otherwise."""

    def make(*scenarios, parameters=None, **changes):
        more = {k: changes.pop(k) for k in ("areas", "until") if k in changes}
        return Asked(scenarios, parameters or central, replace(context, **changes), **more)

    return make
