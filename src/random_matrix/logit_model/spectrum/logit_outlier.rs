//! The outliers of the random model: roots of its secular equation.

use super::logit_means::Root;
use super::residue_bulk::ResidueBulk;
use crate::error::Result;
use crate::linalg;
use crate::random_matrix::SoftmaxBlocks;

/// How far to trust a prediction of the conditional theory at sizes of a hundred, by its overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Validity {
    /// Overlap at least 0.7: it was within 0.004 of simulations.
    Good,
    /// Overlap at least 0.5: within 0.025.
    Fair,
    /// The threshold is near: position and overlap rise gradually there, and both are predicted too low (the position by
    /// 1 to 3 %). [`FullPopulation`](crate::random_matrix::FullPopulation) has the positions.
    CriticalWindow,
    /// Few examples, or nearly all of them frozen: the outliers use up a good part of the active directions, and the bulk
    /// ends lower than predicted: 3 % at 6 outliers of 95 directions, 15 % at 9 of 40 with P = 2 N C. The outliers are as
    /// good as they say; [`FullPopulation`](crate::random_matrix::FullPopulation) has the eigenvalues of the bulk. Also where
    /// there are few dimensions too: the law of Tracy and Widom is 2 % too high at 20 directions in 50 dimensions, 6 % at 2.
    FewActive,
}

impl Validity {
    pub(crate) fn of_overlap(overlap: f64) -> Self {
        match overlap {
            x if x >= 0.7 => Validity::Good,
            x if x >= 0.5 => Validity::Fair,
            _ => Validity::CriticalWindow,
        }
    }

    /// Whether to use the conditional theory.
    pub fn is_trusted(self) -> bool {
        matches!(self, Validity::Good | Validity::Fair)
    }
}

/// An eigenvalue that the class means draw out of the bulk.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct LogitOutlier {
    /// The root u of the secular equation, a population eigenvalue as it were.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub root: f64,
    /// Its place psi(u), for an infinite matrix.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub position: f64,
    /// By how much the other outliers push it away on average, to second order; none where one is as near as that they mix.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub repulsion: Option<f64>,
    /// Its standard deviation.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub standard_deviation: f64,
    /// alpha = |Q'v|^2, the squared length of its unit eigenvector's projection on the span of the means.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub overlap: f64,
    /// c_k . v for every mean, up to a common sign.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub projections: Vec<f64>,
    /// How far to trust this.
    pub validity: Validity,
    /// The unit eigenvector of R A(u) R at its eigenvalue 1.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub(crate) direction: Vec<f64>,
    /// Var(position) = 2 spread / n.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub(crate) spread: f64,
}

impl LogitOutlier {
    /// The geometric mean of two spreads, whose product may not be representable.
    pub(crate) fn joint_spread(&self, other: &Self) -> f64 {
        self.spread.sqrt() * other.spread.sqrt()
    }
}

/// The parts of the secular equation det(I - R A(u) R) = 0.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Secular<'a> {
    pub(crate) blocks: &'a SoftmaxBlocks,
    pub(crate) root: &'a Root,
    /// t = n sigma_E^2.
    pub(crate) t: f64,
    pub(crate) bulk: &'a ResidueBulk,
    pub(crate) given: bool,
    /// The largest number of outliers.
    pub(crate) limit: usize,
}

impl Secular<'_> {
    /// a_1(u) >= a_2(u) >= ..., the eigenvalues of R A(u) R, and their eigenvectors, ascending.
    fn eigen(&self, u: f64) -> Result<linalg::SymmetricEigen<f64>> {
        linalg::symmetric_eigen(&self.root.around(&self.blocks.resolvent(u, self.t)), self.root.size, true)
    }

    /// a_j(u_+), as many as there may be outliers: above 1, one is. Infinite without a bulk.
    pub(crate) fn strengths(&self) -> Result<Vec<f64>> {
        if self.limit == 0 {
            return Ok(Vec::new());
        }
        let bare = self.bulk.atoms().is_empty();
        // Without residues A(u) = Sbar / u, and every mean that curvature sees detaches.
        let eigen = self.eigen(if bare { 1.0 } else { self.bulk.point() })?;
        let values = eigen.values.into_iter().rev().take(self.limit);
        if !bare {
            return Ok(values.map(|a| a.max(0.0)).collect());
        }
        let values: Vec<f64> = values.collect();
        let rounding = 1e-13 * values[0];
        Ok(values.iter().map(|&a| if a > rounding && a > 0.0 { f64::INFINITY } else { 0.0 }).collect())
    }

    pub(crate) fn outliers(&self, count: usize) -> Result<Vec<LogitOutlier>> {
        let mut outliers = (0..count).map(|j| self.outlier(j)).collect::<Result<Vec<_>>>()?;
        // Roots that rounding tells apart may come in the wrong order.
        outliers.sort_by(|a, b| b.position.total_cmp(&a.position));
        self.repel(&mut outliers);
        Ok(outliers)
    }

    /// The root of a_j(u) = 1, where a_j(u_+) > 1: by Newton's method for 1 / a_j, which is nearly linear.
    fn outlier(&self, j: usize) -> Result<LogitOutlier> {
        let at = self.root.size - 1 - j;
        let mut low = self.bulk.point();
        let weights: f64 = self.blocks.weights().iter().sum();
        let mut high = self.bulk.largest() + self.root.norm * (0.5 * weights);
        let mut u = if low > 0.0 { low } else { high };
        let (mut direction, mut slope);
        let mut steps = 0;
        loop {
            let eigen = self.eigen(u)?;
            let a = eigen.values[at];
            direction = eigen.vectors[at * self.root.size..][..self.root.size].to_vec();
            slope = -self.blocks.slope(u, self.t, &self.root.apply(&direction));
            if a > 1.0 {
                low = low.max(u);
            } else {
                high = high.min(u);
            }
            let step = (1.0 - a) * a / slope;
            let mut next = u + step;
            if !(next > low && next < high) {
                next = low + 0.5 * (high - low);
            }
            steps += 1;
            if step.abs() <= 4.0 * f64::EPSILON * u || next == u || steps == 100 {
                break;
            }
            u = next;
        }
        let (position, turn) = (self.bulk.position(u), self.bulk.slope(u));
        let overlap = if self.bulk.atoms().is_empty() { 1.0 } else { (-turn / (u * slope)).clamp(0.0, 1.0) };
        // One sign: the largest projection is positive.
        let mut projections = self.root.apply(&direction);
        let largest = projections.iter().fold(0.0f64, |best, x| if x.abs() > best.abs() { *x } else { best });
        let sign = if largest < 0.0 { -1.0 } else { 1.0 };
        projections.iter_mut().for_each(|x| *x *= sign * overlap.sqrt());
        direction.iter_mut().for_each(|x| *x *= sign);
        let noise = if self.given { turn - overlap * overlap } else { turn };
        let spread = u * u * noise.max(0.0);
        Ok(LogitOutlier {
            root: u,
            position,
            repulsion: None,
            standard_deviation: (2.0 * spread / self.bulk.samples()).sqrt(),
            overlap,
            projections,
            validity: Validity::of_overlap(overlap),
            direction,
            spread,
        })
    }

    /// The mean shift by second-order perturbation, where it is small beside the distances.
    fn repel(&self, outliers: &mut [LogitOutlier]) {
        for j in 0..outliers.len() {
            let mut shift = Some(0.0);
            for k in (0..outliers.len()).filter(|&k| k != j) {
                let square = outliers[j].joint_spread(&outliers[k]) / self.bulk.samples();
                let distance = outliers[j].position - outliers[k].position;
                let apart = distance * distance > 4.0 * square || square == 0.0;
                let push = if square == 0.0 { 0.0 } else { square / distance };
                shift = shift.filter(|_| apart).map(|sum| sum + push);
            }
            outliers[j].repulsion = shift;
        }
    }
}
