//! The scan over radii and dimensions under way: cell by cell, saved and resumed between cells.

use std::ops::ControlFlow;

use super::cell::Cell;
use super::goldilocks_scan::GoldilocksScan;
use super::sample::{GoldilocksRow, GoldilocksSample, KeyMean};
use crate::curvature::Risk;
use crate::error::{Error, Result};
use crate::krylov;
use crate::linalg::{norm, scale};
use crate::objective::Stochastic;
use crate::projection::Gaussian;
use crate::random::Key;
use crate::scalar::Scalar;

/// What an observer of a scan is told after each key and radius.
#[derive(Clone, Copy, Debug)]
pub struct ScanProgress<'a> {
    /// The number of keys times radii done.
    pub done: usize,
    /// Their number in all.
    pub total: usize,
    /// What was found last, one for each dimension.
    pub latest: &'a [GoldilocksSample],
}

/// A scan under way, or at its end: what was found, and what remains to be done.
///
/// With the feature `serde` it can be saved between two cells and read back; going on then gives the same bits as never having
/// stopped.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "saved::GoldilocksRun"))]
pub struct GoldilocksRun {
    scan: GoldilocksScan,
    parameters: usize,
    /// One for each dimension, of a key and radius after the other; radii vary faster.
    samples: Vec<GoldilocksSample>,
}

/// A plane with the number of its key.
type Plane<T> = Option<(usize, Gaussian<T>)>;

impl GoldilocksScan {
    /// Begins a scan in a space of so many parameters.
    ///
    /// # Errors
    /// If a dimension is above it.
    pub fn begin(&self, parameters: usize) -> Result<GoldilocksRun> {
        if self.largest() > parameters {
            let (what, because) = ("a dimension of a Goldilocks scan", "the number of parameters");
            return Err(Error::AboveLimit { what, value: self.largest(), limit: parameters, because });
        }
        Ok(GoldilocksRun { scan: self.clone(), parameters, samples: Vec::new() })
    }

    /// Scans a risk. `test` is where accuracy is taken, the same risk or one on other data; `start` draws a start from a
    /// key, of which the direction counts; the observer is called after each key and radius and can stop the scan.
    ///
    /// # Errors
    /// As [`GoldilocksScan::begin`] and [`GoldilocksRun::advance`].
    pub fn run<T: Scalar>(
        &self,
        risk: &Risk<T>,
        test: &Risk<T>,
        start: impl Fn(Key) -> Vec<T>,
        observer: impl FnMut(ScanProgress<'_>) -> ControlFlow<()>,
    ) -> Result<GoldilocksRun> {
        let mut run = self.begin(risk.dim())?;
        run.finish(risk, test, start, observer)?;
        Ok(run)
    }
}

impl GoldilocksRun {
    /// The settings.
    pub fn scan(&self) -> &GoldilocksScan {
        &self.scan
    }

    /// What was found so far.
    pub fn samples(&self) -> &[GoldilocksSample] {
        &self.samples
    }

    /// Whether nothing remains to be done.
    pub fn is_complete(&self) -> bool {
        self.done() == self.scan.cells()
    }

    fn done(&self) -> usize {
        self.samples.len() / self.scan.dimensions.len()
    }

    /// Measures the next key and radius in all dimensions; true if there was one.
    ///
    /// # Errors
    /// If the risks do not have the scan's number of parameters, a batch is larger than the data, the start has another length or
    /// is zero or not finite, the loss or a derivative is not finite at this radius, or it is not softmax cross-entropy and
    /// the prediction is asked for. What was found until then stays.
    pub fn advance<T: Scalar>(
        &mut self,
        risk: &Risk<T>,
        test: &Risk<T>,
        start: impl Fn(Key) -> Vec<T>,
    ) -> Result<bool> {
        self.advance_core(risk, test, &start, &mut None)
    }

    /// Measures all that remains, or until the observer stops it.
    ///
    /// # Errors
    /// As [`GoldilocksRun::advance`].
    pub fn finish<T: Scalar>(
        &mut self,
        risk: &Risk<T>,
        test: &Risk<T>,
        start: impl Fn(Key) -> Vec<T>,
        mut observer: impl FnMut(ScanProgress<'_>) -> ControlFlow<()>,
    ) -> Result<()> {
        let mut plane = None;
        while self.advance_core(risk, test, &start, &mut plane)? {
            let latest = &self.samples[self.samples.len() - self.scan.dimensions.len()..];
            let progress = ScanProgress { done: self.done(), total: self.scan.cells(), latest };
            if observer(progress).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn advance_core<T: Scalar>(
        &mut self,
        risk: &Risk<T>,
        test: &Risk<T>,
        start: &dyn Fn(Key) -> Vec<T>,
        plane: &mut Plane<T>,
    ) -> Result<bool> {
        Error::length("the parameter vector of the risk", risk.dim(), self.parameters)?;
        Error::length("the parameter vector of the risk for testing", test.dim(), self.parameters)?;
        if self.is_complete() {
            return Ok(false);
        }
        let (number, radius) = (self.done() / self.scan.radii.len(), self.done() % self.scan.radii.len());
        let (key, radius) = (self.scan.key.split(number as u64), self.scan.radii[radius]);
        let mut origin = start(key.split(0));
        Error::length("a start of a Goldilocks scan", origin.len(), self.parameters)?;
        let length = norm(&origin);
        Error::positive("the length of a start of a Goldilocks scan", length)?;
        scale(T::of(radius / length), &mut origin);
        // A radius may be below the range of the numbers of the vectors.
        Error::positive("the length of a start of a Goldilocks scan at its radius", krylov::length(&origin))?;
        if plane.as_ref().is_none_or(|(owner, _)| *owner != number) {
            *plane = Some((number, Gaussian::new(self.parameters, self.scan.largest(), key.split(1))?));
        }
        let (_, plane) = plane.as_ref().expect("made above");
        let cell = Cell { scan: &self.scan, number, radius, key, risk, test, plane, origin: &origin };
        let samples = cell.measure()?;
        self.samples.extend(samples);
        Ok(true)
    }

    /// Means over keys: a row for each radius and dimension with a sample, radii ascending, and dimensions within them.
    pub fn rows(&self) -> Vec<GoldilocksRow> {
        let mut rows = Vec::new();
        for &radius in &self.scan.radii {
            for &dimension in &self.scan.dimensions {
                let samples = self.samples_at(radius, dimension);
                if !samples.is_empty() {
                    rows.push(GoldilocksRow::of(radius, dimension, &samples));
                }
            }
        }
        rows
    }

    /// The mean over keys of anything that a sample says, at one radius in one dimension; none if no sample says it.
    pub fn mean(
        &self,
        radius: f64,
        dimension: usize,
        value: impl Fn(&GoldilocksSample) -> Option<f64>,
    ) -> Option<KeyMean> {
        KeyMean::of(self.samples_at(radius, dimension).into_iter().filter_map(value))
    }

    /// The radius at which a mean over keys is largest in one dimension, and that mean; none if no sample has a value.
    pub fn peak(&self, dimension: usize, value: impl Fn(&GoldilocksSample) -> Option<f64>) -> Option<(f64, KeyMean)> {
        let means = self.scan.radii.iter().filter_map(|&radius| Some((radius, self.mean(radius, dimension, &value)?)));
        means.max_by(|left, right| left.1.mean.total_cmp(&right.1.mean))
    }

    fn samples_at(&self, radius: f64, dimension: usize) -> Vec<&GoldilocksSample> {
        self.samples.iter().filter(|sample| sample.radius == radius && sample.dimension == dimension).collect()
    }
}

#[cfg(feature = "serde")]
mod saved {
    use super::{GoldilocksSample, GoldilocksScan};
    use crate::error::{Error, Result};

    /// What a file says of a run.
    #[derive(serde::Deserialize)]
    pub(crate) struct GoldilocksRun {
        scan: GoldilocksScan,
        parameters: usize,
        samples: Vec<GoldilocksSample>,
    }

    impl TryFrom<GoldilocksRun> for super::GoldilocksRun {
        type Error = Error;

        fn try_from(saved: GoldilocksRun) -> Result<Self> {
            let remedy = "must be that of the scan: the file is damaged";
            let mut run = saved.scan.begin(saved.parameters)?;
            let (radii, dimensions) = (run.scan.radii.len(), run.scan.dimensions.len());
            let cells = saved.samples.len() / dimensions;
            if cells * dimensions != saved.samples.len() || cells > run.scan.cells() {
                let (what, value) = ("the number of samples of a saved scan", saved.samples.len() as f64);
                return Err(Error::OutOfRange { what, value, limits: remedy });
            }
            for (index, sample) in saved.samples.iter().enumerate() {
                let (cell, dimension) = (index / dimensions, run.scan.dimensions[index % dimensions]);
                let radius = run.scan.radii[cell % radii];
                if (sample.number, sample.radius, sample.dimension) != (cell / radii, radius, dimension) {
                    let (what, value) = ("the place of a sample of a saved scan", index as f64);
                    return Err(Error::OutOfRange { what, value, limits: remedy });
                }
            }
            run.samples = saved.samples;
            Ok(run)
        }
    }
}
