//! Critical points of a digit classifier's loss, and where its trainings end.

use std::ops::ControlFlow;

use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::data::Idx;
use eigenscape::landscape::{CriticalKind, CriticalSearch, CriticalSurvey, GaussianLandscape, SearchStop};
use eigenscape::network::{Activation, Initialization, Network, Perceptron};
use eigenscape::objective::Penalized;
use eigenscape::optimize::{GradientDescent, Stopping, TrustRegion, descend};
use eigenscape::random::Key;
use eigenscape::random_matrix::{Law, Semicircle};
use serde_json::{Value, json};

/// Weight decay: it isolates critical points.
const DECAY: f64 = 1e-3;

/// The first digits, their pixels averaged to 4 x 4 and standardized.
fn examples(count: usize) -> eigenscape::Result<Examples<f64>> {
    let images = Idx::parse(include_bytes!("../data/digits-images-idx3-ubyte.gz"))?;
    let labels = Idx::parse(include_bytes!("../data/digits-labels-idx1-ubyte.gz"))?;
    let first: Vec<usize> = (0..count).collect();
    let (images, labels) = (images.select(&first)?, labels.select(&first)?);
    let pixels = images.standardized::<f64>(images.moments())?;
    let mut pooled = Vec::with_capacity(count * 16);
    for image in pixels.chunks_exact(64) {
        for place in 0..16 {
            let (row, col) = (place / 4 * 2, place % 4 * 2);
            let at = |down: usize, right: usize| image[(row + down) * 8 + col + right];
            pooled.push((at(0, 0) + at(0, 1) + at(1, 0) + at(1, 1)) / 4.0);
        }
    }
    Examples::labelled(pooled, 16, &labels.labels()?, 10)
}

/// Critical points of a network.
#[derive(Debug)]
pub struct Found {
    pub parameters: usize,
    pub examples: usize,
    pub starts: usize,
    /// Of each: loss, share of negative eigenvalues.
    pub points: Vec<(f64, f64)>,
    pub degenerate: usize,
    /// Searches that did not arrive at their index.
    pub lost: usize,
    /// Values, gradient norms and ends of descents of the gradient's norm.
    pub descents: Vec<(f64, f64, SearchStop)>,
    /// Mean energy and unit of the Gaussian landscape that fits.
    pub fit: Option<(f64, f64)>,
    /// Spearman's rank correlation of loss and share.
    pub correlation: f64,
}

/// The Gaussian landscape in whose units losses are expressed: its shape does not matter within the bulk, where the shift of the spectrum is
/// proportional to the energy whatever f, f' and f''.
pub fn landscape() -> eigenscape::Result<GaussianLandscape> {
    GaussianLandscape::new(1.0, -0.5, 1.0)
}

/// The indices that are looked for.
const INDICES: [usize; 8] = [0, 1, 2, 4, 7, 11, 16, 22];

/// Follows eigenvectors to each of the indices, from so many starts for each on the way of training; then descends the gradient's norm from as many
/// starts in all as there are of one index.
pub fn survey(starts: usize, key: Key) -> eigenscape::Result<Found> {
    let examples = examples(100)?;
    let count = examples.count();
    let network = Perceptron::new(&[16, 4, 10], Activation::Tanh)?;
    let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, examples)?;
    let objective = Penalized::new(&risk, DECAY)?;
    let start = |key: Key| {
        let mut steps = [0];
        key.split(1).integers(0, 6, &mut steps);
        let start: Vec<f64> = Initialization::lecun().draw(&network, key.split(0));
        let mut rule = GradientDescent::new(0.5).expect("a positive rate");
        let end = descend(&objective, &start, &mut rule, 2 << (2 * steps[0]), |_| ControlFlow::Continue(()));
        end.map_or(start, |end| end.theta)
    };
    let mut result = Found {
        parameters: network.parameters(),
        examples: count,
        starts: starts * INDICES.len(),
        points: vec![],
        degenerate: 0,
        lost: 0,
        descents: vec![],
        fit: None,
        correlation: f64::NAN,
    };
    for index in INDICES {
        let key = key.split(index as u64);
        let search = CriticalSearch::of_index(index, key).tolerance(1e-8)?.radius(1.0)?.steps(80);
        let found = CriticalSurvey::new(search, starts, key)?.run(&objective, start)?;
        result.lost += found.starts().iter().filter(|start| start.point.is_none()).count();
        for surveyed in found.points() {
            result.degenerate += usize::from(surveyed.point.kind == CriticalKind::Degenerate);
            result.points.push((surveyed.point.value, surveyed.point.index_share()));
        }
    }
    let search = CriticalSearch::levenberg_marquardt().steps(500);
    let found = CriticalSurvey::new(search, starts, key.split(1000))?.run(&objective, start)?;
    for start in found.starts() {
        result.descents.extend(start.value.zip(start.gradient_norm).map(|(value, norm)| (value, norm, start.stop)));
    }
    result.correlation = spearman(&result.points);
    result.fit = fit(&result.points)?;
    Ok(result)
}

/// Mean and unit of energy: the straight line of losses over the semicircle's quantiles of the shares, by least squares.
fn fit(points: &[(f64, f64)]) -> eigenscape::Result<Option<(f64, f64)>> {
    let semicircle = Semicircle::new(1.0)?;
    let saddles: Vec<&(f64, f64)> = points.iter().filter(|point| point.1 > 0.0 && point.1 < 1.0).collect();
    if saddles.len() < 3 {
        return Ok(None);
    }
    // At a share s the spectrum is shifted by t = -q(s); the landscape has t proportional to the energy.
    let per_unit = landscape()?.shift(1.0)?;
    let energies = saddles.iter().map(|point| Ok(-semicircle.quantile(point.1)? / per_unit));
    let energies = energies.collect::<eigenscape::Result<Vec<f64>>>()?;
    let count = saddles.len() as f64;
    let (x, y) = (energies.iter().sum::<f64>() / count, saddles.iter().map(|point| point.0).sum::<f64>() / count);
    let covariance: f64 = energies.iter().zip(&saddles).map(|(energy, point)| (energy - x) * (point.0 - y)).sum();
    let unit = covariance / energies.iter().map(|energy| (energy - x).powi(2)).sum::<f64>();
    Ok((unit.is_finite() && unit > 0.0).then_some((y - unit * x, unit)))
}

/// The correlation of ranks; equal values have their mean rank.
fn spearman(points: &[(f64, f64)]) -> f64 {
    let ranks = |values: Vec<f64>| -> Vec<f64> {
        let rank = |x: &f64| {
            let below = values.iter().filter(|y| *y < x).count() as f64;
            below + 0.5 * (values.iter().filter(|y| *y == x).count() as f64 - 1.0)
        };
        values.iter().map(rank).collect()
    };
    let x = ranks(points.iter().map(|point| point.0).collect());
    let y = ranks(points.iter().map(|point| point.1).collect());
    let middle = (points.len() as f64 - 1.0) / 2.0;
    let sum = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| (x - middle) * (y - middle)).sum::<f64>();
    sum(&x, &y) / (sum(&x, &x) * sum(&y, &y)).sqrt()
}

/// Where trainings of one width end: minima, over keys.
#[derive(Debug)]
pub struct Finals {
    pub width: usize,
    pub losses: Vec<f64>,
}

pub fn finals(width: usize, keys: u64, key: Key) -> eigenscape::Result<Finals> {
    let network = Perceptron::new(&[16, width, 10], Activation::Tanh)?;
    let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, examples(200)?)?;
    let objective = Penalized::new(&risk, DECAY)?;
    let method = TrustRegion::new().stopping(Stopping::steps(400).gradient_below(1e-6)?);
    let losses = (0..keys)
        .map(|number| {
            let start: Vec<f64> = Initialization::lecun().draw(&network, key.split(number));
            let end = method.escape(key.split(keys + number)).run(&objective, &start)?;
            Ok(end.converged().then_some(end.value))
        })
        .filter_map(eigenscape::Result::transpose)
        .collect::<eigenscape::Result<Vec<f64>>>()?;
    Ok(Finals { width, losses })
}

impl Finals {
    /// The mean and the standard deviation over keys.
    pub fn spread(&self) -> (f64, f64) {
        let (mean, error) = crate::spins::mean(&self.losses);
        (mean, error * (self.losses.len() as f64).sqrt())
    }

    pub fn json(&self) -> Value {
        json!({ "width": self.width, "losses": self.losses })
    }
}

impl Found {
    pub fn print(&self) {
        let losses = self.points.iter().map(|point| point.0);
        let (low, high) = losses.fold((f64::MAX, f64::MIN), |(low, high), x| (low.min(x), high.max(x)));
        let minima = self.points.iter().filter(|point| point.1 == 0.0).count();
        println!(
            "network of {} parameters, {} digits: {} points from {} starts ({} did not arrive), losses {low:.3} to {high:.3}",
            self.parameters,
            self.examples,
            self.points.len(),
            self.starts,
            self.lost
        );
        println!(
            "    {minima} minima, {} degenerate, rank correlation of loss and index {:.3}",
            self.degenerate, self.correlation
        );
        let count = |stops: &[SearchStop]| self.descents.iter().filter(|end| stops.contains(&end.2)).count();
        println!(
            "    descent of |g| from {} starts: {} arrive, {} end at gradient-flat points, {} are under way after 500 steps",
            self.descents.len(),
            count(&[SearchStop::Gradient]),
            count(&[SearchStop::Flat, SearchStop::Rounding]),
            count(&[SearchStop::Steps])
        );
    }

    pub fn json(&self) -> Value {
        json!({
            "parameters": self.parameters, "examples": self.examples, "starts": self.starts, "points": self.points,
            "degenerate": self.degenerate, "fit": self.fit, "rank_correlation": self.correlation,
            "descents": self.descents.iter().map(|(loss, norm, stop)| json!([loss, norm, format!("{stop:?}")])).collect::<Vec<_>>(),
        })
    }
}
