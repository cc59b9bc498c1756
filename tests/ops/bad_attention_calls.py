"""Calls of attention and embedding that must fail; see `bad_calls`."""

T, V, I = TypeError, ValueError, IndexError  # noqa: E741
Q, K = "a(2, 5, 4, 8)", "a(2, 6, 2, 8)"  # query; key and value
OUT, SUM = "a(2, 5, 4, 8)", "a(2, 4, 5)"
MIXED = r"float32.*float64|float64.*float32"


def _op(arguments):
    return f"ops.dot_product_attention({arguments})"


def _core(query=Q, key=K, value=K, bias="None", mask="None", rest="0.5, False"):
    return f"core.dot_product_attention({query}, {key}, {value}, {bias}, {mask}, {rest})"


def _grad(dy=OUT, query=Q, mask="None", out=OUT, log_sum=SUM, rest="0.5, False"):
    given = f"{dy}, {query}, {K}, {K}, None, {mask}, {out}, {log_sum}, {rest}"
    return f"core.dot_product_attention_grad({given})"


ATTENTION = [
    (_op(f"m, {K}, {K}"), V, r"query.*4 axes.*\(4, 5\)"),
    (_op(f"{Q}, m, {K}"), V, r"key.*4 axes.*\(4, 5\)"),
    (_op(f"{Q}, {K}, v"), V, r"value.*4 axes.*\(5,\)"),
    (_op(f"{Q}, {K}, a(2, 6, 2, 8, dtype=np.float64)"), T, MIXED),
    (_op(f"{Q}, {K}, {K}, a(2, 4, 5, 6, dtype=np.float64)"), T, MIXED),
    (_op(f"{Q}, {K}, half"), T, "float16"),
    (_op(f"{Q}, {K}, None"), T, "None"),
    (_op(f"{Q}, a(3, 6, 2, 8), {K}"), V, r"\(2, 5, 4, 8\).*\(3, 6, 2, 8\).*batch"),
    (_op(f"{Q}, a(2, 6, 2, 7), {K}"), V, r"\(2, 5, 4, 8\).*\(2, 6, 2, 7\).*last axis"),
    (_op(f"{Q}, {K}, a(2, 7, 2, 8)"), V, r"\(2, 6, 2, 8\).*\(2, 7, 2, 8\).*times"),
    (_op(f"{Q}, {K}, a(2, 6, 4, 8)"), V, r"\(2, 6, 2, 8\).*\(2, 6, 4, 8\).*heads"),
    (_op(f"{Q}, a(2, 6, 3, 8), a(2, 6, 3, 8)"), V, "4 heads.*3.*multiple"),
    (_op(f"a(2, 5, 2, 8), {Q}, {Q}"), V, "2 heads.*4.*multiple"),
    (_op("a(2, 5, 4, 0), a(2, 5, 4, 0), a(2, 5, 4, 8)"), V, "at least 1"),
    (_op(f"{Q}, {K}, a(2, 6, 2, 0)"), V, "at least 1"),
    (_op(f"{Q}, {K}, {K}, a(2, 4, 5, 7)"), V, r"bias.*\(2, 4, 5, 6\).*\(2, 4, 5, 7\)"),
    (_op(f"{Q}, {K}, {K}, a(1, 2, 4, 5, 6)"), V, r"bias.*\(1, 2, 4, 5, 6\)"),
    (_op(f"{Q}, {K}, {K}, None, a(3, 1, 1, 6) > 0"), V, r"mask.*\(2, 4, 5, 6\).*\(3, 1, 1, 6\)"),
    (_op(f"{Q}, {K}, {K}, None, a(2, 6) > 0"), V, r"mask.*\(2, 6\)"),
    (_op(f"{Q}, {K}, {K}, scale='a'"), T, "scale.*a"),
    (_op(f"{Q}, {K}, {K}, scale=float('nan')"), V, "scale.*nan"),
    (_op(f"{Q}, {K}, {K}, scale=float('inf')"), V, "scale.*inf"),
    (_op(f"{Q}, {K}, {K}, dropout_rate=1.0, seed=1"), V, r"dropout_rate.*\[0, 1\).*1"),
    (_op(f"{Q}, {K}, {K}, dropout_rate=-0.1, seed=1"), V, "dropout_rate.*-0.1"),
    (_op(f"{Q}, {K}, {K}, dropout_rate=0.5"), V, "seed.*None"),
    (_op(f"{Q}, {K}, {K}, attn_logits_soft_cap=0.0"), V, "attn_logits_soft_cap.*0"),
    (_op(f"{Q}, {K}, {K}, attn_logits_soft_cap='a'"), T, "attn_logits_soft_cap.*a"),
    (_core(query="m"), V, r"query.*\(4, 5\).*4 dimensions"),
    (_core(query="np.zeros((2, 5, 4, 8), int)"), T, "query.*int64"),
    (_core(key="a(2, 6, 2, 8).tolist()"), T, "key.*list"),
    (_core(key="a(2, 6, 2, 8, dtype=np.float64)"), T, MIXED),
    (_core(bias="a(2, 4, 5)"), V, r"bias.*\(2, 4, 5\).*\(2, 4, 5, 6\)"),
    (_core(bias="a(2, 4, 5, 6, dtype=np.float64)"), T, MIXED),
    (_core(bias="3"), T, "bias.*int"),
    (_core(mask="a(2, 4, 5, 6)"), T, "mask.*float32.*bool"),
    (_core(mask="[True]"), T, "mask.*list.*bool"),
    (_core(mask="a(2, 3, 5, 6) > 0"), V, r"mask.*\(2, 3, 5, 6\).*\(2, 4, 5, 6\)"),
    (_core(rest="float('nan'), False"), V, "scale.*nan"),
    (_core(rest="0.5, False, 1.5, 0"), V, "dropout_rate.*1.5"),
    (_core(rest="0.5, False, float('nan'), 0"), V, "dropout_rate.*nan"),
    (_core(rest="0.5, False, 0.1, -1"), T, ""),
    (_grad(dy="a(2, 5, 4, 7)"), V, r"dy.*\(2, 5, 4, 7\).*\(2, 5, 4, 8\)"),
    (_grad(dy="a(2, 5, 4, 8, dtype=np.float64)"), T, MIXED),
    (_grad(out="a(2, 5, 4)"), V, r"out.*\(2, 5, 4\).*\(2, 5, 4, 8\)"),
    (_grad(log_sum="a(2, 5, 4)"), V, r"log_sum.*\(2, 5, 4\).*\(2, 4, 5\)"),
    (_grad(query="a(2, 5, 4, 9)"), V, r"\(2, 5, 4, 9\).*\(2, 6, 2, 8\)"),
    (_grad(mask="a(1, 1, 4, 6) > 0"), V, r"mask.*\(1, 1, 4, 6\)"),
    (_grad(rest="float('inf'), True"), V, "scale.*inf"),
]
EMBEDDING = [
    ("ops.embedding(v, labels)", V, r"table.*2 axes.*\(5,\)"),
    ("ops.embedding(x, labels)", V, r"table.*2 axes.*\(2, 6, 6, 3\)"),
    ("ops.embedding(m, v)", T, "indices.*float32"),
    ("ops.embedding(m, labels + 2)", I, "indices holds 4 at place 2.*0 <= index < 4"),
    ("ops.embedding(m, -labels)", I, "indices holds -1 at place 1"),
    ("ops.embedding(m, labels > 1)", T, "indices.*bool"),
    ("ops.embedding(half, labels)", T, "float16"),
    ("ops.embedding(m, None)", T, "None"),
    ("ops.embedding(a(0, 3), labels)", I, "indices holds 0 at place 0.*< 0"),
    ("core.embedding(m, v)", T, "indices.*float32"),
    ("core.embedding(m, 3)", T, "indices.*int"),
    ("core.embedding(m, labels.astype(bool))", T, "indices.*bool"),
    ("core.embedding(v, labels)", V, r"table.*\(5,\).*2 dimensions"),
    ("core.embedding(labels, labels)", T, "table.*int64"),
    ("core.embedding_grad(a(4, 5), labels, 2)", I, "indices holds 2 at place 2.*< 2"),
    ("core.embedding_grad(a(3, 5), labels, 4)", V, r"dy.*\(3, 5\)"),
    ("core.embedding_grad(v, labels, 4)", V, r"dy.*\(5,\)"),
    ("core.embedding_grad(a(4, 5), labels, -1)", V, "rows.*-1"),
]
