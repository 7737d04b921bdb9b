"""Writes elementary.json: correctly rounded values of the elementary functions, and what rounding leaves of them.

Run with mpmath 1.3: python3 elementary.py > elementary.json. Arguments are 64-bit patterns of f64 in hexadecimal. Each is
followed by the value rounded to f64, as bits too, and by the rest, value - rounded, in units in the last place of the
latter (2^-1074 at least), to four digits. Where the value is beyond the largest f64, that is infinity with rest 0.
"""

import json
import random
import struct

import mpmath as mp

mp.mp.prec = 2600  # More than the exponent range, so that huge arguments of sine are reduced exactly.
random.seed(0)


def bits(x):
    return struct.unpack("<Q", struct.pack("<d", x))[0]


def from_bits(b):
    return struct.unpack("<d", struct.pack("<Q", b))[0]


def rounded(value):
    """The nearest f64, ties to even, for any size, and the rest in units in its last place."""
    if value == 0:
        return 0.0, 0.0
    exponent = max(int(mp.floor(mp.log(abs(value), 2))), -1022)
    if exponent > 1023:
        return float("inf") * mp.sign(value), 0.0
    nearest = mp.nint(mp.ldexp(value, 52 - exponent)) * mp.mpf(2) ** (exponent - 52)
    if abs(nearest) >= mp.mpf(2) ** 1024:
        return float("inf") * mp.sign(value), 0.0
    unit = mp.mpf(2) ** (max(int(mp.floor(mp.log(abs(nearest), 2))), -1022) - 52) if nearest else mp.mpf(2) ** -1074
    return from_exact(nearest), float((value - nearest) / unit)


def from_exact(value):
    """A number that is an f64 already; conversions of mpmath round some subnormal numbers wrongly."""
    return float(mp.ldexp(value, 200)) * 2.0**-200 if abs(value) < mp.mpf(2) ** -900 else float(value)


def everywhere(count, low=-1074, high=1023):
    """Random signs, digits and exponents."""
    for _ in range(count):
        exponent = random.randint(low, high)
        size = from_exact(mp.ldexp(mp.mpf(1) + mp.mpf(random.getrandbits(52)) / 2**52, exponent))
        yield random.choice([-size, size])


def near(centres, count):
    """Neighbours, at random distances, of special points."""
    for _ in range(count):
        centre = from_exact(mp.mpf(random.choice(centres)))
        step = random.choice([0, 1, 2, 3, 2 ** random.randint(0, 45)])
        x = from_bits(bits(centre) + random.choice([-step, step])) if centre != 0 else from_bits(step)
        yield random.choice([-x, x])


def uniform(low, high, count):
    for _ in range(count):
        yield random.uniform(low, high)


PI = mp.pi
LN2 = mp.log(2)
HALVES = [(k + mp.mpf(1) / 2) * LN2 for k in range(-5, 6)]
QUARTERS = [k * PI / 4 for k in list(range(1, 40)) + [10**5, 10**9 + 1, 2**44 + 1]]
# The f64 that comes closest to a multiple of pi/2 (Kahan), and the f32.
CLOSEST = [mp.mpf(6381956970095103) * mp.mpf(2) ** 797, mp.mpf(16367173) * mp.mpf(2) ** 72]

trigonometric = (
    list(everywhere(60))
    + list(everywhere(60, -30, 44))
    + list(uniform(-40, 40, 80))
    + list(near(QUARTERS, 80))
    + list(near([mp.mpf(2) ** 45, 0, 1] + CLOSEST, 20))
)
exponential = (
    list(everywhere(40))
    + list(everywhere(60, -60, 9))
    + list(uniform(-50, 50, 60))
    + list(uniform(-745, 711, 60))
    + list(near(HALVES + [709.782712893384, 745.13, 708.4, 710.4758600739439, 40, 22, 0], 60))
)
logarithmic = (
    list(everywhere(100))
    + list(everywhere(60, -60, 5))
    + list(uniform(0, 4, 60))
    + list(near([1, mp.sqrt(2), mp.sqrt(mp.mpf(1) / 2), 2, 0, mp.mpf(2) ** -1022], 80))
)
FUNCTIONS = {
    "exp": (mp.exp, exponential),
    "exp_m1": (mp.expm1, exponential),
    "ln": (mp.log, [abs(x) for x in logarithmic if x != 0]),
    "ln_1p": (
        mp.log1p,
        [x for x in logarithmic + list(uniform(-1, 3, 60)) + list(near([0.25, 0.5, 0.41421356, 0.29289322], 40)) if x > -1],
    ),
    "sin": (mp.sin, trigonometric),
    "cos": (mp.cos, trigonometric),
    "tan": (mp.tan, trigonometric),
    "atan": (mp.atan, list(everywhere(80)) + list(uniform(-4, 4, 120)) + list(near([1, 0, 2, 0.5], 60))),
    "sinh": (mp.sinh, exponential),
    "cosh": (mp.cosh, exponential),
    "tanh": (mp.tanh, exponential),
    "sigmoid": (lambda x: 1 / (1 + mp.exp(-x)), exponential),
    "softplus": (lambda x: mp.log1p(mp.exp(x)), exponential),
    "erf": (mp.erf, list(everywhere(60)) + list(uniform(-6.1, 6.1, 160)) + list(near([1, 0, 6, 5.92, 0.5], 60))),
}
EXPONENTS = [0.5, -0.5, 1 / 3, 1.7, -2.3, 10.1, -31.4, 1e-3, 1e-17, 1e5, 3.0, -4.0, 5.0, 64.0, -1001.0]


def main():
    functions = {}
    for name, (function, points) in FUNCTIONS.items():
        rows = []
        for x in points:
            high, rest = rounded(function(mp.mpf(x)))
            rows.append([f"{bits(x):016x}", f"{bits(float(high)):016x}", round(rest, 4)])
        functions[name] = rows
    powers = []
    for c in EXPONENTS:
        points = list(everywhere(6)) + list(everywhere(6, -3, 3)) + list(near([1, mp.sqrt(2), mp.sqrt(mp.mpf(1) / 2)], 6))
        # Results over the whole range: up to both ends.
        ends = max(-1020.0, min(1020.0, 1074 / abs(c)))
        points += [2.0 ** random.uniform(-ends, ends) for _ in range(12)]
        for x in points:
            x = abs(x)
            high, rest = rounded(mp.power(mp.mpf(x), mp.mpf(c)))
            powers.append([f"{bits(c):016x}", f"{bits(x):016x}", f"{bits(float(high)):016x}", round(rest, 4)])
    provenance = "Written by elementary.py beside this file, with mpmath at 2600 bits; there is what the columns mean."
    print('{\n"provenance": ' + json.dumps(provenance) + ",")
    for name, rows in functions.items():
        print(f'"{name}": [\n' + ",\n".join(json.dumps(row) for row in rows) + "\n],")
    print('"powf": [\n' + ",\n".join(json.dumps(row) for row in powers) + "\n]\n}")


main()
