"""What `cmake --install` leaves, in a temporary prefix, and programs built against it and nothing else."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[3]
EXAMPLES = SOURCE / "tests" / "examples"


def run(*command: object, **options) -> subprocess.CompletedProcess:
    """Runs a program to its end, whatever that is."""
    words = [str(word) for word in command]
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=600, **options)


def succeed(*command: object, **options) -> str:
    """The output of a program that must not fail."""
    done = run(*command, **options)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


class InstalledTree:
    def __init__(self, build: Path, compiler: str):
        self.directory = tempfile.TemporaryDirectory(prefix="firstseen-install-")
        self.work = Path(self.directory.name)
        self.compiler = compiler
        # Moved after the installation, so that nothing in it can rely on where it was put.
        succeed("cmake", "--install", build, "--prefix", self.work / "staged")
        self.prefix = (self.work / "staged").rename(self.work / "prefix")

    def close(self):
        self.directory.cleanup()

    def configure(self, project: Path, *options: str) -> subprocess.CompletedProcess:
        """Configures a project in the folder `project`, whose build folder is `project`/build."""
        words = ["-G", "Ninja", f"-DCMAKE_CXX_COMPILER={self.compiler}", f"-DCMAKE_PREFIX_PATH={self.prefix}"]
        words.append("-DCMAKE_COMPILE_WARNING_AS_ERROR=ON")
        if shutil.which("ccache"):
            words.append("-DCMAKE_CXX_COMPILER_LAUNCHER=ccache")
        return run("cmake", "-S", project, "-B", project / "build", *words, *options)

    def build(self, project: Path) -> Path:
        """The folder of a project's programs."""
        configured = self.configure(project)
        if configured.returncode != 0:
            raise AssertionError(configured.stdout + configured.stderr)
        succeed("cmake", "--build", project / "build", "-j", "2")
        return project / "build"

    def copy_of_examples(self) -> Path:
        """Away from the source tree, so that no include can find its way back."""
        return Path(shutil.copytree(EXAMPLES, self.work / "examples"))

    def pkg_config(self, *options: str) -> list[str]:
        found = next(self.prefix.glob("lib*/**/firstseen.pc"))
        return succeed("pkg-config", *options, "firstseen", env={**os.environ, "PKG_CONFIG_PATH": found.parent}).split()

    def compile(self, source: Path, *options: str) -> str:
        return succeed(self.compiler, "-std=c++20", "-Wall", "-Wextra", "-Werror", source, *options)
