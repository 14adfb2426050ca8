#!/usr/bin/env python3
"""X-05, the part that can be read off the tree: no credential lies in it, and a Secret is opened
only where it goes on the wire.

    secrets.py ROOT | --self-test
"""
import pathlib
import re
import sys

# What real credentials look like. Keys made up for tests are shorter or say what they are.
CREDENTIALS = re.compile(
    r"sk-or-v1-[0-9a-f]{64}|\bsk-(?:proj-)?[A-Za-z0-9]{40,}|\bghp_\w{36}|\bAKIA[A-Z0-9]{16}\b"
    r"|-----BEGIN (?:RSA |EC )?PRIVATE KEY-----\s+[A-Za-z0-9+/=]{40,}"
)
OPENS = re.compile(r"\breveal\(\)")
MAY_OPEN = (
    "config/base/secret.h",
    "config/read_providers.cc",  # refuses keys that everybody knows
    "config/read_proxy.cc",  # takes an address and its login apart
    "providers/",
    "gateway/upstream/",
    "gateway/admin/keys_api.cc",  # a new key is shown once, to whoever made it
    "tests/",
)
SKIPPED = {"build", "node_modules", ".git", "corpus", "__pycache__"}


def findings(files):
    for path, text in sorted(files.items()):
        if CREDENTIALS.search(text):
            yield f"{path}: holds what looks like a real credential"
        if path.endswith((".h", ".cc")) and OPENS.search(text) and not path.startswith(MAY_OPEN):
            yield f"{path}: opens a Secret away from the wire"


def self_test():
    key = "sk-or-v1-" + "0123456789abcdef" * 4
    pem = "-----BEGIN " + "PRIVATE KEY-----\n" + "A" * 64
    assert not list(findings({"gateway/upstream/a.cc": "key.reveal()", "README.md": "sk-or-v1-YOURS"}))
    for path, text in (("a.yaml", key), ("b.pem", pem), ("gateway/log.cc", "key.reveal()")):
        assert len(list(findings({path: text}))) == 1, path


def main(argument):
    if argument == "--self-test":
        return self_test()
    root = pathlib.Path(argument)
    files = {}
    for path in root.rglob("*"):
        relative = path.relative_to(root)
        if path.is_file() and not SKIPPED & set(relative.parts):
            files[relative.as_posix()] = path.read_text(errors="replace")
    found = list(findings(files))
    print("\n".join(found) or f"{len(files)} files hold no credential")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
