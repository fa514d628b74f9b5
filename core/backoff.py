"""How long to wait before the next try: longer each time, never beyond a limit."""

# 2 ** 1024 is no float any more; a provider may be away for a thousand tries.
_DOUBLINGS = 30


def backoff(first: float, failures: int, longest: float) -> float:
    """Return the seconds to wait after so many failures in a row: first, twice it, four times."""
    return min(first * 2.0 ** min(max(failures - 1, 0), _DOUBLINGS), longest)
