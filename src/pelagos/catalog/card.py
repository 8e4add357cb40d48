"""The card: what the catalog knows about a module, whatever format its author wrote.

Every part keeps the keys that it does not know in its `extra`, so that no card loses what its author said.
"""

from __future__ import annotations

import datetime
import enum
import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self
from urllib.parse import urlsplit

import pydantic

from pelagos.catalog import licences

SCHEMA = "https://json-schema.org/draft/2020-12/schema"
CATEGORIES = (
    "earth observation",
    "biological and medical science",
    "cyber-security",
    "citizen science",
    "general purpose",
)
"""The domains that the catalog begins with; a card may name another."""

_ORCID = re.compile(r"(\d{4}-){3}\d{3}[\dX]")
_DOI = re.compile(r"10\.\d{4,9}/\S+")
_HOST = re.compile(r"localhost|[0-9.]+|\[[0-9a-f:.]+\]|([\w-]+\.)+([a-z]{2,}|xn--[a-z0-9-]+)", re.IGNORECASE)
_SAID_ALREADY = re.compile(r"^(https?://)?(dx\.)?(doi\.org/|doi:\s*)", re.IGNORECASE)


class Status(enum.StrEnum):
    """Where a card stands in the catalog."""

    DRAFT = "draft"
    """Proposed, not reviewed."""
    LISTED = "listed"
    """To be found by everybody."""
    DEPRECATED = "deprecated"
    """To be found, and advised against."""
    WITHDRAWN = "withdrawn"
    """Not to be found; its address still answers."""
    SUPERSEDED = "superseded"
    """Replaced: see `superseded_by`."""


def web_address(said: str) -> str:
    """Check an address of the web; ValueError says what is wrong with it. Nothing but http and https is taken."""
    parts = urlsplit(said)
    if parts.scheme not in {"http", "https"}:
        raise ValueError("an address that begins with http:// or https:// was expected")
    if not parts.hostname or not _HOST.fullmatch(parts.hostname) or re.search(r"\s", said):
        raise ValueError(f"“{parts.netloc}” is no name of a host")
    return said


def doi(said: str) -> str:
    """Bring a DOI to its bare form, `10.5281/zenodo.1`; ValueError when it is none."""
    bare = _SAID_ALREADY.sub("", said.strip())
    if not _DOI.fullmatch(bare):
        raise ValueError("a DOI such as 10.5281/zenodo.1234 was expected")
    return bare


def _orcid(said: str) -> str:
    bare = said.rstrip("/").rsplit("/", 1)[-1].upper()
    if not _ORCID.fullmatch(bare) or not _checks(bare.replace("-", "")):
        raise ValueError("an ORCID such as 0000-0002-1825-0097 was expected; its last digit checks the others")
    return bare


def _checks(digits: str) -> bool:
    """Compare the last digit: https://support.orcid.org/hc/en-us/articles/360006897674 (ISO 7064, 11-2)."""
    total = 0
    for digit in digits[:-1]:
        total = (total + int(digit)) * 2
    return "0123456789X"[(12 - total % 11) % 11] == digits[-1]


def _licence(said: str) -> str:
    expression = licences.spdx(said)
    if expression is None:
        raise ValueError("an SPDX expression such as Apache-2.0 or MIT was expected, see https://spdx.org/licenses/")
    return expression


def _as_list(said: Any) -> Any:
    return [said] if isinstance(said, str) else said


def _written_date(said: Any) -> Any:
    if isinstance(said, str | datetime.date):
        return said
    raise ValueError("a date such as 2024-08-31 was expected")


# What is nearly right is no fact yet: a number in quotes, 0 for a date.
Date = Annotated[datetime.date, pydantic.BeforeValidator(_written_date)]
Flag = Annotated[bool, pydantic.Field(strict=True)]
Number = Annotated[float, pydantic.Field(strict=True)]
Address = Annotated[str, pydantic.AfterValidator(web_address), pydantic.Field(max_length=2000)]
Doi = Annotated[str, pydantic.AfterValidator(doi)]
Orcid = Annotated[str, pydantic.AfterValidator(_orcid)]
Licence = Annotated[str, pydantic.AfterValidator(_licence), pydantic.Field(max_length=500)]
Word = Annotated[str, pydantic.Field(min_length=1, max_length=200)]
Words = Annotated[tuple[Word, ...], pydantic.BeforeValidator(_as_list), pydantic.Field(max_length=200)]


class Part(pydantic.BaseModel):
    """A part of a card. It is frozen, and keeps keys that it does not know."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)

    extra: Mapping[str, Any] = {}
    """What the author said that has no place of its own, under the author's keys."""

    _renamed: ClassVar[Mapping[str, str]] = {}

    @pydantic.model_validator(mode="before")
    @classmethod
    def _keep_unknown(cls, said: Any) -> Any:
        if not isinstance(said, Mapping):
            return said
        named = {cls._renamed.get(key, key) if cls._renamed.get(key) not in said else key: said[key] for key in said}
        unknown = {key: value for key, value in named.items() if key not in cls.model_fields}
        extra = named.get("extra", {})
        if not unknown or not isinstance(extra, Mapping):
            return named
        return {key: named[key] for key in named if key not in unknown} | {"extra": {**extra, **unknown}}

    def plain(self) -> dict[str, Any]:
        """Give what is said as plain JSON values; what is not said is left out."""
        return self.model_dump(mode="json", exclude_defaults=True)


class Author(Part):
    """Somebody who made the module."""

    name: Word
    """The name as it is cited."""
    orcid: Orcid | None = None
    """The person's ORCID, bare."""
    affiliation: str = ""
    """The institution."""
    email: str = ""
    """Where to write to."""
    url: Address | None = None
    """A page about the person."""


class Links(Part):
    """Where to find what belongs to the module."""

    source: Address | None = None
    """The repository of its code."""
    documentation: Address | None = None
    """Its documentation."""
    container: str | None = pydantic.Field(
        default=None, pattern=r"^[\w.-]+(:\d+)?(/[\w.-]+)*(:[\w.-]+)?(@sha256:[0-9a-f]{64})?$"
    )
    """The container image, as `docker pull` takes it."""
    weights: Address | None = None
    """Its trained weights."""
    dataset: Address | None = None
    """The data it was trained on."""
    paper: Address | None = None
    """The paper about it."""
    demo: Address | None = None
    """A page to try it on."""
    base_model: Address | None = None
    """The module or model that it began from."""
    training_files: Address | None = None
    """What its training left: weights, logs, settings."""


class Citation(Part):
    """How to cite the module."""

    text: str = ""
    """The reference, ready to be printed."""
    doi: Doi | None = None
    """The DOI, bare."""
    url: Address | None = None
    """A page that says how to cite it."""
    cff: Mapping[str, Any] = {}
    """The content of CITATION.cff."""


class Dataset(Part):
    """Data that the module was trained or judged on."""

    name: Word
    """Its name."""
    use: str = ""
    """What it was used for."""
    url: Address | None = None
    """Where it is."""
    licence: Licence | None = None
    """Its licence, SPDX."""


class Weights(Part):
    """Trained weights that the module brings or fetches."""

    name: str = ""
    """What they are called."""
    source: str = ""
    """Where they come from: an address, or `pypi:` and a package's name."""
    version: str = ""
    """Which of them."""
    licence: Licence | None = None
    """Their licence, SPDX."""
    size_mb: Number | None = pydantic.Field(default=None, ge=0)
    """Their size, in millions of bytes."""
    sha256: str | None = pydantic.Field(default=None, pattern="^[0-9a-f]{64}$")
    """Their SHA-256, in hexadecimal."""


class Metric(Part):
    """How well it does."""

    name: Word
    """What was measured, and on what."""
    value: Number
    """The figure."""
    unit: str = ""
    """Its unit."""


class Resources(Part):
    """What one run needs at least."""

    cpus: Number | None = pydantic.Field(default=None, ge=0)
    """Cores."""
    gpus: Number | None = pydantic.Field(default=None, ge=0)
    """GPUs."""
    memory_mb: Number | None = pydantic.Field(default=None, ge=0)
    """Main memory, in millions of bytes."""
    gpu_memory_mb: Number | None = pydantic.Field(default=None, ge=0)
    """Memory of each GPU, in millions of bytes."""
    gpu_compute_capability: Number | None = pydantic.Field(default=None, ge=0)
    """The least CUDA compute capability."""
    storage_mb: Number | None = pydantic.Field(default=None, ge=0)
    """Disk, in millions of bytes."""


class Needs(Part):
    """What predictions and trainings need."""

    predict: Resources | None = None
    """For predictions."""
    train: Resources | None = None
    """For a training."""


class Example(Part):
    """An input and what the module answers to it."""

    name: str = ""
    """What it shows."""
    input: Mapping[str, Any] = {}
    """The arguments of `predict`; a file is a path in the module's folder."""
    expected: Any = None
    """The answer, or the part of it that matters."""
    tolerance: Number = pydantic.Field(default=0.0, ge=0)
    """By how much a number may differ."""


class Card(Part):
    """All that the catalog knows about a module."""

    _renamed: ClassVar[Mapping[str, str]] = {"task": "tasks", "license": "licence"}

    name: str = pydantic.Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$")
    """The module's name in the catalog and on the command line."""
    title: Word
    """Its name for people."""
    summary: str = pydantic.Field(default="", max_length=2000)
    """What it does, in one sentence."""
    version: str = pydantic.Field(default="", max_length=100)
    """The version of the module."""
    readme: str = pydantic.Field(default="", max_length=1_000_000)
    """The body of the card, in Markdown."""
    authors: tuple[Author, ...] = pydantic.Field(default=(), max_length=500)
    """Who made it."""
    licence: Licence | None = None
    """The licence of its code, as an SPDX expression."""
    created: Date | None = None
    """When it was first published."""
    updated: Date | None = None
    """When it last changed."""
    tasks: Words = ()
    """What it does, in the words of the field: `image-classification`."""
    category: str = pydantic.Field(default="", max_length=200)
    """The domain it belongs to."""
    libraries: Words = ()
    """What it is built with."""
    inputs: Words = ()
    """Kinds of data it takes."""
    outputs: Words = ()
    """Kinds of data it gives."""
    tags: Words = ()
    """Words to find it by."""
    links: Links = Links()
    """Where to find what belongs to it."""
    citation: Citation = Citation()
    """How to cite it."""
    datasets: tuple[Dataset, ...] = pydantic.Field(default=(), max_length=200)
    """Data it was trained or judged on."""
    weights: tuple[Weights, ...] = pydantic.Field(default=(), max_length=200)
    """Trained weights that it brings or fetches."""
    metrics: tuple[Metric, ...] = pydantic.Field(default=(), max_length=500)
    """How well it does."""
    resources: Needs = Needs()
    """What it needs."""
    examples: tuple[Example, ...] = pydantic.Field(default=(), max_length=100)
    """Inputs with the answers that they should get."""
    intended_use: str = ""
    """What it was made for."""
    limitations: str = ""
    """What it cannot do, and what it must not be used for."""
    trainable: Flag | None = None
    """Whether it can be trained; None when its author does not say."""
    inference: Flag | None = None
    """Whether it predicts; None when its author does not say."""
    pretrained: Flag | None = None
    """Whether it predicts without a training of one's own; None when its author does not say."""
    status: Status = Status.LISTED
    """Where it stands in the catalog."""
    superseded_by: str = ""
    """The name of the module that replaces it."""

    @pydantic.model_validator(mode="after")
    def _say_what_replaces_it(self) -> Self:
        if self.status == Status.SUPERSEDED and not self.superseded_by:
            raise ValueError("a superseded card names what replaces it in superseded_by")
        return self


def json_schema() -> dict[str, Any]:
    """Give the card's JSON Schema (draft 2020-12), as it is published in `docs/guide/card.schema.json`."""
    return {"$schema": SCHEMA, **Card.model_json_schema(mode="serialization")}
