"""Choose a site: hard filters that answer with reasons, then a weighted score. Every site has its row."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pelagos.domain import errors, resources
from pelagos.sites import driver

WAIT_SCALE_S = 600.0
"""A queue of so long halves what a site gets for being quick."""
PRICE_SCALE = 1.0
"""So much an hour halves what a site gets for being cheap."""
UNKNOWN = 0.5
"""What a site gets where it does not tell."""


@dataclasses.dataclass(frozen=True)
class Row:
    """One site in a plan."""

    site: str
    offer: driver.Offer | None
    """None: the site did not answer, or was not asked."""
    score: float | None
    """From 0 to 1; None when the site is ruled out."""
    reasons: tuple[str, ...] = ()
    """Why not; of a site that could: what its score is made of."""

    @property
    def possible(self) -> bool:
        """Whether the site could take it."""
        return self.score is not None


@dataclasses.dataclass(frozen=True)
class Plan:
    """The chosen site, and all sites with what speaks for and against them, best first."""

    site: str | None
    """None when no site can take it."""
    rows: tuple[Row, ...]

    @property
    def why_not(self) -> str:
        """Tell in a sentence for each site why none can take it."""
        return " ".join(f"{row.site}: {' '.join(row.reasons)}" for row in self.rows) or "There is no site."

    def as_json(self) -> dict[str, Any]:
        """Give the plain form that a record keeps and pages show."""
        return {"site": self.site, "rows": [_plain(row) for row in self.rows]}


def make(
    need: resources.Resources,
    sites: Mapping[str, driver.SiteDriver],
    wanted: str | None = None,
    ability: driver.Ability = driver.Ability.BATCH,
    taken: Mapping[str, Sequence[resources.Resources]] | None = None,
) -> Plan:
    """Ask every site what it could give for `need` and choose the best; `wanted` rules out all others.

    `taken` is what runs at a site already asked for: it counts in the score, as what is full makes others wait.
    May take as long as the slowest site, 10 s at most each.
    """
    rows = [_row(site, sites[site], need, wanted, ability, (taken or {}).get(site, ())) for site in sorted(sites)]
    if wanted is not None and wanted not in sites:
        rows.append(Row(wanted, None, None, (f"There is no site '{wanted}'.",)))
    ranked = sorted(rows, key=lambda row: -1.0 if row.score is None else row.score, reverse=True)
    return Plan(next((row.site for row in ranked if row.possible), None), tuple(ranked))


def _row(
    site: str,
    asked: driver.SiteDriver,
    need: resources.Resources,
    wanted: str | None,
    ability: driver.Ability,
    taken: Sequence[resources.Resources],
) -> Row:
    against = [reason for reason in (_unable(asked, need, ability), _unwanted(site, wanted)) if reason]
    if against:
        return Row(site, None, None, tuple(against))
    try:
        offers = asked.offers(need)
    except errors.Unavailable as error:
        return Row(site, None, None, (error.message,))
    good = [offer for offer in offers if offer.possible]
    if not good:
        return Row(site, offers[0] if offers else None, None, tuple(r for offer in offers for r in offer.reasons))
    scored = [(_parts(offer, taken), offer) for offer in good]
    parts, best = max(scored, key=lambda pair: sum(value for value, _ in pair[0]))
    return Row(site, best, round(sum(value for value, _ in parts), 3), tuple(text for _, text in parts))


def _unable(asked: driver.SiteDriver, need: resources.Resources, ability: driver.Ability) -> str:
    abilities = {ability, driver.Ability.GPU} if need.gpus else {ability}
    missing = sorted(_ABILITIES[one] for one in abilities - asked.can)
    return f"It cannot {' nor '.join(missing)}." if missing else ""


def _unwanted(site: str, wanted: str | None) -> str:
    return "" if wanted in (None, site) else f"'{wanted}' was asked for."


_ABILITIES: Mapping[driver.Ability, str] = {
    driver.Ability.GPU: "give accelerators",
    driver.Ability.CONTAINER: "run containers",
    driver.Ability.SERVICE: "keep services running",
    driver.Ability.BATCH: "run jobs",
    driver.Ability.MULTINODE: "use several nodes at once",
}


def _parts(offer: driver.Offer, taken: Sequence[resources.Resources]) -> list[tuple[float, str]]:
    """Give what the score is made of, with its words."""
    return [(weight * value, text) for weight, (value, text) in ((w, rule(offer, taken)) for w, rule in _RULES)]


def _wait(offer: driver.Offer, _taken: Sequence[resources.Resources]) -> tuple[float, str]:
    if offer.wait_s is None:
        return UNKNOWN, "Its queue is not known."
    return 1 / (1 + offer.wait_s / WAIT_SCALE_S), f"Its queue takes about {offer.wait_s:.0f} s." if offer.wait_s else (
        "It starts at once."
    )


def _price(offer: driver.Offer, _taken: Sequence[resources.Resources]) -> tuple[float, str]:
    if offer.price_per_hour is None:
        return UNKNOWN, "Its price is not known."
    told = f"It costs {offer.price_per_hour:g} an hour." if offer.price_per_hour else "It costs nothing."
    return 1 / (1 + offer.price_per_hour / PRICE_SCALE), told


def _free(offer: driver.Offer, taken: Sequence[resources.Resources]) -> tuple[float, str]:
    cores = offer.free.cpus if offer.free is not None else None
    if not cores:
        return UNKNOWN, "How much of it is free is not known."
    left = max(0.0, 1 - sum(one.cpus or 1 for one in taken) / cores)
    return left, f"{left:.0%} of its {cores} cores are free."


_Rule = Callable[[driver.Offer, Sequence[resources.Resources]], tuple[float, str]]
_RULES: Sequence[tuple[float, _Rule]] = ((0.5, _wait), (0.3, _price), (0.2, _free))


def _plain(row: Row) -> dict[str, Any]:
    offer = row.offer
    return {
        "site": row.site,
        "possible": row.possible,
        "score": row.score,
        "reasons": list(row.reasons),
        "wait_s": offer and offer.wait_s,
        "price_per_hour": offer and offer.price_per_hour,
        "free": offer.free.as_json() if offer and offer.free else None,
        "gpus": dict(offer.gpus) if offer else {},
        "dated": offer.dated.isoformat() if offer and offer.dated else None,
    }
