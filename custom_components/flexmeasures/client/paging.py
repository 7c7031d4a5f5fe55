"""Long lists in pages."""

from .errors import InvalidInputError, NotFoundError
from .inputs import checked_count


def page_query(page: int | None, per_page: int | None) -> dict[str, str]:
    """Return what to ask for; nothing without a page, which gives everything at once."""
    if page is None:
        if per_page is not None:
            raise InvalidInputError("per_page", "takes a page")
        return {}
    query = {"page": str(checked_count(page, "page", 1))}
    if per_page is not None:
        query["per-page"] = str(checked_count(per_page, "per_page", 1))
    return query


def is_beyond_last_page(error: NotFoundError) -> bool:
    """Tell whether it was the page that was not found: then the server says nothing of an asset or an account."""
    return "requested URL was not found" in str(error)
