"""What ./dev makes of its words, which builds it has, what it takes as up to date, and what it does where something
fails, with nothing installed, built or measured."""

import fcntl
import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

from dev_tree import PACKAGE, Tree

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


class TreeTest(unittest.TestCase):
    def setUp(self):
        self.tree = self.enterContext(Tree())

    def run_well(self, *words: str) -> str:
        """What it says."""
        status, said = self.tree.run(*words)
        self.assertEqual(status, 0, said)
        return said


class Tiers(TreeTest):
    def test_without_words_every_tier_runs_but_the_clusters(self):
        self.run_well("test")
        ran = [call.replace(" --test-dir build/", " ").split(" -j ")[0] for call in self.tree.calls("ctest", "python")]
        pytests = [call.split(" ")[-1] for call in ran if " -m pytest " in call]
        self.assertEqual([call for call in ran if " -m pytest " not in call], [
            "ctest release -L ^unit$",
            "ctest release -L ^component$",
            "python tests/crash/run.py daemon",
            "python tests/crash/run.py ingest",
            "ctest asan -L unit|component",
            "ctest tsan -L unit|component",
        ])  # fmt: skip
        self.assertEqual(pytests, ["tests/broker", "tests/deploy"])

    def test_one_that_fails_keeps_none_of_the_others_from_running_and_is_told_at_the_end(self):
        self.tree.stand_in("bin/ctest", 'case "$*" in *asan*|*unit\\$*) exit 8 ;; esac')
        status, said = self.tree.run("test", "unit", "broker", "sanitizers")
        self.assertEqual(status, 1, said)
        self.assertEqual(len(self.tree.calls("ctest", "python")), 4)
        self.assertEqual(said.splitlines()[-1], "dev: test: failed: unit, asan")

    def test_words_for_the_runner_reach_every_part_of_a_tier(self):
        self.run_well("test", "sanitizers", "--", "-R", "Partition")
        self.assertEqual([call.split(" ")[-2:] for call in self.tree.calls("ctest")], [["-R", "Partition"]] * 2)

    def test_a_part_that_is_named_runs_alone(self):
        self.run_well("test", "broker", "--", "tests/broker/test_start.py")
        self.run_well("test", "broker", "--", "-k", "start")
        ran = [call.split(" -n ")[1].split(" ", 1)[1] for call in self.tree.calls("python")]
        self.assertEqual(ran, ["tests/broker/test_start.py", "tests/broker -k start"])

    def test_one_that_does_not_exist_is_refused_before_the_first(self):
        status, said = self.tree.run("test", "unit", "units")
        self.assertEqual(status, 1)
        self.assertIn("no tier 'units'", said)
        self.assertEqual(self.tree.calls("cmake", "ctest"), [])


class Deploy(TreeTest):
    def made(self) -> int:
        """How often packages were made, after one more run."""
        self.run_well("test", "deploy")
        return len(self.tree.calls("make-packages"))

    def test_packages_are_made_again_of_other_sources_and_not_of_the_same(self):
        self.assertEqual(self.made(), 1)
        self.tree.write("tests/new.py", "")  # in no package
        self.assertEqual(self.made(), 1)
        self.tree.write("README.md", "read me again\n")
        self.assertEqual(self.made(), 2)
        (self.tree.root / PACKAGE).unlink()
        self.assertEqual(self.made(), 3)

    def test_packages_are_made_again_with_other_packages_of_debian(self):
        self.assertEqual(self.made(), 1)
        self.tree.stand_in("bin/dpkg-query", 'for each; do printf "%s:installed " "$each"; done; echo one more')
        self.assertEqual(self.made(), 2)

    def test_where_packages_cannot_be_made_the_tests_run_and_find_none_of_an_earlier_build(self):
        self.made()
        self.tree.write("README.md", "read me again\n")
        self.tree.stand_in("deploy/debian/make-packages", "exit 1")
        self.tree.run("test", "deploy")
        self.assertEqual(len(self.tree.calls("python")), 2)
        self.assertFalse((self.tree.root / "build/packages").exists())

    @unittest.skipUnless(os.geteuid() == 0, "making an image takes root")
    def test_where_the_image_cannot_be_made_the_tests_run_and_find_the_reason_and_no_earlier_one(self):
        self.made()
        for script, left in [
            ("echo 'image: no luck'; exit 1", "1 image: no luck\n"),
            ("echo '1 its own words' >build/image/failure; exit 1", "1 its own words\n"),
            ("echo '69 no mirror' >build/image/failure; exit 69", "69 no mirror\n"),
        ]:
            self.tree.stand_in("deploy/image/build", script)
            self.run_well("test", "deploy")
            self.assertEqual((self.tree.root / "build/image/failure").read_text(), left)
            self.assertFalse((self.tree.root / "build/image/oci").exists())
        self.assertEqual(len(self.tree.calls("python")), 4)
        self.tree.stand_in("deploy/image/build", "")
        self.run_well("test", "deploy")
        self.assertFalse((self.tree.root / "build/image/failure").exists())

    def test_what_an_image_lacks_here_is_told_by_status_69_before_anything_is_installed(self):
        self.tree.stand_in("bin/dpkg", "echo riscv64")
        self.tree.stand_in("bin/dpkg-query", "")
        status, said = self.tree.run("package", "image")
        self.assertEqual(status, 69, said)
        self.assertIn("this is riscv64" if os.geteuid() == 0 else "takes root", said)
        self.assertEqual(self.tree.calls("apt-get", "build"), [])


class Setup(TreeTest):
    def test_one_installs_at_a_time_and_the_next_takes_what_is_there(self):
        self.tree.stand_in("bin/dpkg-query", '[ -e build/there ] && for each; do printf "%s:installed " "$each"; done')
        with (self.tree.root / "build/setup.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            second = self.tree.start("setup", "unit")
            self.assertIn("waiting for another ./dev", second.stdout.readline())
            self.tree.write("build/there", "")
        said = second.communicate()[0]
        self.assertEqual(second.returncode, 0, said)
        self.assertEqual(self.tree.calls("apt-get"), [])

    def test_what_is_missing_is_installed_and_nothing_else(self):
        installed = 'for each; do [ "$each" = xxhash ] || printf "%s:installed " "$each"; done'
        self.tree.stand_in("bin/dpkg-query", installed)
        self.tree.stand_in("bin/sudo", 'while [ "$1" = -n ]; do shift; done; exec "$@"')
        self.run_well("setup", "build", "unit", "lint")
        self.assertRegex(self.tree.calls("apt-get")[-1], " install --no-install-recommends xxhash$")

    def test_each_preset_leaves_a_log_of_its_own(self):
        for preset in ("release", "asan"):
            self.run_well("build", preset)
        for preset in ("release", "asan"):
            log = self.tree.root / f"build/configure-{preset}.log"
            self.assertEqual(log.read_text(), f"called for {preset}\n")


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
    def values(self, variable: str) -> dict[str, str]:
        """Of a variable of CMake, by the presets that set it."""
        presets = json.loads((_ROOT / "CMakePresets.json").read_text())["configurePresets"]
        found = {preset["name"]: preset.get("cacheVariables", {}).get(variable) for preset in presets}
        return {name: value for name, value in found.items() if value is not None}

    def test_one_sanitizer_searches_the_index_without_simd_and_what_is_shipped_with_it(self):
        self.assertEqual(self.values("FIRSTSEEN_PLAIN_INDEX"), {"asan": "ON"})

    def test_the_release_has_precompiled_headers_for_its_tests_alone_and_the_sanitizers_for_all(self):
        self.assertEqual(self.values("FIRSTSEEN_PRECOMPILED"), {"release": "tests", "sanitizer": "all"})

    def test_packages_have_none_for_they_would_not_come_out_the_same_again(self):
        files = [file for file in (_ROOT / "deploy").rglob("*") if file.is_file()]
        asking = [file.name for file in files if b"PRECOMPILED" in file.read_bytes()]
        self.assertEqual(asking, [])


if __name__ == "__main__":
    unittest.main(verbosity=2)  # with why something was left out, for tests/harness/left_out.py
