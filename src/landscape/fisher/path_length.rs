//! Lengths of paths.

use std::marker::PhantomData;

use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::linalg::dot;
use crate::objective::{GaussNewtonPoint, Objective};
use crate::operator::LinearOperator;
use crate::scalar::Scalar;

/// The rules of Gauss with 4 points and of Kronrod with 9 around them, on [-1, 1]: nodes from the middle outwards.
const NODES: [f64; 5] =
    [0.0, 0.339_981_043_584_856_26, 0.640_286_217_496_310_2, 0.861_136_311_594_052_6, 0.976_560_250_737_573_1];
const KRONROD: [f64; 5] = [
    0.346_442_981_890_136_4,
    0.326_949_189_601_451_6,
    0.266_798_340_452_284_5,
    0.170_053_605_335_722_7,
    0.062_977_373_665_473_01,
];
const GAUSS: [f64; 5] = [0.0, 0.652_145_154_862_546_1, 0.0, 0.347_854_845_137_453_9, 0.0];

/// The length of short steps at a place: what a path needs of a metric.
pub trait LineElement: Sync {
    /// The number of parameters.
    fn dim(&self) -> usize;

    /// v'g(x) v, at least 0.
    ///
    /// # Errors
    /// If x is not finite, or the result is not.
    ///
    /// # Panics
    /// If x or v does not have `dim` entries.
    fn squared_speed(&self, x: &[f64], v: &[f64]) -> Result<f64>;
}

/// Fisher's metric of an objective: its Gauss-Newton matrix at each point.
///
/// With a softmax and cross-entropy, or another negative log-likelihood with natural parameters, that is Fisher's information (Martens
/// 2020, arXiv:1412.1193), so that v'G v is twice what the mean relative entropy grows by, to second order. Cost: a point and a product for each
/// evaluation.
#[derive(Debug)]
pub struct ObjectiveMetric<'a, T, O> {
    objective: &'a O,
    scalar: PhantomData<T>,
}

impl<'a, T: Scalar, O: Objective<T>> ObjectiveMetric<'a, T, O> {
    /// The metric of an objective.
    pub fn new(objective: &'a O) -> Self {
        ObjectiveMetric { objective, scalar: PhantomData }
    }
}

impl<'a, T: Scalar, O: Objective<T>> LineElement for ObjectiveMetric<'a, T, O>
where
    for<'b> O::Point<'b>: GaussNewtonPoint<T>,
{
    fn dim(&self) -> usize {
        self.objective.dim()
    }

    #[track_caller]
    fn squared_speed(&self, x: &[f64], v: &[f64]) -> Result<f64> {
        let [theta, v] = [x, v].map(|numbers| numbers.iter().map(|&x| T::of(x)).collect::<Vec<T>>());
        let point = self.objective.at(&theta)?;
        let mut product = vec![T::zero(); v.len()];
        point.gauss_newton().apply(&v, &mut product);
        Error::finite("the product of a metric with a velocity", &product, "take a shorter path, or another place")?;
        Ok(dot(&v, &product).max(0.0))
    }
}

/// The length of a path.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PathLength {
    /// The length of each stretch between two vertices.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub stretches: Vec<f64>,
    /// The sum of them.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub length: f64,
    /// An estimate of the error of that: how far a coarser rule is off.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub error: f64,
}

/// The length of a path of straight stretches between vertices, in a metric.
///
/// ```text
///     length = sum over stretches of int_0^1 sqrt(v'g(x + t v) v) dt,    v = next vertex - vertex
/// ```
///
/// Each stretch is integrated by a rule of Kronrod with 9 points, and its error estimated by the 4 of Gauss among them; where that is above
/// the relative tolerance the stretch is halved, up to 12 times, so that kinks cost and do not spoil. The estimate is of the coarser rule: the
/// length itself is better by orders of magnitude where the metric is smooth. Stretches run in parallel. Cost: at least 9 speeds a stretch.
///
/// ```
/// use eigenscape::landscape::{RecordedMetric, path_length};
///
/// // Polar coordinates: along a circle, by way of a straight line in the angle.
/// let polar = RecordedMetric::new(2, |x| {
///     let radius = x.at(0);
///     let flat = x.tape().constant(eigenscape::tape::Shape::matrix(2, 2), &[1.0, 0.0, 0.0, 0.0]);
///     let round = x.tape().constant(eigenscape::tape::Shape::matrix(2, 2), &[0.0, 0.0, 0.0, 1.0]);
///     flat + round * (radius * radius)
/// })?;
/// let arc = path_length(&polar, &[&[2.0, 0.0], &[2.0, 1.5]], 1e-10)?;
/// assert!((arc.length - 3.0).abs() < 1e-12 && arc.error < 1e-12);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # Errors
/// With fewer than two vertices, a tolerance that is not positive, vertices of other sizes than the metric's, or where the metric fails.
pub fn path_length(metric: &impl LineElement, vertices: &[&[f64]], tolerance: f64) -> Result<PathLength> {
    Error::at_least(
        "the number of vertices of a path",
        vertices.len(),
        2,
        "must be at least 2: a path leads somewhere",
    )?;
    Error::positive("the relative tolerance of a length", tolerance)?;
    for vertex in vertices {
        Error::length("a vertex of a path", vertex.len(), metric.dim())?;
        Error::finite("a vertex of a path", vertex, "give finite vertices")?;
    }
    let stretches: Vec<Result<(f64, f64)>> = vertices
        .par_windows(2)
        .map(|pair| {
            let v: Vec<f64> = pair[1].iter().zip(pair[0]).map(|(next, own)| next - own).collect();
            let speed = |t: f64| -> Result<f64> {
                let x: Vec<f64> = pair[0].iter().zip(&v).map(|(x, v)| x + t * v).collect();
                let square = metric.squared_speed(&x, &v)?;
                if !(square >= 0.0 && square.is_finite()) {
                    let limits = "must be finite and at least 0: take a metric that is positive along the path";
                    return Err(Error::OutOfRange { what: "the squared speed of a path", value: square, limits });
                }
                Ok(libm::sqrt(square))
            };
            integrate(&speed, [0.0, 1.0], tolerance, 12)
        })
        .collect();
    let mut path = PathLength { stretches: Vec::new(), length: 0.0, error: 0.0 };
    for stretch in stretches {
        let (length, error) = stretch?;
        path.stretches.push(length);
        path.length += length;
        path.error += error;
    }
    Ok(path)
}

/// The integral and its error.
fn integrate(
    f: &impl Fn(f64) -> Result<f64>,
    [low, high]: [f64; 2],
    tolerance: f64,
    halvings: usize,
) -> Result<(f64, f64)> {
    let (middle, half) = ((low + high) / 2.0, (high - low) / 2.0);
    let (mut fine, mut coarse) = (0.0, 0.0);
    for i in 0..NODES.len() {
        let mut value = f(middle + half * NODES[i])?;
        if i > 0 {
            value += f(middle - half * NODES[i])?;
        }
        fine += KRONROD[i] * value * half;
        coarse += GAUSS[i] * value * half;
    }
    let error = (fine - coarse).abs();
    if error <= tolerance * fine.abs() || halvings == 0 {
        return Ok((fine, error));
    }
    let half = |stretch| integrate(f, stretch, tolerance, halvings - 1);
    let (left, right) = (half([low, middle])?, half([middle, high])?);
    Ok((left.0 + right.0, left.1 + right.1))
}
