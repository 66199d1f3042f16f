"""What reports of pip-audit (JSON) say together: ends with 1 for a vulnerable package, 3 when nothing was checked.

pip-audit calls a package "skipped" when the advisory database told nothing of it, and is content: it was not checked.
"""

import json
import sys
from pathlib import Path


def main(reports: list[str]) -> int:
    packages = [package for report in reports for package in json.loads(Path(report).read_text())["dependencies"]]
    skipped = sorted({package["name"] for package in packages if "skip_reason" in package})
    checked = [package for package in packages if "skip_reason" not in package]
    lines = {line(package, one) for package in checked for one in package.get("vulns", [])}
    print("\n".join(sorted(lines)), end="\n" if lines else "")
    if checked and skipped:
        print("not known to the advisory database:", ", ".join(skipped))
    return 1 if lines else 0 if checked else 3


def line(package: dict, advisory: dict) -> str:
    fixed = ", ".join(advisory["fix_versions"]) or "no version yet"
    return f"{package['name']} {package['version']}: {advisory['id']} (fixed in: {fixed})"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
