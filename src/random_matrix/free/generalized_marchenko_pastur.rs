//! The generalized Marchenko-Pastur law: sample covariances of any population.

use std::sync::Arc;

use super::base::Base;
use super::companion::Companion;
use super::curve::Map;
use super::curve_law::{CurveLaw, law_of_field};
use crate::error::{Error, Result};
use crate::random_matrix::complex::Complex;
use crate::random_matrix::edges::edge::Edge;
use crate::random_matrix::law::{Interval, Law};
use crate::random_matrix::spikes::outlier::Outlier;
use crate::random_matrix::transforms::non_negative;

/// The spectrum of a sample covariance whose population has eigenvalues of its own.
///
/// ```text
///     S = (1/n) Sigma^(1/2) X X' Sigma^(1/2),   X: p x n, independent entries of variance 1,   c = p / n
///     population   nu = (1/p) sum_j delta(tau_j), tau_j >= 0 the eigenvalues of Sigma
///     z = u (1 + c int tau nu(dtau) / (u - tau)),     m(z) = int u nu(dtau) / ((tau - u) z)        (Silverstein)
/// ```
///
/// The equation is solved on the curve where z is real (no complex iteration): the edges are the real roots of dz/du = 0,
/// each found in a bracket, and a population that is split far enough splits the bulk. The law counts all p eigenvalues,
/// with an atom max(nu{0}, 1 - 1/c) at 0. The Gram matrix X' Sigma X / n has the same non-zero ones.
///
/// Cost, for a population of k points: O(k) per value of the density, O(k^2) once for the edges. A population that is itself
/// a [`Law`] with a density is taken as it is; its distribution is then tabulated.
///
/// ```
/// use eigenscape::random_matrix::{Discrete, GeneralizedMarchenkoPastur, Law};
///
/// // Half of the directions have variance 1, half 10; ten times as many samples as directions.
/// let population = Discrete::new(&[1.0, 10.0], &[0.5, 0.5])?;
/// let law = GeneralizedMarchenkoPastur::new(population, 0.1)?;
/// assert_eq!(law.support().len(), 2);
/// assert!((law.cumulative(3.0)? - 0.5).abs() < 1e-12);
/// assert!((law.support()[1].upper - 15.026585822585664).abs() < 1e-10);
///
/// // One population eigenvalue more, at 20: it leaves the bulk, to a place above its own.
/// let outlier = law.outlier(20.0)?;
/// assert!(outlier.detached && outlier.position > 20.0);
/// assert!((law.spike(outlier.position)? - 20.0).abs() < 1e-10);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Marchenko & Pastur 1967 (doi:10.1070/SM1967v001n04ABEH001994); Silverstein 1995 (doi:10.1006/jmva.1995.1083);
/// Silverstein & Choi 1995 (doi:10.1006/jmva.1995.1058); Bai & Yao 2012 (doi:10.1016/j.jmva.2011.10.009, spikes).
#[derive(Clone, Debug)]
pub struct GeneralizedMarchenkoPastur {
    pub(super) law: CurveLaw,
    ratio: f64,
}

law_of_field!(GeneralizedMarchenkoPastur, law);

/// A point of a law's density.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CurvePoint {
    /// The eigenvalue.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub x: f64,
    /// The density there.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub density: f64,
}

impl GeneralizedMarchenkoPastur {
    /// The law of a population and a ratio c, dimension over samples.
    ///
    /// # Errors
    /// If the population has mass below 0 or nowhere else than at 0, or the ratio is not positive and finite.
    pub fn new(population: impl Law + 'static, ratio: f64) -> Result<Self> {
        Error::positive("the ratio of a generalized Marchenko-Pastur law", ratio)?;
        let population: Arc<dyn Law> = Arc::new(population);
        non_negative("the lower end of a population", &*population)?;
        let law = CurveLaw::new(Base::new(population), Map::Covariance { ratio })?;
        Ok(GeneralizedMarchenkoPastur { law, ratio })
    }

    /// The ratio c.
    pub fn ratio(&self) -> f64 {
        self.ratio
    }

    /// The population.
    pub fn population(&self) -> &dyn Law {
        self.law.curve.base.law()
    }

    /// The law of the Gram dual, n x n: the same bulk, and its own number of zeros.
    pub fn companion(&self) -> Companion {
        Companion::new(self.clone())
    }

    /// The point u with z(u) = x: on the curve, in the upper half plane, for x inside of a bulk; real outside.
    pub(in crate::random_matrix) fn subordination(&self, x: f64) -> Result<Complex> {
        let curve = &self.law.curve;
        curve.bulk_at(x).map_or_else(|| curve.solve(x.into()), |bulk| curve.point(bulk, x))
    }

    /// Between which population spikes no outlier shows: one interval for each bulk. The upper end of the last one is the
    /// threshold of Baik, Ben Arous and Péché for this population.
    pub fn hidden_spikes(&self) -> Vec<Interval> {
        self.law.curve.bulks.iter().map(|bulk| bulk.points).collect()
    }

    /// The density along the bulk's own parameter, `points` in each interval of the support: for plots.
    ///
    /// The points are dense where the curve is steep, and no interval of the support, however narrow, is missed.
    ///
    /// # Errors
    /// If a point of the curve is not found.
    pub fn curve(&self, points: usize) -> Result<Vec<CurvePoint>> {
        let mut curve = Vec::new();
        for bulk in &self.law.curve.bulks {
            let Interval { lower, upper } = bulk.points;
            for node in 0..points {
                let sine = libm::sin(std::f64::consts::FRAC_PI_2 * (node as f64 + 0.5) / points as f64);
                let (x, w) = self.law.curve.above(lower + (upper - lower) * sine * sine)?;
                curve.push(CurvePoint { x, density: self.law.height(w)? });
            }
        }
        Ok(curve)
    }

    /// What one more population eigenvalue does to the spectrum.
    ///
    /// ```text
    ///     detached   dz/du > 0 at u = spike;    position z(spike);    overlap   spike z'(spike) / z(spike)
    ///     n Var(position) -> 2 spike^2 z'(spike)
    /// ```
    ///
    /// The spike may lie above, below or between the population's; what is not detached goes to the nearest edge. The
    /// variance is for real Gaussian samples.
    ///
    /// # Errors
    /// Unless the spike is finite and positive.
    pub fn outlier(&self, spike: f64) -> Result<Outlier> {
        Error::positive("the population spike", spike)?;
        let curve = &self.law.curve;
        if let Some(bulk) = curve.bulks.iter().find(|b| b.points.lower <= spike && spike <= b.points.upper) {
            let Interval { lower, upper } = bulk.points;
            let above = spike - lower >= upper - spike;
            return Ok(Outlier::attached(bulk.support, above));
        }
        let [position, slope] = curve.value(spike.into())?.map(|value| value.re);
        Ok(Outlier {
            detached: true,
            position,
            overlap: spike * slope / position,
            variance: Some(2.0 * spike * spike * slope),
        })
    }

    /// The population spike that puts its outlier at an observed position: the inverse of
    /// [`outlier`](GeneralizedMarchenkoPastur::outlier).
    ///
    /// # Errors
    /// If the position is not positive or lies inside the bulk, where no spike can be told from noise, or below the bulk
    /// of a ratio above 1, where there is none.
    pub fn spike(&self, position: f64) -> Result<f64> {
        Error::positive("the observed outlier", position)?;
        let spike = self.law.curve.solve(position.into())?.re;
        if spike > 0.0 {
            return Ok(spike);
        }
        let limits = "must lie above the bulk: with more dimensions than samples no spike goes below it";
        Err(Error::OutOfRange { what: "the observed outlier", value: position, limits })
    }

    /// The edges of all bulks at a finite number of samples, ascending, lower and upper in turns: where the extreme
    /// eigenvalues of each fluctuate, and by how much.
    ///
    /// ```text
    ///     scale = (u^4 |z''(u)| / (2 n^2))^(1/3),   z'(u) = 0
    /// ```
    ///
    /// A hard edge, at 0, is left out. An edge that leans on few population eigenvalues, far above the others, is one in
    /// the limit only: see [`outlier`](GeneralizedMarchenkoPastur::outlier) instead.
    ///
    /// # Errors
    /// If there are no samples.
    ///
    /// # References
    /// El Karoui 2007 (doi:10.1214/009117906000000917); Lee & Schnelli 2016 (doi:10.1214/16-AAP1193); Knowles & Yin 2017
    /// (doi:10.1007/s00440-016-0730-4).
    pub fn edges(&self, samples: usize) -> Result<Vec<Edge>> {
        Error::at_least("the number of samples", samples, 1, "must be at least 1")?;
        self.law.edges(samples as f64 * self.ratio)
    }
}
