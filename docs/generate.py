"""Write docs/models.md, docs/datasets.md and docs/protocols.md from the files themselves.

So is the JSON Schema of report.json, which ships with the package.

``python docs/generate.py`` renews the pages; with ``--check`` a stale page is exit code 1.
"""

import inspect
import sys
from pathlib import Path

from unmask.catalogue import FAMILIES, entries
from unmask.reporting.schema import FILE, as_schema

FOLDER = Path(__file__).parent
SCHEMA = FOLDER.parent / "src" / "unmask" / "reporting" / FILE
HEADER = "<!-- made by docs/generate.py from the files it describes; edit those -->"


def page(kind: str) -> str:
    """One Markdown page: a list of what there is, then what each file says of itself."""
    found = entries(kind)
    lines = [HEADER, f"# {kind.capitalize()}", ""]
    lines += [f"- [`{e.name}`](#{e.name}): {e.headline}" for e in found]
    for entry in found:
        source = f"../src/unmask/{kind}/{entry.name}.py"
        lines += ["", f"## {entry.name}", ""]
        if entry.variants:
            names = ", ".join(f"`{entry.name}/{variant}`" for variant in entry.variants)
            lines += [f"{names} ([source]({source}))", ""]
        lines += ["```text", inspect.getdoc(entry.module) or "", "```"]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Renew or check every page, and the schema."""
    stale = []
    made = {FOLDER / f"{kind}.md": page(kind) for kind in FAMILIES} | {SCHEMA: as_schema()}
    for path, text in made.items():
        if "--check" not in sys.argv:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(path.name)
    if stale:
        sys.stderr.write(f"stale: {', '.join(stale)}; run: python docs/generate.py\n")
    return len(stale) > 0


if __name__ == "__main__":
    sys.exit(main())
