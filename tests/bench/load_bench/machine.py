"""Where and of what a run was made."""
import datetime
import os
import pathlib
import platform
import re
import subprocess

from .programs import ROOT


def _first_line(command):
    done = subprocess.run(command, capture_output=True, text=True)
    return (done.stdout + done.stderr).strip().splitlines()[0] if done.returncode == 0 else "unknown"


def _git(*arguments):
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else "unknown"


def describe(command, descriptors):
    processor = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    release = re.search(r'PRETTY_NAME="(.*)"', pathlib.Path("/etc/os-release").read_text())
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": _git("rev-parse", "--short", "HEAD") + (" with changes" if _git("status", "--porcelain") else ""),
        "processor": f"{processor[1] if processor else platform.machine()}, {len(os.sched_getaffinity(0))} of them",
        "kernel": platform.release(),
        "system": release[1] if release else "unknown",
        "nginx": _first_line(["nginx", "-v"]).removeprefix("nginx version: "),
        "haproxy": _first_line(["haproxy", "-v"]).split(" - ")[0],
        "descriptors": descriptors,
        "load_before": f"{os.getloadavg()[0]:.1f}",
        "command": command,
    }
