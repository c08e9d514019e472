"""All linters, one line each; `./dev lint` calls it. Exit status 1 if any of them found something."""

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import tidy
import tree

ROOT = Path(__file__).resolve().parents[2]


def tracked() -> list[Path]:
    """Every text file of the work tree that git knows or would add, relative to the root."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    files = (Path(name) for name in listing.stdout.split("\0") if name)
    return sorted({file for file in files if file.is_file() and b"\0" not in file.read_bytes()})


def tool(*command: object) -> list[str]:
    """The output of a program that complains by its exit status."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    return [] if done.returncode == 0 else [(done.stdout + done.stderr).rstrip()]


def is_shell(file: Path) -> bool:
    if file.suffix == ".sh":
        return True
    with file.open(errors="replace") as stream:
        first = stream.readline()
    return first.startswith("#!") and first.rstrip().endswith(("bash", "/sh"))


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--build", type=Path, required=True, help="a configured build folder")
    arguments.add_argument("--jobs", type=int, default=2)
    arguments.add_argument("--without-tidy", action="store_true", help="leave clang-tidy out, and say so")
    options = arguments.parse_args()
    build = options.build.resolve()
    files = tracked()
    cpp = [file for file in files if file.suffix in {".h", ".cpp"}]
    python = [file for file in files if file.suffix == ".py"]
    ruff = [sys.executable, "-m", "ruff"]

    checks: list[tuple[str, Callable[[], Iterable[str]]]] = [
        ("size of files", lambda: tree.long_files(files)),
        ("layers of lib/", lambda: tree.wrong_includes(files)),
        ("no machine's names", lambda: tree.machine_names(files)),
        ("shellcheck", lambda: tool("shellcheck", *filter(is_shell, files))),
        ("ruff", lambda: tool(*ruff, "check", "--quiet", *python)),
        ("ruff format", lambda: tool(*ruff, "format", "--check", "--quiet", "--diff", *python)),
        ("clang-format", lambda: tool("clang-format-19", "--dry-run", "-Werror", *cpp)),
    ]
    if options.without_tidy:
        print("left out: clang-tidy", flush=True)
    else:
        checks.append(("clang-tidy", lambda: tidy.findings(build, ROOT, options.jobs)))
    failed = 0
    for name, check in checks:
        started = time.monotonic()
        found = list(check())
        failed += bool(found)
        print(f"{'FAILED' if found else 'ok':7}{name} ({time.monotonic() - started:.1f} s)", flush=True)
        for text in found:
            print(text, flush=True)
    print(f"{len(checks) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
