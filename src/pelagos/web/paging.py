"""Cut a list into pages that the address names."""

from __future__ import annotations

import dataclasses
import urllib.parse
from collections.abc import Sequence

from starlette.requests import Request

PAGE = 50


@dataclasses.dataclass(frozen=True)
class Pages:
    """Where in a list a page is. Page numbers begin at 1."""

    path: str
    pairs: Sequence[tuple[str, str]]
    """What else the address says."""
    number: int
    total: int
    size: int = PAGE

    @property
    def offset(self) -> int:
        """How many entries lie before it."""
        return (self.number - 1) * self.size

    @property
    def last(self) -> int:
        """The number of the last page."""
        return max(1, -(-self.total // self.size))

    @property
    def this(self) -> str:
        """The address of this page."""
        return self.address(self.number)

    @property
    def previous(self) -> str:
        """The address of the page before it; empty at the first."""
        return self.address(min(self.number - 1, self.last)) if self.number > 1 else ""

    @property
    def next(self) -> str:
        """The address of the page after it; empty at the last."""
        return self.address(self.number + 1) if self.number < self.last else ""

    def address(self, number: int) -> str:
        """Give the address of a page of the list."""
        said = [*self.pairs, *([("page", str(number))] if number > 1 else [])]
        return f"{self.path}?{urllib.parse.urlencode(said)}" if said else self.path


def number(request: Request) -> int:
    """Read the number of the page that is asked for; nonsense is the first one."""
    said = request.query_params.get("page", "1")
    return max(1, int(said)) if said.isascii() and said.isdecimal() and len(said) < 7 else 1


def pages(request: Request, total: int, size: int = PAGE) -> Pages:
    """Cut the list that a request is about; empty fields of its form are left out of addresses."""
    said = [(name, value) for name, value in request.query_params.multi_items() if value and name != "page"]
    return Pages(request.url.path, said, number(request), total, size)
