"""Rows of a query by the names of its columns."""

from typing import Any


def named_rows(cursor: Any, query: str, values: Any = None) -> list[dict[str, Any]]:
    """Run a query and return all its rows."""
    cursor.execute(query, values)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
