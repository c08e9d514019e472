#!/usr/bin/env python3
"""The installed library: found, included and linked by programs that know nothing of the source tree, which then work.

install_test.py BUILD_FOLDER COMPILER [UNITTEST_ARGUMENT...]
"""

import os
import re
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

from installed_tree import SOURCE, InstalledTree, run, succeed
from services import PATIENCE, Bank, Service

sys.path.insert(0, str(SOURCE / "tests"))
from harness.links import dead_links

os.environ["no_proxy"] = "127.0.0.1"


class Installed(unittest.TestCase):
    tree: InstalledTree  # shared by all, made by setUpModule
    programs: Path

    def setUp(self):
        self.scratch = self.tree.work / self.id().rpartition(".")[2]
        self.scratch.mkdir()

    def example(self, name: str, *arguments: object, text: str = "") -> tuple[int, list[str], str]:
        done = run(self.programs / name, *arguments, input=text)
        return done.returncode, done.stdout.splitlines(), done.stderr


def setUpModule():
    Installed.tree = InstalledTree(Path(BUILD), COMPILER)
    unittest.addModuleCleanup(Installed.tree.close)
    Installed.programs = Installed.tree.build(Installed.tree.copy_of_examples())


class Package(Installed):
    def test_program_and_packages_have_one_version(self):
        version = re.search(r"project\(firstseen VERSION ([0-9.]+)", (SOURCE / "CMakeLists.txt").read_text())[1]
        self.assertIn(version, succeed(self.tree.prefix / "bin" / "firstseen", "version"))
        self.assertEqual(self.tree.pkg_config("--modversion"), [version])

    def test_every_header_includes_only_installed_ones(self):
        root = self.tree.prefix / "include" / "firstseen"
        headers = sorted(header.relative_to(root) for header in root.rglob("*.h"))
        self.assertGreater(len(headers), 20)
        source = self.scratch / "all.cpp"
        source.write_text("".join(f'#include "{header}"\n' for header in headers))
        self.tree.compile(source, "-fsyntax-only", *self.tree.pkg_config("--cflags"))

    def test_pkg_config_alone_is_enough_to_build_a_program(self):
        program = self.scratch / "tenant_keys"
        source = self.programs.parent / "tenant_keys.cpp"
        self.tree.compile(source, "-o", str(program), *self.tree.pkg_config("--cflags", "--libs"))
        self.assertEqual(succeed(program, input="acme 1\nacme 1\n"), "acme 1\n")

    def refused(self, request: str) -> str:
        lines = ["cmake_minimum_required(VERSION 3.25)", "project(refused LANGUAGES CXX)", f"find_package({request})"]
        (self.scratch / "CMakeLists.txt").write_text("\n".join(lines))
        configured = self.tree.configure(self.scratch)
        self.assertNotEqual(configured.returncode, 0, configured.stdout)
        return configured.stderr

    def test_another_minor_version_is_refused(self):
        self.assertIn('compatible with requested version "0.0"', self.refused("firstseen 0.0 REQUIRED"))

    def test_a_component_that_does_not_exist_is_named(self):
        self.assertIn("teleport", self.refused("firstseen REQUIRED COMPONENTS key teleport"))


class Systemd(Installed):
    """The unit as it is installed. systemd's own judgement of it, where systemd is at hand."""

    def setUp(self):
        super().setUp()
        self.unit = self.tree.prefix / "lib" / "systemd" / "system" / "firstseen@.service"

    def test_the_unit_runs_the_installed_program_as_the_installed_user(self):
        text = self.unit.read_text()
        self.assertRegex(text, r"(?m)^ExecStart=/\S*/bin/firstseen run --config /etc/firstseen/%i\.yaml$")
        self.assertNotIn("@CMAKE", text)
        [user] = re.findall(r"(?m)^User=(.+)$", text)
        self.assertRegex((self.tree.prefix / "lib" / "sysusers.d" / "firstseen.conf").read_text(), rf"(?m)^u {user} ")

    def test_no_status_that_a_restart_does_not_mend_is_restarted(self):
        header = (SOURCE / "lib" / "base" / "error.h").read_text()
        status = {name: number for name, number in re.findall(r"^  (\w+) = (\d+),", header, re.MULTILINE)}
        [prevented] = re.findall(r"(?m)^RestartPreventExitStatus=(.+)$", self.unit.read_text())
        self.assertEqual(prevented.split(), [status["usage"], status["bad_data"], status["config"]])

    @unittest.skipUnless(shutil.which("systemd-analyze"), "systemd is not installed")
    def test_the_sandbox_is_tight(self):
        judged = succeed("systemd-analyze", "security", "--offline=yes", "--no-pager", str(self.unit))
        exposure = float(re.search(r"Overall exposure level for \S+: ([0-9.]+)", judged)[1])
        self.assertLessEqual(exposure, 1.5, judged)


class Documents(Installed):
    def test_their_links_lead_to_what_is_installed(self):
        documents = list((self.tree.prefix / "share" / "doc" / "firstseen").rglob("*.md"))
        self.assertGreater(len(documents), 10)
        self.assertEqual(dead_links(documents), [])

    def test_a_dead_link_is_found_outside_of_code(self):
        document = self.scratch / "README.md"
        document.write_text("[a](README.md#a) [b](none.md) `[c](c)` [d](https://d)\n```\n[e](e)\n```\n")
        self.assertEqual(dead_links([document]), [f"{document}: none.md"])


class Readme(Installed):
    def blocks(self, language: str) -> list[str]:
        section = (SOURCE / "lib" / "README.md").read_text().partition("\n## Embedding it\n")[2]
        return re.findall(rf"^```{language}\n(.*?)^```$", section.partition("\n## ")[0], re.MULTILINE | re.DOTALL)

    def test_its_program_builds_and_prints_what_it_shows(self):
        (self.scratch / "CMakeLists.txt").write_text(self.blocks("cmake")[0])
        (self.scratch / "invoice.cpp").write_text(self.blocks("cpp")[0])
        folder = self.tree.build(self.scratch)
        shown = re.split(r"^\$ (.*)\n", self.blocks("console")[0], flags=re.MULTILINE)[1:]
        self.assertGreaterEqual(len(shown), 4)
        for command, output in zip(shown[::2], shown[1::2], strict=True):
            self.assertEqual(succeed("sh", "-c", command, cwd=folder), output, command)


class Keys(Installed):
    def test_tenants_with_the_same_id_are_kept_apart(self):
        lines = ["acme 17", "globex 17", "acme 17", "acme 18", " 17", "17"]
        status, printed, complaints = self.example("tenant_keys", text="\n".join(lines))
        self.assertEqual((status, printed), (0, ["acme 17", "globex 17", "acme 18"]))
        self.assertEqual(complaints.count("(missing_header)"), 2)

    def ids(self, answer, records: list[str]) -> tuple[int, list[str], str]:
        with Service(answer) as service:
            return self.example("id_service", service.url, text="\n".join(records))

    def test_records_that_the_id_service_knows_by_one_id_are_one(self):
        known = {"/giro": "customer 1", "/savings": "customer 1", "/a b/c": "customer 2"}

        def answer(_method, path, _query):
            return (200, known[path]) if path in known else (404, "")

        status, printed, complaints = self.ids(answer, ["giro", "savings", "a b/c", "nobody", "nobody else"])
        self.assertEqual((status, printed), (65, ["giro", "a b/c"]))
        self.assertEqual(complaints.count("(unknown_id)"), 2)

    def test_an_outage_of_the_id_service_rejects_and_never_makes_a_shared_key(self):
        answers = iter([(200, "customer 1"), (500, "customer 1"), (200, ""), None, (200, "customer 2")])
        status, printed, complaints = self.ids(lambda *_: next(answers), ["a", "b", "c", "d", "e"])
        self.assertEqual((status, printed), (65, ["a", "e"]))
        self.assertEqual(
            re.findall(r"^(.): rejected.*\((.*)\)$", complaints, re.MULTILINE),
            [("b", "id_service_failed"), ("c", "id_service_failed"), ("d", "id_service_unavailable")],
        )

    def test_without_an_id_service_everything_is_rejected(self):
        with Service(lambda *_: None) as service:
            url = service.url  # nobody listens there any more
        status, printed, complaints = self.example("id_service", url, text="a\nb\n")
        self.assertEqual((status, printed), (65, []))
        self.assertEqual(complaints.count("(id_service_unavailable)"), 2)


class Store(Installed):
    def test_lines_are_known_to_the_next_run(self):
        store = self.scratch / "store"
        self.assertEqual(self.example("seen_lines", store, text="a\nb\na\n"), (0, ["a", "b"], "2 keys\n"))
        self.assertEqual(self.example("seen_lines", store, text="b\nc\n"), (0, ["c"], "3 keys\n"))
        self.assertEqual(self.example("seen_lines", store, text=""), (0, [], "3 keys\n"))

    def test_lines_that_could_not_be_written_are_new_to_the_next_run(self):
        for name, count in {"few": 2, "more_than_a_buffer": 20_000}.items():
            with self.subTest(name):
                lines = [f"line {number}" for number in range(count)]
                store, text = self.scratch / name, "\n".join(lines) + "\n"
                command = ["sh", "-c", '"$@" >/dev/full', "sh", self.programs / "seen_lines", store]
                failed = run(*command, input=text)
                self.assertEqual(failed.returncode, 74, failed.stderr)
                self.assertIn("stdout cannot be written", failed.stderr)
                self.assertEqual(self.example("seen_lines", store, text=text), (0, lines, f"{count} keys\n"))


class Payments(Installed):
    def pay_and_die(self, bank: Bank, moment: str, *arguments: object):
        bank.kill_payer = moment
        payer = subprocess.Popen([self.programs / "payment", *map(str, arguments)])
        bank.payer.put(payer.pid)
        self.assertEqual(payer.wait(PATIENCE), -9)

    def check_kill(self, moment: str, paid_meanwhile: list[str]):
        bank = Bank()
        with Service(bank.answer) as service:
            arguments = (self.scratch / "store", service.url, "invoice-17")
            self.pay_and_die(bank, moment, *arguments)
            self.assertEqual(bank.payments, paid_meanwhile)
            self.assertEqual(self.example("payment", *arguments)[:2], (0, ["now: paid /invoice-17"]))
            requests = bank.requests
            self.assertEqual(self.example("payment", *arguments)[:2], (0, ["before: paid /invoice-17"]))
            self.assertEqual(bank.requests, requests, "a duplicate asks nobody")
        self.assertEqual(bank.payments, ["/invoice-17"])

    def test_killed_before_the_bank_has_paid_it_happens_once(self):
        self.check_kill("before", [])

    def test_killed_after_the_bank_has_paid_it_happens_once(self):
        self.check_kill("after", ["/invoice-17"])

    def test_every_attempt_has_a_higher_token(self):
        bank = Bank()
        with Service(bank.answer) as service:
            for number in range(3):
                self.assertEqual(self.example("payment", self.scratch / "store", service.url, number)[0], 0)
        self.assertEqual(bank.tokens, sorted(set(bank.tokens)))
        self.assertEqual(len(bank.tokens), 3)

    def test_a_bank_that_does_not_answer_is_asked_again_by_the_next_run(self):
        with Service(lambda *_: None) as service:
            arguments = (self.scratch / "store", service.url, "invoice-18")
            self.assertEqual(self.example("payment", *arguments)[0], 69)
            service.answer = Bank().answer
            self.assertEqual(self.example("payment", *arguments)[:2], (0, ["now: paid /invoice-18"]))


class Ingestion(Installed):
    def test_every_record_is_taken_once_however_often_it_runs(self):
        inbox, output = self.scratch / "in", self.scratch / "all.jsonl"
        inbox.mkdir()

        def night(failed: str = "") -> tuple[int, list[str]]:
            status, printed, complaints = self.example("nightly_ingest", self.scratch / "state", output, inbox)
            self.assertRegex(complaints, failed or r"\A\Z")
            return status, printed

        (inbox / "monday.jsonl").write_text('{"order":1}\n{"order":2}\n')
        self.assertEqual(night(), (0, ["1 processed, 0 skipped, 0 failed, 2 new records"]))
        self.assertEqual(night(), (0, ["0 processed, 1 skipped, 0 failed, 0 new records"]))
        (inbox / "tuesday.jsonl").write_text('{"order":2}\n{"order":3}\n')
        (inbox / "broken.jsonl").write_text('{"order":4}\n{"order":\n')
        broken = r"\A\S*/broken.jsonl:2: .*\n"
        self.assertEqual(night(broken + r"\Z"), (65, ["1 processed, 1 skipped, 1 failed, 1 new records"]))
        self.assertEqual(
            night(broken + r"\S*/broken.jsonl has failed 2 times\n\Z"),
            (65, ["0 processed, 2 skipped, 1 failed, 0 new records"]),
        )
        (inbox / "broken.jsonl").write_text('{"order":4}\n{"order":1}\n')
        self.assertEqual(night(), (0, ["1 processed, 2 skipped, 0 failed, 1 new records"]))
        self.assertEqual(output.read_text(), '{"order":1}\n{"order":2}\n{"order":3}\n{"order":4}\n')


if __name__ == "__main__":
    BUILD, COMPILER = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
