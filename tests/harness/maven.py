"""Maven, which fetches jars from Maven Central and compiles against them."""

import subprocess
from pathlib import Path

_DEADLINE_S = 900


def maven(pom: Path, *arguments: str) -> None:
    """Runs it. What it says (escape codes at the least, errors too, all on standard output) is told by the exception
    alone: standard output may be a benchmark's results. What fails is tried once more: most of it is fetching."""
    command = ["mvn", "-q", "-B", "-f", str(pom), *arguments]
    if _complaint(command) and (complaint := _complaint(command)):
        raise RuntimeError(f"mvn {' '.join(arguments)} of {pom}, tried twice, {complaint}")


def _complaint(command: list[str]) -> str:
    """Nothing where it went well."""
    try:
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=_DEADLINE_S, check=False
        )
    except subprocess.TimeoutExpired:
        return f"took more than {_DEADLINE_S} s: is Maven Central, or the mirror in ~/.m2/settings.xml, within reach?"
    return "" if done.returncode == 0 else f"ended with {done.returncode}:\n{done.stdout}"
