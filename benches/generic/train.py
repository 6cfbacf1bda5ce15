#!/usr/bin/env python3
"""Fits the weights of src/detect/generic/weights.rs to labelled files.

usage: train.py --set WEIGHED LABELS [--set ...] [--write] [--report]

A set is what `cargo bench --bench weigh -- FOLDER` printed, and its labels, one JSON object a line:
  {"path", "line", "from", "to", "is": "T" | "F", "group", "weight"}
`from` and `to` (columns, from 0, the end excluded) may be missing: then the whole line counts. What
overlaps a T is a secret; what overlaps only an F, or nothing, is none. `group` (a repository) is
never split between fitting and testing. Logistic regression, one column for passwords and one for
keys; needs numpy and scikit-learn.
"""
import argparse, collections, json, os, re

import numpy as np
from sklearn.linear_model import LogisticRegression

HERE = os.path.dirname(os.path.abspath(__file__))
CODE = os.path.join(HERE, "..", "..", "src", "detect", "generic")
STRENGTH = 0.35


def features():
    text = open(os.path.join(CODE, "features.rs")).read()
    block = re.search(r"^features! \{\n(.*?)^\}", text, re.S | re.M).group(1)
    return re.findall(r'^\s+(\w+): "', block, re.M)


def clean(path):
    return path.removeprefix("./")


def load(weighed, labels, names):
    number = {n: i for i, n in enumerate(names)}
    lines = collections.defaultdict(list)
    for text in open(labels):
        one = json.loads(text)
        lines[clean(one["path"]), one["line"]].append(one)
    rows = []
    for text in open(weighed):
        one = json.loads(text)
        path = clean(one["path"])
        here = lines.get((path, one["line"]), [])
        start, end = one["column"] - 1, one["column"] - 1 + one["length"]
        over = [l for l in here if l.get("from") is None or l["from"] < end and start < l["to"]]
        if any(l["is"] == "T" for l in over):
            label, weight = 1, max(l.get("weight", 1) for l in over)
        elif any(l["is"] == "T" for l in here):
            continue
        elif here:
            label, weight = 0, max(l.get("weight", 1) for l in here)
        else:
            label, weight = 0, 0.7
        x = np.zeros(len(names), dtype=np.float32)
        x[[number[a] for a in one["answers"] if a in number]] = 1
        group = here[0]["group"] if here else path.split("/")[0]
        rows.append((x, label, weight, group, one["password"], (path, one["line"])))
    return rows


def fit(x, y, w):
    return LogisticRegression(C=STRENGTH, max_iter=3000, solver="lbfgs").fit(x, y, sample_weight=w)


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--set", nargs=2, action="append", default=[])
    args.add_argument("--write", action="store_true")
    args.add_argument("--folds", type=int, default=8)
    args.add_argument("--out")
    args = args.parse_args()
    names = features()
    rows = [row for weighed, labels in args.set for row in load(weighed, labels, names)]
    bias, weights, told = [0.0, 0.0], np.zeros((len(names), 2)), []
    for column, password in ((0, True), (1, False)):
        part = [r for r in rows if r[4] == password]
        x = np.array([r[0] for r in part])
        y = np.array([r[1] for r in part])
        w = np.array([r[2] for r in part])
        groups = sorted({r[3] for r in part})
        fold = {g: i % args.folds for i, g in enumerate(sorted(groups, key=lambda g: hash_of(g)))}
        of = np.array([fold[r[3]] for r in part])
        p = np.zeros(len(part))
        for f in range(args.folds):
            p[of == f] = fit(x[of != f], y[of != f], w[of != f]).predict_proba(x[of == f])[:, 1]
        print(f"{'passwords' if password else 'keys'}: {len(part)} of which {y.sum()} secrets")
        for low, high in ((0.95, 1.01), (0.9, 0.95), (0.75, 0.9), (0.5, 0.75), (0.35, 0.5), (0.2, 0.35), (0, 0.2)):
            here = (p >= low) & (p < high)
            print(f"  {low:.2f}-{high:.2f}: {here.sum():5} told, {y[here].sum():5} right ({y[here].mean() if here.any() else 0:.3f})")
        told += [(r[5], float(q), int(r[1])) for r, q in zip(part, p)]
        model = fit(x, y, w)
        bias[column] = model.intercept_[0]
        weights[:, column] = model.coef_[0]
        weights[x.sum(axis=0) < 3, column] = 0
    if args.out:
        with open(args.out, "w") as file:
            for (path, line), q, label in told:
                file.write(json.dumps({"path": path, "line": line, "p": q, "label": label}) + "\n")
    if args.write:
        write(names, bias, weights)


def hash_of(group):
    import hashlib
    return hashlib.sha256(group.encode()).hexdigest()


def write(names, bias, weights):
    number = lambda v: f"{v + 0.0:.2f}".replace("-0.00", "0.00")
    with open(os.path.join(CODE, "weights.rs"), "w") as file:
        file.write("//! Written by `benches/generic/train.py`: logarithms of odds.\n\n")
        file.write("/// What every sum begins with: of passwords, and of keys.\n")
        file.write(f"pub(super) const BIAS: [f32; 2] = [{number(bias[0])}, {number(bias[1])}];\n\n")
        file.write("/// What each answer weighs, in the order of the questions.\n#[rustfmt::skip]\n")
        file.write(f"pub(super) const WEIGHTS: [[f32; 2]; {len(names)}] = [\n")
        for name, (a, b) in zip(names, weights):
            file.write(f"    [{number(a)}, {number(b)}], // {name}\n")
        file.write("];\n")


main()
