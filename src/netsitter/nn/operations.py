"""The functions of torch by what they do to a signal: bend it, weigh it, move it, mix it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn

from netsitter.nn.maxout import Maxout
from netsitter.record.graph import Role


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ELEMENTWISE = _words(
    "relu relu6 leaky_relu prelu elu selu celu gelu silu mish sigmoid logsigmoid hardsigmoid tanh hardtanh hardswish "
    "softplus softsign tanhshrink hardshrink softshrink threshold rrelu clamp clamp_min clamp_max clip abs exp log "
    "log1p sqrt rsqrt square pow sin cos tan atan asin sinh cosh erf sign round floor maximum minimum reciprocal "
    "expm1 exp2 log2 relu_ sigmoid_ tanh_ nan_to_num"
)
"""Functions that bend each value by itself."""

SOFTMAX = {"softmax": False, "log_softmax": True, "softmin": False, "gumbel_softmax": False}
WEIGHTS = _words("linear conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d bilinear embedding")
RECURRENT = _words("lstm gru rnn_tanh rnn_relu lstm_cell gru_cell rnn_tanh_cell rnn_relu_cell")
PRODUCTS = _words("matmul bmm mm mul multiply einsum scaled_dot_product_attention multi_head_attention_forward baddbmm")
NORMS = {
    "batch_norm": "batch",
    "layer_norm": "layer",
    "group_norm": "group",
    "instance_norm": "instance",
    "rms_norm": "layer",
}
DROPOUT = _words("dropout dropout1d dropout2d dropout3d alpha_dropout feature_alpha_dropout feature_dropout")
POOLS = _words("max_pool1d max_pool2d max_pool3d adaptive_max_pool1d adaptive_max_pool2d max amax min amin topk")
AVERAGES = _words(
    "avg_pool1d avg_pool2d avg_pool3d adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d mean sum interpolate "
    "upsample cumsum"
)
SHAPES = _words(
    "reshape view flatten unflatten transpose permute squeeze unsqueeze getitem contiguous cat concat stack chunk "
    "split "
    "t mT T movedim swapaxes expand repeat tile pad narrow select index_select gather roll flip to float double half "
    "clone detach cuda cpu type view_as reshape_as expand_as unfold fold pixel_shuffle hstack vstack identity moveaxis "
    "unbind repeat_interleave"
)
ADDS = _words("add sub rsub subtract iadd isub radd add_ sub_")
SCALES = _words("div truediv true_divide neg negative idiv rtruediv")
IGNORED = _words(
    "size dim numel get set shape is_floating_point item tolist len device dtype requires_grad grad is_cuda "
    "requires_grad_ ndim argmax argmin register_hook is_nested is_sparse layout eq ne lt gt le ge all any isnan "
    "isfinite zeros_like ones_like rand_like randn_like full_like empty_like new_zeros new_ones new_empty bernoulli "
    "arange repr format hash is_contiguous data_ptr storage stride bool int"
)

GRID = 4_001
"""Places from -1,000 to 1,000 where an activation is looked at."""


def role_of(called: str, part: nn.Module | None, *, signals: int, parameters: bool) -> Role:
    """What an operation does. part: the module that is this one operation, if any; signals: tensors it reads."""
    if isinstance(part, Maxout):
        return "weights" if called == "linear" else "pool"
    if called in WEIGHTS:
        return "weights"
    if called in RECURRENT:
        return "recurrent"
    if called in SOFTMAX:
        return "softmax"
    if called in NORMS:
        return "norm"
    if called in DROPOUT:
        return "dropout"
    if called in POOLS:
        return "pool"
    if called in AVERAGES:
        return "average"
    if called in PRODUCTS:
        if signals > 1:
            return "product"
        if parameters and called not in ("mul", "multiply"):
            return "weights"
        return "scale"
    if called in ELEMENTWISE:
        return "activation"
    if called in SHAPES:
        return "shape"
    if called in ADDS:
        return "add" if signals > 1 else "scale"
    if called in SCALES:
        return "product" if signals > 1 and called not in ("neg", "negative") else "scale"
    return "other"


def facts_of(
    role: Role, called: str, part: nn.Module | None, args: Any, kwargs: dict[str, Any], out: Tensor, rows: int
) -> dict[str, Any]:
    """What is worth knowing of an operation, by its role."""
    found: dict[str, Any] = {"rows_kept": bool(out.ndim) and out.shape[0] == rows}
    given = args[0] if args and isinstance(args[0], Tensor) else None
    if role == "weights":
        weight = next((a for a in (*args[1:], *kwargs.values()) if isinstance(a, Tensor) and a.ndim > 1), None)
        found["bias"] = any(isinstance(a, Tensor) and a.ndim == 1 for a in (*args[2:], *kwargs.values()))
        if weight is not None:
            transposed = "transpose" in called
            found["units"] = int(weight.shape[1 if transposed or called in ("matmul", "mm") else 0])
            found["fan_in"] = int(weight[0].numel())
            found["inputs"] = int(given.shape[-1] if called == "linear" and given is not None else weight.shape[1])
        found["groups"] = int(getattr(part, "groups", 1))
        found["window"] = tuple(int(n) for n in getattr(part, "kernel_size", ()) or ())
    elif role == "softmax":
        axis = kwargs.get("dim", args[1] if len(args) > 1 else None)
        sides = given.ndim if given is not None else out.ndim
        found["axis"] = int(axis) % sides if isinstance(axis, int) else (0 if sides in (0, 1, 3) else 1)
        found["log"] = SOFTMAX[called]
        found["sides"] = sides
    elif role == "norm":
        found["over"] = NORMS[called]
    elif role == "dropout":
        rate = kwargs.get("p", args[1] if len(args) > 1 else 0.5)
        found["rate"] = float(rate) if isinstance(rate, int | float) else float(getattr(part, "p", 0.5))
    elif role == "shape" and given is not None and given.ndim and rows in given.shape[:1]:
        found["rows_moved"] = bool(out.shape[:1] != given.shape[:1])
    return found


def ends_of(
    func: Callable[..., Any], part: nn.Module | None, args: Any, kwargs: dict[str, Any]
) -> dict[str, float | bool | None]:
    """The range of a function of single values and whether it has a flat end, from its values on a grid."""
    grid = torch.linspace(-1_000, 1_000, GRID)
    with suppress(Exception), torch.no_grad():  # a user's function may raise anything
        if part is not None:
            values = deepcopy(part).cpu()(grid[:, None].clone()).flatten()
        else:
            values = func(grid.clone(), *(a for a in args[1:] if not isinstance(a, Tensor)), **kwargs)
        values = values[torch.isfinite(values)]
        tail = max(1, len(values) // 4)
        flat = [float(end.max() - end.min()) < 1e-3 for end in (values[:tail], values[-tail:])]
        # What is least or greatest at an end that still goes on is no bound.
        going_on = {at for at, still in zip((0, len(values) - 1), flat, strict=True) if not still}
        least, most = int(values.argmin()), int(values.argmax())
        low, high = float(values[least]), float(values[most])
        return {
            "low": None if low < -50 or least in going_on else low,
            "high": None if high > 50 or most in going_on else high,
            "flat": all(flat),
        }
    return {"low": None, "high": None, "flat": False}
