//! The mass at one point: how many eigenvalues are zero.

use super::bounds::split;
use super::estimate::Estimate;
use super::spectral_measure::SpectralMeasure;
use crate::error::{Error, Result};

/// The fraction of eigenvalues within a tolerance of a point: an estimate, and bounds that hold for each probe.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct AtomEstimate {
    /// The point.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub location: f64,
    /// How far around it eigenvalues count.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub tolerance: f64,
    /// The weight of the nodes there: the mean over probes. Unbiased once the nodes there have converged.
    pub weight: Estimate,
    /// The mean of the strict lower bounds of the mass there; 0 where the depth proves nothing.
    pub lower: Estimate,
    /// The mean of the strict upper bounds: with tolerance 0 the Christoffel function at the point, 1 / sum_k p_k(x)^2 over
    /// the orthonormal polynomials up to degree m.
    pub upper: Estimate,
}

impl SpectralMeasure {
    /// The mass at a point: the fraction of eigenvalues equal to it, up to a tolerance.
    ///
    /// ```text
    ///     lower  <=  mass of [location - tolerance, location + tolerance]  <=  upper        for the measure of each probe
    /// ```
    ///
    /// The rounding of the products, [`Quadrature::rounding`](super::Quadrature::rounding), comes on top of the tolerance.
    /// With a tolerance inside of a gap around an atom, the two bounds close up geometrically with the depth; with
    /// tolerance 0 no depth proves that the eigenvalues are equal and not merely close, and the lower bound is 0 until
    /// the recurrence ends.
    ///
    /// Cost: no product; O(m^2) operations a probe.
    ///
    /// ```
    /// use eigenscape::operator::Diagonal;
    /// use eigenscape::random::Key;
    /// use eigenscape::spectrum::StochasticLanczos;
    ///
    /// // Rank 300 of 1000, the other eigenvalues between 1 and 2.
    /// let entries = (0..1000).map(|i| if i < 700 { 0.0 } else { 1.0 + f64::from(i - 700) / 300.0 }).collect();
    /// let measure = StochasticLanczos::new(Key::new(0)).steps(20).run(&Diagonal::new(entries))?;
    /// let zeros = measure.atom(0.0, 0.5)?;
    /// assert!((zeros.weight.mean - 0.7).abs() < 4.0 * zeros.weight.standard_error.unwrap());
    /// assert!(zeros.upper.mean - zeros.lower.mean < 1e-6); // 20 steps prove it up to the noise of the probes
    /// # Ok::<(), eigenscape::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the location is not finite, or the tolerance is negative or not finite.
    ///
    /// # References
    /// Akhiezer, The Classical Moment Problem (1965), ch. 2.
    #[doc(alias = "rank")]
    #[doc(alias = "nullity")]
    #[doc(alias = "zero eigenvalues")]
    pub fn atom(&self, location: f64, tolerance: f64) -> Result<AtomEstimate> {
        Error::finite("the location of an atom", &[location], "ask at a point of the line")?;
        if !(tolerance >= 0.0 && tolerance.is_finite()) {
            let limits = "must be finite and at least 0";
            return Err(Error::OutOfRange { what: "the tolerance around an atom", value: tolerance, limits });
        }
        let reach = |rounding: f64| tolerance.max(rounding);
        let known = |node: f64| if (node - location).abs() <= reach(self.rounding()) { 1.0 } else { 0.0 };
        let weight = self.over_probes(known, |rule| {
            let near = |&(node, _): &(f64, f64)| (node - location).abs() <= reach(rule.rounding());
            rule.measure().pairs().filter(near).map(|(_, weight)| weight).sum()
        });
        let ends = |rounding: f64| (location - reach(rounding), location + reach(rounding));
        let lower = self.over_probes(known, |rule| {
            let (from, to) = ends(rule.rounding());
            let ended = rule.residual_norms().iter().all(|&residual| residual <= rule.rounding());
            if tolerance <= rule.rounding() {
                return if ended { split(rule, location).at } else { 0.0 };
            }
            (split(rule, to).below - split(rule, from).upper()).max(0.0)
        });
        let upper = self.over_probes(known, |rule| {
            let (from, to) = ends(rule.rounding());
            if tolerance <= rule.rounding() {
                return split(rule, location).at;
            }
            split(rule, to).upper() - split(rule, from).below
        });
        Ok(AtomEstimate { location, tolerance, weight, lower, upper })
    }
}
