"""Runs an ONNX graph forwards and backwards with numpy: any float graph of the operators below can be trained as it was exported."""

import numpy as np
from onnx import numpy_helper

TYPES = {1: np.float32, 6: np.int32, 7: np.int64, 9: np.bool_, 11: np.float64, 10: np.float16}


def unbroadcast(grad, shape):
    """Sums a gradient over the axes that were stretched to it."""
    while grad.ndim > len(shape):
        grad = grad.sum(0)
    for axis, size in enumerate(shape):
        if size == 1 and grad.shape[axis] != 1:
            grad = grad.sum(axis, keepdims=True)
    return grad


def erf(x):
    """Abramowitz and Stegun 7.1.26, 1.5e-7."""
    t = 1 / (1 + np.float32(0.3275911) * np.abs(x))
    poly = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    return (np.sign(x) * (1 - poly * np.exp(-x * x))).astype(np.float32)


def swap(x):
    return np.swapaxes(x, -1, -2)


def attributes(node):
    found = {}
    for a in node.attribute:
        if a.type == 1:
            found[a.name] = a.f
        elif a.type == 2:
            found[a.name] = a.i
        elif a.type == 3:
            found[a.name] = a.s.decode()
        elif a.type == 4:
            found[a.name] = numpy_helper.to_array(a.t)
        elif a.type == 6:
            found[a.name] = list(a.floats)
        elif a.type == 7:
            found[a.name] = list(a.ints)
    return found


# Each operator: (attributes, inputs) -> (outputs, back); back: gradient of the first output -> one gradient or None an input.
OPS = {}


def op(*names):
    def keep(run):
        for name in names:
            OPS[name] = run
        return run

    return keep


def plain(name, run):
    OPS[name] = lambda at, x: ([run(at, *x)], None)


@op("MatMul")
def _(at, x):
    a, b = x

    def back(g):
        if b.ndim == 2:
            return [g @ b.T, a.reshape(-1, a.shape[-1]).T @ g.reshape(-1, g.shape[-1])]
        return [unbroadcast(g @ swap(b), a.shape), unbroadcast(swap(a) @ g, b.shape)]

    return [a @ b], back


@op("Gemm")
def _(at, x):
    a, b = x[0], x[1]
    ta, tb, alpha, beta = at.get("transA", 0), at.get("transB", 0), at.get("alpha", 1.0), at.get("beta", 1.0)
    left, right = (a.T if ta else a), (b.T if tb else b)
    y = alpha * (left @ right)
    if len(x) > 2:
        y = y + beta * x[2]

    def back(g):
        gl, gr = alpha * (g @ right.T), alpha * (left.T @ g)
        rest = [unbroadcast(beta * g, x[2].shape)] if len(x) > 2 else []
        return [gl.T if ta else gl, gr.T if tb else gr, *rest]

    return [y.astype(np.float32)], back


@op("Add")
def _(at, x):
    return [x[0] + x[1]], lambda g: [unbroadcast(g, x[0].shape), unbroadcast(g, x[1].shape)]


@op("Sub")
def _(at, x):
    return [x[0] - x[1]], lambda g: [unbroadcast(g, x[0].shape), unbroadcast(-g, x[1].shape)]


@op("Mul")
def _(at, x):
    return [x[0] * x[1]], lambda g: [unbroadcast(g * x[1], x[0].shape), unbroadcast(g * x[0], x[1].shape)]


@op("Div")
def _(at, x):
    a, b = x
    if a.dtype.kind in "iu":
        return [a // b], None
    return [a / b], lambda g: [unbroadcast(g / b, a.shape), unbroadcast(-g * a / (b * b), b.shape)]


@op("Pow")
def _(at, x):
    a, p = x
    return [np.power(a, p.astype(a.dtype))], lambda g: [unbroadcast(g * p * np.power(a, p - 1), a.shape).astype(np.float32), None]


@op("Sqrt")
def _(at, x):
    y = np.sqrt(x[0])
    return [y], lambda g: [g / (2 * y)]


@op("Reciprocal")
def _(at, x):
    y = 1 / x[0]
    return [y], lambda g: [-g * y * y]


@op("Neg")
def _(at, x):
    return [-x[0]], lambda g: [-g]


@op("Exp")
def _(at, x):
    y = np.exp(x[0])
    return [y], lambda g: [g * y]


@op("Log")
def _(at, x):
    return [np.log(x[0])], lambda g: [g / x[0]]


@op("Abs")
def _(at, x):
    return [np.abs(x[0])], lambda g: [g * np.sign(x[0])]


@op("Erf")
def _(at, x):
    return [erf(x[0])], lambda g: [g * np.float32(2 / np.sqrt(np.pi)) * np.exp(-x[0] * x[0])]


@op("Gelu")
def _(at, x):
    a = x[0]
    if at.get("approximate") == "tanh":
        c = np.float32(np.sqrt(2 / np.pi))
        t = np.tanh(c * (a + 0.044715 * a**3))
        return [(0.5 * a * (1 + t)).astype(np.float32)], lambda g: [
            (g * (0.5 * (1 + t) + 0.5 * a * (1 - t * t) * c * (1 + 3 * 0.044715 * a * a))).astype(np.float32)
        ]
    cdf = 0.5 * (1 + erf(a / np.float32(np.sqrt(2))))
    return [(a * cdf).astype(np.float32)], lambda g: [(g * (cdf + a * np.exp(-a * a / 2) / np.sqrt(2 * np.pi))).astype(np.float32)]


@op("Tanh")
def _(at, x):
    y = np.tanh(x[0])
    return [y], lambda g: [g * (1 - y * y)]


@op("Sigmoid")
def _(at, x):
    y = 1 / (1 + np.exp(-x[0]))
    return [y], lambda g: [g * y * (1 - y)]


@op("Relu")
def _(at, x):
    return [np.maximum(x[0], 0)], lambda g: [g * (x[0] > 0)]


@op("Clip", "Max")
def _(at, x):
    low = x[1] if len(x) > 1 and x[1] is not None else -np.inf
    high = x[2] if len(x) > 2 and x[2] is not None else np.inf
    y = np.clip(x[0], low, high).astype(x[0].dtype)
    return [y], lambda g: [g * (x[0] == y)] + [None] * (len(x) - 1)


@op("Softmax")
def _(at, x):
    axis = at.get("axis", -1)
    e = np.exp(x[0] - x[0].max(axis, keepdims=True))
    y = e / e.sum(axis, keepdims=True)
    return [y], lambda g: [y * (g - (g * y).sum(axis, keepdims=True))]


@op("LayerNormalization")
def _(at, x):
    a, scale = x[0], x[1]
    if at.get("axis", -1) not in (-1, a.ndim - 1):
        raise SystemExit("LayerNormalization: only over the last axis")
    centred = a - a.mean(-1, keepdims=True)
    inverse = 1 / np.sqrt((centred * centred).mean(-1, keepdims=True) + np.float32(at.get("epsilon", 1e-5)))
    normal = centred * inverse
    y = normal * scale + (x[2] if len(x) > 2 else 0)

    def back(g):
        n = g * scale
        ga = inverse * (n - n.mean(-1, keepdims=True) - normal * (n * normal).mean(-1, keepdims=True))
        return [ga, unbroadcast(g * normal, scale.shape)] + ([unbroadcast(g, x[2].shape)] if len(x) > 2 else [])

    return [y], back


def axes_of(at, x, place=1):
    axes = at.get("axes")
    if axes is None and len(x) > place and x[place] is not None:
        axes = [int(i) for i in x[place]]
    return None if axes is None else tuple(axes)


def reduce(is_mean):
    def run(at, x):
        a = x[0]
        axes = axes_of(at, x)
        keep = bool(at.get("keepdims", 1))
        y = a.mean(axes, keepdims=keep) if is_mean else a.sum(axes, keepdims=keep)
        chosen = tuple(i % a.ndim for i in (axes if axes is not None else range(a.ndim)))
        count = np.prod([a.shape[i] for i in chosen]) if is_mean else 1

        def back(g):
            if not keep:
                g = np.expand_dims(g, chosen)
            return [np.broadcast_to(g / np.float32(count), a.shape)] + [None] * (len(x) - 1)

        return [y.astype(a.dtype)], back

    return run


OPS["ReduceMean"], OPS["ReduceSum"] = reduce(True), reduce(False)


@op("Gather")
def _(at, x):
    a, places = x
    axis = at.get("axis", 0)

    def back(g):
        made = np.zeros(a.shape, np.float32)
        moved = np.moveaxis(made, axis, 0)
        k = places.ndim
        order = list(range(axis, axis + k)) + list(range(axis)) + list(range(axis + k, g.ndim))
        flat = g.transpose(order).reshape((-1,) + moved.shape[1:])
        np.add.at(moved, places.reshape(-1), flat)
        return [made, None]

    return [np.take(a, places, axis)], back


@op("Reshape")
def _(at, x):
    a, wanted = x
    shape = [a.shape[i] if s == 0 else int(s) for i, s in enumerate(wanted)]
    return [a.reshape(shape)], lambda g: [g.reshape(a.shape), None]


@op("Flatten")
def _(at, x):
    axis = at.get("axis", 1)
    return [x[0].reshape(int(np.prod(x[0].shape[:axis])), -1)], lambda g: [g.reshape(x[0].shape)]


@op("Transpose")
def _(at, x):
    order = at.get("perm", list(range(x[0].ndim))[::-1])
    return [x[0].transpose(order)], lambda g: [g.transpose(np.argsort(order))]


@op("Concat")
def _(at, x):
    axis = at["axis"]
    cuts = np.cumsum([a.shape[axis] for a in x])[:-1]
    return [np.concatenate(x, axis)], lambda g: np.split(g, cuts, axis)


@op("Slice")
def _(at, x):
    a = x[0]
    starts, ends = x[1], x[2]
    axes = x[3] if len(x) > 3 and x[3] is not None else range(len(starts))
    steps = x[4] if len(x) > 4 and x[4] is not None else [1] * len(starts)
    cut = [slice(None)] * a.ndim
    for s, e, axis, step in zip(starts, ends, axes, steps):
        low = -(2**62)
        cut[int(axis)] = slice(int(s), None if int(e) < low else int(e), int(step))

    def back(g):
        made = np.zeros(a.shape, np.float32)
        made[tuple(cut)] = g
        return [made] + [None] * (len(x) - 1)

    return [a[tuple(cut)]], back


@op("Unsqueeze")
def _(at, x):
    axes = axes_of(at, x)
    return [np.expand_dims(x[0], axes)], lambda g: [g.reshape(x[0].shape), None][: len(x)]


@op("Squeeze")
def _(at, x):
    return [np.squeeze(x[0], axes_of(at, x))], lambda g: [g.reshape(x[0].shape), None][: len(x)]


@op("Expand")
def _(at, x):
    a = x[0]
    shape = np.broadcast_shapes(a.shape, tuple(int(i) for i in x[1]))
    return [np.broadcast_to(a, shape)], lambda g: [unbroadcast(g, a.shape), None]


@op("Where")
def _(at, x):
    c, a, b = x
    return [np.where(c, a, b)], lambda g: [None, unbroadcast(g * c, a.shape), unbroadcast(g * ~c, b.shape)]


@op("Cast")
def _(at, x):
    kind = TYPES[at["to"]]
    return [x[0].astype(kind)], lambda g: [g if x[0].dtype.kind == "f" else None]


@op("Identity", "Dropout")
def _(at, x):
    return [x[0]], lambda g: [g] + [None] * (len(x) - 1)


@op("Split")
def _(at, x):
    raise SystemExit("Split: export the model without optimisation (its gradient is not written here)")


plain("Shape", lambda at, a: np.array(a.shape[at.get("start", 0) : at.get("end")], np.int64))
plain("Constant", lambda at: at["value"] if "value" in at else np.array(at.get("value_int", at.get("value_float", at.get("value_ints")))))
plain("ConstantOfShape", lambda at, a: np.full([int(i) for i in a], at["value"].reshape(-1)[0] if "value" in at else np.float32(0)))
plain("Equal", lambda at, a, b: a == b)
plain("Greater", lambda at, a, b: a > b)
plain("GreaterOrEqual", lambda at, a, b: a >= b)
plain("Less", lambda at, a, b: a < b)
plain("LessOrEqual", lambda at, a, b: a <= b)
plain("Not", lambda at, a: ~a)
plain("And", lambda at, a, b: a & b)
plain("Or", lambda at, a, b: a | b)
plain("IsNaN", lambda at, a: np.isnan(a))
plain("Range", lambda at, a, b, c: np.arange(a, b, c, dtype=a.dtype))
plain("CumSum", lambda at, a, axis: np.cumsum(a, int(axis)))
plain("Min", lambda at, *x: np.minimum.reduce(x))
plain("ReduceMax", lambda at, a, *x: a.max(axes_of(at, [a, *x]), keepdims=bool(at.get("keepdims", 1))))
plain("ReduceMin", lambda at, a, *x: a.min(axes_of(at, [a, *x]), keepdims=bool(at.get("keepdims", 1))))
plain("Tile", lambda at, a, n: np.tile(a, [int(i) for i in n]))


class Graph:
    """weights: what is trained, by name; every other constant stays as it is."""

    def __init__(self, model):
        self.model = model
        graph = model.graph
        missing = sorted({n.op_type for n in graph.node if n.op_type not in OPS})
        if missing:
            raise SystemExit(f"model.onnx: no gradient is written for {', '.join(missing)}; export it unquantised and without optimisation")
        self.nodes = [(n.op_type, attributes(n), list(n.input), list(n.output)) for n in graph.node]
        self.constants = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
        self.inputs = [i.name for i in graph.input if i.name not in self.constants]
        self.output = graph.output[0].name
        self.weights = {k: v.astype(np.float32) for k, v in self.constants.items() if v.dtype == np.float32 and v.ndim >= 1 and v.size > 1}

    def run(self, feeds, learn=False):
        """The first output and, with `learn`, a function from its gradient to those of the weights."""
        values = {"": None, **self.constants, **self.weights, **feeds}
        grows = set(self.weights) if learn else set()
        tape = []
        for kind, at, inputs, outputs in self.nodes:
            made, back = OPS[kind](at, [values[i] for i in inputs])
            for name, value in zip(outputs, made):
                values[name] = value
            if learn and back is not None and any(i in grows for i in inputs):
                grows.add(outputs[0])
                tape.append((inputs, outputs[0], back))

        def backwards(gradient):
            grads = {self.output: gradient}
            for inputs, output, back in reversed(tape):
                g = grads.pop(output, None)
                if g is None:
                    continue
                for name, part in zip(inputs, back(g)):
                    if part is not None and name in grows:
                        grads[name] = grads[name] + part if name in grads else part
            return {name: grads[name] for name in self.weights if name in grads}

        return values[self.output], backwards

    def bytes(self):
        """The same graph with the weights as they are now."""
        for held in self.model.graph.initializer:
            if held.name in self.weights:
                held.CopyFrom(numpy_helper.from_array(self.weights[held.name], held.name))
        return self.model.SerializeToString()
