"""Fetch the office's front-end libraries into static/vendor: for a maintainer who changes a version.

    python tools/vendor_assets.py

Uses `npm pack` only to fetch. Suppliers' networks are closed, so the files live in the repository,
each folder with its version in the name and its licence beside it.
"""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

VENDOR = Path(__file__).parents[1] / "src/abonent/interfaces/office/static/vendor"

MIT_TABLER = """MIT License

Copyright (c) 2018-2026 The Tabler Authors
Copyright (c) 2018-2026 codecalm.net Paweł Kuna

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and
associated documentation files (the "Software"), to deal in the Software without restriction,
including without limitation the rights to use, copy, modify, merge, publish, distribute,
sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial
portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT
NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND
NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES
OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN
CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""

# folder, package, version, files (inside the package → here)
PACKAGES: list[tuple[str, str, str, dict[str, str]]] = [
    (
        "tabler",
        "@tabler/core",
        "1.6.1",
        {"dist/css/tabler.min.css": "tabler.min.css", "dist/js/tabler.min.js": "tabler.min.js"},
    ),
    ("htmx", "htmx.org", "2.0.11", {"dist/htmx.min.js": "htmx.min.js", "LICENSE": "LICENSE"}),
    (
        "echarts",
        "echarts",
        "6.1.0",
        {
            "dist/echarts.common.min.js": "echarts.common.min.js",
            "LICENSE": "LICENSE",
            "NOTICE": "NOTICE",
            "licenses/LICENSE-d3": "LICENSE-d3",
        },
    ),
]

ICONS_VERSION = "3.51.0"
ICONS = """
alert-circle alert-triangle arrow-back-up arrow-left arrow-right bolt building building-community calendar
calendar-month chart-bar check chevron-down chevron-left chevron-right circle-check circle-x clock
coin dots edit eye file-invoice file-spreadsheet file-type-pdf filter help-circle home info-circle language
list-check loader lock lock-open login logout moon player-play plus printer receipt refresh
rosette-discount-check search selector sort-ascending sort-descending sun trash user users x gauge keyboard
arrows-exchange building-bank cash credit-card percentage question-mark
""".split()  # noqa: SIM905


def fetch(package: str, version: str, folder: Path) -> tarfile.TarFile:
    """Return the package's archive as published."""
    npm = shutil.which("npm")
    if npm is None:
        raise FileNotFoundError("npm is needed to fetch the libraries")
    done = subprocess.run(
        [npm, "pack", "--silent", f"{package}@{version}"],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    return tarfile.open(fileobj=io.BytesIO((folder / done.stdout.split()[-1]).read_bytes()))


def member(archive: tarfile.TarFile, name: str) -> bytes:
    """Return one file of the archive."""
    found = archive.extractfile(f"package/{name}")
    if found is None:
        raise FileNotFoundError(name)
    return found.read()


def sprite(archive: tarfile.TarFile) -> str:
    """Return one SVG holding the chosen icons as symbols: one request, and no inline drawing in the pages."""
    symbols = []
    for icon in sorted(set(ICONS)):
        drawing = member(archive, f"icons/outline/{icon}.svg").decode()
        paths = re.findall(r"<(?:path|circle|rect|line|polyline)[^>]*>", drawing)
        shapes = "".join(path for path in paths if 'd="M0 0h24v24H0z"' not in path)
        symbols.append(
            f'<symbol id="{icon}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" '
            f'stroke-linecap="round" stroke-linejoin="round">{shapes}</symbol>'
        )
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def main() -> None:
    shutil.rmtree(VENDOR, ignore_errors=True)
    with tempfile.TemporaryDirectory() as scratch:
        for folder, package, version, files in PACKAGES:
            target = VENDOR / f"{folder}-{version}"
            target.mkdir(parents=True)
            archive = fetch(package, version, Path(scratch))
            for source, name in files.items():
                # the maps are not shipped, so nobody should ask for them
                content = re.sub(rb"\n?(//|/\*)# sourceMappingURL=\S+( \*/)?", b"", member(archive, source))
                (target / name).write_bytes(content)
        (VENDOR / "tabler-1.6.1/LICENSE").write_text(MIT_TABLER)

        icons = VENDOR / f"tabler-icons-{ICONS_VERSION}"
        icons.mkdir()
        archive = fetch("@tabler/icons", ICONS_VERSION, Path(scratch))
        (icons / "LICENSE").write_bytes(member(archive, "LICENSE"))
        (icons / "sprite.svg").write_text(sprite(archive))


if __name__ == "__main__":
    main()
