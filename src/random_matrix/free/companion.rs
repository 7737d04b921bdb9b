//! The Gram dual of a sample covariance.

use super::generalized_marchenko_pastur::GeneralizedMarchenkoPastur;
use crate::error::Result;
use crate::random_matrix::complex::Complex;
use crate::random_matrix::law::{self, Atom, Interval, Law};

/// The spectrum of X' Sigma X / n, n x n, whose non-zero eigenvalues are those of the p x p sample covariance.
///
/// ```text
///     mu~ = (1 - c) delta(0) + c mu,      m~(z) = -1 / u(z),      z = u (1 + c int tau nu(dtau) / (u - tau))
/// ```
///
/// Which of the two an operator is depends on what is counted: a Gauss-Newton matrix J' S J with more parameters than
/// outputs is the one with the zeros. From [`GeneralizedMarchenkoPastur::companion`].
///
/// ```
/// use eigenscape::random_matrix::{Discrete, GeneralizedMarchenkoPastur, Law};
///
/// // Ten samples' worth of rows for each hundred columns: nine tenths of the Gram matrix's eigenvalues are zero.
/// let law = GeneralizedMarchenkoPastur::new(Discrete::new(&[1.0, 3.0], &[0.5, 0.5])?, 0.1)?;
/// let dual = law.companion();
/// assert!((dual.atoms()[0].weight - 0.9).abs() < 1e-15);
/// assert!((dual.moment(1) - 0.1 * law.moment(1)).abs() < 1e-15);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Companion {
    law: GeneralizedMarchenkoPastur,
}

impl Companion {
    pub(super) fn new(law: GeneralizedMarchenkoPastur) -> Self {
        Companion { law }
    }

    /// The mass at 0.
    fn zeros(&self) -> f64 {
        let zeros: f64 = self.law.atoms().iter().map(|atom| atom.weight).sum();
        (1.0 - self.law.ratio() * (1.0 - zeros)).max(0.0)
    }

    fn point(&self, z: Complex) -> Result<Complex> {
        law::finite(z)?;
        if z == Complex::default() && !self.atoms().is_empty() {
            return Err(law::on_the_cut(0.0));
        }
        self.law.law.curve.solve(z)
    }
}

impl Law for Companion {
    fn support(&self) -> Vec<Interval> {
        self.law.support()
    }

    fn atoms(&self) -> Vec<Atom> {
        let weight = self.zeros();
        // What rounding leaves of a full rank is no atom.
        if weight > 4.0 * f64::EPSILON { vec![Atom { location: 0.0, weight }] } else { Vec::new() }
    }

    fn density(&self, x: f64) -> Result<f64> {
        Ok(self.law.ratio() * self.law.density(x)?)
    }

    fn cumulative(&self, x: f64) -> Result<f64> {
        if x < 0.0 {
            return Ok(0.0);
        }
        Ok((1.0 - self.law.ratio() * (1.0 - self.law.cumulative(x)?)).max(0.0))
    }

    fn quantile(&self, probability: f64) -> Result<f64> {
        law::probability(probability)?;
        if self.atoms().iter().any(|atom| probability <= atom.weight) {
            return Ok(0.0);
        }
        let inner = 1.0 - (1.0 - probability) / self.law.ratio();
        let zeros: f64 = self.law.atoms().iter().map(|atom| atom.weight).sum();
        if inner <= zeros {
            return Ok(self.law.support().first().map_or(0.0, |part| part.lower));
        }
        self.law.quantile(inner.min(1.0))
    }

    fn stieltjes(&self, z: Complex) -> Result<Complex> {
        Ok(Complex::from(-1.0) / self.point(z)?)
    }

    fn stieltjes_derivative(&self, z: Complex) -> Result<Complex> {
        let u = self.point(z)?;
        let slope = Complex::from(1.0) / (u * u) / self.law.law.curve.value(u)?[1];
        if slope.is_finite() { Ok(slope) } else { Err(law::on_the_cut(z.re)) }
    }

    fn moment(&self, order: u32) -> f64 {
        if order == 0 { 1.0 } else { self.law.ratio() * self.law.moment(order) }
    }
}
