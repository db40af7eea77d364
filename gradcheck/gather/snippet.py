"""The lines to paste where we cannot build a case ourselves."""

import inspect

from gradcheck.gather.naming import parameters_of

_EXAMPLES = {
    "activation": "np.tanh",
    "activation_prime": "lambda x: 1 - np.tanh(x) ** 2",
}


def class_snippet(cls: type) -> str:
    """gradcheck_cases() for a class, with its real name and parameter names."""
    wanted = [p.name for p in parameters_of(cls) if p.default is inspect.Parameter.empty]
    arguments = ", ".join(f"{name}={_EXAMPLES.get(name, '...')}" for name in wanted)
    return _lines("# a layer, and an input for it", f"yield {cls.__name__}({arguments}), np.random.rand(4, 3)")


def function_snippet(forward: str, backward: str, names: list[str]) -> str:
    """gradcheck_cases() for a pair of functions."""
    made = [f"{name} = np.random.rand(4, 3)" for name in names or ["x"]]
    arguments = ", ".join(names) if len(names) > 1 else f"{names[0] if names else 'x'},"
    return _lines(*made, f"yield {forward}, {backward}, ({arguments})")


def method_snippet(cls: type, inputs: list[str]) -> str:
    """gradcheck_cases() for a class whose forward takes several inputs."""
    made = [f"{name} = np.random.rand(4, 3)" for name in inputs]
    return _lines(*made, f"yield {cls.__name__}(...), ({', '.join(inputs)})")


def _lines(*body: str) -> str:
    return "\n".join(["def gradcheck_cases():", *(f"    {line}" for line in body)])
