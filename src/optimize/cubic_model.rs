//! The minimizer of a cubic model in the coordinates of a Krylov space.

use crate::error::Result;
use crate::linalg::tridiagonal_eigen;

/// Newton steps on the secular equation; each but the first few doubles the digits, and bisection needs no more.
const LIMIT: usize = 200;

/// The global minimizer u of g e_1'u + u'T u / 2 + sigma |u|^3 / 3.
#[derive(Clone, Debug)]
pub(super) struct CubicMinimizer {
    pub(super) coordinates: Vec<f64>,
    pub(super) length: f64,
    /// -(g e_1'u + u'T u / 2): what the model promises without its cubic term.
    pub(super) quadratic: f64,
}

/// The eigenvalues and the first and all components of the eigenvectors of a tridiagonal matrix: whatever sigma is asked for.
#[derive(Clone, Debug)]
pub(super) struct CubicModel {
    values: Vec<f64>,
    /// Row i is the eigenvector of `values[i]`.
    vectors: Vec<f64>,
    gradient: f64,
}

impl CubicModel {
    pub(super) fn new(diagonal: &[f64], subdiagonal: &[f64], gradient: f64) -> Result<Self> {
        let eigen = tridiagonal_eigen(diagonal, subdiagonal)?;
        Ok(CubicModel { values: eigen.values, vectors: eigen.vectors, gradient })
    }

    /// u with (T + mu I) u = -g e_1 and mu = sigma |u|, T + mu I semidefinite: with these it is the global minimizer.
    pub(super) fn minimize(&self, sigma: f64) -> CubicMinimizer {
        let size = self.values.len();
        let shares: Vec<f64> = self.vectors.iter().step_by(size.max(1)).map(|first| self.gradient * first).collect();
        // mu = base + delta: near a pole delta has all digits, which mu has not.
        let base = (-self.values[0]).max(0.0);
        let gaps: Vec<f64> = self.values.iter().map(|value| (value + base).max(0.0)).collect();
        let solved = |delta: f64| -> Vec<f64> {
            let entry = |(&share, &gap): (&f64, &f64)| if share == 0.0 { 0.0 } else { -share / (gap + delta) };
            shares.iter().zip(&gaps).map(entry).collect()
        };
        let norm = |u: &[f64]| u.iter().map(|x| x * x).sum::<f64>().sqrt();
        let mut u = solved(0.0);
        let goal = base / sigma;
        if base > 0.0 && norm(&u) < goal {
            // The hard case: the gradient does not reach the lowest eigenvector, along which the rest of the length goes.
            u[0] += (goal * goal - u.iter().map(|x| x * x).sum::<f64>()).max(0.0).sqrt();
        } else {
            u = solved(self.root(sigma, base, &gaps, &shares));
        }
        let length = norm(&u);
        let terms = u.iter().zip(&shares).zip(&self.values).map(|((&u, &share), &value)| u * (share + 0.5 * value * u));
        let quadratic = -terms.sum::<f64>();
        let mut coordinates = vec![0.0; size];
        for (u, vector) in u.iter().zip(self.vectors.chunks_exact(size)) {
            coordinates.iter_mut().zip(vector).for_each(|(sum, x)| *sum += u * x);
        }
        CubicMinimizer { coordinates, length, quadratic }
    }

    /// The delta > 0 at which |u| = (base + delta) / sigma: there 1 / |u| - sigma / mu is zero, and almost a line.
    fn root(&self, sigma: f64, base: f64, gaps: &[f64], shares: &[f64]) -> f64 {
        let total = shares.iter().map(|share| share * share).sum::<f64>().sqrt();
        // From |u| <= total / (gap + delta), with the least gap.
        let half = 0.5 * (base + gaps[0]);
        let (mut low, mut high) = (0.0, sigma * total / (half + (half * half + sigma * total).sqrt()));
        let mut delta = high;
        for _ in 0..LIMIT {
            let (mut squares, mut cubes) = (0.0, 0.0);
            for (share, gap) in shares.iter().zip(gaps) {
                let u = share / (gap + delta);
                squares += u * u;
                cubes += u * u / (gap + delta);
            }
            let (length, mu) = (squares.sqrt(), base + delta);
            if length * sigma > mu {
                low = delta;
            } else {
                high = delta;
            }
            let (value, slope) = (1.0 / length - sigma / mu, cubes / (squares * length) + sigma / (mu * mu));
            let newton = delta - value / slope;
            let next = if newton > low && newton < high { newton } else { 0.5 * (low + high) };
            if (next - delta).abs() <= f64::EPSILON * delta {
                return next;
            }
            delta = next;
        }
        delta
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is stationary and semidefinite is the global minimizer; checked on the matrices themselves.
    fn check(diagonal: &[f64], subdiagonal: &[f64], gradient: f64, sigma: f64) -> CubicMinimizer {
        let found = CubicModel::new(diagonal, subdiagonal, gradient).unwrap().minimize(sigma);
        let (u, size) = (&found.coordinates, diagonal.len());
        let mu = sigma * found.length;
        let product = |i: usize| {
            let below = if i > 0 { subdiagonal[i - 1] * u[i - 1] } else { 0.0 };
            let above = if i + 1 < size { subdiagonal[i] * u[i + 1] } else { 0.0 };
            diagonal[i] * u[i] + below + above
        };
        let scale = diagonal.iter().chain(subdiagonal).fold(1.0f64, |m, x| m.max(x.abs())) * found.length + gradient;
        for (i, x) in u.iter().enumerate() {
            let residual = product(i) + mu * x + if i == 0 { gradient } else { 0.0 };
            assert!(residual.abs() <= 1e-12 * scale, "entry {i} of the gradient is {residual:e} of {scale:e}");
        }
        let least = tridiagonal_eigen(diagonal, subdiagonal).unwrap().values[0];
        assert!(least + mu >= -1e-12 * scale, "not semidefinite: {least} + {mu}");
        let form: f64 = (0..size).map(|i| u[i] * product(i)).sum();
        assert!((found.quadratic + gradient * u[0] + 0.5 * form).abs() <= 1e-12 * scale * found.length);
        found
    }

    #[test]
    fn minimizers_are_stationary_and_global() {
        for sigma in [1e-8, 1e-3, 1.0, 1e5] {
            for gradient in [1e-9, 0.3, 1e4] {
                check(&[2.0], &[], gradient, sigma);
                check(&[-2.0], &[], gradient, sigma);
                check(&[0.0], &[], gradient, sigma);
                check(&[1.0, -3.0, 0.5], &[0.7, 1e-3], gradient, sigma);
                check(&[4.0, 5.0, 6.0, 7.0], &[1.0, 1.0, 1.0], gradient, sigma);
            }
        }
    }

    #[test]
    fn the_hard_case_goes_along_the_lowest_eigenvector() {
        // The second coordinate curves down, and the gradient does not see it.
        let found = check(&[1.0, -2.0], &[0.0], 0.5, 0.1);
        assert!((found.length - 20.0).abs() < 1e-12, "|u| = -lambda / sigma, not {}", found.length);
        assert!((found.coordinates[0] + 0.5 / 3.0).abs() < 1e-12);
        // Nor where it is seen by a rounding error alone; and it is easy if the gradient is large.
        check(&[1.0, -2.0], &[1e-17], 0.5, 0.1);
        let found = check(&[1.0, -2.0], &[0.0], 1e4, 0.1);
        assert_eq!(found.coordinates[1], 0.0);
    }
}
