"""Check the parameters of every pack, or the files and folders named; print each problem with its line."""

import sys
from pathlib import Path

from abonent.engine.parameters import lint

PACKS = Path(__file__).parent.parent / "src" / "abonent" / "packs"

folders = [Path(name) for name in sys.argv[1:]] or sorted(PACKS.glob("*/parameters"))
problems = [problem for folder in folders for problem in lint(folder)]
for problem in problems:
    print(problem)
print(f"{len(folders)} folders of parameters, {len(problems)} problems")
sys.exit(1 if problems else 0)
