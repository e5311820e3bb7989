"""Why births change: women's numbers, marriage, parity, fertility within marriage by order, and levers.

Births of an order to women who reach an age in the year are a product of four factors::

    births = women x share by marital status x share by parity x births per woman of the state

summed over states. Women are those in the middle of the year (`births_by_mother`), so that the product is the births of
the projection and not an estimate. Each factor is a curve over ages and states, and a component is what births change
by when that factor alone moves, averaged over all orders in which the factors can move from one side to the other:

=================== ===================================================================================
women               number of women by age: number and age structure together
marriage            share of women of an age by marital status
parity              share of women of an age and marital status by children ever born
within_marriage     births per married woman of an age and parity; its orders are fertility by order
outside_marriage    births per woman who is not married: a small rest, which has its own name
=================== ===================================================================================

**Method.** The average over all orders is the standardisation of Das Gupta for any number of factors, and the Shapley
value of the factors: symmetric, independent of a path, without a rest. Births are linear in each factor, and for such
functions the average over orders equals the line integral of Horiuchi, Wilmoth and Pletcher along the straight line
between the sides (Owen's theorem on multilinear extensions). Four factors make the integrand a polynomial of degree
three, which two nodes of Gauss integrate exactly: this is what is computed. Components add up to rounding.

**What a component holds.** A birth moves its mother to the next parity, and a bride is childless: what changes births
or marriages also changes, half a year of it in the year itself and all of it later, the parities that births come from.
That is the component `parity`. Fertility is the hazard of the state and does not move with who is in it. In a space
that tells more apart (newly married, a recent birth), `parity` holds that composition too, and `marriage` what it
always does.

**Ages and orders add up, areas do not.** Births of an age and order depend on factors of that age and order alone, so
components of ages, and of orders, are those of their sum. A place is another matter: on the place's own factors, more
women in an area of high fertility are higher fertility, while the areas' components, summed, call it more women. Both
add up to the same change. The place, as an area of the projection, has the first; sum over areas for the second.

Sources
-------
Das Gupta (1993), Standardization and Decomposition of Rates: A User's Manual, US Bureau of the Census, P23-186.
Horiuchi, Wilmoth and Pletcher (2008), Demography 45(4), 785-801. Owen (1972), Management Science 18(5), P64-P79.
Shorrocks (2013), Journal of Economic Inequality 11(1), 99-126.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import xarray as xr

from huyou_sim.demography.mothers import births_by_mother, check_label
from huyou_sim.errors import ArgumentError, LabelError, Problem, suggest

if TYPE_CHECKING:
    from huyou_sim.demography.inputs import Rates
    from huyou_sim.demography.states import StateSpace

COMPONENTS = ("women", "marriage", "parity", "within_marriage", "outside_marriage")
"""What a change in births is made of, in the order of tables."""

PARTS = ("without_levers", "levers")
"""What a change under a scenario is made of: what would have been without its levers, and what they add."""

MARRIED = ("married",)
"""Marital statuses within marriage."""

NODES = (0.5 - 3**0.5 / 6.0, 0.5 + 3**0.5 / 6.0)
"""Where Gauss's rule with two nodes and equal weights takes a polynomial of degree 3 on 0..1. Source: Gauss (1814)."""

Measure = Literal["births", "tfr"]

ORDER = ("scenario", "draw", "area", "age_reached", "birth_order", "part", "component")


@dataclass(frozen=True)
class Factors:
    """Four factors whose product, summed over states, is births by age and order. Leading dimensions are free.

    Parameters
    ----------
    women : (..., age_reached) [persons]
        Or any other weight of an age; births are in its unit.
    marital : (..., age_reached, marital) [1]
        Shares that add up to 1.
    parity : (..., age_reached, marital, parity) [1]
        Shares within a marital status.
    fertility : (..., age_reached, marital, parity, birth_order) [births per woman]
        Not a number where there is no woman to bear; so are shares of nobody. Such a cell has no births, and
        `components` gives it the other side's value: what its births change by is then a matter of women's numbers or
        of their composition.
    """

    women: xr.DataArray
    marital: xr.DataArray
    parity: xr.DataArray
    fertility: xr.DataArray


def factors(mothers: xr.Dataset, measure: Measure = "births") -> Factors:
    """Return the factors of births, or of the total fertility rate.

    Parameters
    ----------
    mothers : xarray.Dataset
        From `births_by_mother`.
    measure : {"births", "tfr"}
        `tfr`: one woman of each age. The rate counts births on the mean of women at both ends of the year, the factors
        on women of its middle; the factor `women` is the quotient of the two, within some per mille of 1.
    """
    cells, births = mothers["women"], mothers["births"]
    by_marital = cells.sum("parity")
    women = by_marital.sum("marital")
    # An age without women adds nothing to a total rate either.
    number = (women / _some(mothers["woman_years"])).fillna(0.0) if measure == "tfr" else women
    return Factors(number, by_marital / _some(women), cells / _some(by_marital), births / _some(cells))


def _some(array: xr.DataArray) -> xr.DataArray:
    """Return `array`, not a number where it is zero."""
    return array.where(array > 0.0)


def components(before: Factors, after: Factors, married: Sequence[str] = MARRIED) -> xr.DataArray:
    """Return what each factor adds to births between two sides, (..., age_reached, birth_order, component).

    Parameters
    ----------
    before, after : Factors
        Dimensions that one side lacks are repeated.
    married : sequence of str
        Marital statuses whose fertility is `within_marriage`.

    Examples
    --------
    One order of births, all to married women of parity 0, at two ages. From 100 women of which half are married and
    bear 0.2 children each, to 80 of which a quarter and 0.4, and from 60, a third, 0.3 to 60, a third, 0.6: births
    change from 10 and 6 to 8 and 12. At the second age fertility alone moved and gets all 6. At the first, with
    ``D`` for a change and three factors ``a b c``, a factor gets ``Da (b c + b' c' + (b c' + b' c) / 2) / 3``: women
    -20 x (0.1 + 0.1 + (0.2 + 0.05) / 2) / 3 = -2.1667, marriage
    -0.25 x (20 + 32 + (40 + 16) / 2) / 3 = -6.6667, fertility 0.2 x (50 + 20 + (25 + 40) / 2) / 3 = 6.8333,
    together -2.

    >>> import xarray as xr
    >>> def side(women, share, rate):
    ...     marital = xr.concat([share, 1 - share], "marital").assign_coords(marital=["married", "never"])
    ...     bearing = xr.DataArray([1.0, 0.0], dims="marital", coords={"marital": ["married", "never"]})
    ...     fertility = (rate * bearing).expand_dims(birth_order=[1], parity=["0"])
    ...     return Factors(women, marital, xr.ones_like(fertility.isel(birth_order=0, drop=True)), fertility)
    >>> def ages(*values):
    ...     return xr.DataArray(list(values), dims="age_reached", coords={"age_reached": [25, 26]})
    >>> found = components(
    ...     side(ages(100.0, 60.0), ages(1 / 2, 1 / 3), ages(0.2, 0.3)),
    ...     side(ages(80.0, 60.0), ages(1 / 4, 1 / 3), ages(0.4, 0.6)),
    ... )
    >>> for age in (25, 26):
    ...     print(found.sel(age_reached=age, birth_order=1).round(4).values + 0.0)
    [-2.1667 -6.6667  0.      6.8333  0.    ]
    [0. 0. 0. 6. 0.]

    Source
    ------
    Das Gupta (1993); see the head of this module for why two nodes suffice.
    """
    labels, first, last = _aligned(before, after)
    (n0, s0, p0, f0), (n1, s1, p1, f1) = first, last
    inside = labels["marital"].isin(list(married)).variable
    added = dict.fromkeys(COMPONENTS, 0.0 * n0)
    for node in NODES:
        n, s, p, f = ((1.0 - node) * start + node * end for start, end in zip(first, last, strict=True))
        by_marital = (p * f).sum("parity")
        moved = n * s * (p * (f1 - f0)).sum("parity")
        terms = (
            (n1 - n0) * (s * by_marital).sum("marital"),
            n * ((s1 - s0) * by_marital).sum("marital"),
            n * (s * ((p1 - p0) * f).sum("parity")).sum("marital"),
            (moved * inside).sum("marital"),
            (moved * ~inside).sum("marital"),
        )
        added = {name: added[name] + term / float(len(NODES)) for name, term in zip(COMPONENTS, terms, strict=True)}
    dims = [str(dim) for dim in added["women"].dims]
    joined = np.stack([term.transpose(*dims).values for term in added.values()], axis=-1)
    coords = {dim: labels[dim] for dim in dims if dim in labels}
    return xr.DataArray(joined, dims=(*dims, "component"), coords=coords | {"component": list(COMPONENTS)})


Parts = tuple[xr.Variable, xr.Variable, xr.Variable, xr.Variable]


def _aligned(before: Factors, after: Factors) -> tuple[dict[str, xr.DataArray], Parts, Parts]:
    """Return the labels of all dimensions, and both sides without labels, each completed from the other.

    What is not a number on one side is taken from the other, and is 0 where neither side has it.
    """
    arrays = [getattr(side, name) for side in (before, after) for name in Factors.__dataclass_fields__]
    try:
        arrays = list(xr.align(*arrays, join="exact", copy=False))
    except ValueError as error:
        found = str(error).splitlines()[0]
        text = "the same labels in all factors of both sides"
        raise LabelError(Problem("factors", found, text, "Select the same ages, states and areas.")) from error
    labels = {str(dim): array[dim] for array in arrays for dim in array.dims if dim in array.coords}
    half = len(arrays) // 2
    first, last = arrays[:half], arrays[half:]

    def completed(ones: list[xr.DataArray], others: list[xr.DataArray]) -> Parts:
        n, s, p, f = (one.fillna(other).fillna(0.0).variable for one, other in zip(ones, others, strict=True))
        return n, s, p, f

    return labels, completed(first, last), completed(last, first)


def births_change(
    dataset: xr.Dataset,
    rates: Rates,
    space: StateSpace,
    *,
    years: tuple[int, int],
    measure: Measure = "births",
    married: Sequence[str] = MARRIED,
) -> xr.Dataset:
    """Return the change in births from one year to another and what it is made of.

    Parameters
    ----------
    dataset : xarray.Dataset
        From `project` with every cell kept; every scenario, draw and area of it is decomposed.
    rates, space
        Those that it was projected with.
    years : (int, int)
        Any two projected years, in any order.
    measure : {"births", "tfr"}
        `tfr` decomposes the total fertility rate: women are one of each age, and their component is left with what
        deaths and migrants of the year itself do to the rate, next to nothing.
    married : sequence of str
        Marital statuses within marriage.

    Returns
    -------
    change : xarray.Dataset
        ``before``, ``after``, ``change`` (scenario, draw, area, birth_order) [births] or [children per woman];
        ``contribution`` (scenario, draw, area, age_reached, birth_order, component), in the same unit: its sum over
        ages and components is the change. Components are `COMPONENTS`.

    Raises
    ------
    ArgumentError, LabelError, RateError
        As `births_by_mother`; also for a measure or a marital status that does not exist.
    """
    _check_options(space, measure, married)
    mothers = told_as_one(births_by_mother(dataset, rates, space, years=years), space)
    return _between(mothers.isel(year=0, drop=True), mothers.isel(year=1, drop=True), measure, married)


def births_of_levers(
    dataset: xr.Dataset,
    rates: Rates,
    space: StateSpace,
    *,
    year: int,
    without: str,
    measure: Measure = "births",
    married: Sequence[str] = MARRIED,
) -> xr.Dataset:
    """Return how births of a year differ from those without levers, for every scenario, and through what.

    The two have the same random numbers draw by draw, so that the difference is the effect of what the scenario does.

    Parameters
    ----------
    dataset, rates, space, measure, married
        As for `births_change`.
    year : int
    without : str
        Scenario to compare with: the same place without the levers, as ``no_new_policy``.

    Returns
    -------
    difference : xarray.Dataset
        As `births_change`, with ``before`` the births without levers. Zero for `without` itself.

    Raises
    ------
    ArgumentError, LabelError, RateError
        As `births_change`; also when no scenario is called `without`.
    """
    _check_options(space, measure, married)
    check_label("without", [without], dataset["scenario"].values.tolist())
    mothers = told_as_one(births_by_mother(dataset, rates, space, years=[year]), space).isel(year=0, drop=True)
    return _between(mothers.sel(scenario=without, drop=True), mothers, measure, married)


def births_change_with_levers(
    dataset: xr.Dataset,
    rates: Rates,
    space: StateSpace,
    *,
    years: tuple[int, int],
    without: str,
    measure: Measure = "births",
    married: Sequence[str] = MARRIED,
) -> xr.Dataset:
    """Return the change in births under every scenario: what would have been without levers, and what they add.

    What they add is their births in the later year less their births in the earlier one, which are none where levers
    begin after it.

    Parameters
    ----------
    dataset, rates, space, years, measure, married
        As for `births_change`.
    without : str
        As for `births_of_levers`.

    Returns
    -------
    change : xarray.Dataset
        As `births_change`, ``contribution`` with one more dimension, ``part``: `PARTS`. Its sum over ages, parts and
        components is the change under the scenario.

    Raises
    ------
    ArgumentError, LabelError, RateError
        As `births_of_levers`.
    """
    _check_options(space, measure, married)
    check_label("without", [without], dataset["scenario"].values.tolist())
    mothers = births_by_mother(dataset, rates, space, years=years)
    first, last = (mothers.isel(year=i, drop=True) for i in (0, 1))
    bare_first, bare_last = (side.sel(scenario=without, drop=True) for side in (first, last))
    bare = _between(bare_first, bare_last, measure, married)["contribution"]
    early, late = (
        _between(bare_side, side, measure, married)["contribution"]
        for bare_side, side in ((bare_first, first), (bare_last, last))
    )
    parts = xr.broadcast(bare, late - early)
    contribution = xr.concat(parts, dim=xr.Variable("part", list(PARTS)), coords="minimal").transpose(*ORDER)
    found = _sides(first, last, measure)
    return found.assign(contribution=contribution.assign_attrs(bare.attrs))


def by_component(change: xr.Dataset) -> xr.DataArray:
    """Return a change over all ages as one row of a table, fertility within marriage by order.

    Parameters
    ----------
    change : xarray.Dataset
        From `births_change`, `births_of_levers` or `births_change_with_levers`.

    Returns
    -------
    row : (scenario, draw, area, [part], component) [births or children per woman]
        Components women, marriage, parity, within_marriage_1, within_marriage_2, ..., outside_marriage.
    """
    over_ages = change["contribution"].sum("age_reached", keep_attrs=True)
    rows: dict[str, xr.DataArray] = {}
    for name in COMPONENTS:
        one = over_ages.sel(component=name, drop=True)
        if name == "within_marriage":
            orders = change["birth_order"].values
            rows |= {f"{name}_{order}": one.sel(birth_order=order, drop=True) for order in orders}
        else:
            rows[name] = one.sum("birth_order", keep_attrs=True)
    joined: xr.DataArray = xr.concat(list(rows.values()), dim=xr.Variable("component", list(rows)))
    return joined.transpose(..., "component")


def told_as_one(mothers: xr.Dataset, space: StateSpace) -> xr.Dataset:
    """Return births by mother with one marital status for all that stand for it, and finer kinds of parity instead.

    So a component means the same in every space: passing from newly married to married for long, or from a recent birth
    to one longer ago, is no change of marital status but of what `parity` holds, the composition within it.

    Parameters
    ----------
    mothers : xarray.Dataset
        From `births_by_mother`.
    space : StateSpace
        Whose labels may stand for coarser ones (`StateSpace.stands_for`).
    """
    if not space.stands_for:
        return mothers
    stages = [[label for label in space.marital if space.coarse(label) == one] for one in space.coarse_marital]
    most = max(len(labels) for labels in stages)
    kinds = [f"{parity}, stage {stage}" for stage in range(1, most + 1) for parity in space.parity]
    merged = {}
    for name in ("women", "births"):
        cells = mothers[name].transpose("marital", "parity", ...)
        by_kind = np.zeros((len(stages), most, *cells.shape[1:]))
        for i, labels in enumerate(stages):
            by_kind[i, : len(labels)] = cells.sel(marital=labels).values
        merged[name] = (cells.dims, by_kind.reshape(len(stages), len(kinds), *cells.shape[2:]), cells.attrs)
    rest = mothers.drop_vars([*merged, "marital", "parity"])
    return rest.assign(merged).assign_coords(marital=list(space.coarse_marital), parity=kinds)


def _between(before: xr.Dataset, after: xr.Dataset, measure: Measure, married: Sequence[str]) -> xr.Dataset:
    """Return two sides, their difference and its components."""
    found = _sides(before, after, measure)
    contribution = components(factors(before, measure), factors(after, measure), married)
    contribution = contribution.transpose(*(dim for dim in ORDER if dim in contribution.dims))
    return found.assign(contribution=contribution.assign_attrs(found["change"].attrs))


def _sides(before: xr.Dataset, after: xr.Dataset, measure: Measure) -> xr.Dataset:
    """Return two sides and their difference, by order of birth."""
    first, last = xr.broadcast(_total(before, measure), _total(after, measure))
    found = xr.Dataset({"before": first, "after": last, "change": last - first})
    for array in found.data_vars.values():
        array.attrs = {"units": "births" if measure == "births" else "children per woman"}
    return found.transpose(*(dim for dim in ORDER if dim in found.dims))


def _total(mothers: xr.Dataset, measure: Measure) -> xr.DataArray:
    """Return births by order, or the total fertility rate of each order as `indicators` has it."""
    births = mothers["births"].sum(["marital", "parity"])
    total: xr.DataArray = (births / _some(mothers["woman_years"]) if measure == "tfr" else births).sum("age_reached")
    return total


def _check_options(space: StateSpace, measure: str, married: Sequence[str]) -> None:
    if measure not in ("births", "tfr"):
        raise ArgumentError(Problem("measure", f"'{measure}'", "births or tfr", suggest(measure, ("births", "tfr"))))
    unknown = [name for name in married if name not in space.coarse_marital]
    if unknown or not married:
        raise LabelError(
            Problem(
                f"married, of state space '{space.name}'",
                f"'{unknown[0]}'" if unknown else "none",
                f"marital statuses of the space: {', '.join(space.coarse_marital)}",
                f"Type married=('{space.coarse_marital[0]}',) if that is what marriage is in this space.",
            )
        )
