"""How layers spell forward and backward, and what a parameter is called."""

import inspect
import re
from collections.abc import Callable, Sequence
from typing import Any

from gradcheck.base.looking import look

FORWARD_NAMES = ("forward_propagation", "forward_prop", "forward_pass", "forward")
BACKWARD_NAMES = ("backward_propagation", "backward_prop", "backward_pass", "backward")
_DERIVATIVES = ("derivative", "gradient", "prime", "grad", "deriv", "dfunction", "df", "diff")
# Further pairs, tried after those above: forward's name, then backward's.
_PAIRS = (
    ("forward", ("backprop", "back_prop", "backpropagate", "back_propagate", "backpropagation")),
    ("forward_propagate", ("backward_propagate", "back_propagate")),
    ("forward_propagation", ("back_propagation", "backpropagation")),
    ("forwardprop", ("backprop", "backwardprop")),
    ("forward_step", ("backward_step",)),
    ("feed_forward", ("back_prop", "backprop", "backpropagate", "back_propagate", "feed_backward", "backward")),
    ("feedforward", ("backprop", "back_prop", "backpropagate", "backpropagation", "feedbackward", "backward")),
    ("fprop", ("bprop",)),
    ("propagate", ("backpropagate", "back_propagate")),
    ("__call__", ("backward", "backward_pass", "backprop")),
    ("call", ("backward", "backprop")),
    ("calculate", ("backward",)),
    ("compute", ("backward",)),
    ("activate", ("derivative", "gradient", "prime", "backward", "derive")),
    ("function", ("derivative", "gradient", "prime")),
    ("func", _DERIVATIVES),
    ("fn", _DERIVATIVES),
    ("f", ("df", "f_prime", "prime", "derivative")),
    ("loss", ("gradient", "grad", "derivative", "backward")),
    ("cost", ("gradient", "grad", "derivative", "backward")),
    ("calc", _DERIVATIVES),
    ("direct", ("prime",)),
    ("compute", _DERIVATIVES),
    ("forward", _DERIVATIVES),
    ("__call__", _DERIVATIVES),
)
# A derivative belongs to the arguments of forward: it takes no dY.
DERIVATIVE_NAMES = frozenset({*_DERIVATIVES, "f_prime", "derive"})
# A buffer of gradients is emptied by one of these before each backward.
ZERO_NAMES = ("zero_grad", "zero_grads", "zero_gradients", "zero_gradient", "flush_gradients", "reset_gradients")
RATE_NAMES = frozenset({"learning_rate", "learningrate", "lr", "rate", "eta", "alpha", "step_size", "step"})
# Without their underscores and capitals: is_training, isTraining, _training.
_SWITCHES_ON = frozenset({
    "training", "istraining", "intraining", "train", "istrain", "trainmode", "trainingmode", "trainflag", "trainflg",
    "trainphase", "trainingphase", "phasetrain", "intrain", "istrainmode", "istrainingmode", "trainingflag",
})  # fmt: skip
_SWITCHES_OFF = frozenset({
    "testing", "istesting", "test", "istest", "testmode", "testflag", "testphase", "testflg", "testtime", "eval",
    "iseval", "evalmode", "evaluating", "isevaluating", "evaluation", "inference", "isinference", "inferencemode",
    "deterministic", "predicting", "predictmode",
})  # fmt: skip
MODE_NAMES = frozenset({"mode", "phase", "runmode", "modename"})

_WORDS = r"(?:weights?|W|U|V|w|kernels?|filters?|bias(?:es)?|b|gamma|beta|alpha)"
_TRUTH = re.compile(
    r"y_?true|y_?real|y_?target|targets?|labels?|truth|ground_truth|t|y|Y|y_batch|expected|actual|desired|gt"
)
_PREDICTED = re.compile(r"(?:y_?)?(?:pred|preds|prediction|predictions|predicted|hat)|p|probs?|logits|scores?|AL|a")
# What backward is handed: dY in all its spellings.
_UPSTREAM = re.compile(
    r"d(?:E|L|C|J)?_?d?_?(?:out(?:put)?s?|y|Y|z|Z|a|A|h|c|s|values?|next|h_next|c_next|scores|AL|LdY|LdZ)|_?(?:grads?|gradients?)|"
    r".*(?:grad|gradient|error|delta|upstream|diff).*|d(?!rop|im|ata|eb|ep|ty|el|ic|ev|ir|ec|il|o$)[a-zA-Z_]\w{0,9}|g|gy|G|gY|gys|eps|top|[dg]_?\d"
)
# Names that nobody gives to the argument of a derivative f'(x).
_SURELY_UPSTREAM = re.compile(
    r"d(?:E|L|C|J)?_?d?_?(?:out(?:put)?s?|y|Y|z|Z|a|A|values?)|(?:\w+_)?(?:grad|gradient|error|delta|upstream)(?:_\w+)?"
)
_CACHE = re.compile(r"caches?|ctx|context|cached|memory|saved|tape|returned")
_OUTPUT = re.compile(r"out|outputs?|y|Y|z|activated")
# The word may carry digits, and prefixes or suffixes joined by "_"; W, U, V, w, b also at most two letters or digits.
_PARAMETER = re.compile(rf"_*(?:[A-Za-z0-9]+_+)*(?:{_WORDS}\d*|[WUVwb][A-Za-z0-9]{{0,2}})(?:_[A-Za-z0-9]*)*$")
_LOSS_WEIGHT = re.compile(r"_*(?:[A-Za-z0-9]+_+)*(?:weights?|w|alpha|beta|gamma)")

_BUFFER = re.compile(
    r"grad|diff|delta|veloc|moment|cache|update|prev|old|mask|(?:^|_)d(?:l_?)?d?_?[wb]|(?:^|_)(?:m|v)_"
    r"|(?:^|_)d(?:l_?)?d?_?(?:gamma|beta|alpha|kernels?|filters?|[uv])(?:\d|_|$)"
)
_GRADIENT_FORMS = (
    "d{}", "_d{}", "d_{}", "grad_{}", "{}_grad", "_grad_{}", "grad{}", "{}_gradient", "gradient_{}", "dL_d{}", "dLd{}",
    "dE_d{}", "dEd{}", "dC_d{}", "d{}s", "{}_diff", "diff_{}", "nabla_{}", "g_{}", "g{}", "delta_{}",
    "{}_gradients", "grads_{}", "{}_grads",
)  # fmt: skip


# Where a parameter is an object (or a dict) of its own: W.value, W.data, W['val'].
VALUE_NAMES = frozenset({"value", "val", "data", "array", "values", "v"})


def is_parameter_name(path: str) -> bool:
    """Is the last part of a path (attribute, or key of a dict) a parameter's usual name?"""
    parts = re.findall(r"[A-Za-z_][A-Za-z0-9_]*", path)
    if len(parts) > 1 and parts[-1] in VALUE_NAMES:
        parts.pop()
    return bool(parts) and _PARAMETER.fullmatch(parts[-1]) is not None


def is_gradient_name(name: str) -> bool:
    """Does it speak of the gradient of a parameter: dW, grad_bias, weights_grad?"""
    found = re.fullmatch(r"_*(?:d|grad_?)(\w+)|_*(\w+)_grad", name)
    return found is not None and is_parameter_name(found[1] or found[2])


def is_loss_weight(path: str, inputs: Sequence[str]) -> bool:
    """May it be what a loss weighs its classes or samples with (weight, class_weights, alpha), and no parameter?"""
    own = path.rpartition(".")[2]
    return len(inputs) > 1 and any(map(is_truth_name, inputs)) and _LOSS_WEIGHT.fullmatch(own) is not None


def is_buffer_name(path: str) -> bool:
    """Does a name speak of an optimiser or of a gradient (velocity_w, m_bias, W_grad), not of a parameter?"""
    return _BUFFER.search(path.rpartition(".")[2].lower()) is not None


def gradient_names(name: str, *, short: bool = True) -> tuple[str, ...]:
    """What people call the gradient of `name`: dW, grad_W, W_grad, dLdW, W_diff and their like.

    short: also by the first letter, dw for weights.
    """
    private, bare = private_and_bare(name)
    upper = bare[:1].upper() + bare[1:]
    made = [form.format(bare) for form in _GRADIENT_FORMS]
    made += [f"grad{upper}", f"d{upper}", f"g{upper}", f"{bare}Grad", f"{bare}Gradient"]
    if short and len(bare) > 1:  # weights -> dweights, dw, dW
        made += [form.format(short) for short in (bare[0], bare[0].upper()) for form in ("d{}", "_d{}", "grad_{}")]
    own = [form.format(name) for form in _GRADIENT_FORMS] if name != bare else []
    return tuple(dict.fromkeys([*own, *(private + one for one in made if private), *made]))


def private_and_bare(name: str) -> tuple[str, str]:
    """What makes a name private, and the bare word: ("_", "W") of _W, ("_Dense__", "W") of __W in a class Dense."""
    start = re.match(r"_[A-Za-z]\w*?__(?=[A-Za-z])|_*", name)
    private = start.group() if start else ""
    return private, name[len(private) :].rstrip("_") or name


def alike(path: str, other: str) -> bool:
    """Two names that differ in their digits only: theta1, theta2; params[0], params[1]."""
    return re.sub(r"\d+", "#", path) == re.sub(r"\d+", "#", other)


def paired_method_names(layer: object) -> tuple[str, str] | None:
    """The names of forward and backward on a layer or a layer class, or None where there is no pair."""
    for forward, backward in zip(FORWARD_NAMES, BACKWARD_NAMES, strict=True):
        if _has(layer, forward) and _has(layer, backward):
            return forward, backward
    pairs = ((forward, backward) for forward, others in _PAIRS for backward in others)
    return next((pair for pair in pairs if _has(layer, pair[0]) and _has(layer, pair[1])), None)


def is_network(layer: object) -> bool:
    """Has it layers (a list, perhaps empty), a loss and its derivative, and no forward and backward of its own?"""
    named = isinstance(look(layer, "layers"), list | tuple)
    named = named and all(look(layer, name, look) is not look for name in ("loss", "loss_prime"))
    return named and not isinstance(layer, type) and paired_method_names(layer) is None


def is_truth_name(name: str) -> bool:
    """Is it what a loss compares with: y_true, target, labels, t?"""
    return _TRUTH.fullmatch(name) is not None


def is_predicted_name(name: str) -> bool:
    """Is it what a loss is the loss of: y_pred, y_hat, logits?"""
    return _PREDICTED.fullmatch(name) is not None


def is_upstream_name(name: str) -> bool:
    """Is it dY: dout, grad_output, output_error, delta?"""
    return _UPSTREAM.fullmatch(name) is not None


def is_surely_upstream_name(name: str) -> bool:
    """Is it dY even where the method is called `gradient`, as in gradient(dy)?"""
    return _SURELY_UPSTREAM.fullmatch(name) is not None


def is_cache_name(name: str) -> bool:
    """Is it what forward returned beside its output?"""
    return _CACHE.fullmatch(name) is not None


def is_output_name(name: str) -> bool:
    """Is it the output of forward?"""
    return _OUTPUT.fullmatch(name) is not None


def is_rate_name(name: str) -> bool:
    """Is it a learning rate: learning_rate, lr, eta, l_rate?"""
    bare = name.lower().strip("_")
    return bare in RATE_NAMES or "lr" in bare.split("_") or ("rate" in bare and "grate" not in bare)


def is_flush_name(name: str) -> bool:
    """Does it also forget what forward has kept? Then it must be called before forward, not before backward."""
    return name.startswith(("flush", "reset"))


def is_switch_name(name: str) -> bool:
    """Does it turn training on or off, by a boolean or by a mode in words?"""
    return is_flag_name(name) or is_mode_name(name)


def is_flag_name(name: str) -> bool:
    """Is it a boolean that says training, or the opposite?"""
    return _bare(name) in _SWITCHES_ON | _SWITCHES_OFF


def is_mode_name(name: str) -> bool:
    """Does it hold a mode in words?"""
    return _bare(name) in MODE_NAMES


def says_training(name: str) -> bool:
    """Is a switch of this name on in training?"""
    return _bare(name) in _SWITCHES_ON


def _bare(name: str) -> str:
    return name.replace("_", "").lower()


def _has(layer: object, name: str) -> bool:
    if name == "__call__" and isinstance(layer, type):
        return any(name in vars(base) for base in layer.__mro__)
    return callable(look(layer, name))


def positional(function: Callable[..., Any]) -> list[inspect.Parameter] | None:
    """The parameters that can be given by position; None where the signature cannot be read."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except Exception:  # of a __repr__ too, which inspect calls for its message
        return None
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [p for p in parameters if p.kind in kinds]
