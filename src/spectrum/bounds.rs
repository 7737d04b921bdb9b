//! The inequalities of Chebyshev, Markov and Stieltjes: what the nodes prove of a distribution.

use super::estimate::Estimate;
use super::quadrature::Quadrature;

/// Newton's method inside of a bracket ends after a few steps; bisection alone would after so many.
const ITERATIONS: usize = 100;

/// The parts of the first and the last entries of T's eigenvectors are orthogonal to this part of their lengths, unless
/// the nodes are not those of one Jacobi matrix.
const CONSISTENT: f64 = 1e-6;

/// Bounds for the cumulative distribution at a point, from [`SpectralMeasure::bounds`](super::SpectralMeasure::bounds).
///
/// ```text
///     lower  <=  F(x-)  <=  F(x)  <=  upper           for the measure of each probe, so for the mean of them too
/// ```
///
/// F of a probe v has the jump <u, v>^2 at the eigenvalue of u. Each pair of bounds holds without any assumption on the
/// spectrum, and no closer pair follows from the factorization alone: both are attained. The standard errors tell how
/// far the means over probes are from their expectations, between which the distribution of all eigenvalues lies.
#[derive(Clone, Copy, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CumulativeBounds {
    /// The mean over probes of the lower bound.
    pub lower: Estimate,
    /// The mean over probes of the upper bound.
    pub upper: Estimate,
}

/// Weights of a rule of m + 1 nodes, one of which is x: on the nodes below, and on x.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Split {
    pub(super) below: f64,
    pub(super) at: f64,
}

impl Split {
    pub(super) fn upper(&self) -> f64 {
        self.below + self.at
    }
}

/// A node of T that is coupled to the residual.
#[derive(Clone, Copy, Debug)]
struct Coupled {
    node: f64,
    /// The square root of the weight, with the sign of the last entry of the eigenvector relative to the first.
    first: f64,
    /// The residual norm of the Ritz vector.
    residual: f64,
}

/// Weight below x and at x of the Gauss-Radau rule that has x among its nodes and is exact up to degree 2m.
///
/// The rule is that of T bordered by the residual norm, with the corner that makes x an eigenvalue. In the basis of T's
/// eigenvectors this is an arrow: the nodes theta on the diagonal, the residual norms b on the border.
///
/// ```text
///     eigenvalues xi != x:  0 = 1 + sum_j b_j^2 / ((x - theta_j) (xi - theta_j)),      one in each gap that x is not in
///     weight of xi:         (sum_j +-sqrt(w_j) b_j / (xi - theta_j))^2 / (1 + sum_j b_j^2 / (xi - theta_j)^2)
/// ```
///
/// Signs alternate in a Jacobi matrix. Nodes without residual are eigenvalues of A and stay what they are. Where a node
/// of T lies on x, T's own rule is the one that has x among its nodes.
pub(super) fn split(rule: &Quadrature, x: f64) -> Split {
    let measure = rule.measure();
    let rounding = rule.rounding();
    let weight = |low: f64, high: f64| -> f64 {
        measure.pairs().filter(|&(node, _)| low <= node && node < high).map(|(_, weight)| weight).sum()
    };
    let (from, to) = (x - rounding, (x + rounding).next_up());
    if measure.nodes().iter().any(|&node| from <= node && node < to) {
        return Split { below: weight(f64::NEG_INFINITY, from), at: weight(from, to) };
    }
    let converged = |index: usize| rule.residual_norms()[index] <= rounding;
    let fixed = measure.pairs().enumerate().filter(|&(index, (node, _))| converged(index) && node < x);
    let mut fixed: f64 = fixed.map(|(_, (_, weight))| weight).sum();
    let mut coupled: Vec<Coupled> = (measure.pairs().enumerate())
        .filter(|&(index, _)| !converged(index))
        .map(|(index, (node, weight))| {
            let sign = if index % 2 == 0 { 1.0 } else { -1.0 };
            Coupled { node, first: sign * weight.sqrt(), residual: rule.residual_norms()[index] }
        })
        .collect();
    if coupled.is_empty() {
        return Split { below: fixed, at: 0.0 };
    }
    if !consistent(&coupled) {
        return between(rule, x);
    }
    fixed += merge(&mut coupled, rounding).iter().filter(|(node, _)| *node < x).map(|(_, weight)| weight).sum::<f64>();
    let free: f64 = coupled.iter().map(|coupled| coupled.first * coupled.first).sum();
    let at = weight_of(&coupled, |node| x - node).min(free);
    let left = coupled.partition_point(|coupled| coupled.node < x);
    let below = if 2 * left <= coupled.len() {
        below(&coupled, x, left)
    } else {
        let mirror = |coupled: &Coupled| Coupled { node: -coupled.node, ..*coupled };
        let mirrored: Vec<Coupled> = coupled.iter().rev().map(mirror).collect();
        free - at - below(&mirrored, -x, coupled.len() - left)
    };
    Split { below: fixed + below.clamp(0.0, free - at), at }
}

/// Makes one node of those that rounding cannot tell apart, as rounding makes second copies of repeated eigenvalues: in
/// their plane one direction is coupled to the residual, the other is an eigenvector. Returns the nodes and weights of these.
fn merge(coupled: &mut Vec<Coupled>, rounding: f64) -> Vec<(f64, f64)> {
    let mut eigenvectors = Vec::new();
    coupled.dedup_by(|next, kept| {
        if next.node - kept.node > rounding {
            return false;
        }
        let residual = kept.residual.hypot(next.residual);
        let first = (kept.first * kept.residual + next.first * next.residual) / residual;
        let across = (kept.first * next.residual - next.first * kept.residual) / residual;
        eigenvectors.push((kept.node, across * across));
        (kept.first, kept.residual) = (first, residual);
        true
    });
    eigenvectors
}

/// The first and the last row of an orthogonal matrix are orthogonal. Rules of which a part was merged or lost are not
/// those of a Jacobi matrix with these residual norms.
fn consistent(coupled: &[Coupled]) -> bool {
    let (mut product, mut first, mut last) = (0.0, 0.0, 0.0);
    for coupled in coupled {
        product += coupled.first * coupled.residual;
        first += coupled.first * coupled.first;
        last += coupled.residual * coupled.residual;
    }
    coupled.len() == 1 || f64::abs(product) <= CONSISTENT * f64::sqrt(first * last)
}

/// The bounds of the nodes themselves, for x between two of them.
fn between(rule: &Quadrature, x: f64) -> Split {
    let weights = rule.measure().weights();
    let next = rule.measure().nodes().partition_point(|&node| node < x);
    let below = weights[..next.saturating_sub(1)].iter().sum();
    Split { below, at: weights[next.saturating_sub(1)..(next + 1).min(weights.len())].iter().sum() }
}

/// The weight of the rule's node xi, with its distances to the nodes of T.
fn weight_of(coupled: &[Coupled], distance: impl Fn(f64) -> f64) -> f64 {
    let (mut entry, mut length) = (0.0, 1.0);
    for coupled in coupled {
        let ratio = coupled.residual / distance(coupled.node);
        entry += coupled.first * ratio;
        length += ratio * ratio;
    }
    entry * entry / length
}

/// The sum of the weights of all nodes below x: one left of each of the first `left` nodes of T.
fn below(coupled: &[Coupled], x: f64, left: usize) -> f64 {
    let poles: Vec<f64> = coupled.iter().map(|c| c.residual * (c.residual / (x - c.node))).collect();
    let far: f64 = poles.iter().map(|pole| pole.abs()).sum();
    let mut sum = 0.0;
    for index in 0..left {
        let right = coupled[index].node;
        // h falls from +infinity, or from 1 at -infinity, to -infinity at the node.
        let value = |origin: f64, offset: f64| -> (f64, f64) {
            let (mut value, mut slope) = (1.0, 0.0);
            for (pole, coupled) in poles.iter().zip(coupled) {
                let term = (origin - coupled.node) + offset;
                value += pole / term;
                slope -= pole / (term * term);
            }
            (value, slope)
        };
        let (pole, origin, reach) = if index == 0 {
            (poles[0], right, -far)
        } else {
            let before = coupled[index - 1].node;
            let half = (right - before) / 2.0;
            // The root lies in the half at whose far end h has the other sign than at its node.
            if value(before, half).0 < 0.0 { (poles[index - 1], before, half) } else { (poles[index], right, -half) }
        };
        let offset = root(pole, reach, |offset| value(origin, offset));
        sum += weight_of(coupled, |node| (origin - node) + offset);
    }
    sum
}

/// The zero of h between a pole at 0, where h ~ `pole` / offset, and `reach`.
///
/// Of offset h(offset), which is smooth and has the sign of `pole` at 0, by Newton's method inside a bracket.
fn root(pole: f64, reach: f64, value: impl Fn(f64) -> (f64, f64)) -> f64 {
    let (mut near, mut far) = (0.0, reach);
    let mut offset = 0.5 * reach;
    for _ in 0..ITERATIONS {
        let (h, slope) = value(offset);
        let (smooth, derivative) = (offset * h, h + offset * slope);
        if smooth == 0.0 {
            break;
        }
        if (smooth > 0.0) == (pole > 0.0) {
            near = offset;
        } else {
            far = offset;
        }
        let newton = offset - smooth / derivative;
        let inside = (newton - near) * (newton - far) < 0.0;
        let next = if inside { newton } else { near + (far - near) / 2.0 };
        let moved = (next - offset).abs();
        if next == near || next == far || moved <= 2.0 * f64::EPSILON * next.abs() {
            return next;
        }
        offset = next;
    }
    offset
}
