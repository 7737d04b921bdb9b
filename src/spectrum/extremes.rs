//! The ends of the spectrum, and the condition number.

use super::spectral_measure::SpectralMeasure;
use super::student;
use crate::error::{Error, Result};
use crate::random_matrix::Interval;

/// The extreme eigenvalues, each between a strict bound and a probable one, from [`SpectralMeasure::extremes`].
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Extremes {
    /// Holds the smallest eigenvalue: it is at most `upper`, the least node, for sure, up to rounding.
    pub smallest: Interval,
    /// Holds the largest eigenvalue: it is at least `lower`, the largest node, for sure, up to rounding.
    pub largest: Interval,
}

impl Extremes {
    /// The condition number of a definite operator, the ratio of the extreme |eigenvalues|: at least `lower`, the ratio of
    /// the extreme nodes, for sure up to rounding; infinite above where the smallest |eigenvalue| may be zero.
    ///
    /// The upper end is finite only where the depth resolves the smallest |eigenvalue|: some square root of the condition
    /// number steps.
    ///
    /// # Errors
    /// If there are nodes on both sides of zero, or at it: the nodes of an indefinite operator say nothing of its eigenvalue
    /// closest to zero.
    #[doc(alias = "kappa")]
    pub fn condition_number(&self) -> Result<Interval> {
        let Extremes { mut smallest, mut largest } = *self;
        if largest.lower < 0.0 {
            let negated = |x: Interval| Interval { lower: -x.upper, upper: -x.lower };
            (smallest, largest) = (negated(largest), negated(smallest));
        }
        if smallest.upper <= 0.0 {
            let limits = "must be positive, or all nodes negative: for an indefinite operator take the condition number of \
                          `LeastSquares`";
            return Err(Error::OutOfRange {
                what: "the least node of a condition number",
                value: smallest.upper,
                limits,
            });
        }
        let upper = if smallest.lower > 0.0 { largest.upper / smallest.lower } else { f64::INFINITY };
        Ok(Interval { lower: largest.lower / smallest.upper, upper })
    }
}

impl SpectralMeasure {
    /// Bounds on the extreme eigenvalues that hold together at a confidence, in (0, 1), whatever the matrix.
    ///
    /// The nodes are bounds from inside without any assumption. From outside: with probability at least 1 - delta over a
    /// random start, the largest node of m steps is within epsilon (lambda_max - lambda_min) of the largest eigenvalue, with
    ///
    /// ```text
    ///     delta = 1.648 sqrt(n) exp(-sqrt(epsilon) (2m - 1))
    /// ```
    ///
    /// and the best of several probes misses only if all do. That is for [`Probe::Sphere`](super::Probe::Sphere) and
    /// [`Probe::Normal`](super::Probe::Normal), and takes no notice of gaps, so it is wide for well separated extremes, whose
    /// nodes are nearly exact. Infinite where the depth is too small to say anything.
    ///
    /// ```
    /// use eigenscape::operator::Diagonal;
    /// use eigenscape::random::Key;
    /// use eigenscape::spectrum::StochasticLanczos;
    ///
    /// let operator = Diagonal::new((0..1000).map(|i| 1.0 + 0.009 * f64::from(i)).collect());
    /// let measure = StochasticLanczos::new(Key::new(0)).run(&operator)?;
    /// let condition = measure.extremes(0.95)?.condition_number()?;
    /// assert!(condition.contains(9.991) && condition.upper / condition.lower < 1.05);
    /// # Ok::<(), eigenscape::Error>(())
    /// ```
    ///
    /// # Errors
    /// If `confidence` is not in (0, 1).
    ///
    /// # References
    /// Kuczynski & Wozniakowski 1992 (doi:10.1137/0613066).
    pub fn extremes(&self, confidence: f64) -> Result<Extremes> {
        student::require(confidence)?;
        let (mut lowest, mut highest, mut size) = (f64::INFINITY, f64::NEG_INFINITY, 0.0f64);
        let (mut steps, mut exhausted) = (usize::MAX, false);
        for rule in self.rules() {
            let nodes = rule.measure().nodes();
            lowest = lowest.min(nodes[0]);
            highest = highest.max(nodes[nodes.len() - 1]);
            size = size.max(lowest.abs()).max(highest.abs());
            steps = steps.min(nodes.len());
            let residual = rule.residual_norms().iter().fold(0.0f64, |largest, norm| largest.max(*norm));
            // An invariant space of a random vector holds an eigenvector of every eigenvalue.
            let rounding = 10.0 * self.orthogonality().min(f64::from(f32::EPSILON)) + 64.0 * f64::EPSILON;
            exhausted |= residual <= rounding * size;
        }
        let (mut smallest, mut largest) =
            (Interval { lower: lowest, upper: lowest }, Interval { lower: highest, upper: highest });
        if !self.rules().is_empty() && !exhausted {
            let free = (self.dim() - self.atoms().len()) as f64;
            // Two ends, and all probes must miss.
            let delta = ((1.0 - confidence) / 2.0).powf(1.0 / self.rules().len() as f64);
            let root = ((1.648 * free.sqrt() / delta).ln() / (2.0 * steps as f64 - 1.0)).max(0.0);
            let epsilon = root * root;
            // The range itself is known up to twice epsilon of it.
            let reach =
                if epsilon < 0.5 { epsilon * (highest - lowest) / (1.0 - 2.0 * epsilon) } else { f64::INFINITY };
            (smallest.lower, largest.upper) = (lowest - reach, highest + reach);
        }
        // Nodes are what rounding in the products has made of eigenvalues.
        let rounding = self.rounding();
        (smallest.lower, smallest.upper) = (smallest.lower - rounding, smallest.upper + rounding);
        (largest.lower, largest.upper) = (largest.lower - rounding, largest.upper + rounding);
        for &atom in self.atoms() {
            let least = |x: Interval| Interval { lower: x.lower.min(atom), upper: x.upper.min(atom) };
            let most = |x: Interval| Interval { lower: x.lower.max(atom), upper: x.upper.max(atom) };
            (smallest, largest) = (least(smallest), most(largest));
        }
        Ok(Extremes { smallest, largest })
    }
}
