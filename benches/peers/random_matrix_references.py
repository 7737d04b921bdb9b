"""What densities, distributions and edges are: closed forms, equations solved with 30 digits, Fredholm determinants.

A law is a pair of functions, the density and the distribution or None.
"""

import mpmath
import numpy as np
import scipy.special

mpmath.mp.dps = 30


def semicircle():
    def density(x):
        return mpmath.sqrt(4 - x * x) / (2 * mpmath.pi)

    def cumulative(x):
        return 0.5 + x * mpmath.sqrt(4 - x * x) / (4 * mpmath.pi) + mpmath.asin(x / 2) / mpmath.pi

    return density, cumulative


def marchenko_pastur(ratio):
    """The distribution with its atom."""
    lower, upper = (1 - mpmath.sqrt(ratio)) ** 2, (1 + mpmath.sqrt(ratio)) ** 2
    width = upper - lower

    def density(x):
        return mpmath.sqrt((upper - x) * (x - lower)) / (2 * mpmath.pi * ratio * x)

    def cumulative(x):
        # x = lower + width sin(t / 2)^2
        end = 2 * mpmath.asin(mpmath.sqrt((min(max(x, lower), upper) - lower) / width))
        slope = lambda t: width**2 * mpmath.sin(t) ** 2 / 4 / (lower + width * mpmath.sin(t / 2) ** 2)
        return max(0, 1 - 1 / mpmath.mpf(ratio)) + mpmath.quad(slope, [0, end]) / (2 * mpmath.pi * ratio)

    return density, cumulative


def kesten_mckay():
    """Of degree 4: the free sum of two arcsine laws on [-2, 2]."""
    return lambda x: 4 * mpmath.sqrt(12 - x * x) / (2 * mpmath.pi * (16 - x * x)), None


def fuss_catalan():
    """Of order 2: Im m / pi of z^2 m^3 - z m - 1 = 0."""

    def density(x):
        roots = mpmath.polyroots([x * x, 0, -x, -1], maxsteps=200, extraprec=100)
        return max(root.imag for root in roots) / mpmath.pi

    return density, None


def tracy_widom(beta):
    """By determinants of Ai((x + y) / 2 + s) / 2 (Ferrari & Spohn 2005) or Airy's kernel, and Gauss's rule (Bornemann
    2010); some 1e-14."""
    nodes, weights = np.polynomial.legendre.leggauss(160)
    x, roots = 24 * (nodes + 1), np.sqrt(24 * weights)

    def both(s):
        if beta == 1:
            airy, slope, _, _ = scipy.special.airy((x[:, None] + x) / 2 + float(s))
            kernel, change = airy / 2, slope / 2
        else:
            airy, slope, _, _ = scipy.special.airy(x + float(s))
            apart = np.subtract.outer(x, x) + np.eye(len(x))
            kernel = (np.outer(airy, slope) - np.outer(slope, airy)) / apart
            np.fill_diagonal(kernel, slope**2 - (x + float(s)) * airy**2)
            change = -np.outer(airy, airy)
        kernel, change = (np.outer(roots, roots) * matrix for matrix in (kernel, change))
        rest = np.eye(len(x)) - kernel
        value = np.linalg.det(rest)
        return value, -value * np.trace(np.linalg.solve(rest, change))

    return (lambda s: both(s)[1]), (lambda s: both(s)[0])


def covariance(atoms, ratio):
    """Silverstein's equation: x = u (1 + c mean of tau / (u - tau)), density Im(-1 / u) / (pi c)."""
    charges = [ratio / len(atoms) * float(atom) ** 2 for atom in atoms]
    shift = ratio * sum(map(float, atoms)) / len(atoms)
    return subordinated(atoms, charges, shift, lambda u: (-1 / u).imag / (mpmath.pi * ratio))


def deformed_wigner(atoms, deviation):
    """Pastur's equation: x = w + s^2 mean of 1 / (w - a), density Im w / (pi s^2)."""
    charges = [deviation**2 / len(atoms)] * len(atoms)
    return subordinated(atoms, charges, 0.0, lambda w: w.imag / (mpmath.pi * deviation**2))


def subordinated(atoms, charges, shift, height):
    """From the w above the axis with w + shift + sum charge / (w - atom) = x: followed down from far above by Newton's
    method in double precision, then 30 digits."""
    rough = np.array(atoms, dtype=float), np.array(charges)
    exact = [(mpmath.mpf(float(atom)), mpmath.mpf(charge)) for atom, charge in zip(atoms, charges)]

    def density(x):
        level = 1e3 * (1 + abs(float(x)))
        w = complex(x, level)
        while level > 1e-9:
            for _ in range(4):
                apart = 1 / (w - rough[0])
                excess = w + shift + np.sum(rough[1] * apart) - complex(x, level)
                w -= excess / (1 - np.sum(rough[1] * apart**2))
            level *= 0.8
        w = mpmath.mpc(w)
        for _ in range(4):
            value, slope = w + shift - x, mpmath.mpf(1)
            for atom, charge in exact:
                apart = 1 / (w - atom)
                value += charge * apart
                slope -= charge * apart * apart
            w -= value / slope
        assert w.imag > 0 and abs(value) < 1e-20 * (1 + abs(x))
        return height(w)

    return density, None


def covariance_edges(atoms, ratio):
    atoms = [mpmath.mpf(float(atom)) for atom in atoms]
    share = mpmath.mpf(ratio) / len(atoms)
    return edges(atoms, [share * atom**2 for atom in atoms], share * sum(atoms))


def wigner_edges(atoms, deviation):
    return edges(list(map(mpmath.mpf, atoms)), [mpmath.mpf(deviation) ** 2 / len(atoms)] * len(atoms), 0)


def edges(atoms, charges, shift):
    """x where dx/dw = 1 - sum charge / (w - atom)^2 is 0: in each gap the sum is convex."""
    atoms, charges = zip(*sorted(zip(atoms, charges)))
    resistance = lambda w: sum(charge / (w - atom) ** 2 for atom, charge in zip(atoms, charges)) - 1
    incline = lambda w: sum(-charge / (w - atom) ** 3 for atom, charge in zip(atoms, charges))

    def between(function, one, other):
        rising = function(other) > 0
        for _ in range(110):
            middle = (one + other) / 2
            one, other = (one, middle) if (function(middle) > 0) == rising else (middle, other)
        return (one + other) / 2

    reach, tiny = mpmath.sqrt(sum(charges)) * 2, mpmath.mpf(10) ** -12
    roots = [between(resistance, atoms[0] - reach, atoms[0] - tiny)]
    rough = np.array(atoms, dtype=float), np.array(charges, dtype=float)
    for one, other in zip(atoms, atoms[1:]):
        gap = other - one
        # Most of many gaps are closed, which double precision sees.
        inner = float(one) + float(gap) * np.arange(1, 64)[:, None] / 64
        if np.min(np.sum(rough[1] / (inner - rough[0]) ** 2, axis=1)) > 2:
            continue
        lowest = between(incline, one + gap * tiny, other - gap * tiny)
        if resistance(lowest) < 0:
            roots += [between(resistance, lowest, one + gap * tiny), between(resistance, lowest, other - gap * tiny)]
    roots.append(between(resistance, atoms[-1] + reach, atoms[-1] + tiny))
    return sorted(w + shift + sum(charge / (w - atom) for atom, charge in zip(atoms, charges)) for w in roots)
