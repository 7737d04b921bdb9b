//! Critical points of the spherical 3-spin model: index and Hessian over energy.

use std::ops::ControlFlow;

use eigenscape::landscape::{CriticalSearch, CriticalSurvey, KacRice, SphericalSpinGlass, SpinGlassComplexity};
use eigenscape::objective::{Objective, Penalized};
use eigenscape::optimize::{GradientDescent, descend};
use eigenscape::random::Key;
use eigenscape::subspace::Spherical;
use serde_json::{Value, json};

pub const INTERACTIONS: usize = 3;

/// Critical points of one model.
#[derive(Debug)]
pub struct Spins {
    pub spins: usize,
    pub starts: usize,
    /// Of each: energy per spin, share of negative eigenvalues on the sphere.
    pub points: Vec<(f64, f64)>,
    /// The mean share at the same energies at this size, from the counts of Kac and Rice.
    pub expected: Vec<f64>,
    /// Means over the eigenvalues of each point, plus p times its energy; and their variances over that of the semicircle.
    pub shifts: Vec<f64>,
    pub variances: Vec<f64>,
    /// Searches that did not arrive.
    pub lost: usize,
}

/// The penalty's strength: p times the energy per spin, negative, of the points that lie on the sphere itself.
const STRENGTH: f64 = 4.0;

/// Finds critical points of negative energy, from starts that have descended for different lengths.
///
/// H is homogeneous, so those on the sphere are those of H + strength |s|^2 / 2 in all of space, each on a sphere of its own: grad H = -strength s.
/// The Hessian along the sphere is the same up to a positive factor, and there is one negative eigenvalue more, along s. The length is then
/// fixed, which it is not in `Spherical`: the norm of its gradient falls with the length of the parameters, and its descent would go there.
pub fn survey(spins: usize, starts: usize, key: Key) -> eigenscape::Result<Spins> {
    let model = SphericalSpinGlass::<f64>::new(INTERACTIONS, spins, key.split(0))?;
    let sphere = Spherical::new(&model, model.radius())?;
    let penalized = Penalized::new(&model, STRENGTH)?;
    let start = |key: Key| {
        let mut steps = [0];
        key.split(1).integers(0, 60, &mut steps);
        let mut rule = GradientDescent::new(0.02).expect("a positive rate");
        let start = model.start(key.split(0));
        let end = descend(&sphere, &start, &mut rule, steps[0] as u64, |_| ControlFlow::Continue(()));
        end.and_then(|end| sphere.lift(&end.theta)).unwrap_or(start)
    };
    let survey = CriticalSurvey::new(CriticalSearch::newton(), starts, key.split(1))?;
    let found = survey.run(&penalized, start)?;
    let complexity = SpinGlassComplexity::new(INTERACTIONS)?;
    let kac_rice = KacRice::new(INTERACTIONS, spins)?;
    let tangent = spins - 1;
    let mut result =
        Spins { spins, starts, points: vec![], expected: vec![], shifts: vec![], variances: vec![], lost: 0 };
    result.lost = found.starts().iter().filter(|start| start.point.is_none()).count();
    for surveyed in found.points() {
        let point = &surveyed.point;
        let length = point.theta.iter().map(|x| x * x).sum::<f64>().sqrt();
        let (Some(index), Some(eigenvalues)) = (point.index(), &point.eigenvalues) else { continue };
        // The origin is a critical point of the penalty.
        if length < 1e-3 {
            continue;
        }
        let energy = model.value(&sphere.lift(&point.theta)?)? / spins as f64;
        // Along s the curvature is -(p - 2) strength; the rest is scaled by the distance to the power p - 2, 1 here.
        let along = -STRENGTH * (INTERACTIONS as f64 - 2.0);
        let distance = |value: &f64| (value - along).abs();
        let radial =
            eigenvalues.iter().enumerate().min_by(|a, b| distance(a.1).total_cmp(&distance(b.1))).map(|(i, _)| i);
        let scale = model.radius() / length;
        let tangential: Vec<f64> =
            eigenvalues.iter().enumerate().filter(|(i, _)| Some(*i) != radial).map(|(_, x)| x * scale).collect();
        let mean = tangential.iter().sum::<f64>() / tangent as f64;
        let variance = tangential.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / tangent as f64;
        let (middle, radius) = complexity.hessian(energy);
        result.points.push((energy, (index - 1) as f64 / tangent as f64));
        result.expected.push(mean_share(&kac_rice, energy, tangent)?);
        result.shifts.push(mean - middle);
        result.variances.push(variance / (radius * radius / 4.0));
    }
    Ok(result)
}

/// The mean share of negative eigenvalues of all critical points at an energy.
pub fn mean_share(kac_rice: &KacRice, energy: f64, tangent: usize) -> eigenscape::Result<f64> {
    let densities = kac_rice.densities(energy)?;
    let total: f64 = densities.iter().sum();
    let weighted: f64 = densities.iter().enumerate().map(|(index, density)| index as f64 * density).sum();
    Ok(weighted / total / tangent as f64)
}

/// A mean and its standard error.
pub fn mean(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let square = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (count - 1.0);
    (mean, (square / count).sqrt())
}

impl Spins {
    /// What was found less what is expected, over points.
    pub fn differences(&self) -> Vec<f64> {
        self.points.iter().zip(&self.expected).map(|(point, expected)| point.1 - expected).collect()
    }

    pub fn print(&self) {
        let (difference, error) = mean(&self.differences());
        let (shift, shift_error) = mean(&self.shifts);
        let (variance, variance_error) = mean(&self.variances);
        let energies = self.points.iter().map(|point| point.0);
        let (low, high) = energies.fold((f64::MAX, f64::MIN), |(low, high), x| (low.min(x), high.max(x)));
        println!(
            "3-spin, N = {:>3}: {} points from {} starts ({} lost), energies per spin {low:.2} to {high:.2}",
            self.spins,
            self.points.len(),
            self.starts,
            self.lost
        );
        println!("    share of negative eigenvalues less the mean of Kac and Rice {difference:+.4} +- {error:.4}");
        println!(
            "    mean eigenvalue + p u {shift:+.1e} +- {shift_error:.0e}, variance over that of the semicircle {variance:.3} +- {variance_error:.3}"
        );
    }

    pub fn json(&self) -> Value {
        json!({
            "spins": self.spins, "starts": self.starts, "lost": self.lost, "points": self.points, "expected": self.expected,
            "shifts": self.shifts, "variances": self.variances,
        })
    }
}
