"""XML from strangers: no entities, no network, no document type, no element deeper or longer than libxml2 allows."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lxml import etree

from abonent.gateways.bank_files import text
from abonent.gateways.bank_files.model import Malformed

MOST_BYTES = 512 << 20
_HEAD = 1 << 16
_ANY = "{*}"  # namespaces differ from release to release


def head_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD)


def root_of(path: Path) -> str:
    """Return the tag of the root as {namespace}name, or "" where it is no XML. Raises nothing."""
    try:
        with path.open("rb") as file:
            for _event, element in etree.iterparse(file, events=("start",), **_SAFE):
                return str(element.tag)
    except (etree.XMLSyntaxError, OSError, ValueError, LookupError):
        pass
    return ""


def elements(path: Path, *, names: frozenset[str]) -> Iterator[tuple[str, Any]]:
    """Yield ("start" | "end", element) of those whose local name is in `names`; the caller lets go of them.

    Raises Malformed: empty, too_large, entities, damaged.
    """
    size = path.stat().st_size
    if not size:
        raise Malformed("empty")
    if size > MOST_BYTES:
        raise Malformed("too_large", megabytes=size >> 20, most=MOST_BYTES >> 20)
    head = head_of(path)
    if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
        raise Malformed("entities", row=1)
    if text.is_encoded_twice(head.decode(errors="ignore")):
        raise Malformed("undecodable", row=1, cause="encoded twice")
    begun, tags = False, [_ANY + name for name in names]
    try:
        with path.open("rb") as file:
            for event, element in etree.iterparse(file, events=("start", "end"), tag=tags, **_SAFE):
                if not begun:
                    begun = True
                    if element.getroottree().docinfo.doctype:
                        raise Malformed("entities", row=1)
                yield event, element
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        if isinstance(error, Malformed):
            raise
        row = getattr(error, "lineno", None) or 0
        raise Malformed("damaged", row=row, cause=type(error).__name__) from error


_SAFE: dict[str, Any] = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
}


def name_of(element: Any) -> str:
    """Return the local name."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def child(element: Any, *names: str) -> Any:
    """Follow the first child of each name; None where the way ends."""
    for name in names:
        if element is None:
            return None
        element = next(element.iterchildren(_ANY + name), None)
    return element


def children(element: Any, name: str) -> list[Any]:
    return [] if element is None else list(element.iterchildren(_ANY + name))


def text_of(element: Any, *names: str) -> str:
    found = child(element, *names)
    return "" if found is None else " ".join((found.text or "").split())


def row_of(element: Any) -> int:
    return (element.sourceline or 0) if element is not None else 0


def forget(element: Any) -> None:
    """Free what was read, and the siblings before it."""
    element.clear()
    while element.getprevious() is not None:
        parent = element.getparent()
        if parent is None:
            return
        del parent[0]
