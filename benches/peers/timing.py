"""The clock of both scripts."""

import time


def medians(calls, repetitions):
    """Median milliseconds of calls that run in turns, after two that warm up."""
    times = {key: [] for key in calls}
    for repetition in range(repetitions + 2):
        for key, call in calls.items():
            start = time.perf_counter()
            call()
            if repetition >= 2:
                times[key].append((time.perf_counter() - start) * 1e3)
    return {key: round(sorted(values)[len(values) // 2], 4) for key, values in times.items()}
