//! The distribution of eigenvalues, with its error.

use super::density::{Density, Kernels, Smoothing};
use super::estimate::Estimate;
use super::measure::DiscreteMeasure;
use super::quadrature::Quadrature;
use crate::error::{Error, Result};
use crate::krylov::{Report, Stop};

/// An estimate of the spectral measure mu = (1/n) sum_i delta(lambda_i), from
/// [`StochasticLanczos`](super::StochasticLanczos).
///
/// One quadrature rule for each probe, and exact atoms of weight 1/n for what was deflated. Every number that it gives
/// is a mean over probes with its standard error. That error is of the finite number of probes; the error of the finite
/// depth comes on top, is zero for polynomials of degree up to 2m - 1, and falls with the depth.
#[derive(Clone, PartialEq, Debug)]
pub struct SpectralMeasure {
    dim: usize,
    atoms: Vec<f64>,
    rules: Vec<Quadrature>,
    orthogonality: f64,
    report: Report,
}

impl SpectralMeasure {
    pub(super) fn new(dim: usize, atoms: &[f64]) -> Self {
        let report = Report::new(Stop::Converged, 0);
        SpectralMeasure { dim, atoms: atoms.to_vec(), rules: Vec::new(), orthogonality: 0.0, report }
    }

    pub(super) fn push(&mut self, rule: Quadrature, orthogonality: f64, matvecs: u64) {
        self.rules.push(rule);
        self.orthogonality = self.orthogonality.max(orthogonality);
        self.report.matvecs += matvecs;
    }

    pub(super) fn ended(self, report: Report) -> Self {
        SpectralMeasure { report, ..self }
    }

    /// The dimension n of the operator.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// One rule for each probe. The weights of each add up to 1, less 1/n for each atom. None if all was deflated.
    pub fn rules(&self) -> &[Quadrature] {
        &self.rules
    }

    /// The deflated eigenvalues, each an atom of weight 1/n without error.
    pub fn atoms(&self) -> &[f64] {
        &self.atoms
    }

    /// The worst [`orthogonality`](crate::krylov::Factorization::orthogonality) of the probes' factorizations.
    pub fn orthogonality(&self) -> f64 {
        self.orthogonality
    }

    /// How the run ended and what it cost.
    pub fn report(&self) -> Report {
        self.report
    }

    /// The mean of the rules, and the atoms: all nodes of all probes; the weights add up to 1.
    pub fn mean(&self) -> DiscreteMeasure {
        let probes = self.rules.len() as f64;
        let rules = self.rules.iter().flat_map(|rule| rule.measure().pairs());
        let mut pairs: Vec<(f64, f64)> = rules.map(|(node, weight)| (node, weight / probes)).collect();
        pairs.extend(self.atoms.iter().map(|&atom| (atom, 1.0 / self.dim as f64)));
        DiscreteMeasure::sorted(pairs)
    }

    /// The mean of f over the eigenvalues: (1/n) tr f(A).
    ///
    /// # Errors
    /// If f is not finite at a node of positive weight: nodes scatter around the eigenvalues, so f must be finite on an
    /// interval around them.
    pub fn integrate(&self, mut f: impl FnMut(f64) -> f64) -> Result<Estimate> {
        let mut index = 0;
        let mut worst = None;
        let estimate = self.sample(|node| {
            let value = f(node);
            if !value.is_finite() && worst.is_none() {
                worst = Some((index, value));
            }
            index += 1;
            value
        });
        match worst {
            None => Ok(estimate),
            Some((index, value)) => {
                let remedy = "the function must be finite on an interval around the eigenvalues";
                Err(Error::NotFinite { what: "the function at the nodes", index, value, remedy })
            }
        }
    }

    /// One integral for each probe; one exact one if there is nothing left but atoms.
    fn sample(&self, mut f: impl FnMut(f64) -> f64) -> Estimate {
        let atoms = self.atoms.iter().map(|&atom| f(atom)).sum::<f64>() / self.dim as f64;
        if self.rules.is_empty() {
            return Estimate { standard_error: Some(0.0), ..Estimate::new([atoms], self.report.matvecs) };
        }
        let samples: Vec<f64> = self.rules.iter().map(|rule| atoms + rule.measure().integrate(&mut f)).collect();
        Estimate::new(samples, self.report.matvecs)
    }

    /// The trace of f(A): n times [`SpectralMeasure::integrate`].
    ///
    /// # Errors
    /// As [`SpectralMeasure::integrate`].
    pub fn trace(&self, f: impl FnMut(f64) -> f64) -> Result<Estimate> {
        Ok(self.integrate(f)?.scaled(self.dim as f64))
    }

    /// The moment of an order: (1/n) tr A^order. For orders up to 2m - 1 the depth makes no error.
    ///
    /// # Errors
    /// If the power overflows.
    pub fn moment(&self, order: i32) -> Result<Estimate> {
        self.integrate(|node| node.powi(order))
    }

    /// The cumulative distribution: the fraction of eigenvalues up to `x`.
    pub fn cumulative(&self, x: f64) -> Estimate {
        self.sample(|node| if node <= x { 1.0 } else { 0.0 })
    }

    /// A smooth density on a grid; see [`Smoothing`].
    ///
    /// # Errors
    /// If the smoothing's grid is not ascending or its widths are not positive.
    pub fn density(&self, smoothing: &Smoothing) -> Result<Density> {
        Kernels::new(&self.rules, &self.atoms, 1.0 / self.dim as f64, smoothing)?.density(smoothing)
    }
}
