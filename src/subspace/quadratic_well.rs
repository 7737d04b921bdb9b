//! What a random subspace meets of a quadratic well.

use super::bisection::{bisect, normal_distribution};
use crate::error::{Error, Result};
use crate::random_matrix::Interval;
use crate::spectrum::DiscreteMeasure;

/// The dimension from which on random subspaces reach a loss, predicted for a quadratic well.
///
/// ```text
///     L(theta) - L* = (1/2) (theta - mu)' H (theta - mu),     theta0 = mu + delta,     |delta| = R
///     success: the plane theta0 + P psi, P uniformly random with d columns, holds a point with L - L* <= excess
///     sum_i lambda_i / (lambda_i + kappa) = d                                                    gives kappa(d)
///     least excess on the plane  ~  (kappa / 2) sum_i lambda_i delta_i^2 / (lambda_i + kappa)
///     threshold d*: where that is the excess;     width^2 = 2 sum_i kappa lambda_i / (lambda_i + kappa)^2
///     success probability  ~  Phi((d - d*) / width)
/// ```
///
/// with delta_i the offset along the eigenvector of lambda_i. Where it comes from: the least excess is half of the squared
/// residual of a regression of H^(1/2) delta on the d columns of H^(1/2) P, whose deterministic equivalent is
/// kappa (H + kappa)^-1; kappa is the ridge that few samples are worth. The fluctuations are those of the conic intrinsic
/// volumes of the cone that the well's sublevel set fills when seen from theta0: their mean is P - d*, their variance
/// width^2, which depends on the offset through kappa alone.
///
/// *Exact* is the condition on one given plane, and for all lambda equal the law of the share of the excess that is left,
/// Beta((P - d)/2, d/2). *Approximate* are the formulas above, for many dimensions on either side of the threshold. In the tests
/// 24 wells of 100 dimensions (spectra equal, power law, exponential, with flat directions; offsets spread, along steep and
/// along flat directions; thresholds from 7 to 97) agree with planes minimized over densely, below, at and above the
/// threshold: success probabilities and least excess are those of at most one dimension more or less. The transition is sharp:
/// width is at most sqrt(2 min(d*, P - d*)).
///
/// *Larsen et al. 2021* write the sublevel set as an ellipsoid of radii r_i = sqrt(2 excess / lambda_i), whose projection on
/// the unit sphere around theta0 has a squared Gaussian width of about sum_i r_i^2 / (R^2 + r_i^2), and take
/// d* = P - that = sum_i lambda_i / (lambda_i + 2 excess / R^2): see [`QuadraticWell::larsen`]. It is the formula above at
/// kappa = 2 excess / R^2, which is at most the kappa of the threshold, with equality only as kappa -> 0: it treats
/// the whole offset as if it lay along directions that are steep beside kappa. So it is never below the threshold, and may be
/// far above it: a start that is off along flat directions need not go back.
///
/// *Flat directions* (eigenvalue 0) have an infinite radius: any offset along them is for free, and they count for nothing
/// in d*. *Negative eigenvalues* are treated as flat: the quadratic has no minimum along them, so that they could only
/// help; where they matter, this is not a well and the prediction is none. In [`QuadraticWell::larsen`] the distance is that of
/// the whole offset.
///
/// *On networks* a well is an approximation, and where it is one of the minimum it needs a minimum that is not flat. For a
/// perceptron of 4810 parameters on digits with squared error, the formula was within a quarter of measured thresholds
/// (523 +- 21 predicted and 639 measured from the start, 434 +- 19 and 465 after 100 steps), although the start is far outside
/// of the well; that of Larsen et al. gave 1104 and 1063. Cross-entropy trained to the end is flat at its minimum, the quadratic
/// far below the loss, and both formulas say nothing: see the example `intrinsic_dimension`.
///
/// Memory: two numbers an eigenvalue. Cost: some hundred passes over them a question.
///
/// ```
/// use eigenscape::subspace::QuadraticWell;
///
/// // 100 directions of curvature 1 among 1000, of which the others are flat; unit offset along each.
/// let eigenvalues: Vec<f64> = (0..1000).map(|i| if i < 100 { 1.0 } else { 0.0 }).collect();
/// let well = QuadraticWell::new(&eigenvalues, &[1.0; 1000])?;
/// assert_eq!(well.excess(), 50.0);
/// // To a fifth of the excess: a fifth of the steep directions may be missed.
/// let threshold = well.threshold(10.0)?;
/// assert!((threshold.dim - 80.0).abs() < 1e-9);
/// assert!((threshold.width - 32f64.sqrt()).abs() < 1e-9);
/// assert!(well.success(65, 10.0)? < 0.01 && well.success(95, 10.0)? > 0.99);
/// assert!(well.larsen(10.0)?.lower >= threshold.dim);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Larsen, Fort, Becker, Ganguli 2021, arXiv:2107.05802. Gordon 1988 (escape through a mesh). Amelunxen, Lotz, McCoy,
/// Tropp 2014, arXiv:1303.6672 (conic intrinsic volumes). McCoy & Tropp 2014, arXiv:1308.5265 (their variance).
#[derive(Clone, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[doc(alias = "Gordon escape")]
pub struct QuadraticWell {
    dim: f64,
    /// Positive eigenvalues, each with how many there are.
    steep: Vec<(f64, f64)>,
    /// Positive eigenvalues, each with the squared length of the offset along its eigenvectors.
    offset: Vec<(f64, f64)>,
    /// The squared length of the whole offset.
    square: f64,
}

/// Where random subspaces begin to meet a sublevel set, from [`QuadraticWell::threshold`].
#[derive(Clone, Copy, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SuccessThreshold {
    /// The dimension at which half of all subspaces do.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub dim: f64,
    /// The standard deviation of the transition: 68 % of it happens within one of these on either side.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub width: f64,
}

impl QuadraticWell {
    /// The well from all its eigenvalues and the offset of the start from the minimum along each eigenvector.
    ///
    /// # Errors
    /// If there is none, the lengths differ, or a number is not finite, or the excess at the start, the squared distance or
    /// the largest eigenvalue times their number is not.
    pub fn new(eigenvalues: &[f64], offset: &[f64]) -> Result<Self> {
        Error::length("the offset of a well", offset.len(), eigenvalues.len())?;
        if eigenvalues.is_empty() {
            return Err(Error::Empty { what: "the list of eigenvalues", remedy: "a well needs at least one" });
        }
        Error::finite("the eigenvalues of a well", eigenvalues, "leave out what is not a number")?;
        Error::finite("the offset of a well", offset, "leave out what is not a number")?;
        let steep = positive(eigenvalues.iter().map(|&value| (value, 1.0)));
        let along = positive(eigenvalues.iter().zip(offset).map(|(&value, &part)| (value, part * part)));
        QuadraticWell::of(eigenvalues.len() as f64, steep, along, offset.iter().map(|part| part * part).sum())
    }

    /// The well of `dim` dimensions from the measure of its eigenvalues, as stochastic Lanczos quadrature estimates it, and
    /// the spectral measure of the offset: sum_i delta_i^2 delta(lambda_i), which a
    /// [quadrature rule](crate::spectrum::Quadrature) of a Lanczos factorization started from the offset gives.
    ///
    /// Masses are not looked at: that of the spectrum counts as `dim`, that of the offset as the square of its length,
    /// `distance`.
    ///
    /// # Errors
    /// If `dim` is 0, or `distance` is not finite and at least 0.
    pub fn from_measures(
        spectrum: &DiscreteMeasure,
        dim: usize,
        offset: &DiscreteMeasure,
        distance: f64,
    ) -> Result<Self> {
        Error::at_least("the dimension of a well", dim, 1, "must be at least 1")?;
        if !(distance.is_finite() && distance >= 0.0) {
            let limits = "must be finite and at least 0";
            return Err(Error::OutOfRange { what: "the distance from the minimum", value: distance, limits });
        }
        let of = |measure: &DiscreteMeasure, total: f64| {
            let factor = total / measure.mass();
            positive(measure.nodes().iter().zip(measure.weights()).map(|(&node, &weight)| (node, weight * factor)))
        };
        let square = distance * distance;
        QuadraticWell::of(dim as f64, of(spectrum, dim as f64), of(offset, square), square)
    }

    /// The well of `dim` dimensions from the measure of its eigenvalues, seen from a distance in a direction that knows
    /// nothing of the eigenvectors: delta_i^2 = distance^2 / dim.
    ///
    /// # Errors
    /// If `dim` is 0, or `distance` is not finite and at least 0.
    pub fn isotropic(spectrum: &DiscreteMeasure, dim: usize, distance: f64) -> Result<Self> {
        QuadraticWell::from_measures(spectrum, dim, spectrum, distance)
    }

    fn of(dim: f64, steep: Vec<(f64, f64)>, offset: Vec<(f64, f64)>, square: f64) -> Result<Self> {
        let well = QuadraticWell { dim, steep, offset, square };
        let value = well.excess();
        // What threshold and least excess are looked for among must be numbers, too.
        let largest = well.steep.last().map_or(0.0, |(value, _)| value * dim);
        if value.is_finite() && well.square.is_finite() && largest.is_finite() {
            return Ok(well);
        }
        let remedy = "the offset or the eigenvalues are too large: rescale them";
        let (what, value) = match value.is_finite() {
            true => ("the squared distance or the trace of a well", f64::INFINITY),
            false => ("the excess at the start of a well", value),
        };
        Err(Error::NotFiniteValue { what, value, remedy })
    }

    /// What the loss at the start is above the minimum: (1/2) sum_i lambda_i delta_i^2 over positive eigenvalues.
    pub fn excess(&self) -> f64 {
        // The sum of nothing is -0.
        0.0 + 0.5 * self.offset.iter().map(|(value, square)| value * square).sum::<f64>()
    }

    /// The distance of the start from the minimum.
    pub fn distance(&self) -> f64 {
        self.square.sqrt()
    }

    /// The number of directions that are not flat: a subspace of as many dimensions meets the minimum itself.
    pub fn rank(&self) -> f64 {
        0.0 + self.steep.iter().map(|(_, count)| count).sum::<f64>()
    }

    /// The least excess that a random subspace of `dim` dimensions holds, to leading order in the dimension.
    ///
    /// # Errors
    /// If `dim` is above that of the well.
    pub fn least_excess(&self, dim: usize) -> Result<f64> {
        self.require_dim(dim)?;
        let (d, rank) = (dim as f64, self.rank());
        if dim == 0 || self.offset.is_empty() {
            return Ok(self.excess());
        }
        if d >= rank {
            return Ok(0.0);
        }
        // Were all eigenvalues equal to the least or the largest, kappa would be this.
        let ends = [self.steep[0].0, self.steep[self.steep.len() - 1].0].map(|value| value * (rank - d) / d);
        let kappa = bisect(ends[0], ends[1], |kappa| self.effective(kappa) > d);
        Ok(self.left(kappa))
    }

    /// The threshold for an excess, and how sharp it is: both 0 if the start is as good already.
    ///
    /// # Errors
    /// If `excess` is not finite or below 0.
    pub fn threshold(&self, excess: f64) -> Result<SuccessThreshold> {
        Ok(match self.kappa(excess)? {
            None => SuccessThreshold { dim: 0.0, width: 0.0 },
            Some(kappa) => SuccessThreshold { dim: self.effective(kappa), width: self.width(kappa) },
        })
    }

    /// The probability that a random subspace of `dim` dimensions meets the sublevel set of an excess, Phi((d - d*) / width).
    ///
    /// # Errors
    /// If `excess` is not finite or below 0, or `dim` is above that of the well.
    pub fn success(&self, dim: usize, excess: f64) -> Result<f64> {
        self.require_dim(dim)?;
        let threshold = self.threshold(excess)?;
        let d = dim as f64;
        Ok(match () {
            () if excess >= self.excess() || d >= self.rank() => 1.0,
            // No plane of less than all dimensions meets a point.
            () if dim == 0 || threshold.width == 0.0 => 0.0,
            () => normal_distribution((d - threshold.dim) / threshold.width),
        })
    }

    /// The interval in which the success probability of `dim` dimensions lies, whatever the approximation of its
    /// shape: concentration inequalities about d*, which say little near the threshold and hold far from it.
    ///
    /// ```text
    ///     Gordon 1988, as in Larsen et al., d < d*:  p <= 3.5 exp(-(k / sqrt(k + 1) - w)^2 / 18),  k = P - d,  w^2 = P - d*
    ///     Amelunxen et al. 2014, t = |d - d*|:       p or 1 - p <= 4 exp(-t^2 / 8 / (min(d*, P - d*) + t))
    /// ```
    ///
    /// The inequalities are rigorous in the true width w and the true statistical dimension of the cone, for which P - d* stands
    /// here.
    ///
    /// # Errors
    /// If `excess` is not finite or below 0, or `dim` is above that of the well.
    pub fn success_bounds(&self, dim: usize, excess: f64) -> Result<Interval> {
        self.require_dim(dim)?;
        let SuccessThreshold { dim: threshold, .. } = self.threshold(excess)?;
        let d = dim as f64;
        if excess >= self.excess() || d >= self.rank() {
            return Ok(Interval { lower: 1.0, upper: 1.0 });
        }
        let distance = (d - threshold).abs();
        let room = threshold.min(self.dim - threshold);
        let rare = f64::min(1.0, 4.0 * libm::exp(-distance * distance / 8.0 / (room + distance)));
        if d >= threshold {
            return Ok(Interval { lower: 1.0 - rare, upper: 1.0 });
        }
        let (k, width) = (self.dim - d, (self.dim - threshold).sqrt());
        let reach = f64::max(0.0, k / (k + 1.0).sqrt() - width);
        Ok(Interval { lower: 0.0, upper: rare.min(3.5 * libm::exp(-reach * reach / 18.0)) })
    }

    /// The prediction of Larsen et al. 2021 for the threshold, from eigenvalues and distance alone:
    ///
    /// ```text
    ///     d* = P - w^2,     (2 / pi) S <= w^2 <= S,     S = sum_i r_i^2 / (R^2 + r_i^2),     r_i^2 = 2 excess / lambda_i
    /// ```
    ///
    /// w is the Gaussian width of the ellipsoid of radii r_i / sqrt(R^2 + r_i^2), E sqrt(sum_i radius_i^2 g_i^2), for which the
    /// projected set is taken. The lower end of the interval is P - S: near it lies the prediction where many radii
    /// are large. It is never below [`QuadraticWell::threshold`].
    ///
    /// # Errors
    /// If `excess` is not finite or below 0.
    pub fn larsen(&self, excess: f64) -> Result<Interval> {
        require_excess(excess)?;
        if self.square == 0.0 {
            return Ok(Interval { lower: 0.0, upper: 0.0 });
        }
        let effective = self.effective(2.0 * excess / self.square);
        let width = self.dim - effective;
        Ok(Interval { lower: effective, upper: self.dim - std::f64::consts::FRAC_2_PI * width })
    }

    /// The kappa of the threshold; none if the start is good enough.
    fn kappa(&self, excess: f64) -> Result<Option<f64>> {
        require_excess(excess)?;
        let start = self.excess();
        if excess >= start {
            return Ok(None);
        }
        // Each end is that of a bound on what is left: all of the offset steep beside kappa, all at the largest eigenvalue.
        let steep: f64 = self.offset.iter().map(|(_, square)| square).sum();
        let largest = self.offset[self.offset.len() - 1].0;
        let ends = [2.0 * excess / steep, largest * (excess / (start - excess))];
        Ok(Some(bisect(ends[0], ends[1], |kappa| self.left(kappa) < excess)))
    }

    /// sum_i lambda_i / (lambda_i + kappa).
    fn effective(&self, kappa: f64) -> f64 {
        self.steep.iter().map(|(value, count)| count * (value / (value + kappa))).sum()
    }

    fn width(&self, kappa: f64) -> f64 {
        let part = |value: f64| (value / (value + kappa)) * (kappa / (value + kappa));
        (2.0 * self.steep.iter().map(|&(value, count)| count * part(value)).sum::<f64>()).sqrt()
    }

    /// (kappa / 2) sum_i lambda_i delta_i^2 / (lambda_i + kappa).
    fn left(&self, kappa: f64) -> f64 {
        0.5 * self.offset.iter().map(|(value, square)| value * square * (kappa / (value + kappa))).sum::<f64>()
    }

    fn require_dim(&self, dim: usize) -> Result<()> {
        if dim as f64 <= self.dim {
            return Ok(());
        }
        let (limit, because) = (self.dim as usize, "the dimension of the well");
        Err(Error::AboveLimit { what: "the dimension of a subspace", value: dim, limit, because })
    }
}

/// Those of positive value, ascending.
fn positive(pairs: impl Iterator<Item = (f64, f64)>) -> Vec<(f64, f64)> {
    let mut pairs: Vec<(f64, f64)> = pairs.filter(|&(value, weight)| value > 0.0 && weight > 0.0).collect();
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    pairs
}

fn require_excess(excess: f64) -> Result<()> {
    if excess.is_finite() && excess >= 0.0 {
        return Ok(());
    }
    let limits = "must be finite and at least 0: the loss to reach, less that of the minimum";
    Err(Error::OutOfRange { what: "the excess over the minimum", value: excess, limits })
}

#[cfg(feature = "serde")]
crate::saved::checked!(QuadraticWell {
    dim: f64,
    steep: Vec<(f64, f64)>,
    offset: Vec<(f64, f64)>,
    square: f64,
} by |well| {
    Error::require(well.dim >= 1.0 && well.dim.is_finite(), "the dimension of a saved well", well.dim, "must be at least 1")?;
    Error::not_negative("the squared distance of a saved well", well.square)?;
    for pairs in [&well.steep, &well.offset] {
        let numbers: Vec<f64> = pairs.iter().flat_map(|pair| [pair.0, pair.1]).collect();
        Error::finite("the measures of a saved well", &numbers, crate::saved::DAMAGED)?;
        let low = pairs.iter().find(|pair| pair.0 <= 0.0 || pair.1 < 0.0);
        Error::require(low.is_none(), "an eigenvalue of a saved well", low.map_or(0.0, |pair| pair.0), "must be positive")?;
        let falls = pairs.windows(2).find(|pair| pair[0].0 > pair[1].0);
        Error::require(falls.is_none(), "an eigenvalue of a saved well", falls.map_or(0.0, |pair| pair[1].0), "must ascend")?;
    }
    QuadraticWell::of(well.dim, well.steep.clone(), well.offset.clone(), well.square).map(drop)
});
