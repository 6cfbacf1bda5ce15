#!/usr/bin/env python3
"""Counts words in folders of text and source code, for src/detect/generic/.

usage: language.py FOLDER...

Writes, beside the code that reads them,
  words.txt    the words that most files hold: 3 to 14 letters, sorted, one a line
  bigrams.txt  27 lines of 27 numbers: tenths of bits that a letter costs behind another, of words
               as often as they occur; the last row and column stand for a word's begin and end
Only counts are kept of what is read: no sentence, no name of a file.
"""
import collections, math, os, re, sys

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "..", "..", "src", "detect", "generic")
MOST = 1 << 18
WORD = re.compile(rb"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
KEPT, SHORT = 8000, 400


def main(folders):
    files = collections.Counter()
    times = collections.Counter()
    read = 0
    for folder in folders:
        for at, below, names in os.walk(folder):
            below.sort()
            for name in sorted(names):
                path = os.path.join(at, name)
                if os.path.islink(path) or not os.path.isfile(path):
                    continue
                with open(path, "rb") as file:
                    text = file.read(MOST)
                if b"\0" in text:
                    continue
                read += 1
                here = collections.Counter(w.lower() for w in WORD.findall(text))
                times.update({w: min(n, 20) for w, n in here.items()})
                files.update(here.keys())
    vowel = re.compile(rb"[aeiouy]")
    real = lambda w: vowel.search(w) and len(set(w)) > 2
    words = [w for w, _ in files.most_common() if 4 <= len(w) <= 14 and real(w)][:KEPT]
    words += [w for w, _ in files.most_common() if len(w) == 3 and real(w)][:SHORT]
    with open(os.path.join(OUT, "words.txt"), "wb") as file:
        file.write(b"\n".join(sorted(words)) + b"\n")
    counts = [[1.0] * 27 for _ in range(27)]
    for word in words:
        weight = math.sqrt(times[word])
        before = 26
        for letter in word:
            counts[before][letter - 97] += weight
            before = letter - 97
        counts[before][26] += weight
    with open(os.path.join(OUT, "bigrams.txt"), "w") as file:
        for row in counts:
            whole = sum(row)
            cost = [min(99, round(-10 * math.log2(n / whole))) for n in row]
            file.write(" ".join(f"{c:2}" for c in cost) + "\n")
    print(f"{read} files, {len(words)} words")


main(sys.argv[1:])
