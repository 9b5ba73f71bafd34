"""A small transformer from nothing: its tokenizer learnt from the texts, its weights drawn at random; `train.py` then teaches it."""

import json
import os

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def make_tokenizer(texts, vocabulary):
    t = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    t.normalizer = normalizers.BertNormalizer(lowercase=True)
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    t.train_from_iterator(texts, trainers.WordPieceTrainer(vocab_size=vocabulary, special_tokens=SPECIAL, show_progress=False))
    t.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    return t


def make_graph(vocabulary, classes, width=64, heads=4, layers=2, positions=64, seed=1):
    """Post-norm encoder as BERT has it (Devlin et al., 2019), mean of the tokens instead of the first one."""
    draw = np.random.default_rng(seed)
    weights, nodes = [], []
    size = width // heads

    def weight(name, *shape, value=None):
        data = draw.normal(0, 0.02 if name.startswith("embed") else 1 / np.sqrt(shape[0]), shape) if value is None else np.full(shape, value)
        weights.append(numpy_helper.from_array(data.astype(np.float32), name))
        return name

    def constant(name, value, kind=np.int64):
        weights.append(numpy_helper.from_array(np.array(value, kind), name))
        return name

    def node(kind, inputs, output, **at):
        nodes.append(helper.make_node(kind, inputs, [output], **at))
        return output

    def linear(x, name, wide, out):
        return node("Add", [node("MatMul", [x, weight(f"{name}.w", wide, out)], f"{name}.mul"), weight(f"{name}.b", out, value=0)], f"{name}.out")

    def norm(x, name):
        return node("LayerNormalization", [x, weight(f"{name}.w", width, value=1), weight(f"{name}.b", width, value=0)], f"{name}.out", axis=-1)

    constant("zero", 0)
    constant("one", 1)
    constant("first", [0])
    constant("second", [1])
    constant("third", [2])
    constant("middle", [1, 2])
    constant("split", [0, 0, heads, size])
    constant("merged", [0, 0, width])
    constant("scale", np.sqrt(size), np.float32)
    constant("far", -1e4, np.float32)
    constant("float.one", 1, np.float32)
    shape = node("Shape", ["input_ids"], "shape")
    length = node("Gather", [shape, "one"], "length", axis=0)
    places = node("Range", ["zero", length, "one"], "places")
    words = node("Gather", [weight("embed.words", vocabulary, width), "input_ids"], "words")
    x = norm(node("Add", [words, node("Gather", [weight("embed.places", positions, width), places], "places.rows")], "summed"), "embed.norm")
    mask = node("Cast", ["attention_mask"], "mask", to=TensorProto.FLOAT)
    shut = node("Mul", [node("Sub", ["float.one", node("Unsqueeze", [mask, "middle"], "mask.wide")], "mask.off"), "far"], "mask.add")
    for i in range(layers):
        at = f"layer{i}"
        q, k, v = (
            node("Transpose", [node("Reshape", [linear(x, f"{at}.{n}", width, width), "split"], f"{at}.{n}.split")], f"{at}.{n}.heads", perm=[0, 2, 1, 3] if n != "k" else [0, 2, 3, 1])
            for n in "qkv"
        )
        scores = node("Add", [node("Div", [node("MatMul", [q, k], f"{at}.qk"), "scale"], f"{at}.scaled"), shut], f"{at}.masked")
        seen = node("MatMul", [node("Softmax", [scores], f"{at}.soft", axis=-1), v], f"{at}.seen")
        joined = node("Reshape", [node("Transpose", [seen], f"{at}.back", perm=[0, 2, 1, 3]), "merged"], f"{at}.joined")
        x = norm(node("Add", [x, linear(joined, f"{at}.o", width, width)], f"{at}.plus"), f"{at}.norm1")
        wide = linear(x, f"{at}.up", width, 2 * width)
        x = norm(node("Add", [x, linear(node("Relu", [wide], f"{at}.relu"), f"{at}.down", 2 * width, width)], f"{at}.plus2"), f"{at}.norm2")
    kept = node("Mul", [x, node("Unsqueeze", [mask, "third"], "mask.column")], "kept")
    total = node("ReduceSum", [kept, "second"], "total", keepdims=0)
    count = node("ReduceSum", [mask, "second"], "count", keepdims=1)
    logits = linear(node("Div", [total, count], "mean"), "head", width, classes)
    nodes[-1].output[0] = "logits"
    assert logits
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "small",
        [value("input_ids", TensorProto.INT64, ["n", "t"]), value("attention_mask", TensorProto.INT64, ["n", "t"])],
        [value("logits", TensorProto.FLOAT, ["n", "c"])],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model


def write_small(folder, texts, classes, vocabulary, width, layers, positions, seed):
    os.makedirs(folder, exist_ok=True)
    tokenizer = make_tokenizer(texts, vocabulary)
    tokenizer.save(os.path.join(folder, "tokenizer.json"))
    onnx.save(make_graph(tokenizer.get_vocab_size(), len(classes), width=width, layers=layers, positions=positions, seed=seed), os.path.join(folder, "model.onnx"))
    with open(os.path.join(folder, "config.json"), "w") as out:
        json.dump({"model_type": "bert", "id2label": {str(i): c for i, c in enumerate(classes)}, "max_position_embeddings": positions, "pad_token_id": 0}, out)
