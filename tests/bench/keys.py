"""What deriving a key costs: parts x digests x payload sizes, CPU time per message, one thread.

Every round measures each case once, in turn; the table shows the median and the extremes of the rounds. The baselines
are what no key with a digest can do without (one copy of the payload, one SHA-256 of 48 bytes) and simdjson's own
parse."""

import json
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import options
from harness.paths import program
from load import OtherLoad


def main() -> int:
    parser = options.parser(__doc__)
    options.add_rounds(parser, 7)
    parser.add_argument("--seed", type=int, default=1, help="of the messages (default 1)")
    chosen = parser.parse_args()
    command = [str(program("keys_bench")), "--rounds", str(chosen.rounds), "--seed", str(chosen.seed)]
    load = OtherLoad([])
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    measured = json.loads(done.stdout)
    return options.finish([{**measured, "other_cores": load.cores()}], chosen)


if __name__ == "__main__":
    sys.exit(main())
