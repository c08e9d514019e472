"""Maven, which fetches jars from Maven Central and compiles against them."""

import subprocess
from pathlib import Path


def maven(pom: Path, *arguments: str) -> None:
    """Runs it. What it says (escape codes at the least, errors too, all on standard output) is told by the exception
    alone: standard output may be a benchmark's results."""
    done = subprocess.run(
        ["mvn", "-q", "-B", "-f", str(pom), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"mvn {' '.join(arguments)} of {pom} ended with {done.returncode}:\n{done.stdout}")
