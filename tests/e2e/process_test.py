"""X-10: what the process does to the machine it runs on. It starts no other program, needs no root, writes
into its own folders alone, and leaves no core dump, which would hold its keys."""
import os
import pathlib
import re
import resource
import shutil
import signal
import unittest

from house import House
from processes import BUILD, SANITIZED, wait_for

NOBODY = 65534


class Life(unittest.TestCase):
    def setUp(self):
        self.house = House(self)

    def lead_a_life(self):
        """A bit of everything that a gateway does."""
        for model in ("mock/ok", "both/503", "both/reset-before-head"):
            self.assertEqual(200, self.house.paid(model))
        self.assertEqual(200, self.house.paid("mock/words-9", stream=True))
        self.assertEqual(201, self.house.api("/api/keys", {"name": "made"})[0])
        self.assertEqual(200, self.house.api("/api/usage")[0])
        self.house.gateway.send_signal(signal.SIGHUP)
        wait_for("the reload", lambda: "configuration reloaded" in self.house.log.read_text())
        self.house.metrics()


class Traced(Life):
    """As strace sees it."""

    def traced(self, calls):
        """Lines of strace of a whole life, each begun by the number of a thread."""
        trace = self.house.folder / "trace"
        # -D: the gateway is our child, and strace looks on.
        # -E: looking for leaks at the end is itself what strace does, and cannot be done twice.
        self.house.start(before=["strace", "-D", "-f", "-q", "-E", "LSAN_OPTIONS=detect_leaks=0",
                                 "-o", trace, "-e", f"trace={calls}"])
        self.lead_a_life()
        self.house.stop()
        wait_for("the end of the trace", lambda: f"{self.house.gateway.pid} +++ exited" in
                 re.sub(" +", " ", trace.read_text()))
        return trace.read_text().splitlines()

    def test_X10_no_program_is_started_and_nothing_written_outside_its_folders(self):
        lines = self.traced("execve,execveat,fork,vfork,clone,clone3,open,openat,creat,mkdir,mkdirat,rename,renameat,"
                            "renameat2,link,linkat,symlink,symlinkat")
        begun = [line for line in lines if re.search(r" (execve|execveat|fork|vfork)\(", line)]
        self.assertEqual(1, len(begun), begun)  # its own
        for line in lines:
            if " clone(" in line or " clone3(" in line:
                self.assertIn("CLONE_THREAD", line)
        folder = str(self.house.folder)
        written = [line for line in lines if re.search(r"O_WRONLY|O_RDWR|O_CREAT| (creat|mkdir|rename|link|symlink)\w*\(", line)]
        if SANITIZED:
            written = [line for line in written if '"/tmp/tsan.' not in line]
        self.assertTrue(any(folder in line for line in written))
        for line in written:
            names = re.findall(r'"([^"]*)"', line)
            self.assertTrue(all(name.startswith((folder, "/dev/null")) for name in names), line)


class Process(Life):
    def test_X10_it_has_no_children(self):
        self.house.start()
        self.lead_a_life()
        for task in pathlib.Path(f"/proc/{self.house.gateway.pid}/task").iterdir():
            children = task / "children"
            if children.exists():
                self.assertEqual("", children.read_text())
        self.house.stop()

    def test_X10_it_needs_no_root(self):
        whom = os.getuid()
        if whom == 0:
            whom = NOBODY
            program = self.house.folder / "tollgate"  # where everybody may run it
            shutil.copy(BUILD / "gateway/tollgate", program)
            for path in (self.house.folder, *self.house.folder.iterdir()):
                os.chown(path, NOBODY, NOBODY)
            self.house.start(program=program, user=NOBODY, group=NOBODY, extra_groups=[])
        else:
            self.house.start()
        status = pathlib.Path(f"/proc/{self.house.gateway.pid}/status").read_text()
        self.assertIn(f"Uid:\t{whom}", status)
        self.assertRegex(status, r"CapEff:\t0+\n")
        self.lead_a_life()
        self.house.stop()

    def test_X10_no_core_dump_is_written_or_handed_to_a_program(self):
        generous = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        if os.getuid() != 0:
            generous = (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2
        self.house.start(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, generous),
                         cwd=self.house.folder)
        limits = pathlib.Path(f"/proc/{self.house.gateway.pid}/limits").read_text()
        # Of one byte the kernel makes nothing, for files and for programs (core(5), coredump.c).
        self.assertRegex(limits, r"Max core file size\s+[01]\s+[01]\s")
        if generous[1] != 0:
            self.assertRegex(limits, r"Max core file size\s+1\s+1\s")
        self.assertEqual(200, self.house.paid("mock/ok"))
        self.house.gateway.send_signal(signal.SIGABRT)
        self.assertEqual(-signal.SIGABRT, self.house.gateway.wait(30))
        pattern = pathlib.Path("/proc/sys/kernel/core_pattern").read_text()
        self.assertEqual([], [path.name for path in self.house.folder.glob("*core*")], pattern)


if __name__ == "__main__":
    unittest.main()
