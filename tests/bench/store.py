"""The seen-store beside other ways of telling duplicates, and its variants beside each other: one thread, in turn.

Groups: contestants (a B+tree in LMDB, RocksDB, a hash map in memory), variants (sizes of batches, half duplicates,
durability), sizes (five and fifteen times as many keys, 300 million at most), windows (the file over six windows),
capped (the page cache limited to a quarter of the store), growth (how long batches of 10,000 and of 100,000 wait while
the index grows), start (opening the store after kill -9 and after a clean stop). The first two by default, with 20
million live keys. All answers are held against an oracle when everything is measured, but for start, and for the
filling of the B+tree and RocksDB, which is not done by batches."""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import options
from harness.paths import program
from load import OtherLoad, memory_bytes
from memory_limit import MemoryLimit, NotPossible

_GROUPS = ("contestants", "variants", "sizes", "windows", "capped", "growth", "start")
_KEYS = 20_000_000
_TITLES = {
    "contestants": "beside other ways of telling duplicates",
    "variants": "batches, duplicates, durability",
    "sizes": "as the store grows",
    "windows": "the file over six windows",
    "capped": "page cache of a quarter of the store",
    "growth": "while the index grows",
    "start": "start after kill -9 and after a clean stop, warm cache",
}
_CODE_BYTES = 8 << 20  # of the program and its libraries: their pages are in the page cache, too
_LARGEST = 300_000_000  # keys, of the group sizes
_DISK_PER_KEY, _MEMORY_PER_KEY, _MEMORY_WHILE_GROWING = 20.5, 10, 20  # bytes, of firstseen's stores at most


def stores(group: str, keys: int) -> list[int]:
    """The live keys of each of firstseen's stores that the group fills, as store/main.cpp does."""
    if group == "sizes":
        return sorted({max(keys, min(times * keys, _LARGEST)) for times in (1, 5, 15)})
    return [keys] * (5 if group == "variants" else 1)


def shortage(group: str, keys: int, disk_bytes: int, memory_bytes: int) -> str:
    """What firstseen's stores alone need more than there is, or nothing."""
    filled = stores(group, keys)
    # One grows while the others are at rest; each is the largest in its turn.
    memory = _MEMORY_PER_KEY * sum(filled) + (_MEMORY_WHILE_GROWING - _MEMORY_PER_KEY) * max(filled)
    needs = {"disk": (_DISK_PER_KEY * sum(filled), disk_bytes), "memory": (memory, memory_bytes)}
    lacks = [
        f"{needed / 1e9:.1f} GB of {what}, where {there / 1e9:.1f} are free"
        for what, (needed, there) in needs.items()
        if needed > there
    ]
    return f"{sum(filled) / 1e6:,.0f} million keys need " + " and ".join(lacks) if lacks else ""


def _free_memory_bytes() -> int:
    lines = Path("/proc/meminfo").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))


def _check_room(groups: Iterable[str], chosen) -> None:
    directory = chosen.directory or tempfile.gettempdir()
    for group in groups:
        lack = shortage(group, chosen.keys, shutil.disk_usage(directory).free, _free_memory_bytes())
        if lack:
            sys.exit(f"store, {group}: {lack}: give fewer --keys, or a --directory with more room than {directory}")


def measure(group: str, chosen) -> dict | None:
    scratch = Path(tempfile.mkdtemp(prefix="firstseen-store-bench-", dir=chosen.directory))
    command = [str(program("store_bench")), "--keys", str(chosen.keys), "--directory", str(scratch / "stores")]
    command += ["--rounds", str(chosen.rounds), "--seconds", str(chosen.seconds)]
    command += ["--group", "alone" if group == "capped" else group]
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
    """Filled without a limit, for the index grows meanwhile; then the page cache is limited to a quarter of the store:
    all memory to that beside what the program holds itself at that moment.

    The oracle comes when all is measured, and finds room in what the index has given back."""
    with MemoryLimit() as limit:
        command = limit.command([*command, "--wait"])
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
            size = json.loads(running.stdout.readline())
            limit.set(memory_bytes(running.pid, "RssAnon") + size["disk_bytes"] // 4 + _CODE_BYTES)
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
    _check_room(groups, chosen)
    results = [result for group in groups if (result := measure(group, chosen)) is not None]
    return options.finish(results, chosen)


if __name__ == "__main__":
    sys.exit(main())
