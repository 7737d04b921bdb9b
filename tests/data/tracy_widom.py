"""Writes src/random_matrix/painleve_table.rs and theory_edges.json: what TracyWidom knows, and what it is tested with.

Run with mpmath 1.4 and gmpy2 beside this file: python3 tracy_widom.py table > ../../src/random_matrix/painleve_table.rs
(15 s), python3 tracy_widom.py reference > new.json, the next theory_edges.json (5 min; all entries but the tails are
taken over from the file that stands there, see their own words on how they were made).

The table. q'' = s q + 2 q^3 with q ~ Ai(s) for s -> infinity (Hastings & McLeod 1980) is unstable for s -> -infinity,
where an error grows with exp((2 sqrt 2 / 3) |s|^(3/2)), 1e51 at s = -25. It is integrated from s = 32, where q differs
from Ai by 1e-104 of itself, to -26 by Taylor series of 160 terms in steps of 1/4 with 150 digits, which leaves more than
40 of them. Beyond 32 all functions are those of Ai, beyond -22 their asymptotic series, whose constants are those of
Baik, Buckingham & DiFranco 2008. The two are compared where they meet.

The reference. Bornemann's Nystroem determinants (2010) with mpmath, which share nothing with the above.
"""

import json
import os
import sys

import mpmath as mp

mp.mp.dps = 150
TERMS, STEP, START, END = 160, mp.mpf(1) / 4, 32, -26
FAR = -22
LEFT, RIGHT = -8, 3


class HastingsMcLeod:
    """q, E = (1/2) int_s q, P = int_s q^2 and W = (1/2) int_s (x - s) q^2."""

    def __init__(self):
        s = mp.mpf(START)
        q, slope = mp.airyai(s), mp.airyai(s, derivative=1)
        state = [mp.mpf(v) for v in airy(s)]
        state[0] = q
        self.steps = []
        while s > END:
            c = self.series(s, q, slope)
            self.steps.append((s, c, self.squares(c), state))
            state = self.near(s - STEP)
            slope = mp.polyval([k * c[k] for k in range(TERMS - 1, 0, -1)], -STEP)
            q = state[0]
            s -= STEP
        self.expand()

    @staticmethod
    def series(s, q, slope):
        c, square = [q, slope], []
        for k in range(TERMS - 2):
            square.append(mp.fdot(c[: k + 1], c[k::-1]))
            cube = mp.fdot(square, c[k::-1])
            c.append((s * c[k] + (c[k - 1] if k else 0) + 2 * cube) / ((k + 2) * (k + 1)))
        return c

    @staticmethod
    def squares(c):
        return [mp.fdot(c[: k + 1], c[k::-1]) for k in range(TERMS)]

    def at(self, s):
        if s >= START:
            return airy(s)
        if s < FAR:
            return self.far(s)
        return self.near(s)

    def near(self, s):
        base, c, square, (_, e, p, w) = self.steps[min(int((START - s) / STEP), len(self.steps) - 1)]
        t = s - base
        q = mp.polyval(c[::-1], t)
        first = mp.polyval([c[k] / (k + 1) for k in range(TERMS - 1, -1, -1)] + [0], t)
        area = mp.polyval([square[k] / (k + 1) for k in range(TERMS - 1, -1, -1)] + [0], t)
        double = mp.polyval([square[k] / ((k + 1) * (k + 2)) for k in range(TERMS - 1, -1, -1)] + [0, 0], t)
        return [q, e - first / 2, p - area, w + (double - p * t) / 2]

    def expand(self):
        """q = sqrt(|s|/2) sum a_k |s|^(-3k), from the equation."""
        count = 60
        a = [mp.mpf(1)]
        for k in range(1, count):
            # With x = -s: q'' = -x q + 2 q^3; the terms of a_k on the right are -a_k + 3 a_k.
            exponent = mp.mpf(1) / 2 - 3 * (k - 1)
            second = exponent * (exponent - 1) * a[k - 1]
            trial = a + [mp.mpf(0)]
            cube = sum(trial[i] * trial[j] * trial[k - i - j] for i in range(k + 1) for j in range(k + 1 - i))
            a.append((second - cube) / 2)
        self.a = a
        self.square = [sum(a[i] * a[k - i] for i in range(k + 1)) for k in range(count)]

    def far(self, s):
        x = -mp.mpf(s)
        terms = 28
        root = mp.sqrt(x / 2)
        q = root * sum(self.a[k] * x ** (-3 * k) for k in range(terms))
        e = mp.log(2) / 4 + sum(
            self.a[k] * x ** (mp.mpf(3) / 2 - 3 * k) / (mp.mpf(3) / 2 - 3 * k) for k in range(terms)
        ) / (2 * mp.sqrt(2))
        # P' = q^2 in x, with no constant, and W' = P / 2.
        p = sum(self.square[k] * x ** (2 - 3 * k) / (2 - 3 * k) for k in range(terms)) / 2
        w = x**3 / 24 + mp.log(x) / 16 - (mp.log(2) / 24 + mp.zeta(-1, derivative=1)) / 2
        w += sum(self.square[k] * x ** (3 - 3 * k) / ((2 - 3 * k) * (3 - 3 * k)) for k in range(2, terms)) / 4
        return [q, e, p, w]


def airy(s):
    """The four functions with q = Ai."""
    with mp.workdps(200):
        s = mp.mpf(s)
        ai, slope = mp.airyai(s), mp.airyai(s, derivative=1)
        p = slope**2 - s * ai**2
        w = (2 * (s**2 * ai**2 - s * slope**2) - ai * slope) / 6
        # int_s Ai = pi (Ai Hi' - Ai' Hi) with Scorer's Hi, from its own integral: no cancellation.
        root = mp.sqrt(s)
        with mp.workdps(40):
            e = ai * mp.quad(lambda y: mp.airyai(s + y / root) / ai, mp.linspace(0, 100, 41)) / root / 2
    return [ai, e, p, w]


def scaled(solution, s):
    """The four functions without their growth and decay; see painleve.rs."""
    q, e, p, w = solution.at(s)
    s = mp.mpf(s)
    if s > RIGHT - 1e-9:
        zeta = 2 * s ** mp.mpf(1.5) / 3
        up, root = mp.exp(zeta), mp.sqrt(mp.sqrt(s))
        return [q * up * root, e * up * root**3, p * up**2 * s, w * up**2 * s * mp.sqrt(s)]
    x = -s
    root = x ** mp.mpf(1.5)
    return [q / mp.sqrt(x), e - root / (3 * mp.sqrt(2)), p / x**2, w - x**3 / 24 - mp.log(x) / 16]


def chebyshev(function, low, high, count):
    """The coefficients of four functions on an interval, the first halved."""
    with mp.workdps(40):
        low, high = mp.mpf(low), mp.mpf(high)
        nodes = [mp.cos(mp.pi * (2 * i + 1) / (2 * count)) for i in range(count)]
        values = [function((low + high) / 2 + (high - low) / 2 * x) for x in nodes]
        rows = []
        for k in range(count):
            weights = [mp.cos(mp.pi * k * (2 * i + 1) / (2 * count)) for i in range(count)]
            rows.append([2 * mp.fdot(weights, [v[f] for v in values]) / count / (2 if k == 0 else 1) for f in range(4)])
    return rows


def trim(pieces):
    """As many terms as the longest piece needs."""
    keep = 1
    for rows in pieces:
        for f in range(4):
            scale = max(abs(row[f]) for row in rows)
            keep = max([keep] + [k + 1 for k, row in enumerate(rows) if abs(row[f]) > 2e-17 * scale])
    longest = len(pieces[0])
    assert keep < longest - 4, (keep, longest)
    return [rows[:keep] for rows in pieces]


def literal(value):
    # Far beyond the smallest that counts: zero is shorter.
    text = repr(float(value)) if abs(value) > 1e-25 else "0.0"
    return text.replace("e-0", "e-")


def write(name, doc, pieces, single):
    terms = len(pieces[0])
    kind = f"[[f64; 4]; {terms}]"
    print(f"\n/// {doc}\n#[rustfmt::skip]")
    print(f"pub(super) static {name}: {kind if single else f'[{kind}; {len(pieces)}]'} = [")
    for rows in pieces:
        pad = "    " if single else "        "
        if not single:
            print("    [")
        for row in rows:
            print(pad + "[" + ", ".join(literal(v) for v in row) + "],")
        if not single:
            print("    ],")
    print("];")


def table():
    solution = HastingsMcLeod()
    for s in (mp.mpf(FAR), mp.mpf(-24.9)):
        for near, far in zip(solution.near(s), solution.far(s)):
            assert abs(near / far - 1) < 1e-28, (s, near, far)
    at = mp.mpf(31.8)
    for near, far in zip(solution.near(at), airy(at)):
        assert abs(near / far - 1) < 1e-35, (near, far)
    power = mp.mpf(-2) / 3

    def right(t):
        return scaled(solution, t**power)

    def left(t):
        return scaled(solution, -(t**power))

    def middle(s):
        return solution.at(s)

    left_end, right_end = mp.mpf(-LEFT) ** mp.mpf(-1.5), mp.mpf(RIGHT) ** mp.mpf(-1.5)
    lefts = trim([chebyshev(left, 0, left_end, 60)])
    middles = trim([chebyshev(middle, i, i + 1, 32) for i in range(LEFT, RIGHT)])
    rights = trim([chebyshev(right, 0, right_end, 60)])
    print("//! Generated by tests/data/tracy_widom.py, which says how. Rows are Chebyshev terms, columns q, E, P, W.")
    write("LEFT", "Of q/sqrt(|s|), E - |s|^(3/2)/(3 sqrt 2), P/s^2, W - |s|^3/24 - ln|s|/16 for s <= -8, in |s|^(-3/2).", lefts, True)
    write("MIDDLE", "Of the four functions themselves on [-8, -7], ..., [2, 3].", middles, False)
    write("RIGHT", "Of (q s^(1/4), E s^(3/4)) exp(zeta) and (P s, W s^(3/2)) exp(2 zeta) for s >= 3, in s^(-3/2).", rights, True)
    print("\n/// Mean, variance, skewness and excess kurtosis, for beta = 1 and 2.\n#[rustfmt::skip]")
    print("pub(super) static MOMENTS: [[f64; 4]; 2] = [")
    for beta in (1, 2):
        step, sums = mp.mpf(1) / 8, [mp.mpf(0)] * 5
        for i in range(-24 * 8, 32 * 8):
            s = i * step
            q, e, p, w = solution.at(s)
            density = mp.exp(-e - w) * (q + p) / 2 if beta == 1 else mp.exp(-2 * w) * p
            sums = [total + step * density * s**k for k, total in enumerate(sums)]
        assert abs(sums[0] - 1) < 1e-25, sums[0]
        m = sums[1]
        v = sums[2] - m**2
        third = sums[3] - 3 * m * sums[2] + 2 * m**3
        fourth = sums[4] - 4 * m * sums[3] + 6 * m**2 * sums[2] - 3 * m**4
        print("    [" + ", ".join(literal(x) for x in (m, v, third / v**1.5, fourth / v**2 - 3)) + "],")
    print("];")


def determinant(beta, s, nodes, digits):
    """F_beta(s) = det(I - K) on L^2(0, infinity): Gauss-Legendre on [0, length]."""
    with mp.workdps(digits):
        s = mp.mpf(s)
        # Where Ai is below all digits; the kernel of beta = 1 halves the distance.
        far = (mp.mpf(digits) * mp.log(10) * 1.5) ** (mp.mpf(2) / 3) * (1 if beta == 1 else mp.mpf(2) ** (-mp.mpf(2) / 3))
        length = max(far, far - s)
        x, w = legendre(nodes, digits)
        x = [length * (1 + v) / 2 for v in x]
        w = [mp.sqrt(length * v / 2) for v in w]
        matrix = mp.matrix(nodes, nodes)
        if beta == 2:
            ai = [mp.airyai(s + v) for v in x]
            slope = [mp.airyai(s + v, derivative=1) for v in x]
        for i in range(nodes):
            for j in range(i + 1):
                if beta == 1:
                    kernel = mp.airyai(x[i] + x[j] + s)
                elif i == j:
                    kernel = slope[i] ** 2 - (s + x[i]) * ai[i] ** 2
                else:
                    kernel = (ai[i] * slope[j] - slope[i] * ai[j]) / (x[i] - x[j])
                matrix[i, j] = matrix[j, i] = (1 if i == j else 0) - w[i] * w[j] * kernel
        return mp.det(matrix)


def legendre(count, digits):
    with mp.workdps(digits + 10):
        nodes, weights = [], []
        for i in range(count):
            x = mp.cos(mp.pi * (i + mp.mpf(3) / 4) / (count + mp.mpf(1) / 2))
            for _ in range(100):
                below, here = mp.mpf(1), x
                for k in range(2, count + 1):
                    below, here = here, ((2 * k - 1) * x * here - (k - 1) * below) / k
                slope = count * (x * here - below) / (x * x - 1)
                step = here / slope
                x -= step
                if abs(step) < mp.mpf(10) ** (-digits - 5):
                    break
            nodes.append(x)
            weights.append(2 / ((1 - x * x) * slope**2))
        return nodes, weights


def reference():
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "theory_edges.json")
    old = json.load(open(path))
    entries = [entry for entry in old["entries"] if not entry["name"].endswith("_tails")]
    for beta in (1, 2):
        rows = []
        for s, digits in [
            (-13, 75), (-11, 60), (-8, 45), (-5, 40), (-2, 36), (0, 36), (2, 40), (4, 50), (8, 60), (16, 90), (30, 150),
            (60, 300),
        ]:
            nodes, value, error = 60, determinant(beta, s, 44, digits), 1
            while error > 1e-18:
                check = determinant(beta, s, nodes, digits)
                with mp.workdps(digits):
                    error = max(abs(value / check - 1), abs((1 - value) / (1 - check) - 1))
                sys.stderr.write(f"{beta} {s} {nodes} {mp.nstr(error, 3)}\n")
                nodes, value = nodes * 4 // 3, check
            with mp.workdps(digits):
                rows.append([str(s), mp.nstr(check, 20), mp.nstr(1 - check, 20)])
        entries.append({
            "name": f"TW{beta}_tails", "inputs": {"s": [row[0] for row in rows]},
            "value": {"cumulative": [row[1] for row in rows], "survival": [row[2] for row in rows]},
            "tolerance": "1e-12 relative", "how": "mpmath Nystroem determinants, two numbers of nodes",
        })
    print(json.dumps({"provenance": old["provenance"], "entries": entries}, indent=1))


if __name__ == "__main__":
    {"table": table, "reference": reference}[sys.argv[1]]()
