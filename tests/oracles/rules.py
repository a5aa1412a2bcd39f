"""Rule-based attribution of one path, from its definition: the share of each of n touches, equally far apart."""

HALF_LIFE_H = 168.0


def shares(model: str, n: int, hours: float) -> list[float]:
    """They sum to 1. :param n: touches. :param hours: between two touches, and between the last one and the sale."""
    match model:
        case "first":
            return [1.0, *[0.0] * (n - 1)]
        case "last":
            return [*[0.0] * (n - 1), 1.0]
        case "linear":
            return [1.0 / n] * n
        case "position":
            return [1.0 / n] * n if n <= 2 else [0.4, *[0.2 / (n - 2)] * (n - 2), 0.4]
        case "time_decay":
            ratio = 0.5 ** (hours / HALF_LIFE_H)
            whole = sum(ratio**age for age in range(n))
            return [ratio**age / whole for age in reversed(range(n))]
    raise ValueError(model)
