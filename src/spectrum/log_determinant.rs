//! The logarithm of a determinant.

use super::canonical::with_node;
use super::estimate::Estimate;
use super::spectral_measure::SpectralMeasure;
use crate::error::{Error, Result};
use crate::random_matrix::Interval;

impl SpectralMeasure {
    /// ln det(A + shift I), for a positive definite A + shift I: the trace of the logarithm.
    ///
    /// The error is of the finite number of probes. That of the finite depth has a sign: each Gauss rule is at least v'ln(A)v,
    /// since the derivatives of even order of the logarithm are negative. It falls by
    /// ((sqrt(k) - 1) / (sqrt(k) + 1))^2 a step, with k the condition number. For both errors in one interval see
    /// [`SpectralMeasure::log_determinant_interval`].
    ///
    /// ```
    /// use eigenscape::operator::Diagonal;
    /// use eigenscape::random::Key;
    /// use eigenscape::spectrum::StochasticLanczos;
    ///
    /// // A semidefinite matrix of rank 100 in 200 dimensions, damped by 1.
    /// let operator = Diagonal::new((0..200).map(|i| f64::from(i.max(100) - 100)).collect());
    /// let exact: f64 = (1..100).map(|i| f64::from(i + 1).ln()).sum();
    /// let measure = StochasticLanczos::new(Key::new(0)).probes(20).steps(20).run(&operator)?;
    /// let estimate = measure.log_determinant(1.0)?;
    /// assert!((estimate.mean - exact).abs() < 4.0 * estimate.standard_error.unwrap());
    /// // What is known of A itself: no eigenvalue below 0.
    /// assert!(measure.log_determinant_interval(1.0, 0.0, 0.95)?.contains(exact));
    /// # Ok::<(), eigenscape::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the shift is not finite, or a node with the shift is not positive: then A + shift I is not positive definite.
    #[doc(alias = "logdet")]
    #[doc(alias = "slogdet")]
    pub fn log_determinant(&self, shift: f64) -> Result<Estimate> {
        self.require_positive(shift)?;
        self.trace(|x| (x + shift).ln())
    }

    /// The interval that covers ln det(A + shift I) at a confidence, for probes and depth together, given a number `least`
    /// that no eigenvalue of A is below: 0 for a semidefinite A.
    ///
    /// For each probe the Gauss rule is an upper bound of v'ln(A)v and the Gauss-Radau rule with a node at `least` a lower
    /// one. The interval goes from the lower end of the Student interval of the lower bounds to the upper end of that of the
    /// upper ones.
    ///
    /// # Errors
    /// As [`SpectralMeasure::log_determinant`] and [`Estimate::interval`]; and if a node is below `least` by more than rounding
    /// errors, `least` + `shift` is not positive, or orthogonality was lost.
    ///
    /// # References
    /// Bai & Golub 1997, Annals of Numerical Mathematics 4, 29. Golub & Meurant, Matrices, Moments and Quadrature (2010).
    pub fn log_determinant_interval(&self, shift: f64, least: f64, confidence: f64) -> Result<Interval> {
        let upper = self.log_determinant(shift)?;
        if self.orthogonality() > 1e-3 {
            let limits = "must be at most 1e-3, or the rules bound nothing: take full orthogonalization";
            return Err(Error::OutOfRange { what: "the level of orthogonality", value: self.orthogonality(), limits });
        }
        Error::positive("the least eigenvalue with the shift", least + shift)?;
        let (lowest, size) = self
            .every_node()
            .fold((f64::INFINITY, 0.0f64), |(lowest, size), node| (lowest.min(node), size.max(node.abs())));
        let rounding = 10.0 * (self.orthogonality().min(f64::from(f32::EPSILON)) + f64::EPSILON) * size;
        if lowest < least - rounding {
            let limits = "must be at least what no eigenvalue is below: give a lower number, or a larger shift with it";
            return Err(Error::OutOfRange { what: "the least node", value: lowest, limits });
        }
        let known = self.atoms().iter().map(|atom| (atom + shift).ln()).sum::<f64>();
        let mut lower = Vec::with_capacity(self.rules().len());
        for rule in self.rules() {
            // A node that rounding has carried below is as good as one there.
            let sum = match with_node(rule, least.min(rule.measure().nodes()[0]))? {
                Some(pairs) => {
                    let positive = pairs.iter().filter(|(_, weight)| *weight > 0.0);
                    positive.map(|(node, weight)| weight * (node + shift).ln()).sum()
                }
                None => rule.measure().integrate(|x| (x + shift).ln()),
            };
            lower.push(known + self.dim() as f64 * sum);
        }
        let upper = upper.interval(confidence)?;
        if lower.is_empty() {
            return Ok(upper);
        }
        let lower = Estimate::new(lower, self.report().matvecs).interval(confidence)?;
        // Two rules that are exact may differ by a rounding error either way.
        Ok(Interval { lower: lower.lower.min(upper.upper), upper: upper.upper.max(lower.lower) })
    }

    /// All nodes of all rules that carry weight, and the atoms.
    pub(super) fn every_node(&self) -> impl Iterator<Item = f64> {
        let nodes = self.rules().iter().flat_map(|rule| rule.measure().pairs());
        nodes.filter(|&(_, weight)| weight > 0.0).map(|(node, _)| node).chain(self.atoms().iter().copied())
    }

    fn require_positive(&self, shift: f64) -> Result<()> {
        if !shift.is_finite() {
            let remedy = "give a finite number, 0 for none";
            return Err(Error::NotFiniteValue { what: "the shift of a determinant", value: shift, remedy });
        }
        let least = self.every_node().fold(f64::INFINITY, f64::min) + shift;
        if least > 0.0 {
            return Ok(());
        }
        let limits = "must be positive: a determinant with a logarithm needs a positive definite operator; take a larger \
                      shift, or `trace` with ln |x| for the logarithm of its absolute value";
        Err(Error::OutOfRange { what: "the least node with the shift", value: least, limits })
    }
}
