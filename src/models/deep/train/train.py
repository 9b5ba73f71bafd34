"""Teaches a transformer the labels of a version of a label set.

  python train.py --labels SET.jsonl --model FOLDER --out FOLDER     teaches an ONNX export (BERT, RoBERTa, XLM-R, DistilBERT …) further
  python train.py --labels SET.jsonl --small --out FOLDER            a small transformer from nothing

SET.jsonl is what `earshot models export-labels` writes: a line that names set, version, hash and classes, then {"text", "label", "part"} a line.
The model learns from `train`; `validation` decides when it stops; `gold` is measured once, at the end. Needs numpy, onnx and tokenizers.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import sys
import time

import numpy as np
import onnx
from tokenizers import Tokenizer

from autograd import Graph
from small import write_small

OFFSET = {"roberta", "xlm-roberta", "camembert", "mpnet"}


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as held:
        for part in iter(lambda: held.read(1 << 20), b""):
            digest.update(part)
    return digest.hexdigest()


def code_version():
    """Of these three files: other code is another version."""
    here = os.path.dirname(os.path.abspath(__file__))
    digest = hashlib.sha256("".join(sha256(os.path.join(here, name)) for name in ("autograd.py", "small.py", "train.py")).encode())
    return f"train.py {digest.hexdigest()[:8]}"


def read_labels(path):
    with open(path, encoding="utf8") as lines:
        head = json.loads(lines.readline())
        if head.get("format") != "earshot-labels-1":
            raise SystemExit(f"{path}: expected a file of `earshot models export-labels`")
        rows = [json.loads(line) for line in lines if line.strip()]
    parts = {part: [(r["text"], head["classes"].index(r["label"])) for r in rows if r["part"] == part] for part in ("train", "validation", "gold")}
    if not parts["train"]:
        raise SystemExit(f"{path}: holds nothing to learn from")
    return head, parts


def prepare(text):
    """As `earshot models import` does by default."""
    return re.sub(r"@[A-Za-z0-9_.-]*[A-Za-z0-9_-]", "@user", re.sub(r"https?://\S+", "http", text))


def macro_f1(right, said, classes):
    total = 0.0
    for c in range(classes):
        hit = int(((right == c) & (said == c)).sum())
        both = int((right == c).sum() + (said == c).sum())
        total += 2 * hit / both if hit else 0.0
    return total / classes


class Reader:
    """Texts as padded numbers."""

    def __init__(self, folder, inputs, most):
        with open(os.path.join(folder, "config.json")) as held:
            config = json.load(held)
        self.tokenizer = Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
        self.pad = config.get("pad_token_id") or 0
        places = config.get("max_position_embeddings", 512) - (2 if config.get("model_type") in OFFSET else 0)
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(min(most, places))
        self.inputs = inputs

    def rows(self, texts):
        return [e.ids for e in self.tokenizer.encode_batch([prepare(t) for t in texts])]

    def feeds(self, rows):
        longest = max(len(r) for r in rows)
        ids = np.full((len(rows), longest), self.pad, np.int64)
        mask = np.zeros((len(rows), longest), np.int64)
        for i, r in enumerate(rows):
            ids[i, : len(r)] = r
            mask[i, : len(r)] = 1
        every = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        return {name: every[name] for name in self.inputs}


def judge(graph, reader, rows, size=64):
    said = np.zeros(len(rows), np.int64)
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
    for at in range(0, len(order), size):
        part = order[at : at + size]
        logits, _ = graph.run(reader.feeds([rows[i] for i in part]))
        said[part] = logits.argmax(-1)
    return said


class Adam:
    """With decoupled weight decay (Loshchilov and Hutter, 2019) and a linear rise and fall of the rate."""

    def __init__(self, weights, rate, steps, decay=0.01):
        self.m = {k: np.zeros_like(v) for k, v in weights.items()}
        self.v = {k: np.zeros_like(v) for k, v in weights.items()}
        self.rate, self.steps, self.decay, self.at = rate, steps, decay, 0

    def step(self, weights, grads):
        self.at += 1
        warm = max(1, self.steps // 10)
        rate = self.rate * min(self.at / warm, max(0.02, (self.steps - self.at) / max(1, self.steps - warm)))
        norm = np.sqrt(sum(float((g * g).sum()) for g in grads.values()))
        cut = min(1.0, 1.0 / (norm + 1e-9))
        for k, g in grads.items():
            g = g * cut
            self.m[k] = 0.9 * self.m[k] + 0.1 * g
            self.v[k] = 0.999 * self.v[k] + 0.001 * g * g
            move = (self.m[k] / (1 - 0.9**self.at)) / (np.sqrt(self.v[k] / (1 - 0.999**self.at)) + 1e-8)
            weights[k] -= rate * (move + (self.decay * weights[k] if weights[k].ndim > 1 else 0))


def main():
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--labels", required=True)
    ask.add_argument("--out", required=True)
    ask.add_argument("--model")
    ask.add_argument("--small", action="store_true")
    ask.add_argument("--epochs", type=int, default=4)
    ask.add_argument("--rate", type=float)
    ask.add_argument("--batch", type=int, default=32)
    ask.add_argument("--most-tokens", type=int, default=64)
    ask.add_argument("--vocabulary", type=int, default=6000)
    ask.add_argument("--width", type=int, default=64)
    ask.add_argument("--layers", type=int, default=2)
    ask.add_argument("--seed", type=int, default=1)
    given = ask.parse_args()
    if given.small == (given.model is not None):
        raise SystemExit("expected one of --model and --small")
    if os.path.exists(given.out):
        raise SystemExit(f"{given.out}: is there already")
    head, parts = read_labels(given.labels)
    classes = head["classes"]
    made = given.out + ".new"
    shutil.rmtree(made, ignore_errors=True)
    if given.small:
        write_small(made, [t for t, _ in parts["train"]], classes, given.vocabulary, given.width, given.layers, given.most_tokens, given.seed)
    else:
        os.makedirs(made)
        for name in ("config.json", "tokenizer.json", "model.onnx"):
            shutil.copyfile(os.path.join(given.model, name), os.path.join(made, name))
        with open(os.path.join(given.model, "config.json")) as held:
            named = json.load(held).get("id2label") or {}
        known = [named[k].lower() for k in sorted(named, key=int)]
        if sorted(known) != sorted(c.lower() for c in classes):
            raise SystemExit(f"{given.model}: its classes are {', '.join(known)}, those of the labels {', '.join(classes)}")
        order = [known.index(c.lower()) for c in classes]
        parts = {part: [(t, order[c]) for t, c in rows] for part, rows in parts.items()}
        classes = known
    base = sha256(os.path.join(made, "model.onnx"))
    graph = Graph(onnx.load(os.path.join(made, "model.onnx")))
    reader = Reader(made, graph.inputs, given.most_tokens)
    held = {part: (reader.rows([t for t, _ in rows]), np.array([c for _, c in rows], np.int64)) for part, rows in parts.items() if rows}
    figures = {}
    for part in ("validation", "gold"):
        if part in held and not given.small:
            figures[f"{part}Before"] = macro_f1(held[part][1], judge(graph, reader, held[part][0]), len(classes))
    rows, right = held["train"]
    steps = given.epochs * -(-len(rows) // given.batch)
    rate = given.rate or (1e-3 if given.small else 3e-5)
    optimiser = Adam(graph.weights, rate, steps)
    draw = np.random.default_rng(given.seed)
    best, best_epoch, best_weights = -1.0, 0, None
    started = time.process_time()
    for epoch in range(given.epochs):
        # Texts of like length go together; which batch comes when is drawn.
        order = sorted(draw.permutation(len(rows)), key=lambda i: len(rows[i]) // 4)
        batches = [order[at : at + given.batch] for at in range(0, len(order), given.batch)]
        loss = 0.0
        for b in draw.permutation(len(batches)):
            part = batches[b]
            logits, backwards = graph.run(reader.feeds([rows[i] for i in part]), learn=True)
            e = np.exp(logits - logits.max(-1, keepdims=True))
            sure = e / e.sum(-1, keepdims=True)
            wanted = right[part]
            loss -= float(np.log(sure[np.arange(len(part)), wanted] + 1e-9).sum())
            sure[np.arange(len(part)), wanted] -= 1
            optimiser.step(graph.weights, backwards((sure / len(part)).astype(np.float32)))
        tuned = held.get("validation") or held["train"]
        score = macro_f1(tuned[1], judge(graph, reader, tuned[0]), len(classes))
        print(f"epoch {epoch + 1}: loss {loss / len(rows):.4f}, macro-F1 {score:.4f}, {time.process_time() - started:.0f} CPU-s", file=sys.stderr)
        if score > best:
            best, best_epoch, best_weights = score, epoch, {k: v.copy() for k, v in graph.weights.items()}
        elif epoch - best_epoch >= 2:
            break
    graph.weights = best_weights
    for part in ("validation", "gold"):
        if part in held:
            figures[part] = macro_f1(held[part][1], judge(graph, reader, held[part][0]), len(classes))
    place = os.path.join(made, "model.onnx")
    with open(place, "wb") as out:
        out.write(graph.bytes())
    made_hash = sha256(place)
    trained = {"labelSet": f"{head['name']} {head['version']}"[:100], "labelSetHash": head["hash"], "baseHash": base, "code": code_version()}
    with open(os.path.join(made, "earshot-trained.json"), "w") as out:
        json.dump({"model": made_hash, "trained": trained, "figures": figures, "cpuSeconds": time.process_time() - started}, out, indent=2)
    os.rename(made, given.out)
    print(json.dumps({"out": given.out, "model": made_hash, **trained, **figures, "cpuSeconds": round(time.process_time() - started, 1)}))


main()
