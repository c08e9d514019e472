"""The seen-store beside other ways of telling duplicates, and its variants beside each other: one thread, in turn.

Groups: contestants (a B+tree in LMDB, RocksDB, a hash map in memory), variants (sizes of batches, half duplicates,
durability), sizes (five and fifteen times as many keys), windows (the file over six windows), capped (the page cache
limited to a quarter of the store), start (opening the store after kill -9 and after a clean stop). The first two by
default, with 20 million live keys; the hash map's answers are the oracle for all others."""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import options
from harness.paths import program
from load import OtherLoad
from memory_limit import MemoryLimit, NotPossible

_GROUPS = ("contestants", "variants", "sizes", "windows", "capped", "start")
_KEYS = 20_000_000
_TITLES = {
    "contestants": "beside other ways of telling duplicates",
    "variants": "batches, duplicates, durability",
    "sizes": "as the store grows",
    "windows": "the file over six windows",
    "capped": "page cache of a quarter of the store",
    "start": "start after kill -9 and after a clean stop, warm cache",
}
_OWN_BYTES = 64 << 20  # of the program beside its index


def measure(group: str, chosen) -> dict | None:
    scratch = Path(tempfile.mkdtemp(prefix="firstseen-store-bench-", dir=chosen.directory))
    command = [str(program("store_bench")), "--keys", str(chosen.keys), "--directory", str(scratch / "stores")]
    command += ["--rounds", str(chosen.rounds), "--seconds", str(chosen.seconds)]
    command += ["--group", "alone" if group == "capped" else group]
    if group == "sizes":
        command += ["--without-oracle"]  # it would take more memory than all stores together
    if chosen.without_slow:
        command += ["--without-slow"]
    load = OtherLoad([])
    try:
        output = _capped(command) if group == "capped" else _output(command)
    except NotPossible as why:
        print(f"store, {group}: not measured: {why}", file=sys.stderr)
        return None
    finally:
        shutil.rmtree(scratch)
    measured = json.loads(output)
    name = "store" if group == "contestants" else f"store-{group}"
    title = _TITLES[group]
    if chosen.keys != _KEYS:  # a section of its own
        millions = f"{chosen.keys / 1e6:g}"
        name, title = f"{name}-{millions}m", f"{title}, {millions} million keys"
    return {**measured, "benchmark": name, "title": title, "other_cores": load.cores()}


def _output(command: list[str]) -> str:
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


def _capped(command: list[str]) -> str:
    """Filled without a limit, for the index grows meanwhile; then the page cache is limited to a quarter of the store.

    There is no oracle: giving its memory back would make room for the page cache that is to be missing."""
    with MemoryLimit() as limit:
        command = limit.command([*command, "--wait", "--without-oracle"])
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
            size = json.loads(running.stdout.readline())
            limit.set(size["memory_bytes"] + _OWN_BYTES + size["disk_bytes"] // 4)
            output, _ = running.communicate("go\n")
    if running.returncode != 0:
        raise subprocess.CalledProcessError(running.returncode, command)
    return output


def main() -> int:
    parser = options.parser(__doc__)
    options.add_rounds(parser, 5)
    parser.add_argument("--group", choices=[*_GROUPS, "all"], help="one group, or all (default: the first two)")
    parser.add_argument("--keys", type=int, default=_KEYS, help="live keys (default 20 million)")
    parser.add_argument("--seconds", type=float, default=2, help="of each slice (default 2)")
    parser.add_argument("--without-slow", action="store_true", help="leave out the B+tree and RocksDB")
    parser.add_argument("--directory", help="where the stores are made (default: the system's temporary directory)")
    options.add_quick(parser, "few keys and one round")
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.keys, chosen.rounds, chosen.seconds = 200_000, 1, 0.2
    groups = _GROUPS if chosen.group == "all" else (chosen.group,) if chosen.group else _GROUPS[:2]
    results = [result for group in groups if (result := measure(group, chosen)) is not None]
    return options.finish(results, chosen)


if __name__ == "__main__":
    sys.exit(main())
