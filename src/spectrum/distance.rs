//! Distances between measures, and between a measure and a law.

use super::measure::DiscreteMeasure;
use crate::error::Result;
use crate::random_matrix::Law;

/// The integral is cut no finer than 2^-40 of a piece.
const DEPTH: u32 = 40;

/// The error of the Wasserstein distance to a law, relative to the span of both.
const ACCURACY: f64 = 1e-9;

/// The Wasserstein-1 distance: the integral of |F - G|, with F and G the cumulative distributions, each divided by its
/// mass.
///
/// It is the least mean distance over which weight must be moved to turn one measure into the other, in the units of the
/// nodes. Cost: sorting the nodes.
///
/// ```
/// use eigenscape::spectrum::{DiscreteMeasure, wasserstein};
///
/// let left = DiscreteMeasure::uniform(vec![0.0, 1.0])?;
/// let right = DiscreteMeasure::uniform(vec![0.0, 3.0])?;
/// assert_eq!(wasserstein(&left, &right), 1.0); // half of the mass goes 2 far
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Vallender 1974 (doi:10.1137/1118101).
#[doc(alias = "earth mover")]
pub fn wasserstein(left: &DiscreteMeasure, right: &DiscreteMeasure) -> f64 {
    let steps = steps(left, right);
    let mut difference = 0.0;
    let mut distance = 0.0;
    for pair in steps.windows(2) {
        difference += pair[0].1;
        distance += f64::abs(difference) * (pair[1].0 - pair[0].0);
    }
    distance
}

/// The Kolmogorov distance: the largest |F - G|, with F and G the cumulative distributions, each divided by its mass.
///
/// It has no units and does not depend on the axis; between a continuous spectrum and a rule of m nodes it is about half
/// of the largest weight, even if the rule is perfect. Cost: sorting the nodes.
///
/// ```
/// use eigenscape::spectrum::{DiscreteMeasure, kolmogorov};
///
/// let eigenvalues = DiscreteMeasure::uniform(vec![0.0, 0.0, 3.0])?;
/// let rule = DiscreteMeasure::new(vec![1.0], vec![1.0])?;
/// assert!((kolmogorov(&eigenvalues, &rule) - 2.0 / 3.0).abs() < 1e-15); // between 0 and 1
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[doc(alias = "KS distance")]
pub fn kolmogorov(left: &DiscreteMeasure, right: &DiscreteMeasure) -> f64 {
    let steps = steps(left, right);
    let mut difference = 0.0;
    let mut distance = 0.0f64;
    for (index, step) in steps.iter().enumerate() {
        difference += step.1;
        // Only once all that lies on this point is counted.
        if steps.get(index + 1).is_none_or(|next| next.0 > step.0) {
            distance = distance.max(f64::abs(difference));
        }
    }
    distance
}

/// The jumps of F - G, by position.
fn steps(left: &DiscreteMeasure, right: &DiscreteMeasure) -> Vec<(f64, f64)> {
    let (left_mass, right_mass) = (left.mass(), right.mass());
    let mut steps: Vec<(f64, f64)> = (left.pairs().map(|(node, weight)| (node, weight / left_mass)))
        .chain(right.pairs().map(|(node, weight)| (node, -weight / right_mass)))
        .collect();
    steps.sort_by(|a, b| a.0.total_cmp(&b.0));
    steps
}

/// The Kolmogorov distance of a measure, divided by its mass, from a law of random matrices.
///
/// F is constant between nodes and G monotone, so the largest |F - G| is at a node or just before one; it is exact up to
/// the accuracy of the law's F. Atoms of the law count only from where they lie to the last bit: a node at 1e-17 is not
/// at 0.
///
/// ```
/// use eigenscape::random_matrix::Semicircle;
/// use eigenscape::spectrum::{DiscreteMeasure, kolmogorov_to_law};
///
/// let middle = DiscreteMeasure::new(vec![0.0], vec![1.0])?;
/// assert!((kolmogorov_to_law(&middle, &Semicircle::new(1.0)?)? - 0.5).abs() < 1e-15);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # Errors
/// If the law cannot tell its distribution at a node.
pub fn kolmogorov_to_law(measure: &DiscreteMeasure, law: &dyn Law) -> Result<f64> {
    let atoms = law.atoms();
    let mass = measure.mass();
    let (mut sum, mut distance) = (0.0, 0.0f64);
    let pairs: Vec<(f64, f64)> = measure.pairs().collect();
    for (index, &(node, weight)) in pairs.iter().enumerate() {
        let at = law.cumulative(node)?;
        let jump: f64 = atoms.iter().filter(|atom| atom.location == node).map(|atom| atom.weight).sum();
        // The limit from the left, where nodes equal to this one do not count.
        if index == 0 || pairs[index - 1].0 < node {
            distance = distance.max(f64::abs(sum / mass - (at - jump)));
        }
        sum += weight;
        if pairs.get(index + 1).is_none_or(|next| next.0 > node) {
            distance = distance.max(f64::abs(sum / mass - at));
        }
    }
    Ok(distance)
}

/// The Wasserstein-1 distance of a measure, divided by its mass, from a law of random matrices: the integral of |F - G|.
///
/// Between neighbouring nodes, atoms and edges F is constant and G smooth, and G meets F once, at a quantile; each such
/// piece is integrated by Simpson's rule, halved until its error is below 1e-9 of the span of both, divided among the
/// pieces by their lengths. Cost: some ten evaluations of G and one quantile for each node.
///
/// ```
/// use eigenscape::random_matrix::Semicircle;
/// use eigenscape::spectrum::{DiscreteMeasure, wasserstein_to_law};
///
/// let middle = DiscreteMeasure::new(vec![0.0], vec![1.0])?;
/// let mean_size = 8.0 / (3.0 * std::f64::consts::PI); // of a number from the semicircle
/// assert!((wasserstein_to_law(&middle, &Semicircle::new(1.0)?)? - mean_size).abs() < 1e-8);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # Errors
/// If the law cannot tell its distribution or a quantile.
pub fn wasserstein_to_law(measure: &DiscreteMeasure, law: &dyn Law) -> Result<f64> {
    let mass = measure.mass();
    let mut cuts: Vec<f64> = measure.nodes().to_vec();
    cuts.extend(law.support().iter().flat_map(|interval| [interval.lower, interval.upper]));
    cuts.extend(law.atoms().iter().map(|atom| atom.location));
    cuts.sort_by(f64::total_cmp);
    cuts.dedup();
    let (mut next, mut sum, mut distance) = (0, 0.0, 0.0);
    for pair in cuts.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        while next < measure.nodes().len() && measure.nodes()[next] <= from {
            sum += measure.weights()[next];
            next += 1;
        }
        let level = (sum / mass).clamp(0.0, 1.0);
        // An atom at the right end belongs to the next piece.
        let piece = Piece { law, level, from, to };
        let (start, end) = (piece.difference(from)?, piece.difference(to)?);
        let meeting = if start < 0.0 && end > 0.0 { law.quantile(level)?.clamp(from, to) } else { from };
        for (low, high) in [(from, meeting), (meeting, to)] {
            if low < high {
                distance += piece.integral(low, high, ACCURACY * (high - low))?;
            }
        }
    }
    Ok(distance)
}

/// An interval inside of which F is constant and G smooth.
struct Piece<'a> {
    law: &'a dyn Law,
    level: f64,
    from: f64,
    to: f64,
}

impl Piece<'_> {
    /// G(x) - F, with G(to-) at the right end.
    fn difference(&self, x: f64) -> Result<f64> {
        let jump = |x: f64| -> f64 {
            let here = self.law.atoms().into_iter().filter(|atom| atom.location == x);
            here.map(|atom| atom.weight).sum()
        };
        let jump = if x == self.to && x > self.from { jump(x) } else { 0.0 };
        Ok(self.law.cumulative(x)? - jump - self.level)
    }

    /// The integral of |G - F| over an interval on which the sign does not change.
    fn integral(&self, from: f64, to: f64, tolerance: f64) -> Result<f64> {
        let value = |x: f64| self.difference(x).map(f64::abs);
        let (left, middle, right) = (value(from)?, value(from + (to - from) / 2.0)?, value(to)?);
        let whole = (to - from) / 6.0 * (left + 4.0 * middle + right);
        self.halves((from, to), [left, middle, right], whole, tolerance, DEPTH)
    }

    fn halves(&self, ends: (f64, f64), values: [f64; 3], whole: f64, tolerance: f64, depth: u32) -> Result<f64> {
        let (from, to) = ends;
        let [left, middle, right] = values;
        let center = from + (to - from) / 2.0;
        let value = |x: f64| self.difference(x).map(f64::abs);
        let (first, last) = (value(from + (center - from) / 2.0)?, value(center + (to - center) / 2.0)?);
        let one = (center - from) / 6.0 * (left + 4.0 * first + middle);
        let two = (to - center) / 6.0 * (middle + 4.0 * last + right);
        let error = (one + two - whole) / 15.0;
        if error.abs() <= tolerance || depth == 0 {
            return Ok(one + two + error);
        }
        let left = self.halves((from, center), [left, first, middle], one, tolerance / 2.0, depth - 1)?;
        Ok(left + self.halves((center, to), [middle, last, right], two, tolerance / 2.0, depth - 1)?)
    }
}
