"""The catalogues of translations: find every text of the product, and bring locale/*/django.po up to date.

    python tools/messages.py

New texts come in empty, for a person to translate; texts that are gone are dropped. Needs no gettext programs.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po
from django.template import Engine, Template
from django.template.base import FilterExpression, Node
from django.templatetags.i18n import BlockTranslateNode, TranslateNode

SOURCE = Path(__file__).parents[1] / "src/abonent"
LANGUAGES = ("ru", "uk")
_KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
}

# nothing in it that changes by itself
_HEADER = """msgid ""
msgstr ""
"Project-Id-Version: abonent\\n"
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {plural_forms}\\n"

"""

Message = str | tuple[str, str]


def catalogue_path(language: str) -> Path:
    return SOURCE / f"locale/{language}/LC_MESSAGES/django.po"


def texts() -> dict[Message, list[str]]:
    """Return every text to translate, a pair where it has a plural, with the files it stands in."""
    found: dict[Message, list[str]] = {}

    def add(message: Message, path: Path) -> None:
        places = found.setdefault(message, [])
        if (name := str(path.relative_to(SOURCE))) not in places:
            places.append(name)

    for path in sorted(SOURCE.rglob("*.py")):
        for _line, message, _comments, _context in extract_from_file("python", path, keywords=_KEYWORDS):
            add(message if isinstance(message, str) else (message[0], message[1]), path)
    for path in sorted(SOURCE.rglob("templates/**/*.html")):
        for message in _texts_of_template(path.read_text()):
            add(message, path)
    return found


def _texts_of_template(source: str) -> list[Message]:
    libraries = {
        "i18n": "django.templatetags.i18n",
        "static": "django.templatetags.static",
        "office": "abonent.interfaces.office.templatetags.office",
    }
    template = Template(source, engine=Engine(libraries=libraries))
    return [message for node in _nodes(template.nodelist) if (message := _text_of(node))]


def _nodes(nodes: list[Node]) -> list[Node]:
    return [found for node in nodes for found in node.get_nodes_by_type(Node)]


def _text_of(node: Node) -> Message | None:
    if isinstance(node, TranslateNode):
        expression: FilterExpression = node.filter_expression
        return str(expression.var if isinstance(expression.var, str) else expression.var.literal).replace(
            "%", "%%"
        )
    if isinstance(node, BlockTranslateNode):
        singular = node.render_token_list(node.singular)[0]
        return (singular, node.render_token_list(node.plural)[0]) if node.plural else singular
    return None


def read(language: str) -> Catalog:
    with catalogue_path(language).open("rb") as file:
        return read_po(file, locale=language)


def main() -> None:
    for language in LANGUAGES:
        old, new = read(language), Catalog(locale=language, project="Abonent", charset="utf-8")
        missing = 0
        for message, places in sorted(texts().items(), key=lambda item: str(item[0])):
            known = old.get(message if isinstance(message, str) else message[0])
            string = known.string if known and isinstance(known.id, str) == isinstance(message, str) else None
            new.add(message, string, locations=[(place, None) for place in sorted(places)])
            missing += not string or (not isinstance(string, str) and not all(string))
        with catalogue_path(language).open("wb") as file:
            file.write(_HEADER.format(language=language, plural_forms=new.plural_forms).encode())
            write_po(file, new, width=100, include_lineno=False, omit_header=True)
        sys.stdout.write(f"{language}: {len(new)} texts, {missing} to translate\n")


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "abonent.project.settings")
    django.setup()
    main()
