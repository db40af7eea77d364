"""Why a gradient is wrong: evidence, causes, factors, ranking."""
