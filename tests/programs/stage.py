"""A place that anybody can read, wherever the tree may be, with socklens and every program in it, ready to run."""
import os
import pathlib
import shutil
import subprocess
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
LIMIT = 100    # seconds that a compiler may take on a busy machine


class Skipped(Exception):
    """Why something cannot be tested on this machine."""


class Stage:
    def __init__(self, out):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="socklens-programs."))
        self.lacks = {}    # by name of a file or a tool: why it is not there
        for pattern in ("*.py", "*.js", "*.sh", "*.lab"):
            for file in HERE.glob(pattern):
                shutil.copy(file, self.path)
        for file in HERE.glob("*.c"):
            shutil.copy(out / "tests/programs" / file.stem, self.path)
        shutil.copy(out / "socklens", self.path)
        self.tmp = self.path / "tmp"
        self.tmp.mkdir()
        self.build("static_client", os.environ.get("CC", "cc"), "-static", "-o", "static_client", HERE / "echo_client.c")
        self.build("classes", "javac", "-d", "classes", HERE / "EchoServer.java", HERE / "EchoClient.java")
        for side in ("server", "client"):
            self.build("echo_server_rs", "rustc", "-o", "echo_%s_rs" % side, HERE / ("echo_%s.rs" % side))
            self.build("echo_server_go", "go", "build", "-o", "echo_%s_go" % side, HERE / ("echo_%s.go" % side))
        for tool in ("python3", "node", "java", "curl"):
            if not shutil.which(tool):
                self.lacks[tool] = tool + " is not installed"
        subprocess.run(["chmod", "-R", "a+rX", self.path], check=True)
        self.tmp.chmod(0o1777)

    def build(self, name, tool, *command):
        """With a tool that this machine may have."""
        if not shutil.which(tool):
            self.lacks[name] = tool + " is not installed"
            return
        try:
            done = subprocess.run([tool, *command], cwd=self.path, capture_output=True, text=True, errors="replace",
                                  timeout=LIMIT, stdin=subprocess.DEVNULL)
        except subprocess.TimeoutExpired:
            self.lacks[name] = tool + " did not end in time"
            return
        if done.returncode:
            self.lacks[name] = "%s: %s" % (tool, (done.stderr.strip().splitlines() or ["failed"])[-1])

    def need(self, names):
        for name in names:
            if name in self.lacks:
                raise Skipped(self.lacks[name])

    def place(self, name):
        """A new directory that anybody can write to."""
        place = self.tmp / str(name)
        place.mkdir()
        place.chmod(0o1777)
        return place

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)
