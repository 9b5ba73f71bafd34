"""For the live test: the written gradients against differences of the loss, on a small transformer and on each operator's other forms."""

import json

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from autograd import Graph
from small import make_graph

draw = np.random.default_rng(7)


def worst(graph, feeds, tries=4, step=1e-2):
    """Largest difference between both, as a share of the larger, over some numbers of every weight."""
    logits, backwards = graph.run(feeds, learn=True)
    weigh = draw.normal(size=logits.shape).astype(np.float32)
    grads = backwards(weigh)
    found = 0.0
    for name, grad in grads.items():
        flat = graph.weights[name].reshape(-1)
        for i in np.argsort(-np.abs(grad.reshape(-1)))[:tries]:
            before = flat[i]
            flat[i] = before + step
            up = float((graph.run(feeds)[0].astype(np.float64) * weigh).sum())
            flat[i] = before - step
            down = float((graph.run(feeds)[0].astype(np.float64) * weigh).sum())
            flat[i] = before
            told, seen = float(grad.reshape(-1)[i]), (up - down) / (2 * step)
            found = max(found, abs(told - seen) / max(abs(told), abs(seen), 1e-2))
    return found, sorted(grads)


def one(nodes, weights, shape=(3, 4), classes=None):
    """A graph of one float input made of a table, so that gradients pass through the operator."""
    held = [numpy_helper.from_array(np.asarray(v), k) for k, v in {"table": draw.normal(size=(9, shape[1])).astype(np.float32) + 2, **weights}.items()]
    graph = helper.make_graph(
        [helper.make_node("Gather", ["table", "input_ids"], ["x"]), *nodes],
        "one",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["n"])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        held,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    return worst(Graph(model), {"input_ids": np.array([1, 4, 4])})[0]


def node(kind, inputs, output="y", **at):
    return helper.make_node(kind, inputs, [output], **at)


f = lambda *shape: draw.normal(size=shape).astype(np.float32)
tall = np.array([0, -1], np.int64)
found = {
    "Gemm": one([node("Gemm", ["x", "w", "b"], transB=1, alpha=0.5, beta=2.0)], {"w": f(5, 4), "b": f(5)}),
    "MatMul of three": one([node("Unsqueeze", ["x", "zero"], "u"), node("MatMul", ["u", "w"])], {"w": f(1, 4, 2), "zero": np.array([0])}),
    "Pow and Sqrt": one([node("Pow", ["x", "two"], "p"), node("ReduceMean", ["p", "last"], "m"), node("Sqrt", ["m"])], {"two": np.float32(2), "last": np.array([-1])}),
    "Erf": one([node("Mul", ["x", "w"], "m"), node("Erf", ["m"])], {"w": f(4) / 4}),
    "Gelu": one([node("Gelu", ["x"])], {}),
    "Gelu of tanh": one([node("Gelu", ["x"], approximate="tanh")], {}),
    "Sub and Div": one([node("Sub", ["w", "x"], "s"), node("Div", ["s", "x"])], {"w": f(4)}),
    "Slice and Concat": one(
        [node("Slice", ["x", "from", "to", "axis"], "s"), node("Concat", ["s", "x"], axis=1)], {"from": np.array([1]), "to": np.array([3]), "axis": np.array([1])}
    ),
    "Where": one([node("Greater", ["x", "w"], "c"), node("Where", ["c", "x", "w2"])], {"w": np.array([-20, 20, -20, 20], np.float32), "w2": f(4)}),
    "Expand": one([node("Unsqueeze", ["x", "one"], "u"), node("Expand", ["u", "shape"])], {"one": np.array([1]), "shape": np.array([3, 2, 4])}),
    "Reshape, Transpose": one([node("Reshape", ["x", "shape"], "r"), node("Transpose", ["r"], "t", perm=[1, 0]), node("MatMul", ["t", "w"])], {"shape": tall[[0, 1]], "w": f(3, 2)}),
    "Tanh, Sigmoid, Softmax": one([node("Tanh", ["x"], "a"), node("Sigmoid", ["a"], "b"), node("Softmax", ["b"], axis=-1)], {}),
    "Gather of a middle axis": one([node("Gather", ["x", "places"], axis=1)], {"places": np.array([[0, 2], [2, 3]])}),
}
small = Graph(make_graph(40, 3, width=16, heads=2, layers=2, positions=12))
feeds = {"input_ids": np.array([[2, 5, 9, 3], [2, 7, 3, 0]]), "attention_mask": np.array([[1, 1, 1, 1], [1, 1, 1, 0]])}
found["small transformer"], reached = worst(small, feeds, step=3e-3)
missed = sorted(set(small.weights) - set(reached))
print(json.dumps({"found": found, "missed": missed}))
