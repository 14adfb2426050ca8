#!/usr/bin/env python3
"""clang-tidy over what we ship, in parallel, remembering what was clean.

    tidy.py BUILD_DIR [--jobs N] [PATH...]   PATH: only sources below these, relative to the tree

A source is looked at again when its preprocessed text, .clang-tidy or clang-tidy itself changes;
what is known to be clean is kept in ~/.cache/tollgate-tidy (XDG_CACHE_HOME is honoured), for every clone.
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys

TIDY = "clang-tidy-19"
ROOT = pathlib.Path(__file__).resolve().parents[2]
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "tollgate-tidy"
SHIPPED = ("config", "providers", "gateway")


def sources(build, below):
    """(path, command) of each source of ours in the compilation database, once."""
    seen = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        path = pathlib.Path(entry["directory"], entry["file"]).resolve()
        if path.is_relative_to(ROOT) and path.relative_to(ROOT).as_posix().startswith(below):
            if path.is_relative_to(build):
                continue
            seen.setdefault(path, shlex.split(entry["command"]))
    return sorted(seen.items())


def preprocess(command):
    """The compile command turned into one that writes preprocessed text: with comments, which may
    say NOLINT, and without the lines that say where it stood."""
    out = []
    skip = False
    for word in command:
        if skip or word.endswith("ccache") or word in ("-c", "-MD"):
            skip = False
        elif word in ("-o", "-MT", "-MF"):
            skip = True
        else:
            out.append(word)
    return out + ["-E", "-C", "-P"]


def look(build, path, command, salt):
    """(path, what clang-tidy says): nothing where it is clean."""
    text = subprocess.run(preprocess(command), cwd=build, capture_output=True, check=True).stdout
    clean = CACHE / hashlib.sha256(salt + text).hexdigest()
    if clean.exists():
        return path, ""
    done = subprocess.run([TIDY, "--quiet", "-p", str(build), str(path)], capture_output=True, text=True)
    if done.returncode != 0:
        return path, done.stdout + done.stderr
    clean.touch()
    return path, ""


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("build", type=lambda text: pathlib.Path(text).resolve())
    arguments.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    arguments.add_argument("paths", nargs="*")
    options = arguments.parse_intermixed_args()

    version = subprocess.run([TIDY, "--version"], capture_output=True, check=True).stdout
    salt = version + (ROOT / ".clang-tidy").read_bytes()
    CACHE.mkdir(parents=True, exist_ok=True)
    work = sources(options.build, tuple(options.paths) or tuple(f"{folder}/" for folder in SHIPPED))
    if not work:
        sys.exit("no sources of ours in compile_commands.json")

    unclean = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        looks = [pool.submit(look, options.build, path, command, salt) for path, command in work]
        for finished in concurrent.futures.as_completed(looks):
            path, output = finished.result()
            if output:
                unclean += 1
                print(f"{path.relative_to(ROOT)}:\n{output}", flush=True)
    print(f"{len(work)} sources, {unclean} unclean")
    return 1 if unclean else 0


if __name__ == "__main__":
    sys.exit(main())
