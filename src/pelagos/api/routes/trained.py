"""Trained models: names, aliases, downloads."""

from __future__ import annotations

from typing import Any

import fastapi
import pydantic
from starlette.responses import StreamingResponse

from pelagos.api import asking, shapes

router = fastapi.APIRouter(tags=["Models"], prefix="/models")


class Description(shapes.Asked):
    """What people say of a model; what is left out stays."""

    title: str | None = pydantic.Field(default=None, max_length=200)
    description: str | None = None


@router.get("", response_model=shapes.Listed[shapes.Model])
def listed(
    hub: asking.Hub,
    module: str | None = None,
    text: str = "",
    limit: asking.Limit = 50,
    offset: asking.Offset = 0,
) -> dict[str, Any]:
    """List the trained models, newest first."""
    found = hub.models.list(module, text, limit=limit, offset=offset)
    return shapes.listed(found, hub.models.count(module, text))


@router.get("/{model_id}", response_model=shapes.Model)
def show(hub: asking.Hub, model_id: str) -> Any:
    """Give a trained model."""
    return hub.models.get(model_id)


@router.patch("/{model_id}", response_model=shapes.Model)
def describe(hub: asking.Hub, model_id: str, said: Description) -> Any:
    """Name or describe it."""
    known = hub.models.get(model_id)
    title = known.title if said.title is None else said.title
    text = known.description if said.description is None else said.description
    hub.models.describe(model_id, title=title, description=text)
    return hub.models.get(model_id)


@router.put("/{model_id}/aliases/{alias}", response_model=shapes.Model)
def alias(hub: asking.Hub, model_id: str, alias: str) -> Any:
    """Let a word such as `production` mean this model; another model of the module that had it loses it."""
    hub.models.alias(model_id, alias)
    return hub.models.get(model_id)


@router.delete("/{model_id}/aliases/{alias}", response_model=shapes.Model)
def unalias(hub: asking.Hub, model_id: str, alias: str) -> Any:
    """Take a word from a model."""
    hub.models.unalias(hub.models.get(model_id).module, alias)
    return hub.models.get(model_id)


@router.get("/{model_id}/archive", response_class=StreamingResponse)
def archive(hub: asking.Hub, model_id: str) -> StreamingResponse:
    """Download it as a zip file."""
    known = hub.models.get(model_id)
    headers = {"Content-Disposition": f'attachment; filename="{known.module}-{known.id}.zip"'}
    return StreamingResponse(hub.models.archive(known.id), media_type="application/zip", headers=headers)


@router.delete("/{model_id}", status_code=204)
def delete(hub: asking.Hub, model_id: str) -> None:
    """Delete its files; the record of the training stays."""
    hub.models.delete(model_id)
