//! Metrics whose derivatives a tape knows.

use std::fmt;

use super::path_length::LineElement;
use crate::curvature::Examples;
use crate::error::{Error, Result};
use crate::linalg::{Matrix, solve_in_place};
use crate::network::Network;
use crate::tape::{Plan, Pool, Program, Shape, Tape, Var, Workspace, run_pooled};

/// A Riemannian metric recorded on a tape, with what geodesics need of its derivatives.
///
/// ```text
///     E(x, v) = (1/2) v'g(x) v,    v in R^n a velocity at x,    g: n x n, symmetric positive definite
///     geodesics:  g a = dE/dx - (d/dx g v)[v]      (Euler & Lagrange), a = the second derivative of x
/// ```
///
/// The tape differentiates E, three times in all; no symbol of Christoffel is written down. Cost: n + 1 derivatives of E for an
/// acceleration, and n^3 operations: for small models.
///
/// ```
/// use eigenscape::landscape::{RecordedMetric, exponential_map};
/// use eigenscape::tape::Shape;
///
/// // Fisher's metric of the normal law with mean x_0 and deviation x_1 is the half-plane of Poincare: (d mu^2 + 2 d sigma^2) / sigma^2.
/// let normal = RecordedMetric::new(2, |x| {
///     let inverse = x.at(1).powi(-2);
///     let diagonal = x.tape().constant(Shape::matrix(2, 2), &[1.0, 0.0, 0.0, 2.0]);
///     diagonal * inverse
/// })?;
/// // Straight up, the deviation grows exponentially.
/// let up = exponential_map(&normal, &[0.0, 1.0], &[0.0, 1.0])?;
/// assert!((up.end[1] - 1f64.exp()).abs() < 1e-9 && (up.length - 2f64.sqrt()).abs() < 1e-9);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Rao 1945, doi:10.1007/978-1-4612-0919-5_16; Amari 2016, doi:10.1007/978-4-431-55978-8.
#[doc(alias = "Riemannian")]
#[doc(alias = "Fisher-Rao")]
pub struct RecordedMetric {
    dim: usize,
    energy: Runner,
    momentum: Runner,
    /// dE/dx - (d/dx g v)[v]
    force: Runner,
    /// g d, of (x, v, d).
    mass: Runner,
    damping: f64,
}

impl fmt::Debug for RecordedMetric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecordedMetric({} dimensions)", self.dim)
    }
}

/// A plan with its workspaces.
struct Runner {
    plan: Plan<f64>,
    workspaces: Pool<Workspace<f64>>,
}

impl Runner {
    fn new(program: &Program<f64>) -> Self {
        Runner { plan: Plan::new(program), workspaces: Pool::default() }
    }

    fn run(&self, arguments: &[&[f64]], result: &mut [f64]) -> Result<()> {
        run_pooled(&self.plan, &self.workspaces, arguments, &mut [result]);
        Error::finite("the metric's derivatives", result, "stay where the metric is smooth")
    }
}

impl RecordedMetric {
    /// Records g(x), a matrix n x n, as a function of a vector with n = `dim` entries. The symmetric part counts.
    ///
    /// # Errors
    /// If shapes do not agree, or the result is not such a matrix.
    pub fn new(dim: usize, matrix: impl for<'t> FnOnce(Var<'t, f64>) -> Var<'t, f64>) -> Result<Self> {
        let energy = Program::record([Shape::vector(dim), Shape::vector(dim)], |[x, v]| {
            let column = v.reshape(Shape::matrix(dim, 1));
            (matrix(x).matmul(column) * column).sum() * 0.5
        })?;
        RecordedMetric::from_energy(dim, &energy)
    }

    /// The metric that a map into a flat space pulls back: g = D'D of its derivative D, the length of a path being that of its image.
    ///
    /// Fisher's metric of a model with probabilities p is that of 2 sqrt(p).
    ///
    /// # Errors
    /// If the program does not have one argument, a vector.
    pub fn pullback(map: &Program<f64>) -> Result<Self> {
        Error::length("the list of arguments of a map", map.arguments().len(), 1)?;
        let dim = map.argument_len(0);
        let derivative = map.directional(0)?;
        let tape = Tape::new();
        let (x, v) = (tape.argument(Shape::vector(dim)), tape.argument(Shape::vector(dim)));
        let image = tape.call(&derivative, &[&[x], &[v]]);
        let mut energy = tape.fill(Shape::scalar(), 0.0);
        for part in image.into_iter().flatten() {
            energy = energy + (part * part).sum() * 0.5;
        }
        RecordedMetric::from_energy(dim, &tape.finish(&[&[energy]])?)
    }

    /// Fisher's metric of a network with a softmax, summed over examples by their weights: that of
    /// [`RiskPoint::fisher`](crate::curvature::RiskPoint::fisher), at every point and with derivatives.
    ///
    /// # Errors
    /// If the examples do not have the network's inputs.
    pub fn softmax(network: &impl Network, examples: &Examples<f64>) -> Result<Self> {
        Error::length("the inputs of each example", examples.input_len(), network.inputs())?;
        let (count, dim) = (examples.count(), network.parameters());
        let tape = Tape::new();
        let theta = tape.argument(Shape::vector(dim));
        let blocks: Vec<_> =
            network.blocks().iter().map(|block| theta.slice(0, block.range()).reshape(block.shape)).collect();
        let inputs = tape.constant(Shape::matrix(count, network.inputs()), examples.inputs());
        let roots: Vec<f64> = examples.weights().iter().map(|weight| 2.0 * libm::sqrt(*weight)).collect();
        let scale = tape.constant(Shape::matrix(count, 1), &roots);
        let image = (network.record(&blocks, inputs).log_softmax() * 0.5).exp() * scale;
        RecordedMetric::pullback(&tape.finish(&[&[image]])?)
    }

    fn from_energy(dim: usize, energy: &Program<f64>) -> Result<Self> {
        let momentum = energy.gradient(1)?.select(&[1]);
        let (slope, transport) = (energy.gradient(0)?.select(&[1]), momentum.directional(0)?);
        let force = {
            let tape = Tape::new();
            let (x, v) = (tape.argument(Shape::vector(dim)), tape.argument(Shape::vector(dim)));
            let slope = tape.call(&slope, &[&[x], &[v]])[0][0];
            let transport = tape.call(&transport, &[&[x], &[v], &[v]])[0][0];
            tape.finish(&[&[slope - transport]])?
        };
        Ok(RecordedMetric {
            dim,
            energy: Runner::new(energy),
            mass: Runner::new(&momentum.directional(1)?),
            momentum: Runner::new(&momentum),
            force: Runner::new(&force),
            damping: 0.0,
        })
    }

    /// The metric g + damping I: for models with more parameters than the data tell apart, whose own metric is singular.
    ///
    /// # Errors
    /// If the damping is not finite and positive.
    pub fn damped(mut self, damping: f64) -> Result<Self> {
        Error::positive("the damping of a metric", damping)?;
        self.damping = damping;
        Ok(self)
    }

    /// g(x), row by row.
    ///
    /// # Errors
    /// If x is not finite, or g is not.
    ///
    /// # Panics
    /// If x does not have `dim` entries.
    #[track_caller]
    pub fn matrix(&self, x: &[f64]) -> Result<Vec<f64>> {
        Error::finite("the place of a metric", x, "ask at a finite place")?;
        let mut matrix = vec![0.0; self.dim * self.dim];
        let (zero, mut axis) = (vec![0.0; self.dim], vec![0.0; self.dim]);
        for (i, row) in matrix.chunks_exact_mut(self.dim.max(1)).enumerate() {
            axis[i] = 1.0;
            self.mass.run(&[x, &zero, &axis], row)?;
            axis[i] = 0.0;
            row[i] += self.damping;
        }
        Ok(matrix)
    }

    /// g(x) v.
    ///
    /// # Errors
    /// If it is not finite.
    ///
    /// # Panics
    /// If a slice does not have `dim` entries.
    #[track_caller]
    pub fn lower(&self, x: &[f64], v: &[f64]) -> Result<Vec<f64>> {
        let mut lowered = vec![0.0; self.dim];
        self.momentum.run(&[x, v], &mut lowered)?;
        lowered.iter_mut().zip(v).for_each(|(lowered, v)| *lowered += self.damping * v);
        Ok(lowered)
    }

    /// The second derivative of a geodesic that passes x with velocity v; overwrites `acceleration`.
    ///
    /// # Errors
    /// If the metric is singular at x, or not finite.
    ///
    /// # Panics
    /// If a slice does not have `dim` entries.
    #[track_caller]
    pub fn acceleration(&self, x: &[f64], v: &[f64], acceleration: &mut [f64]) -> Result<()> {
        self.force.run(&[x, v], acceleration)?;
        let matrix = self.matrix(x)?;
        let mut work = vec![0.0; matrix.len()];
        solve_in_place(Matrix::new(&matrix, self.dim, self.dim), &mut work, acceleration);
        let remedy = "the metric is singular there: damp it, or take fewer parameters than the data tell apart";
        Error::finite("the acceleration of a geodesic", acceleration, remedy)
    }
}

impl LineElement for RecordedMetric {
    fn dim(&self) -> usize {
        self.dim
    }

    #[track_caller]
    fn squared_speed(&self, x: &[f64], v: &[f64]) -> Result<f64> {
        let mut energy = [0.0];
        self.energy.run(&[x, v], &mut energy)?;
        let square = 2.0 * energy[0] + self.damping * v.iter().map(|v| v * v).sum::<f64>();
        if square >= 0.0 {
            return Ok(square);
        }
        // Along a direction that the metric does not see, rounding has the say.
        let (matrix, n) = (self.matrix(x)?, self.dim);
        let terms: f64 = (0..n * n).map(|k| (matrix[k] * v[k / n] * v[k % n]).abs()).sum();
        if -square <= 16.0 * n as f64 * f64::EPSILON * terms {
            return Ok(0.0);
        }
        let limits = "must be at least 0: a metric is positive, or can be damped until it is";
        Err(Error::OutOfRange { what: "the squared speed v'g(x) v in a metric", value: square, limits })
    }
}
