"""`?limit=` and `?after=` of lists, and the lists that other services answer with."""

from typing import Annotated, Any, Protocol

from fastapi import Query
from pydantic import BaseModel

from gateway import views
from gateway.answers import Answer
from gateway.openapi import ID_PATTERN

Limit = Annotated[int, Query(ge=1, le=100)]
After = Annotated[str | None, Query(pattern=ID_PATTERN, description="`last_id` of the page before")]


class PageOfRecords(Protocol):
    """A service's list: records with an `id`, and whether there are more."""

    @property
    def data(self) -> tuple[BaseModel, ...]: ...
    @property
    def has_more(self) -> bool: ...


def listed(page: PageOfRecords) -> Answer:
    data: list[dict[str, Any]] = [record.model_dump() for record in page.data]
    return Answer(views.listing(data, page.has_more))
