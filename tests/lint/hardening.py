#!/usr/bin/env python3
"""X-17: what the linker was asked for is in the program. Reads it with readelf.

    hardening.py PROGRAM [--fortified]   --fortified: built with optimisation, so _FORTIFY_SOURCE counts
    hardening.py --self-test COMPILER    shows that each protection can be found missing
"""
import pathlib
import re
import subprocess
import sys
import tempfile


def readelf(program, *what):
    return subprocess.run(["readelf", "--wide", *what, program], check=True, capture_output=True, text=True).stdout


def missing(program, fortified):
    """One line for each protection that is not there."""
    segments = readelf(program, "--segments")
    dynamic = readelf(program, "--dynamic")
    symbols = readelf(program, "--dyn-syms")
    flags = " ".join(re.findall(r"\((?:FLAGS|FLAGS_1)\)\s+(.*)", dynamic))
    stack = re.search(r"GNU_STACK\s+(?:0x\w+\s+){5}([RWE ]+?)\s+0", segments)
    loads = re.findall(r"LOAD\s+(?:0x\w+\s+){5}([RWE ]+?)\s+0x", segments)

    if not re.search(r"Elf file type is DYN", segments) or "PIE" not in flags:
        yield "is not position independent (PIE)"
    if "GNU_RELRO" not in segments:
        yield "has no read-only relocations (RELRO)"
    if "NOW" not in flags:
        yield "binds symbols lazily (BIND_NOW missing)"
    if not stack or "E" in stack[1]:
        yield "has an executable stack"
    if not loads or any("W" in load and "E" in load for load in loads):
        yield "has memory that is writable and executable"
    if "__stack_chk_fail" not in symbols:
        yield "has no stack protector"
    if "__glibcxx_assert_fail" not in symbols:
        yield "was built without _GLIBCXX_ASSERTIONS"
    if re.search(r"\((RPATH|RUNPATH)\)", dynamic):
        yield "looks for libraries in a built-in path (RPATH)"
    if fortified and not re.search(r"\b__\w+_chk@", symbols.replace("__stack_chk_fail", "")):
        yield "was built without _FORTIFY_SOURCE"


SAMPLE = """
#include <cstdio>
#include <cstring>
#include <vector>
int main(int count, char** words) {
  char text[64];
  std::vector<int> numbers(count);
  std::strcpy(text, words[0]);
  std::printf("%s %d", text, numbers[count - 1]);
}
"""
HARD = "-O2 -fPIE -pie -fstack-protector-strong -D_GLIBCXX_ASSERTIONS -D_FORTIFY_SOURCE=3 -Wl,-z,relro,-z,now"
SOFT = "-O0 -fno-pie -no-pie -fno-stack-protector -Wl,-z,norelro,-z,lazy,-z,execstack,-rpath,/nowhere"


def self_test(compiler):
    with tempfile.TemporaryDirectory() as folder:
        source, program = pathlib.Path(folder, "sample.cc"), f"{folder}/sample"
        source.write_text(SAMPLE)
        for flags, expected in ((HARD, 0), (SOFT, 8)):
            subprocess.run([compiler, *flags.split(), str(source), "-o", program], check=True)
            found = list(missing(program, fortified=True))
            assert len(found) == expected, found


def main(program, *options):
    if program == "--self-test":
        return self_test(*options)
    found = list(missing(program, "--fortified" in options))
    for fault in found:
        print(f"{program}: {fault}")
    if not found:
        print(f"{program}: every protection is in place")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
