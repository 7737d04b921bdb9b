//! The edge of a bulk at a finite size: where the extreme eigenvalue of noise lies, and how far out it is no noise.

use super::tracy_widom::{TracyWidom, strictly_between};
use crate::error::{Error, Result};
use crate::random_matrix::law::{self, Interval};

/// Which end of a bulk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Side {
    /// The left end: outliers lie below.
    Lower,
    /// The right end: outliers lie above.
    Upper,
}

/// A soft edge of the bulk of a large random matrix: the law of its extreme eigenvalue.
///
/// ```text
///     (lambda_max - location) / scale  ->  TW_beta        at an upper edge
///     (location - lambda_min) / scale  ->  TW_beta        at a lower one
/// ```
///
/// Soft means that the density ends like a square root. The lower edge of a covariance with about as many samples as
/// variables is hard, pressed against 0, and has another law. The scale is of order size^(-2/3) times the width of the
/// bulk. The law is that of real noise, [`TracyWidom::real`], unless [`Edge::complex`] says otherwise. It does not ask for
/// Gaussian entries: four moments are enough in the limit.
///
/// The constructors centre and scale to second order: the error of a probability is of order size^(-2/3). Measured over
/// 4000 draws each, at nominal 5 % a real covariance of noise exceeds its upper edge's threshold in 4.1 % (2 variables, 4
/// samples), 4.7 % (5, 10), 5.2 % (20, 40), 5.3 % (50, 100), 4.5 % (5, 100), 5.0 % (50, 500), a symmetric matrix in 3.7 %
/// (size 2), 4.6 % (5), 4.8 % (20), 5.2 % (100); the standard error is 0.3 %.
///
/// ```
/// use eigenscape::random_matrix::{Edge, Side};
///
/// // The sample covariance of noise of variance 1 in 50 variables, from 100 samples. Its bulk ends at 2.914.
/// let edge = Edge::wishart(50, 100, 1.0, Side::Upper)?;
/// assert!((edge.location() - 2.894).abs() < 1e-3);
/// assert!(edge.p_value(2.93)? > 0.1); // outside of the bulk, and still nothing
/// assert!(edge.p_value(3.25)? < 1e-3);
/// let threshold = edge.threshold(0.01)?;
/// assert!((edge.p_value(threshold)? - 0.01).abs() < 1e-14);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Johnstone 2001 (doi:10.1214/aos/1009210544, covariance); Ma 2012 (arXiv:0810.1329, its second order, both edges);
/// Johnstone & Ma 2012 (arXiv:1110.0108, Gaussian ensembles); Feldheim & Sodin 2010 (arXiv:0812.1961, lower edge);
/// El Karoui 2007 (arXiv:math/0503109, unequal variances).
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[doc(alias = "largest eigenvalue of noise")]
pub struct Edge {
    location: f64,
    scale: f64,
    side: Side,
    law: TracyWidom,
}

/// How many scales a lower edge of a covariance must lie above 0.
const SOFT: f64 = 4.0;

impl Edge {
    /// The edge of any law, real noise: the `location` where its bulk ends, and the `scale` of its extreme eigenvalue.
    ///
    /// A density that ends like (a / pi) sqrt(location - x), normalised over p eigenvalues, has the scale (a p)^(-2/3).
    ///
    /// # Errors
    /// Unless the location is finite, and the scale positive and finite.
    pub fn new(location: f64, scale: f64, side: Side) -> Result<Self> {
        Error::positive("the scale of an edge", scale)?;
        if !location.is_finite() {
            let remedy = "give the place where the bulk ends";
            return Err(Error::NotFiniteValue { what: "the location of an edge", value: location, remedy });
        }
        Ok(Edge { location, scale, side, law: TracyWidom::real() })
    }

    /// An edge of the sample covariance (1/n) X X' of real noise, in the normalisation of [`Wishart`](crate::random_matrix::Wishart).
    ///
    /// ```text
    ///     p' = p - 1/2,  n' = n - 1/2,     r = sqrt(n') + sqrt(p')                            (lower edge: |sqrt(n') - sqrt(p')|)
    ///     location = v r^2 / n,            scale = v (r / n) (1/sqrt(n') + 1/sqrt(p'))^(1/3)  (lower edge: the difference)
    /// ```
    ///
    /// With fewer samples n than variables p the lower edge is that of the n eigenvalues that are not 0. At a lower edge
    /// the test errs on the safe side: it cannot see that eigenvalues do not cross 0. (At nominal 5 % and 1 % noise falls
    /// below in 3.4 % and 0.2 % with 50 variables and 70 samples, in 4.4 % and 0.9 % with 50 and 500.)
    ///
    /// # Errors
    /// If a size is less than 2, the variance not positive and finite, or a lower edge hard: less than 4 scales from 0.
    pub fn wishart(dimension: usize, samples: usize, variance: f64, side: Side) -> Result<Self> {
        let limits = "must be at least 2: a single number has no edge";
        Error::at_least("the dimension of a covariance with an edge", dimension, 2, limits)?;
        Error::at_least("the number of samples of a covariance with an edge", samples, 2, limits)?;
        Error::positive("the variance of a covariance with an edge", variance)?;
        let (few, many) = (dimension.min(samples) as f64 - 0.5, dimension.max(samples) as f64 - 0.5);
        let unit = variance / samples as f64;
        if side == Side::Upper {
            let root = few.sqrt() + many.sqrt();
            let slope = few.sqrt().recip() + many.sqrt().recip();
            return Edge::new(unit * root * root, unit * root * libm::cbrt(slope), side);
        }
        // The difference of roots, without cancellation.
        let root = (many - few) / (many.sqrt() + few.sqrt());
        let slope = root / (few * many).sqrt();
        // location / scale, in a form that is 0 for equal sizes.
        let scales = libm::cbrt(root * root * (few * many).sqrt());
        if scales < SOFT {
            return Err(Error::OutOfRange {
                what: "the distance of the lower edge of a covariance from 0, in scales",
                value: scales,
                limits: "must be at least 4: nearer to 0 the edge is hard and follows another law; take more samples",
            });
        }
        Edge::new(unit * root * root, unit * root * libm::cbrt(slope), side)
    }

    /// An edge of a real symmetric matrix of Gaussian noise, in the normalisation of
    /// [`GaussianOrthogonal`](crate::random_matrix::GaussianOrthogonal): Var W_ij = s^2 / n, 2 s^2 / n on the diagonal.
    ///
    /// ```text
    ///     location = +-2 s sqrt(1 - 1/(2n)),     scale = s n^(-1/2) (n - 1)^(-1/6)
    /// ```
    ///
    /// # Errors
    /// If the size is less than 2, or the standard deviation is not positive and finite.
    pub fn gaussian_orthogonal(size: usize, standard_deviation: f64, side: Side) -> Result<Self> {
        symmetric(size, standard_deviation)?;
        let n = size as f64;
        let location = 2.0 * standard_deviation * (1.0 - 0.5 / n).sqrt();
        let scale = standard_deviation / (n.sqrt() * libm::cbrt((n - 1.0).sqrt()));
        Edge::new(side.sign() * location, scale, side)
    }

    /// An edge of a Hermitian matrix of complex Gaussian noise: E |W_ij|^2 = s^2 / n, also on the diagonal.
    ///
    /// ```text
    ///     location = +-2 s,     scale = s n^(-2/3),     beta = 2
    /// ```
    ///
    /// # Errors
    /// If the size is less than 2, or the standard deviation is not positive and finite.
    pub fn gaussian_unitary(size: usize, standard_deviation: f64, side: Side) -> Result<Self> {
        symmetric(size, standard_deviation)?;
        let root = libm::cbrt(size as f64);
        let location = side.sign() * 2.0 * standard_deviation;
        Ok(Edge::new(location, standard_deviation / (root * root), side)?.complex())
    }

    /// The same edge for complex noise: the law of beta = 2.
    pub fn complex(self) -> Self {
        Edge { law: TracyWidom::complex(), ..self }
    }

    /// Where the bulk ends.
    pub fn location(&self) -> f64 {
        self.location
    }

    /// The unit of the extreme eigenvalue's fluctuations.
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// Which end of the bulk it is.
    pub fn side(&self) -> Side {
        self.side
    }

    /// The law of the fluctuations in that unit, outwards.
    pub fn law(&self) -> TracyWidom {
        self.law
    }

    /// How many scales `x` lies outside of the edge; negative inside.
    ///
    /// # Errors
    /// If `x` is not a number.
    pub fn standardize(&self, x: f64) -> Result<f64> {
        law::number(x)?;
        Ok(self.side.sign() * (x - self.location) / self.scale)
    }

    /// The probability that the extreme eigenvalue of noise lies at `x` or farther out.
    ///
    /// # Errors
    /// If `x` is not a number.
    pub fn p_value(&self, x: f64) -> Result<f64> {
        self.law.survival(self.standardize(x)?)
    }

    /// The logarithm of [`Edge::p_value`], for what lies too far out for it.
    ///
    /// # Errors
    /// If `x` is not a number.
    pub fn log_p_value(&self, x: f64) -> Result<f64> {
        self.law.log_survival(self.standardize(x)?)
    }

    /// The place beyond which the extreme eigenvalue of noise lies with probability `level`.
    ///
    /// # Errors
    /// Unless `level` lies strictly between 0 and 1.
    pub fn threshold(&self, level: f64) -> Result<f64> {
        Ok(self.place(self.law.upper_quantile(level)?))
    }

    /// The place below which the extreme eigenvalue of noise lies with `probability`.
    ///
    /// # Errors
    /// Unless `probability` lies strictly between 0 and 1.
    pub fn quantile(&self, probability: f64) -> Result<f64> {
        let outward = match self.side {
            Side::Upper => self.law.quantile(probability)?,
            Side::Lower => self.law.upper_quantile(probability)?,
        };
        Ok(self.place(outward))
    }

    /// The interval that holds the extreme eigenvalue of noise with probability `coverage`, as much missing on each side.
    ///
    /// # Errors
    /// Unless `coverage` lies strictly between 0 and 1.
    pub fn interval(&self, coverage: f64) -> Result<Interval> {
        strictly_between(coverage)?;
        let miss = (1.0 - coverage) / 2.0;
        let ends = [self.place(self.law.quantile(miss)?), self.place(self.law.upper_quantile(miss)?)];
        Ok(Interval { lower: ends[0].min(ends[1]), upper: ends[0].max(ends[1]) })
    }

    /// The mean of the extreme eigenvalue of noise: inside of the edge.
    pub fn mean(&self) -> f64 {
        self.place(self.law.mean())
    }

    /// The standard deviation of the extreme eigenvalue of noise.
    pub fn standard_deviation(&self) -> f64 {
        self.scale * self.law.variance().sqrt()
    }

    /// The place so many scales outside.
    fn place(&self, outward: f64) -> f64 {
        self.location + self.side.sign() * self.scale * outward
    }

    /// With fluctuations narrowed to a share of their variance, about the same mean.
    pub(in crate::random_matrix) fn narrowed(self, share: f64) -> Self {
        let root = share.sqrt();
        let location = self.location + self.side.sign() * self.scale * self.law.mean() * (1.0 - root);
        Edge { location, scale: self.scale * root, ..self }
    }
}

impl Side {
    /// The direction outwards.
    pub(in crate::random_matrix) fn sign(self) -> f64 {
        match self {
            Side::Lower => -1.0,
            Side::Upper => 1.0,
        }
    }
}

fn symmetric(size: usize, standard_deviation: f64) -> Result<()> {
    let limits = "must be at least 2: a single number has no edge";
    Error::at_least("the size of a symmetric matrix with an edge", size, 2, limits)?;
    Error::positive("the standard deviation of a symmetric matrix with an edge", standard_deviation)
}

#[cfg(feature = "serde")]
crate::saved::checked!(Edge { location: f64, scale: f64, side: Side, law: TracyWidom }
    by |edge| Edge::new(edge.location, edge.scale, edge.side).map(drop));
