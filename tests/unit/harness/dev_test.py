"""What ./dev makes of its words, and which builds it has, with nothing installed, built or measured."""

import json
import subprocess
import tempfile
import unittest
from pathlib import Path

_ROOT = Path(__file__).parents[3]
_SOURCED = "tests/bench/command.sh"


def run(*words: str) -> subprocess.CompletedProcess:
    """./dev, which says what each benchmark is given instead of running it."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "dev"
        script.write_text((_ROOT / "dev").read_text())
        sourced = Path(folder) / _SOURCED
        sourced.parent.mkdir(parents=True)
        sourced.write_text((_ROOT / _SOURCED).read_text() + 'run_bench() { echo "measured: $*"; }\n')
        return subprocess.run(["bash", script, *words], capture_output=True, text=True, check=False)


class Bench(unittest.TestCase):
    def test_options_without_a_name_are_those_of_all(self):
        everything = run("bench").stdout.splitlines()
        self.assertGreater(len(everything), 5)
        for words in (["--json"], ["all", "--json"]):
            done = run("bench", *words)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(done.stdout.splitlines(), [f"{line} --json" for line in everything])

    def test_a_name_takes_what_follows(self):
        self.assertEqual(run("bench", "e2e", "--matrix", "--json").stdout, "measured: e2e --matrix --json\n")

    def test_help_is_given_once_and_measures_nothing(self):
        for words in (["--help"], ["-h"], ["all", "--help"]):
            done = run("bench", *words)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(done.stdout.count("--record  "), 1)
            self.assertNotIn("measured", done.stdout)

    def test_what_not_all_take_is_refused_before_the_first(self):
        done = run("bench", "--json", "--matrix")
        self.assertEqual(done.returncode, 1)
        self.assertIn("'--matrix'", done.stderr)
        self.assertEqual(done.stdout, "")


class Presets(unittest.TestCase):
    def test_one_sanitizer_searches_the_index_without_simd_and_what_is_shipped_with_it(self):
        presets = json.loads((_ROOT / "CMakePresets.json").read_text())["configurePresets"]
        plain = {preset["name"]: preset.get("cacheVariables", {}).get("FIRSTSEEN_PLAIN_INDEX") for preset in presets}
        self.assertEqual([name for name, value in plain.items() if value == "ON"], ["asan"])


if __name__ == "__main__":
    unittest.main()
