"""Runs the benchmarks, one after another: `python -m benchmarks [NAME ...] [--list] [--quick]`.

A benchmark is a script of this folder that measures one figure beside its yardstick in the same run, prints both and
exits with 0. Each gets a process of its own, so that none inherits the heap or the event loop of the one before. After
whole runs `docs/benchmarks.md` is made from the newest results of all; quick runs only show that the scripts work.
"""

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent


def names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_"))


def main(arguments: list[str]) -> int:
    known = names()
    if "--list" in arguments:
        print("\n".join(known))
        return 0
    options = [argument for argument in arguments if argument == "--quick"]
    chosen = [argument for argument in arguments if argument not in options]
    unknown = [name for name in chosen if name not in known]
    if unknown:
        print(f"No such benchmark: {', '.join(unknown)}. There are: {', '.join(known)}")
        return 2
    failed: list[str] = []
    for name in chosen or known:
        print(f"--- {name}", flush=True)
        command = [sys.executable, "-m", f"benchmarks.{name}", *options]
        if subprocess.run(command, cwd=FOLDER.parent, check=False).returncode:
            failed.append(name)
    if not options:
        write_page(known)
    if failed:
        print(f"Failed: {', '.join(failed)}")
    return 1 if failed else 0


def write_page(known: list[str]) -> None:
    from benchmarks.measuring.page import PAGE, write
    from benchmarks.measuring.result import newest

    results = newest(known)
    if results:
        write(results)
        print(f"Wrote {PAGE.relative_to(FOLDER.parent)}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
