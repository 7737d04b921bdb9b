//! Samples of the random model of logits, as operators.

use std::fmt;

use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::linalg::{Matrix, Update, matmul, symmetric_eigen};
use crate::operator::{Adjoint, LinearOperator, PositiveSemidefinite, Symmetric, block_fits, fits};
use crate::projection::{Blocked, RowBlocks};
use crate::random::Key;
use crate::random_matrix::SoftmaxBlocks;
use crate::scalar::Scalar;

/// Parameters whose gradients are made together.
const BLOCK: usize = 256;

/// A draw of the random model of Fort & Ganguli 2019: logit gradients that cluster, as a Jacobian that need not be stored, with
/// its Hessian and gradient.
///
/// ```text
///     J_mk = c_{y_m k} + E_mk in R^P,   coordinates of c: N(0, sigma_c^2),  of E: N(0, sigma_E^2 d_i),  i = 1..P
///     H = sum_m w_m J_m' S_m J_m  (P x P),        g = sum_m w_m J_m' (p_m - e_{y_m})
///     dual  L' J J' L  (N C x N C), L_m = sqrt(w_m) S_m^(1/2): the eigenvalues of H that are not zero, exactly
/// ```
///
/// The refinements of the model are settings: probabilities with margins are given as such; groups in the
/// [`SoftmaxBlocks`] give each class means of its own; [`LogitSample::residue_spectrum`] gives residues a covariance
/// with the eigenvalues sigma_E^2 d_i, in whose basis the parameters stand.
///
/// P may be a million: J is made from the key in blocks of 256 parameters, kept within the memory budget and else made for each
/// product. Cost of a product with H: 4 N C P operations, and N C P normal numbers unless kept. Dual: (N C)^2 P operations.
///
/// ```
/// use eigenscape::emergent::LogitSample;
/// use eigenscape::krylov::Eigensolver;
/// use eigenscape::random::Key;
/// use eigenscape::random_matrix::{LogitMeans, LogitSpectrum, SoftmaxBlocks};
///
/// // 30 examples of 3 classes with equal probabilities: two outliers.
/// let blocks = SoftmaxBlocks::new(&[1.0 / 3.0; 90], 3)?;
/// let sample = LogitSample::<f64>::new(blocks.clone(), 500, 0.5, 1.0, Key::new(0))?;
/// let top = Eigensolver::new(2, Key::new(1)).run(&sample.hessian())?;
/// let theory = LogitSpectrum::new(blocks, 500, LogitMeans::given(&sample.means_gram()), 1.0)?;
/// for (measured, outlier) in top.values.iter().zip(theory.outliers()) {
///     assert!((measured - outlier.position).abs() < 5.0 * outlier.standard_deviation);
/// }
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Fort, Ganguli 2019, arXiv:1910.05929.
pub struct LogitSample<T> {
    blocks: SoftmaxBlocks,
    rows: Blocked<Rows, Vec<T>>,
}

/// J', parameters as rows.
#[derive(Clone)]
struct Rows {
    parameters: usize,
    classes: usize,
    group: Vec<usize>,
    groups: usize,
    mean_deviation: f64,
    residue_deviation: f64,
    /// sqrt(d_i) where it is not 1.
    scales: Option<Vec<f64>>,
    means: Key,
    residues: Key,
}

impl<T> fmt::Debug for LogitSample<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Rows { parameters, classes, group, .. } = &self.rows.map;
        write!(f, "LogitSample({} examples of {classes} classes, {parameters} parameters)", group.len())
    }
}

impl<T: Scalar> LogitSample<T> {
    /// The default of [`LogitSample::memory_budget`]: 1 GiB.
    pub const MEMORY_BUDGET: usize = 1 << 30;

    /// The draw that belongs to a key, at given probabilities: P `parameters`, sigma_c `mean_deviation`, sigma_E
    /// `residue_deviation`.
    ///
    /// # Errors
    /// If there are no parameters, N C P cannot be counted, or a deviation is negative or not finite.
    pub fn new(
        blocks: SoftmaxBlocks,
        parameters: usize,
        mean_deviation: f64,
        residue_deviation: f64,
        key: Key,
    ) -> Result<Self> {
        Error::at_least("the number of parameters", parameters, 1, "must be at least 1")?;
        for (what, value) in [
            ("the deviation of the means of logit gradients", mean_deviation),
            ("the deviation of the residues of logit gradients", residue_deviation),
        ] {
            if !(value >= 0.0 && T::of(value * value).is_finite()) {
                let limits = "must be at least 0 and have a finite square";
                return Err(Error::OutOfRange { what, value, limits });
            }
        }
        let columns = blocks.examples() * blocks.classes();
        if parameters.checked_mul(columns).and_then(|entries| entries.checked_mul(8)).is_none() {
            let (needed, budget) = (parameters as u128 * columns as u128 * 8, usize::MAX as u128);
            return Err(Error::Memory { what: "the gradients of all logits", needed, budget, remedy: "take fewer" });
        }
        let map = Rows {
            parameters,
            classes: blocks.classes(),
            group: blocks.group().to_vec(),
            groups: blocks.groups(),
            mean_deviation,
            residue_deviation,
            scales: None,
            means: key.split(0),
            residues: key.split(1),
        };
        Ok(LogitSample { blocks, rows: Blocked::within::<T>(map, Self::MEMORY_BUDGET) })
    }

    /// Gives residues a covariance: d_i, the variance of each coordinate in units of sigma_E^2.
    ///
    /// # Errors
    /// If there are not P of them, or one is negative or not finite.
    pub fn residue_spectrum(self, variances: &[f64]) -> Result<Self> {
        Error::length("the list of variances of residues", variances.len(), self.rows.map.parameters)?;
        if let Some(&value) = variances.iter().find(|value| !(**value >= 0.0 && value.is_finite())) {
            let limits = "must be at least 0 and finite";
            return Err(Error::OutOfRange { what: "the variance of a coordinate of residues", value, limits });
        }
        let scales = Some(variances.iter().map(|d| d.sqrt()).collect());
        let rows = Blocked::within::<T>(Rows { scales, ..self.rows.map }, Self::MEMORY_BUDGET);
        Ok(LogitSample { rows, ..self })
    }

    /// Sets the bytes that J may take; within it J is kept, else made for each product, to the same bits.
    pub fn memory_budget(self, bytes: usize) -> Self {
        LogitSample { rows: Blocked::within::<T>(self.rows.map, bytes), ..self }
    }

    /// The second derivatives by the logits.
    pub fn blocks(&self) -> &SoftmaxBlocks {
        &self.blocks
    }

    /// J, (N C) x P, the logits of an example together.
    pub fn jacobian(&self) -> SampledJacobian<'_, T> {
        SampledJacobian { sample: self }
    }

    /// H, P x P.
    pub fn hessian(&self) -> SampledHessian<'_, T> {
        SampledHessian { sample: self }
    }

    /// g for labels, one for each example.
    ///
    /// # Errors
    /// If there are not as many labels as examples, or one is not a class.
    pub fn gradient(&self, labels: &[usize]) -> Result<Vec<T>> {
        let classes = self.blocks.classes();
        Error::length("the list of labels", labels.len(), self.blocks.examples())?;
        if let Some((index, &label)) = labels.iter().enumerate().find(|&(_, &label)| label >= classes) {
            return Err(Error::Label { index, label, classes });
        }
        let rows = self.blocks.probabilities().chunks_exact(classes).zip(self.blocks.weights()).zip(labels);
        let residuals: Vec<T> = rows
            .flat_map(|((p, &w), &y)| (0..classes).map(move |k| T::of(w * (p[k] - if k == y { 1.0 } else { 0.0 }))))
            .collect();
        let mut gradient = vec![T::zero(); self.rows.map.parameters];
        self.rows.multiply(&residuals, &mut gradient, 1);
        Ok(gradient)
    }

    /// K = c c' of the means that were drawn, r x r with r = groups x classes, the mean of class k in group y at y C + k.
    pub fn means_gram(&self) -> Vec<f64> {
        let Rows { parameters, classes, groups, mean_deviation, means, .. } = self.rows.map;
        let count = groups * classes;
        let mut gram = vec![0.0; count * count];
        let mut block = vec![T::zero(); BLOCK * count];
        for first in (0..parameters).step_by(BLOCK) {
            let block = &mut block[..BLOCK.min(parameters - first) * count];
            means.normal((first * count) as u64, block);
            let scaled: Vec<f64> = block.iter().map(|x| (*x * T::of(mean_deviation)).f64()).collect();
            let matrix = Matrix::new(&scaled, scaled.len() / count, count);
            matmul(&mut gram, Update::Add, 1.0, matrix.t(), matrix);
        }
        gram
    }

    /// The eigenvalues of H that need not be zero, descending: those of the dual, N C of them, exactly. Cost: (N C)^2 P operations
    /// and an eigendecomposition of N C.
    ///
    /// # Errors
    /// If N C is above 16384, or the decomposition does not converge.
    pub fn eigenvalues(&self) -> Result<Vec<f64>> {
        let size = self.blocks.examples() * self.blocks.classes();
        const LARGEST: usize = 1 << 14;
        if size > LARGEST {
            let because = "for the dual to be decomposed; take a Krylov method on `hessian`";
            return Err(Error::AboveLimit { what: "the size of the dual", value: size, limit: LARGEST, because });
        }
        let gram = self.gram(size);
        // L' (J J') L with L = L' block by block: first rows, then columns.
        let mut half = vec![0.0; size * size];
        for (column, out) in half.chunks_exact_mut(size).enumerate() {
            let products: Vec<f64> = (0..size).map(|row| gram[row * size + column]).collect();
            self.through_root(&products, out);
        }
        let mut dual = vec![0.0; size * size];
        for (column, out) in dual.chunks_exact_mut(size).enumerate() {
            let products: Vec<f64> = (0..size).map(|row| half[row * size + column]).collect();
            self.through_root(&products, out);
        }
        let mut values = symmetric_eigen(&dual, size, false)?.values;
        values.reverse();
        Ok(values)
    }

    /// J J', by blocks of parameters; stripes of its rows in parallel.
    fn gram(&self, size: usize) -> Vec<f64> {
        const STRIPE: usize = 64;
        let mut gram = vec![0.0; size * size];
        self.rows.visit_all::<T>(|entries| {
            let len = entries.len() / size;
            let columns: Vec<f64> = (0..size * len).map(|at| entries[at % len * size + at / len].f64()).collect();
            let all = Matrix::new(&columns, size, len);
            gram.par_chunks_mut(STRIPE * size).zip(columns.par_chunks(STRIPE * len)).for_each(|(gram, own)| {
                matmul(gram, Update::Add, 1.0, Matrix::new(own, own.len() / len, len), all.t());
            });
        });
        gram
    }

    /// sqrt(w_m) S_m^(1/2) of each example's logits.
    fn through_root(&self, logits: &[f64], out: &mut [f64]) {
        let classes = self.blocks.classes();
        for (m, (x, y)) in logits.chunks_exact(classes).zip(out.chunks_exact_mut(classes)).enumerate() {
            y.fill(0.0);
            let vectors = self.blocks.eigenvectors(m).chunks_exact(classes);
            for (&value, vector) in self.blocks.eigenvalues(m).iter().zip(vectors) {
                let share: f64 = vector.iter().zip(x).map(|(v, x)| v * x).sum();
                let scale = (value * self.blocks.weights()[m]).sqrt() * share;
                y.iter_mut().zip(vector).for_each(|(y, v)| *y += scale * v);
            }
        }
    }

    /// w_m S_m of each example's logits, in place.
    fn weigh(&self, logits: &mut [T]) {
        let classes = self.blocks.classes();
        let rows = self.blocks.probabilities().chunks_exact(classes).zip(self.blocks.weights());
        for (z, (p, &w)) in logits.chunks_exact_mut(classes).zip(rows) {
            let mean: f64 = p.iter().zip(&*z).map(|(p, z)| p * z.f64()).sum();
            z.iter_mut().zip(p).for_each(|(z, p)| *z = T::of(w * p * (z.f64() - mean)));
        }
    }
}

impl<T: Scalar> RowBlocks<T> for Rows {
    type Block = Vec<T>;

    fn ambient(&self) -> usize {
        self.parameters
    }
    fn dim(&self) -> usize {
        self.group.len() * self.classes
    }
    fn block_rows(&self) -> usize {
        BLOCK
    }
    fn bytes(&self) -> u128 {
        self.parameters as u128 * RowBlocks::<T>::dim(self) as u128 * size_of::<T>() as u128
    }
    fn is_identity(&self) -> bool {
        false
    }

    fn draw(&self, block: usize) -> Vec<T> {
        let (rows, columns) = (RowBlocks::<T>::rows_of(self, block), RowBlocks::<T>::dim(self));
        let count = self.groups * self.classes;
        let mut means = vec![T::zero(); rows.len() * count];
        self.means.normal((rows.start * count) as u64, &mut means);
        let mut entries = vec![T::zero(); rows.len() * columns];
        self.residues.normal((rows.start * columns) as u64, &mut entries);
        let mean_deviation = T::of(self.mean_deviation);
        for ((at, row), means) in rows.zip(entries.chunks_exact_mut(columns)).zip(means.chunks_exact(count)) {
            let scale = self.scales.as_ref().map_or(1.0, |scales| scales[at]);
            let deviation = T::of(self.residue_deviation * scale);
            for (z, &group) in row.chunks_exact_mut(self.classes).zip(&self.group) {
                let means = &means[group * self.classes..][..self.classes];
                z.iter_mut().zip(means).for_each(|(z, &c)| *z = deviation * *z + mean_deviation * c);
            }
        }
        entries
    }

    fn multiply(&self, _block: usize, entries: &Vec<T>, x: &[T], y: &mut [&mut [T]]) {
        let columns = RowBlocks::<T>::dim(self);
        let rows = Matrix::new(entries, entries.len() / columns, columns);
        for (x, y) in x.chunks_exact(columns).zip(y) {
            matmul(y, Update::Replace, T::one(), rows, Matrix::new(x, columns, 1));
        }
    }

    fn add_adjoint(&self, _block: usize, entries: &Vec<T>, y: &[&[T]], x: &mut [T]) {
        let columns = RowBlocks::<T>::dim(self);
        let rows = Matrix::new(entries, entries.len() / columns, columns);
        for (x, y) in x.chunks_exact_mut(columns).zip(y) {
            matmul(x, Update::Add, T::one(), Matrix::new(y, 1, y.len()), rows);
        }
    }
}

/// The Jacobian of a [`LogitSample`].
#[derive(Clone, Copy, Debug)]
pub struct SampledJacobian<'a, T> {
    sample: &'a LogitSample<T>,
}

impl<T: Scalar> LinearOperator<T> for SampledJacobian<'_, T> {
    fn rows(&self) -> usize {
        RowBlocks::<T>::dim(&self.sample.rows.map)
    }
    fn cols(&self) -> usize {
        self.sample.rows.map.parameters
    }
    #[track_caller]
    fn apply(&self, x: &[T], y: &mut [T]) {
        fits(self.rows(), self.cols(), x, y);
        self.sample.rows.multiply_adjoint(x, y, 1);
    }
    #[track_caller]
    fn apply_block(&self, x: &[T], y: &mut [T], vectors: usize) {
        block_fits(self.rows(), self.cols(), x, y, vectors);
        self.sample.rows.multiply_adjoint(x, y, vectors);
    }
}

impl<T: Scalar> Adjoint<T> for SampledJacobian<'_, T> {
    #[track_caller]
    fn apply_adjoint(&self, y: &[T], x: &mut [T]) {
        fits(self.cols(), self.rows(), y, x);
        self.sample.rows.multiply(y, x, 1);
    }
    #[track_caller]
    fn apply_adjoint_block(&self, y: &[T], x: &mut [T], vectors: usize) {
        block_fits(self.cols(), self.rows(), y, x, vectors);
        self.sample.rows.multiply(y, x, vectors);
    }
}

/// The Hessian of a [`LogitSample`].
#[derive(Clone, Copy, Debug)]
pub struct SampledHessian<'a, T> {
    sample: &'a LogitSample<T>,
}

impl<T: Scalar> LinearOperator<T> for SampledHessian<'_, T> {
    fn rows(&self) -> usize {
        self.sample.rows.map.parameters
    }
    fn cols(&self) -> usize {
        self.sample.rows.map.parameters
    }
    #[track_caller]
    fn apply(&self, x: &[T], y: &mut [T]) {
        fits(self.rows(), self.cols(), x, y);
        self.apply_block(x, y, 1);
    }
    #[track_caller]
    fn apply_block(&self, x: &[T], y: &mut [T], vectors: usize) {
        block_fits(self.rows(), self.cols(), x, y, vectors);
        let logits = RowBlocks::<T>::dim(&self.sample.rows.map);
        let mut tangents = vec![T::zero(); vectors * logits];
        self.sample.rows.multiply_adjoint(x, &mut tangents, vectors);
        tangents.chunks_exact_mut(logits).for_each(|z| self.sample.weigh(z));
        self.sample.rows.multiply(&tangents, y, vectors);
    }
}

impl<T: Scalar> Adjoint<T> for SampledHessian<'_, T> {
    #[track_caller]
    fn apply_adjoint(&self, y: &[T], x: &mut [T]) {
        self.apply(y, x);
    }
    #[track_caller]
    fn apply_adjoint_block(&self, y: &[T], x: &mut [T], vectors: usize) {
        self.apply_block(y, x, vectors);
    }
}

impl<T: Scalar> Symmetric<T> for SampledHessian<'_, T> {}
impl<T: Scalar> PositiveSemidefinite<T> for SampledHessian<'_, T> {}
