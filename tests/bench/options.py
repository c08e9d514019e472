"""What the benchmarks' command lines share."""

import argparse
import json

import results


def parser(description: str | None) -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--json", action="store_true", help="results as JSON on stdout, progress on stderr")
    made.add_argument("--record", action="store_true", help="write the results to tests/bench/RESULTS.md")
    return made


def add_rounds(made: argparse.ArgumentParser, default: int) -> None:
    made.add_argument("--rounds", type=int, default=default, help=f"of each contestant that count (default {default})")


def add_quick(made: argparse.ArgumentParser, what: str) -> None:
    made.add_argument("--quick", action="store_true", help=f"{what}: only whether it works")


def finish(measured: list[dict], options: argparse.Namespace, *programs: str) -> int:
    """Prints and, if wanted, records; the exit status. `programs` are those whose versions matter."""
    stamped = [results.stamp(result, *programs) for result in measured]
    if options.json:
        print(json.dumps(stamped[0] if len(stamped) == 1 else stamped, indent=2))
    else:
        print("\n".join(map(results.text, stamped)))
    if options.record:
        for result in stamped:
            results.record(result)
    return 0 if all(result.get("exact", True) for result in stamped) else 1
