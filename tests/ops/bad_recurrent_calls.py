"""Wrong calls of the recurrent ops and kernels; see bad_calls.py."""

T, V = TypeError, ValueError
MIXED = r"float32.*float64|float64.*float32"
# x is (2, 3, 4); 5 units.
ARGS = {
    "lstm": "a(2, 3, 4), a(4, 20), a(5, 20)",
    "gru": "a(2, 3, 4), a(4, 15), a(5, 15)",
    "rnn": "a(2, 3, 4), a(4, 5), a(5, 5)",
}
GATES = {"lstm": 4, "gru": 3, "rnn": 1}
KEPT = {"lstm": ", None, None, None", "gru": ", None, None, None", "rnn": ", None, None"}
OPTIONS = {
    "lstm": "'tanh', 'sigmoid', False, False, False",
    "gru": "'tanh', 'sigmoid', True, False, False, False",
    "rnn": "'tanh', False, False, False",
}


def _calls(op):
    args, width = ARGS[op], 5 * GATES[op]
    core = f"core.{op}({args}{KEPT[op]}"
    yield f"ops.{op}(m, a(4, {width}), a(5, {width}))", V, r"x.*\(4, 5\)"
    yield f"ops.{op}(a(2, 3, 3), a(4, {width}), a(5, {width}))", V, rf"\(3, {width}\).*\(4,"
    yield f"ops.{op}(a(2, 3, 4), a(4, {width}), a(5, {width + 1}))", V, rf"\(5, {width + 1}\)"
    yield f"ops.{op}(a(2, 3, 4), a(4, 0), a(0, 0))", V, "unit"
    yield f"ops.{op}({args}, bias=a(7))", V, r"bias.*\(7,\)"
    yield f"ops.{op}({args.replace('a(5', 'np.float64(1) * a(5')})", T, MIXED + "|float64"
    yield f"ops.{op}({args}, mask=np.ones((3, 3), bool))", V, r"mask.*\(2, 3\).*\(3, 3\)"
    yield f"ops.{op}({args}, mask=np.ones((2, 3), np.complex64))", T, "mask|complex"
    yield f"ops.{op}({args}, initial_state=[a(2, 4)] * {1 + (op == 'lstm')})", V, r"\(2, 4\)"
    yield f"ops.{op}({args}, initial_state=[a(2, 5)] * 3)", V, "initial_state"
    yield f"ops.{op}({args}, recurrent_dropout_mask=a(2, 4))", V, r"dropout_mask.*\(2, 4\)"
    yield f"ops.{op}({args}, activation='swoosh')", V, "activation.*swoosh"
    yield f"ops.{op}({args}, activation=3)", V, "activation.*3"
    yield (
        f"ops.{op}_cell(a(2, 3, 4), {', '.join(['a(2, 5)'] * (1 + (op == 'lstm')))}, m, m)",
        V,
        "x",
    )
    yield f"{core}, a(2, 3), None, {OPTIONS[op]})", T, "mask.*bool|bool"
    yield f"{core}, np.ones((2, 2), bool), None, {OPTIONS[op]})", V, r"mask.*\(2, 2\)"
    yield f"{core}, None, a(3, 5), {OPTIONS[op]})", V, r"dropout_mask.*\(3, 5\)"
    yield f"{core}, None, None, {OPTIONS[op].replace('tanh', 'swoosh')})", V, "swoosh"
    yield f"core.{op}_grad({', '.join(['None'] * (3 if op == 'lstm' else 2))}, {args})", T, ""


RECURRENT = {op: list(_calls(op)) for op in ARGS}
RECURRENT["lstm"] += [
    (f"ops.lstm({ARGS['lstm']}, recurrent_activation='gelu')", V, "recurrent_activation.*gelu"),
    (f"ops.lstm({ARGS['lstm']}, initial_state=a(2, 5))", V, "initial_state"),
]
RECURRENT["gru"] += [
    (f"ops.gru({ARGS['gru']}, bias=a(15))", V, r"bias.*\(2, 15\).*\(15,\)"),
    (f"ops.gru({ARGS['gru']}, bias=a(2, 15), reset_after=False)", V, r"bias.*\(15,\).*\(2, 15\)"),
    (
        f"core.gru({ARGS['gru']}, None, a(15), None, None, None, "
        "'tanh', 'sigmoid', False, False, False, False)",
        V,
        "recurrent_bias",
    ),
]
