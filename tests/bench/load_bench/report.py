"""The table, for eyes and for Markdown."""
NAMES = {"nginx": "nginx", "haproxy": "HAProxy", "tollgate": "tollgate", "tollgate-uring": "tollgate-uring",
         "tollgate-one-worker": "one worker", "tollgate-few": "ten", "tollgate-many": "many"}
COLUMNS = ("nginx", "haproxy", "tollgate", "tollgate-uring")


def number(value):
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def value(spread):
    if spread is None:
        return ""
    if spread.least == spread.most:
        return number(spread.median)
    return f"{number(spread.median)} ({number(spread.least)}–{number(spread.most)})"


def ratio(spread):
    if spread is None:
        return ""
    if spread.least == spread.most:
        return f"{spread.median:.2f}"
    return f"{spread.median:.2f} ({spread.least:.2f}–{spread.most:.2f})"


def table(lines):
    """Rows of cells, the heading first."""
    any_uring = any("tollgate-uring" in line.spreads for line in lines)
    columns = [name for name in COLUMNS if name != "tollgate-uring" or any_uring]
    others = [name for name in columns if name != "nginx"]
    cells = [["", "", *(NAMES[name] for name in columns), *(f"{NAMES[name]} / nginx" for name in others), ""]]
    for line in lines:
        extra = [f"{NAMES[name]} {value(line.spreads[name])}" for name in line.spreads if name not in COLUMNS]
        extra += [f"{NAMES[name]} / ten {line.ratios[name].median:.3f}" for name in line.ratios if name not in COLUMNS
                  and line.row == "scale" and line.ratios[name]]
        cells.append([line.title, line.unit, *(value(line.spreads.get(name)) for name in columns),
                      *(ratio(line.ratios.get(name)) for name in others), "; ".join(extra + line.notes)])
    return cells


def promises(verdicts):
    cells = [["promise", "measured", "floor", "", "goal", ""]]
    cells += [[v.promise, v.measured, v.floor, v.floor_holds, v.goal, v.goal_holds] for v in verdicts]
    return cells


def plain(cells):
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in cells)


def markdown(cells):
    rows = ["| " + " | ".join(row) + " |" for row in cells]
    rows.insert(1, "|" + " --- |" * len(cells[0]))
    return "\n".join(rows)


def page(machine, lines, verdicts, left_out, remarks):
    facts = "\n".join(f"- {name.replace('_', ' ')}: {said}" for name, said in machine.items())
    missing = "\n".join(f"- {title}: {why}" for title, why in left_out)
    return "\n\n".join(part for part in (
        "# What tests/bench/load measured",
        "Medians of interleaved rounds, in brackets the range. A ratio is made within one round; below 1.00 is cheaper than"
        " nginx. A gap under 1.15 × is a tie. [How to read this](README.md).",
        facts, markdown(table(lines)), "## Promises", markdown(promises(verdicts)),
        "## Left out\n\n" + missing if missing else "",
        "## Remarks\n\n" + "\n".join(f"- {remark}" for remark in remarks) if remarks else "",
    ) if part) + "\n"
