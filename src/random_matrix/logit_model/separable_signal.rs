//! Low-rank means under noise of a separable covariance: where a network's curvature has its outliers.

use crate::error::{Error, Result};
use crate::linalg::{Matrix, Update, dot, matmul, symmetric_eigen};
use crate::random_matrix::root::{minimum, root};

/// A row of Y: its noise, its mean and how much of it.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SignalRow {
    /// d_i, the expected squared length of its noise.
    pub noise: f64,
    /// u_i, the square of what multiplies its mean.
    pub weight: f64,
    /// The number of its mean.
    pub mean: usize,
}

/// The eigenvalues of Y'Y for rows with a few means, under noise whose covariance is that of rows times that of columns.
///
/// ```text
///     Y = B M + D^(1/2) X Sigma^(1/2)    n x P:   X of independent entries (0, 1),  tr Sigma = 1
///     row i:  sqrt(u_i) M_k(i) + noise,   E |noise|^2 = d_i;       M: r x P,  K = M M'
///
///     b D(b) = a S(a),   z = S(a) / b        D(b) = sum_i d_i / (1 - b d_i),   S(a) = sum_j sigma_j / (1 - a sigma_j)
///     end of the bulk    the least z over 0 < a < 1 / max sigma
///     outliers           an eigenvalue of F' A(b) F / z is 1,   F F' = M (1 - a Sigma)^-1 M',
///                        A_k(b) = sum over rows of mean k of u_i / (1 - b d_i)
///     overlap            |Q'v|^2 = |Q' M^+ F y|^2 / (z |t'(z)|),   t that eigenvalue, y its eigenvector, Q a basis of the means
/// ```
///
/// [`SeparableSignal::new`] takes the directions of the means as independent of those of Sigma: F F' = s(a) K with
/// s(a) = mean_j 1 / (1 - a sigma_j). [`SeparableSignal::aligned`] is told M Sigma M' and takes what Sigma has between the span
/// of the means and the rest as 0: F F' = K^(1/2) (1 - a K^(-1/2) M Sigma M' K^(-1/2))^-1 K^(1/2), exact for a span that Sigma
/// leaves invariant, else a lower bound. It is the limit of many rows and columns; with Sigma = I / P it is the theory of
/// [`LogitSpectrum`](super::LogitSpectrum) for S diagonal.
///
/// Cost: n + r^3 operations for each of some 50 points to an outlier.
///
/// ```
/// use eigenscape::random_matrix::{SeparableSignal, SignalRow};
///
/// // One mean of length 2 in each of 400 rows of noise of length 1 in 100 columns: the spiked covariance of Baik, Ben Arous, Peche.
/// let rows = vec![SignalRow { noise: 1.0 / 400.0, weight: 1.0 / 400.0, mean: 0 }; 400];
/// let signal = SeparableSignal::new(&rows, &[(0.01, 100.0)], &[4.0])?;
/// // In units of the noise's variance, v = 1/100: edge (1 + 1/2)^2, spike 4 / v, at (1 + 400) (1 + (1/4) / 400).
/// assert!((signal.edge() / 0.0225 - 1.0).abs() < 1e-9);
/// let outlier = &signal.outliers()?[0];
/// assert!((outlier.position - 0.01 * 401.0 * (1.0 + 0.25 / 400.0)).abs() < 1e-9);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Paul & Silverstein 2009, doi:10.1016/j.jmva.2008.03.010 (separable covariances). Benaych-Georges & Nadakuditi 2012,
/// arXiv:1103.2221 (low-rank means).
#[derive(Clone, Debug)]
pub struct SeparableSignal {
    rows: Vec<SignalRow>,
    /// Eigenvalues of Sigma and how many of each.
    columns: Vec<(f64, f64)>,
    /// P.
    parameters: f64,
    means: usize,
    /// The pseudo-inverse of K^(1/2), and K^(1/2) Q with Q = 1 where directions are independent.
    inverse_half: Vec<f64>,
    turned: Vec<f64>,
    /// The eigenvalues of Sigma on the span of the means, unless directions are independent.
    along: Option<Vec<f64>>,
    trace: f64,
    /// a at the end of the bulk, and z there.
    end: (f64, f64),
}

/// An eigenvalue that the means pull out of the bulk.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SignalOutlier {
    /// Its place.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub position: f64,
    /// The squared length of its unit eigenvector's projection on the span of the means.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub overlap: f64,
    /// M_k . v for each mean, up to a common sign.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub projections: Vec<f64>,
}

/// Functions of the two variables that solve the equations for one another.
#[derive(Clone, Copy, Debug)]
struct Place {
    a: f64,
    b: f64,
    z: f64,
}

impl SeparableSignal {
    /// These rows, eigenvalues of Sigma with how many there are of each (zeros included, so that they add up to P), and inner
    /// products of the means, r x r row by row. The scale of Sigma does not matter: its trace is made 1.
    ///
    /// # Errors
    /// If there are no rows or columns, a number is negative or not finite, there is no noise at all, a row's mean is not below r,
    /// or K has a negative eigenvalue beyond rounding.
    pub fn new(rows: &[SignalRow], columns: &[(f64, f64)], gram: &[f64]) -> Result<Self> {
        SeparableSignal::build(rows, columns, gram, None)
    }

    /// As [`SeparableSignal::new`], for means that lie where they do in the columns' covariance: `covariance` is M Sigma M', r x r
    /// row by row, in the units of `columns`.
    ///
    /// ```
    /// use eigenscape::random_matrix::{SeparableSignal, SignalRow};
    ///
    /// // A mean along a column whose noise is three times that of most columns stands further out than one that knows no column.
    /// let rows = vec![SignalRow { noise: 1.0 / 400.0, weight: 1.0 / 400.0, mean: 0 }; 400];
    /// let columns = [(3.0, 20.0), (1.0, 80.0)];
    /// let apart = &SeparableSignal::new(&rows, &columns, &[0.2])?.outliers()?[0];
    /// let along = &SeparableSignal::aligned(&rows, &columns, &[0.2], &[0.2 * 3.0])?.outliers()?[0];
    /// assert!(along.position > 1.03 * apart.position && along.position < 1.1 * apart.position);
    /// # Ok::<(), eigenscape::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`SeparableSignal::new`], or if M Sigma M' is not finite or has more along a mean than the largest eigenvalue of Sigma.
    pub fn aligned(rows: &[SignalRow], columns: &[(f64, f64)], gram: &[f64], covariance: &[f64]) -> Result<Self> {
        SeparableSignal::build(rows, columns, gram, Some(covariance))
    }

    fn build(rows: &[SignalRow], columns: &[(f64, f64)], gram: &[f64], covariance: Option<&[f64]>) -> Result<Self> {
        let means = (gram.len() as f64).sqrt().round() as usize;
        Error::array("the inner products of means", gram.len(), &[means, means])?;
        Error::finite("the inner products of means", gram, "give finite means")?;
        for (what, value) in rows
            .iter()
            .flat_map(|row| [("the noise of a row", row.noise), ("the weight of a row", row.weight)])
            .chain(columns.iter().flat_map(|&(sigma, count)| {
                [("an eigenvalue of the noise's columns", sigma), ("the number of such eigenvalues", count)]
            }))
        {
            if !(value >= 0.0 && value.is_finite()) {
                return Err(Error::OutOfRange { what, value, limits: "must be at least 0 and finite" });
            }
        }
        if let Some(row) = rows.iter().find(|row| row.mean >= means) {
            let because = "one less than the number of means";
            return Err(Error::AboveLimit {
                what: "the number of a row's mean",
                value: row.mean,
                limit: means.saturating_sub(1),
                because,
            });
        }
        let parameters: f64 = columns.iter().map(|(_, count)| count).sum();
        let total: f64 = columns.iter().map(|(sigma, count)| sigma * count).sum();
        Error::positive("the trace of the noise's columns", total)?;
        let noise: f64 = rows.iter().map(|row| row.noise).sum();
        Error::positive("the noise of all rows", noise)?;
        let columns: Vec<(f64, f64)> =
            columns.iter().filter(|(_, count)| *count > 0.0).map(|&(sigma, count)| (sigma / total, count)).collect();
        let (half, inverse_half) = roots(gram, means)?;
        let (turned, along) = match covariance {
            None => (half, None),
            Some(covariance) => {
                let most = Self::largest(columns.iter().map(|(sigma, _)| *sigma));
                let (turned, along) = turn(&half, &inverse_half, gram, covariance, total, most)?;
                (turned, Some(along))
            }
        };
        let signal: f64 = rows.iter().map(|row| row.weight * gram[row.mean * (means + 1)]).sum();
        let mut theory = SeparableSignal {
            rows: rows.to_vec(),
            columns,
            parameters,
            means,
            inverse_half,
            turned,
            along,
            trace: noise + signal,
            end: (0.0, f64::INFINITY),
        };
        theory.end = theory.find_end()?;
        Ok(theory)
    }

    /// E tr Y'Y.
    pub fn trace(&self) -> f64 {
        self.trace
    }

    /// The end of the bulk, that of the noise alone.
    pub fn edge(&self) -> f64 {
        self.end.1
    }

    /// a and z at the end of the bulk.
    pub(crate) fn place_of_end(&self) -> (f64, f64) {
        self.end
    }

    /// S(a), S'(a), s(a), s'(a), and S + a S'.
    fn column_sums(&self, a: f64) -> [f64; 5] {
        let mut sums = [0.0; 5];
        for &(sigma, count) in &self.columns {
            let r = 1.0 / (1.0 - a * sigma);
            sums[0] += count * sigma * r;
            sums[1] += count * sigma * sigma * r * r;
            sums[2] += count * r;
            sums[3] += count * sigma * r * r;
            sums[4] += count * sigma * r * r;
        }
        [sums[0], sums[1], sums[2] / self.parameters, sums[3] / self.parameters, sums[4]]
    }

    /// D(b) and D + b D'.
    fn row_sums(&self, b: f64) -> [f64; 2] {
        let mut sums = [0.0; 2];
        for row in &self.rows {
            let r = 1.0 / (1.0 - b * row.noise);
            sums[0] += row.noise * r;
            sums[1] += row.noise * r * r;
        }
        sums
    }

    fn largest(values: impl Iterator<Item = f64>) -> f64 {
        values.fold(0.0, f64::max)
    }

    /// b and z that belong to a.
    fn place(&self, a: f64) -> Result<Place> {
        let target = a * self.column_sums(a)[0];
        // b D(b) rises from 0 to infinity at 1 / max d: at least max d b / (1 - max d b), at most n times as much.
        let most = 1.0 / Self::largest(self.rows.iter().map(|row| row.noise));
        let value = |b: f64| b * self.row_sums(b)[0] - target;
        let upper = most * (target / (1.0 + target));
        let each = target / self.rows.len() as f64;
        let b = root(most * (each / (1.0 + each)), upper, |b| Ok(value(b)))?;
        Ok(Place { a, b, z: self.column_sums(a)[0] / b })
    }

    fn find_end(&self) -> Result<(f64, f64)> {
        let most = 1.0 / Self::largest(self.columns.iter().map(|(sigma, _)| *sigma));
        // In the distance from the pole, logarithmically: where the bulk ends a may be near either limit.
        let at = |x: f64| most / (1.0 + libm::exp(-x));
        let (x, z) = minimum(-30.0, 30.0, f64::NEG_INFINITY, |x| Ok(self.place(at(x))?.z))?;
        Ok((at(x), z))
    }

    /// (1 - a Sigma)^-1 along each direction of the means' span, and its derivative by a.
    fn resolvents(&self, a: f64) -> Vec<(f64, f64)> {
        match &self.along {
            None => {
                let sums = self.column_sums(a);
                vec![(sums[2], sums[3]); self.means]
            }
            Some(along) => along
                .iter()
                .map(|&sigma| {
                    let r = 1.0 / (1.0 - a * sigma);
                    (r, sigma * r * r)
                })
                .collect(),
        }
    }

    /// The eigenvalues of F' A(b) F / z, ascending, and their eigenvectors.
    fn strengths(&self, place: Place, vectors: bool) -> Result<(Vec<f64>, Vec<f64>)> {
        let mut diagonal = vec![0.0; self.means];
        for row in &self.rows {
            diagonal[row.mean] += row.weight / (1.0 - place.b * row.noise);
        }
        let roots: Vec<f64> = self.resolvents(place.a).iter().map(|(r, _)| r.sqrt()).collect();
        let size = self.means;
        let mut product = vec![0.0; size * size];
        for (row, &x) in self.turned.chunks_exact(size.max(1)).zip(&diagonal) {
            for (out, &left) in product.chunks_exact_mut(size).zip(row) {
                out.iter_mut().zip(row).for_each(|(out, right)| *out += x / place.z * left * right);
            }
        }
        for (row, left) in product.chunks_exact_mut(size.max(1)).zip(&roots) {
            row.iter_mut().zip(&roots).for_each(|(out, right)| *out *= left * right);
        }
        let eigen = symmetric_eigen(&product, size, vectors)?;
        Ok((eigen.values, eigen.vectors))
    }

    /// The outliers, descending.
    ///
    /// # Errors
    /// If a decomposition of r x r does not converge.
    pub fn outliers(&self) -> Result<Vec<SignalOutlier>> {
        let end = self.place(self.end.0)?;
        let count = self.strengths(end, false)?.0.iter().filter(|&&strength| strength > 1.0).count();
        (0..count).map(|index| self.outlier(index)).collect()
    }

    /// Outlier `index`: where eigenvalue `index` from the top is 1. It falls as a goes to 0 and z to infinity.
    fn outlier(&self, index: usize) -> Result<SignalOutlier> {
        let from_top = |values: &[f64]| values[self.means - 1 - index];
        let mut low = self.end.0;
        while from_top(&self.strengths(self.place(low)?, false)?.0) > 1.0 {
            low /= 4.0;
        }
        let log_a = root(low.ln(), self.end.0.ln(), |log: f64| {
            Ok(from_top(&self.strengths(self.place(log.exp())?, false)?.0) - 1.0)
        })?;
        let place = self.place(log_a.exp())?;
        let vectors = self.strengths(place, true)?.1;
        let y = &vectors[(self.means - 1 - index) * self.means..][..self.means];
        let [sum, sum_slope, _, _, spread] = self.column_sums(place.a);
        let b_slope = spread / self.row_sums(place.b)[1];
        let z_slope = sum_slope / place.b - sum / (place.b * place.b) * b_slope;
        let resolvents = self.resolvents(place.a);
        let scaled: Vec<f64> = y.iter().zip(&resolvents).map(|(y, (r, _))| y * r.sqrt()).collect();
        // Hellmann and Feynman: t' = y' F' (dA / db) F y b' / z + t (sum y^2 r' / r - z' / z), with t = 1.
        let through: Vec<f64> = self.turned.chunks_exact(self.means).map(|row| dot(row, &scaled)).collect();
        let weighted: f64 = self
            .rows
            .iter()
            .map(|row| row.weight * row.noise / (1.0 - place.b * row.noise).powi(2) * through[row.mean].powi(2))
            .sum();
        let turning: f64 = y.iter().zip(&resolvents).map(|(y, (r, slope))| y * y * slope / r).sum();
        let slope = weighted * b_slope / place.z + turning - z_slope / place.z;
        let scale = place.z * (slope / z_slope).abs();
        let overlap = dot(&scaled, &scaled) / scale;
        let projections = through.iter().map(|x| x / scale.sqrt()).collect();
        Ok(SignalOutlier { position: place.z, overlap, projections })
    }

    /// v . g for the part of an outlier's eigenvector that lies in the span of the means, from the inner products M_k . g, up to the
    /// sign of its projections.
    ///
    /// # Panics
    /// If there is not one inner product for each mean.
    #[track_caller]
    pub fn along(&self, outlier: &SignalOutlier, inner_products: &[f64]) -> f64 {
        assert_eq!(inner_products.len(), self.means, "one inner product for each of {} means", self.means);
        let by_half =
            |x: &[f64]| -> Vec<f64> { self.inverse_half.chunks_exact(self.means).map(|row| dot(row, x)).collect() };
        dot(&by_half(&outlier.projections), &by_half(inner_products))
    }
}

/// K^(1/2), symmetric, and its pseudo-inverse.
fn roots(gram: &[f64], size: usize) -> Result<(Vec<f64>, Vec<f64>)> {
    let eigen = symmetric_eigen(gram, size, true)?;
    let largest = eigen.values.iter().copied().fold(0.0, f64::max);
    let rounding = largest * size as f64 * 1e-6;
    if let Some(&value) = eigen.values.iter().find(|value| **value < -rounding) {
        let limits = "must not be negative: inner products of vectors have none that is";
        return Err(Error::OutOfRange { what: "an eigenvalue of the inner products of means", value, limits });
    }
    let mut half = vec![0.0; size * size];
    let mut inverse = vec![0.0; size * size];
    for (&value, vector) in eigen.values.iter().zip(eigen.vectors.chunks_exact(size.max(1))) {
        if value <= 1e-12 * largest {
            continue;
        }
        for (row, &left) in vector.iter().enumerate() {
            let products = vector.iter().map(|right| left * right);
            let places = row * size..(row + 1) * size;
            for ((half, inverse), product) in half[places.clone()].iter_mut().zip(&mut inverse[places]).zip(products) {
                *half += value.sqrt() * product;
                *inverse += product / value.sqrt();
            }
        }
    }
    Ok((half, inverse))
}

/// K^(1/2) Q and the eigenvalues of Sigma on the span of the means, whose eigenvectors are the columns of Q.
fn turn(
    half: &[f64],
    inverse_half: &[f64],
    gram: &[f64],
    covariance: &[f64],
    total: f64,
    most: f64,
) -> Result<(Vec<f64>, Vec<f64>)> {
    let what = "the covariance of the noise along means";
    Error::length(what, covariance.len(), gram.len())?;
    Error::finite(what, covariance, "give a finite covariance")?;
    let size = (gram.len() as f64).sqrt().round() as usize;
    // A hundredth is what a spectrum by quadrature may be off.
    let excess = |&k: &usize| covariance[k * (size + 1)] > 1.01 * most * total * gram[k * (size + 1)].max(0.0);
    if let Some(k) = (0..size).find(excess) {
        let limits = "must be at most the largest eigenvalue of the noise's columns: give both in the same units";
        let value = covariance[k * (size + 1)] / gram[k * (size + 1)];
        return Err(Error::OutOfRange { what, value, limits });
    }
    let symmetric: Vec<f64> =
        (0..size * size).map(|at| 0.5 * (covariance[at] + covariance[at % size * size + at / size]) / total).collect();
    let multiply = |left: &[f64], right: &[f64]| {
        let mut out = vec![0.0; size * size];
        let right = Matrix::new(right, size, size);
        matmul(&mut out, Update::Replace, 1.0, Matrix::new(left, size, size), right);
        out
    };
    let inner = multiply(&multiply(inverse_half, &symmetric), inverse_half);
    let eigen = symmetric_eigen(&inner, size, true)?;
    let mut turned = vec![0.0; size * size];
    let vectors = Matrix::new(&eigen.vectors, size, size);
    matmul(&mut turned, Update::Replace, 1.0, Matrix::new(half, size, size), vectors.t());
    // Directions without means have rounding alone.
    Ok((turned, eigen.values.iter().map(|value| value.clamp(0.0, most)).collect()))
}
