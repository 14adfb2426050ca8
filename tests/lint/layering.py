#!/usr/bin/env python3
"""The include rule, as a test: config <- providers <- gateway, and the order inside gateway/.

    layering.py ROOT         prints every include that points the wrong way; exit 1 if any
    layering.py --self-test  shows that each rule can fail
"""
import pathlib
import re
import sys

ORDER = ["config", "providers", "gateway", "tests"]  # a file includes its own folder and those left of it
LAYERS = {"http", "upstream", "tls", "limits", "ledger", "metrics"}  # parts of gateway/ that know nothing of each other
SHARED = {"async", "deadlines", "io", "log", "log_text", "task_group", "version"}  # of gateway/ itself, for every part
# What metrics/ counts is the ledger's row, what limits/ limits is its account; one HTTP parser serves the door and the upstreams.
PERMITTED = {
    ("metrics", "gateway/ledger/usage_record.h"),
    ("metrics", "gateway/ledger/second_opinion.h"),
    ("limits", "gateway/ledger/account_id.h"),
    ("upstream", "gateway/http/parser.h"),
    ("upstream", "gateway/http/head_rules.h"),
}
# Spoken to clients and to upstreams.
BOTH_ENDS = {("http", "tls"), ("upstream", "tls")}
# Where the parts are put together.
ASSEMBLY = ("gateway/app.cc", "gateway/accounting.h")
BACKENDS = re.compile(r"gateway/.*/(sqlite|postgres|redis)_\w+\.h$")
SYSTEM = re.compile(r"(boost/(asio|beast)|spdlog|prometheus|sys/socket|netinet|sys/epoll)\b")
CLOCK = re.compile(r"_clock::now\(|\btime\(nullptr\)|\bclock_gettime\(|\bgettimeofday\(")
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.M)


def part(path):
    """The folder inside gateway/ a file belongs to, or None for gateway's own files."""
    pieces = path.split("/")
    return pieces[1] if len(pieces) > 2 else None


def wrong(path, included):
    """Why `path` may not include `included`, or None."""
    folder, target = path.split("/")[0], included.split("/")[0]
    if target not in ORDER:
        return None if included.endswith(".inc") else "is not written from the root of the tree"
    if ORDER.index(target) > ORDER.index(folder):
        return f"points right: {folder} may not know {target}"
    if folder != "gateway" or target != "gateway":
        return None
    mine, theirs = part(path), part(included)
    if BACKENDS.match(included) and path not in (*ASSEMBLY, included[:-2] + ".cc"):
        return f"is a concrete backend: only {' and '.join(ASSEMBLY)} know it"
    if mine == theirs or (mine, included) in PERMITTED or (mine, theirs) in BOTH_ENDS:
        return None
    if mine in LAYERS and theirs is None and pathlib.PurePath(included).stem not in SHARED:
        return f"belongs to the whole: {mine}/ may use only {', '.join(sorted(SHARED))} of it"
    if mine in LAYERS and theirs is not None:
        return f"is another part: {mine}/ knows itself only"
    if mine == "admin" and theirs == "chat":
        return "is chat/, of which admin/ knows nothing"
    return None


def violations(files, providers):
    """One line per violation in `files`, a mapping from path to text."""
    names = re.compile("|".join(providers), re.I) if providers else None
    for path, text in sorted(files.items()):
        folder = path.split("/")[0]
        includes = INCLUDE.findall(text)
        own = re.sub(r"\.cc$", ".h", path)
        if path.endswith(".cc") and own in files and (not includes or includes[0][1] != own):
            yield f"{path}: includes its own header first"
        if path.endswith(".h") and "#pragma once" not in text:
            yield f"{path}: lacks #pragma once"
        for kind, included in includes:
            reason = wrong(path, included) if kind == '"' else None
            if reason:
                yield f"{path}: {included} {reason}"
            if folder in ("config", "providers") and SYSTEM.match(included):
                yield f"{path}: {included} has no place below gateway/"
        for number, line in enumerate(text.splitlines(), 1):
            if folder == "gateway" and names and (found := names.search(line)):
                yield f"{path}:{number}: names the provider {found[0]}"
            if folder == "providers" and CLOCK.search(line):
                yield f"{path}:{number}: reads a clock; time is an argument"


def provider_names(cmake):
    """The makers behind the list in providers/CMakeLists.txt; "openai" is the shape of our own door."""
    kinds = re.findall(r"set\(PROVIDERS\w*([^)]*)\)", cmake)
    return {kind.split("_")[0] for group in kinds for kind in group.split()} - {"openai"}


def self_test():
    clean = {
        "config/a.h": "#pragma once\n",
        "providers/b.h": '#pragma once\n#include "config/a.h"\n#include "builtin.inc"\n',
        "gateway/async.h": "#pragma once\n",
        "gateway/metrics/m.h": '#pragma once\n#include "gateway/ledger/usage_record.h"\n',
        "gateway/chat/c.cc": '#include "gateway/http/reply.h"\n#include "gateway/worker.h"\n',
        "gateway/http/h.cc": '#include "gateway/async.h"\n#include "gateway/tls/stream.h"\n#include <boost/asio/write.hpp>\n',
        "gateway/app.cc": '#include "gateway/ledger/sqlite_ledger.h"\n',
    }
    faults = {
        "config/x.cc": '#include "providers/adapter.h"\n',
        "config/y.cc": '#include "base/error.h"\n',
        "config/z.h": "// no guard\n",
        "config/a.cc": '#include <string>\n#include "config/a.h"\n',
        "providers/x.cc": '#include "gateway/async.h"\n',
        "providers/y.cc": "#include <boost/asio/buffer.hpp>\n",
        "providers/z.cc": "auto now = std::chrono::system_clock::now();\n",
        "gateway/chat/t.cc": '#include "tests/support/fake_clock.h"\n',
        "gateway/http/x.cc": '#include "gateway/upstream/pool.h"\n',
        "gateway/tls/x.cc": '#include "gateway/http/reply.h"\n',
        "gateway/http/y.cc": '#include "gateway/worker.h"\n',
        "gateway/metrics/x.cc": '#include "gateway/ledger/journal.h"\n',
        "gateway/admin/x.cc": '#include "gateway/chat/chat_handler.h"\n',
        "gateway/cli/x.cc": '#include "gateway/ledger/sqlite_ledger.h"\n',
        "gateway/cli/y.cc": "// like Acme does\n",
    }
    assert provider_names("set(PROVIDERS\n  acme\n  acme_chat\n  openai)") == {"acme"}
    assert list(violations(clean, {"acme"})) == []
    for path, text in faults.items():
        found = list(violations(clean | {path: text}, {"acme"}))
        assert len(found) == 1 and found[0].startswith(path), (path, found)


def main(argument):
    if argument == "--self-test":
        return self_test()
    root = pathlib.Path(argument)
    files = {
        path.relative_to(root).as_posix(): path.read_text()
        for folder in ORDER
        for path in (root / folder).rglob("*")
        if path.suffix in (".h", ".cc", ".in") and "node_modules" not in path.parts
    }
    found = list(violations(files, provider_names((root / "providers/CMakeLists.txt").read_text())))
    print("\n".join(found) or f"{len(files)} files keep the order {' <- '.join(ORDER)}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
