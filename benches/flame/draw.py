"""Draws a flame graph of `perf script -F ip,sym,dso` on standard input, as SVG on standard output."""

import re
import sys
from html import escape

WIDTH, ROW, LEAST = 1200, 17, 0.0033

# Floors of the project, and what is not ours; the first that fits colours a bar.
COLOURS = [
    (r"detect::prefilter", "#f4a261"),
    (r"detect::decode|containers", "#e9c46a"),
    (r"detect::(judge|generic|assignment)", "#e76f51"),
    (r"detect", "#f6bd60"),
    (r"deflate|adler|crc32", "#84a59d"),
    (r"sources", "#90be6d"),
    (r"story", "#43aa8b"),
    (r"scan|cli|main", "#a8dadc"),
    (r"\[kernel\]", "#bcb8b1"),
    (r"", "#dddddd"),
]

# What every stack begins with says nothing.
DULL = re.compile(
    r"^(start_thread|clone3?|_start|__libc_start\w*|main|std::|core::ops::function|__rust|<alloc::boxed|rayon_core::|"
    r"std::panicking|std::thread|core::|alloc::|_?rayon|\[unknown\]|crossbeam|.*FnOnce|call_once|.*__rust_begin)"
)


def short(name):
    """A symbol without parameters, hashes and paths of types."""
    name = re.sub(r"\+0x[0-9a-f]+.*$", "", name)
    name = re.sub(r"::h[0-9a-f]{16}$", "", name)
    name = re.sub(r" \(inlined\)$", "", name)
    while re.search(r"<[^<>]*>", name):
        name = re.sub(r"<impl ([\w:]+)[^<>]*>", r"\1", name)
        name = re.sub(r"<([\w:]+) as [^<>]*>", r"\1", name)
        name = re.sub(r"<[^<>]*>", "", name)
    name = re.sub(r"\{\{closure\}\}", "closure", name)
    return re.sub(r"::+", "::", name.replace("straykey::", "")).strip(":")


def stacks(lines):
    """The stacks, outermost frame first."""
    stack = []
    for line in lines:
        line = line.rstrip("\n")
        if not line:
            if stack:
                yield stack[::-1]
            stack = []
            continue
        found = re.match(r"\s*[0-9a-f]+ (.*) \((.*)\)$", line)
        if not found or found[2] == "inlined" or found[1].endswith("(inlined)"):
            continue
        name, where = found[1], found[2]
        stack.append("[kernel]" if "kernel" in where else short(name))
    if stack:
        yield stack[::-1]


def grown(lines):
    """All stacks as one tree of [samples, children]."""
    root = [0, {}]
    for stack in stacks(lines):
        root[0] += 1
        node, last = root, None
        for name in stack:
            if DULL.match(name) or name == last:
                continue
            node = node[1].setdefault(name, [0, {}])
            node[0] += 1
            last = name
    return root


def bars(node, x, depth, total, out):
    """Lists bars of a tree: name, samples, left edge in samples, depth."""
    for name, child in sorted(node[1].items()):
        if child[0] >= total * LEAST:
            out.append((name, child[0], x, depth))
            bars(child, x, depth + 1, total, out)
        x += child[0]


def main():
    root = grown(sys.stdin)
    if not root[0]:
        sys.exit("no sample was read")
    out = []
    bars(root, 0, 0, root[0], out)
    rows = max(depth for *_, depth in out) + 1
    scale = WIDTH / root[0]
    print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {rows * ROW + 4}" font-family="sans-serif" font-size="11">')
    for name, count, x, depth in out:
        left, width, top = x * scale, count * scale, (rows - depth - 1) * ROW + 2
        colour = next(c for pattern, c in COLOURS if re.search(pattern, name))
        share = f"{100 * count / root[0]:.1f} %"
        print(f'<g><title>{escape(name)}: {share}</title><rect x="{left:.1f}" y="{top}" width="{max(width - 0.5, 0.5):.1f}" height="{ROW - 1}" fill="{colour}"/>', end="")
        room = int((width - 4) / 6)
        text = name if len(name) <= room else name[-(room - 1) :].join(("…", ""))
        if room >= 4:
            print(f'<text x="{left + 2:.1f}" y="{top + 12}">{escape(text)}</text>', end="")
        print("</g>")
    print("</svg>")


main()
