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
import tempfile

TIDY = "clang-tidy-19"
ROOT = pathlib.Path(__file__).resolve().parents[2]
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "tollgate-tidy"
BATCH = 8
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


def tidy(build, *arguments):
    """What clang-tidy says: nothing where all is clean."""
    done = subprocess.run([TIDY, "--quiet", *arguments], cwd=build, capture_output=True, text=True)
    return done.stdout + done.stderr if done.returncode != 0 else ""


def known_clean(build, path, command, salt):
    """The file whose presence says that this very text is clean."""
    text = subprocess.run(preprocess(command), cwd=build, capture_output=True, check=True).stdout
    return CACHE / hashlib.sha256(salt + text).hexdigest()


def batches(sources):
    """Neighbours that are compiled alike, some at a time."""
    alike = {}
    for path, command in sources:
        flags = tuple(word for word in preprocess(command)[1:-3] if word != str(path))
        alike.setdefault((path.parent, flags), []).append((path, command))
    for (_, flags), together in alike.items():
        for first in range(0, len(together), BATCH):
            yield flags, together[first:first + BATCH]


def look(build, flags, together):
    """(path, what clang-tidy says) of each source that is not clean. Most of the time goes into the
    headers, so all are looked at as one; where that has anything to say (they may only be in each
    other's way: two anonymous namespaces with the same name in them), each half by itself."""
    if len(together) == 1:
        [(path, _)] = together
        said = tidy(build, "-p", str(build), str(path))
        return [(path, said)] if said else []
    with tempfile.NamedTemporaryFile("w", suffix=".cc", dir=build) as batch:
        includes = "".join(f'#include "{path}"  // NOLINT(bugprone-suspicious-include)\n' for path, _ in together)
        batch.write(includes)
        batch.flush()
        if not tidy(build, f"--config-file={ROOT / '.clang-tidy'}", batch.name, "--", *flags):
            return []
    half = len(together) // 2
    return look(build, flags, together[:half]) + look(build, flags, together[half:])


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
        marks = dict(zip((path for path, _ in work),
                         pool.map(lambda source: known_clean(options.build, *source, salt), work)))
        unknown = [(path, command) for path, command in work if not marks[path].exists()]
        looks = {pool.submit(look, options.build, flags, together): together
                 for flags, together in batches(unknown)}
        for finished in concurrent.futures.as_completed(looks):
            findings = dict(finished.result())
            for path, _ in looks[finished]:
                if path not in findings:
                    marks[path].touch()
            unclean += len(findings)
            for path, said in findings.items():
                print(f"{path.relative_to(ROOT)}:\n{said}", flush=True)
    print(f"{len(work)} sources, {unclean} unclean")
    return 1 if unclean else 0


if __name__ == "__main__":
    sys.exit(main())
