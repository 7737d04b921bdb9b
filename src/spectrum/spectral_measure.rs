//! The distribution of eigenvalues, with its error.

use super::density::{Density, Kernels, Smoothing};
use super::estimate::Estimate;
use super::measure::DiscreteMeasure;
use super::quadrature::Quadrature;
use crate::error::{Error, Result};
use crate::krylov::{Report, Stop};

/// A moment of the spectral measure, from [`SpectralMeasure::moments`].
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Moment {
    /// The power of the eigenvalues.
    pub order: u32,
    /// The mean over probes, with its standard error.
    pub estimate: Estimate,
    /// Whether the standard error is all the error. Otherwise the finite depth comes on top; it makes moments of even
    /// order too small, never too large, for each probe.
    pub exact: bool,
}

/// An estimate of the spectral measure mu = (1/n) sum_i delta(lambda_i), from
/// [`StochasticLanczos`](super::StochasticLanczos).
///
/// One quadrature rule for each probe, and exact atoms of weight 1/n for what was deflated. Every number that it gives
/// is a mean over probes with its standard error. That error is of the finite number of probes; the error of the finite
/// depth comes on top, is zero for polynomials of degree up to 2m - 1, and falls with the depth.
///
/// ```
/// use eigenscape::operator::Diagonal;
/// use eigenscape::random::Key;
/// use eigenscape::spectrum::StochasticLanczos;
///
/// // 300 eigenvalues between 1 and 2, 100 at -1.
/// let entries = (0..400).map(|i| if i < 300 { 1.0 + f64::from(i) / 300.0 } else { -1.0 }).collect();
/// let measure = StochasticLanczos::new(Key::new(0)).probes(20).steps(30).run(&Diagonal::new(entries))?;
///
/// // One run, many questions: a distribution, a trace of any function, a count, a moment.
/// assert!(measure.band(&[0.0], 0.99)?.union()[0].contains(0.25));
/// let log = measure.trace(|x| x.abs().ln())?;
/// let exact: f64 = (0..300).map(|i| (1.0 + f64::from(i) / 300.0).ln()).sum();
/// assert!((log.mean - exact).abs() < 4.0 * log.standard_error.unwrap());
/// assert!(measure.index(0.1)?.negative.interval(0.99)?.contains(100.0));
/// assert!((measure.moment(2)?.mean - 2.0).abs() < 0.2);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[doc(alias = "ESD")]
#[doc(alias = "empirical spectral distribution")]
pub struct SpectralMeasure {
    dim: usize,
    atoms: Vec<f64>,
    rules: Vec<Quadrature>,
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    orthogonality: f64,
    orthogonality_is_measured: bool,
    report: Report,
}

impl SpectralMeasure {
    pub(super) fn new(dim: usize, atoms: &[f64]) -> Self {
        let report = Report::new(Stop::Converged, 0);
        SpectralMeasure {
            dim,
            atoms: atoms.to_vec(),
            rules: Vec::new(),
            orthogonality: 0.0,
            orthogonality_is_measured: true,
            report,
        }
    }

    pub(super) fn push(&mut self, rule: Quadrature, orthogonality: f64, matvecs: u64) {
        self.rules.push(rule);
        self.orthogonality = self.orthogonality.max(orthogonality);
        self.report.matvecs += matvecs;
    }

    /// Says that the levels of orthogonality are estimates.
    pub(super) fn estimated(self) -> Self {
        SpectralMeasure { orthogonality_is_measured: false, ..self }
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

    /// Whether [`SpectralMeasure::orthogonality`] is measured; without a basis it is the estimate of a recurrence.
    pub fn orthogonality_is_measured(&self) -> bool {
        self.orthogonality_is_measured
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
        Estimate { stop: self.report.stop, ..Estimate::new(samples, self.report.matvecs) }
    }

    /// The mean over probes of something of each rule, and the deflated eigenvalues that `known` counts, exactly.
    pub(super) fn over_probes(&self, known: impl Fn(f64) -> f64, mut of: impl FnMut(&Quadrature) -> f64) -> Estimate {
        let atoms = self.atoms.iter().map(|&atom| known(atom)).sum::<f64>() / self.dim as f64;
        if self.rules.is_empty() {
            return Estimate { standard_error: Some(0.0), ..Estimate::new([atoms], self.report.matvecs) };
        }
        let estimate = Estimate::new(self.rules.iter().map(|rule| atoms + of(rule)), self.report.matvecs);
        Estimate { stop: self.report.stop, ..estimate }
    }

    /// The largest [`Quadrature::rounding`] of the rules.
    pub(super) fn rounding(&self) -> f64 {
        self.rules.iter().map(Quadrature::rounding).fold(0.0, f64::max)
    }

    /// The trace of f(A): n times [`SpectralMeasure::integrate`].
    ///
    /// # Errors
    /// As [`SpectralMeasure::integrate`].
    pub fn trace(&self, f: impl FnMut(f64) -> f64) -> Result<Estimate> {
        Ok(self.integrate(f)?.scaled(self.dim as f64))
    }

    /// The moment of an order: (1/n) tr A^order. The depth makes no error up to [`SpectralMeasure::exact_degree`].
    ///
    /// # Errors
    /// If the power overflows.
    pub fn moment(&self, order: i32) -> Result<Estimate> {
        self.integrate(|node| node.powi(order))
    }

    /// The highest degree of polynomials for which the depth makes no error, 2m - 1 for the shallowest probe; `None`
    /// if there is no highest one, since every probe's Krylov space is invariant.
    pub fn exact_degree(&self) -> Option<usize> {
        let ended = |rule: &Quadrature| rule.residual_norms().iter().all(|&residual| residual <= rule.rounding());
        let degrees = self.rules.iter().filter(|rule| !ended(rule)).map(|rule| 2 * rule.measure().nodes().len() - 1);
        degrees.min()
    }

    /// The moments of orders 0 to `highest`, each with whether the depth is exact for it.
    ///
    /// ```
    /// use eigenscape::operator::Diagonal;
    /// use eigenscape::random::Key;
    /// use eigenscape::spectrum::StochasticLanczos;
    ///
    /// let operator = Diagonal::new((0..1000).map(|i| f64::from(i) / 999.0).collect());
    /// let measure = StochasticLanczos::new(Key::new(0)).steps(2).run(&operator)?;
    /// let moments = measure.moments(4)?;
    /// assert!(moments[3].exact && !moments[4].exact); // two steps: degree 3
    /// assert!((moments[2].estimate.mean - 1.0 / 3.0).abs() < 4.0 * moments[2].estimate.standard_error.unwrap() + 1e-3);
    /// # Ok::<(), eigenscape::Error>(())
    /// ```
    ///
    /// # Errors
    /// If a power overflows.
    pub fn moments(&self, highest: u32) -> Result<Vec<Moment>> {
        let exact = self.exact_degree();
        let moment = |order: u32| {
            let limits = "must fit 31 bits";
            let power = i32::try_from(order).map_err(|_| Error::OutOfRange {
                what: "the order of a moment",
                value: f64::from(order),
                limits,
            })?;
            let exact = exact.is_none_or(|degree| order as usize <= degree);
            Ok(Moment { order, estimate: self.moment(power)?, exact })
        };
        (0..=highest).map(moment).collect()
    }

    /// The cumulative distribution F(x): the fraction of eigenvalues up to `x`, x included.
    ///
    /// Nodes within [`Quadrature::rounding`] of x count as lying on it, so that F(0) has all the zeros. The standard
    /// error is that of the m-step distribution; [`SpectralMeasure::band`] also knows the error of the depth.
    #[doc(alias = "CDF")]
    pub fn cumulative(&self, x: f64) -> Estimate {
        self.over_probes(
            |atom| if atom <= x { 1.0 } else { 0.0 },
            |rule| rule.measure().cumulative(x + rule.rounding()),
        )
    }

    /// A smooth density on a grid; see [`Smoothing`].
    ///
    /// # Errors
    /// If the smoothing's grid is not ascending or its widths are not positive.
    pub fn density(&self, smoothing: &Smoothing) -> Result<Density> {
        Kernels::new(&self.rules, &self.atoms, 1.0 / self.dim as f64, smoothing)?.density(smoothing)
    }
}

#[cfg(feature = "serde")]
crate::saved::checked!(SpectralMeasure {
    dim: usize,
    atoms: Vec<f64>,
    rules: Vec<Quadrature>,
    #[serde(with = "crate::saved::number")]
    orthogonality: f64,
    orthogonality_is_measured: bool,
    report: Report,
} by |measure| {
    Error::at_least("the dimension of a saved measure", measure.dim, 1, "must be at least 1")?;
    Error::finite("the atoms of a saved measure", &measure.atoms, crate::saved::DAMAGED)?;
    let (atoms, dim) = (measure.atoms.len(), measure.dim);
    let fits = if measure.rules.is_empty() { atoms == dim } else { atoms < dim };
    let limits = "must be all where no probe was taken, and fewer where one was";
    Error::require(fits, "the number of deflated eigenvalues of a saved measure", atoms as f64, limits)?;
    // Weights are as good as the vectors' type, whose name is not known here.
    let mass = (dim - atoms) as f64 / dim as f64;
    let off = measure.rules.iter().map(|rule| rule.measure().mass()).find(|rule| (rule - mass).abs() > 1e-3);
    let limits = "must be 1 less the atoms' share";
    Error::require(off.is_none(), "the mass of a rule of a saved measure", off.unwrap_or(mass), limits)
});
