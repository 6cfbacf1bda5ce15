"""Sums samples of `perf script --no-inline -F ip,sym,dso` of a program part by part: files of stacks to a
Markdown table. What was inlined is told by `llvm-addr2line`, each address once."""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

# The first part that a frame fits, from the innermost frame outward, is where a sample counts.
PARTS = [
    ("system: open and close", r"sys_(openat|close|newfstatat|statx|fstat)|do_sys_open"),
    ("system: read", r"(ksys|vfs)_read|x64_sys_p?read"),
    ("system: list folders", r"sys_getdents"),
    ("system: memory", r"page_fault|sys_(mmap|munmap|brk|madvise|mremap)"),
    ("inflate", r"deflate|adler32|crc32|inflate"),
    ("decode", r"detect::decode"),
    ("judgement and its filters", r"detect::(judge|generic|judged)"),
    ("names: what they are assigned", r"named_marks|detect::assignment"),
    ("shapes tried at candidates", r"patterns::(mark|program)|Program>?::at|mark_at"),
    ("runs: keywords near them", r"::near::|Keywords|^near<|^compare<|tables::.*<4>"),
    ("runs: prefixes, leads, places", r"Prefilter>?::(prefixes|leads|bare|back|tell_run|inner_prefixes)|^(prefixes|leads|bare|back|inner_prefixes)<|prefilter::head|tables::.*<3>"),
    ("runs: gates and ends", r"prefilter::(gates|encoded)|Masks>?::run|Gates|^pass \("),
    ("literals: what windows hold", r"literal_lane|prefilter::literals|Literals"),
    ("masks and windows, the vector pass", r"prefilter::(avx|masks|read)|Masks"),
    ("runs: the loop over them", r"prefilter"),
    ("marks, inherited along deltas", r"detect::inherit"),
    ("marks, the rest", r"detect"),
    ("findings and their lines", r"findings"),
    ("history: ids looked up", r"history::(lookup|index)"),
    ("history: objects rebuilt", r"sources::history"),
    ("stories: trees and commits", r"story::"),
    ("history: sweep and judgement of blobs", r"scan::history"),
    ("walk", r"ignore::|walkdir|sources::worker"),
    ("read: text or not, chunks", r"sources::"),
    ("start, report and the rest", r""),
]
PARTS = [(name, re.compile(pattern)) for name, pattern in PARTS]


def part(stack):
    """The part of a sample, its frames from the innermost outward."""
    for frame in stack:
        for name, pattern in PARTS[:-1]:
            if pattern.search(frame):
                return name
    return PARTS[-1][0]


def stacks(path, program):
    """The stacks: of each frame its place in the program's file, or its name if it is not the program's."""
    name, stack = Path(program).name, []
    for line in path.open(errors="replace"):
        line = line.rstrip("\n")
        if not line:
            if stack:
                yield stack
            stack = []
        elif found := re.match(r"\s*([0-9a-f]+) (.*) \((.*)\)$", line):
            own = Path(found[3]).name == name
            # A caller's address is the one behind its call.
            stack.append(int(found[1], 16) - (len(stack) > 0) if own else found[2])
    if stack:
        yield stack


def named(program, all_stacks):
    """The stacks with names for places, inlined functions innermost."""
    headers = subprocess.run(["readelf", "-lW", program], check=True, capture_output=True, text=True).stdout
    code = re.search(r"LOAD\s+(0x[0-9a-f]+) (0x[0-9a-f]+) .* R E ", headers)
    moved = int(code[2], 16) - int(code[1], 16)
    all_stacks = list(all_stacks)
    places = sorted({frame for stack in all_stacks for frame in stack if isinstance(frame, int)})
    asked = "".join(f"{place + moved:#x}\n" for place in places)
    command = ["llvm-addr2line", "-e", program, "-f", "-i", "-C", "-a"]
    told = subprocess.run(command, input=asked, check=True, capture_output=True, text=True).stdout
    names, at = {}, -1
    for number, line in enumerate(told.splitlines()):
        if re.fullmatch(r"0x[0-9a-f]+", line):
            at, begin = at + 1, number
            names[places[at]] = []
        elif (number - begin) % 2 == 1:
            names[places[at]].append(line)
    for stack in all_stacks:
        yield [name for frame in stack for name in (names[frame] if isinstance(frame, int) else [frame])]


def main():
    columns = {}
    program = sys.argv[1]
    for path in map(Path, sys.argv[2:]):
        counts = Counter(map(part, named(program, stacks(path, program))))
        if not counts:
            sys.exit(f"no sample was read of {path.stem}")
        columns[path.stem] = counts
    print("| part | " + " | ".join(columns) + " |")
    print("|---|" + "---|" * len(columns))
    for name, _ in PARTS:
        shares = [100 * counts[name] / counts.total() for counts in columns.values()]
        if max(shares) >= 0.5:
            print(f"| {name} | " + " | ".join(f"{share:.1f} %" for share in shares) + " |")
    print("| samples | " + " | ".join(f"{counts.total():,}" for counts in columns.values()) + " |")


main()
