#!/usr/bin/env python3
"""Writes gates.safetensors: f, i, h and g of layers 0 and 2 of hgrn-256x4 over its first 8 tokens, and x, what enters them.

    make_gates.py FOLDER_OF_MMFREE_REFERENCE

Each layer is fed with the authors' own hidden states (hgrn-256x4/expected.safetensors); the arithmetic is that of
mmfree_reference.py, the NumPy specification.
"""
import json
import pathlib
import sys

import numpy as np

sys.path.insert(0, sys.argv[1])
from mmfree_reference import F32, Model, load_safetensors, rms_norm, sigmoid, silu  # noqa: E402

LAYERS, TOKENS = (0, 2), 8
here = pathlib.Path(__file__).parent
folder = str(here.parent / "hgrn-256x4")
model = Model(folder)
hidden = load_safetensors(folder + "/expected.safetensors")["hidden_states"]
out = {name: [] for name in "xfihg"}
for layer in LAYERS:
    prefix = f"model.layers.{layer}."
    h = np.zeros(model.state.shape[1], F32)
    for t in range(TOKENS):
        a = rms_norm(hidden[layer, t], model.w[prefix + "attn_norm.weight"], model.eps)
        f = sigmoid(model.bl[prefix + "attn.f_proj"](a))
        if layer > 0:
            f = model.lower[layer] + (1 - model.lower[layer]) * f
        i = silu(model.bl[prefix + "attn.i_proj"](a)) * (1 - f)
        h = f * h + i
        for name, value in zip("xfihg", (hidden[layer, t], f, i, h, model.bl[prefix + "attn.g_proj"](a))):
            out[name].append(value.astype(F32))
header, data = {}, b""
for name, rows in out.items():
    values = np.stack(rows).reshape(len(LAYERS), TOKENS, -1)
    header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [len(data), len(data) + values.nbytes]}
    data += values.tobytes()
text = json.dumps(header).encode()
text += b" " * (-len(text) % 8)
(here / "gates.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + data)
