"""A measured figure and the bound that it must keep."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One row of the table.

    Attributes:
        value: in ``unit``.
        bound: the largest value that is right; None where nothing was promised.
    """

    name: str
    value: float
    unit: str
    bound: float | None = None

    @property
    def holds(self) -> bool:
        """Tell whether the bound is kept."""
        return self.bound is None or self.value <= self.bound


def table(figures: list[Figure]) -> str:
    """Return the figures as a Markdown table."""
    rows = ["| measured | value | bound | |", "| --- | ---: | ---: | --- |"]
    for figure in figures:
        bound = "" if figure.bound is None else f"{figure.bound:g} {figure.unit}"
        verdict = "" if figure.bound is None else "holds" if figure.holds else "BROKEN"
        rows.append(f"| {figure.name} | {figure.value:.3g} {figure.unit} | {bound} | {verdict} |")
    return "\n".join(rows)
