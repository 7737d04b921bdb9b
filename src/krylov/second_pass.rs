//! Combinations of a basis that was not kept.

use super::factorization::Factorization;
use super::storage::Storage;
use crate::error::{Error, Result};
use crate::linalg::axpy;
use crate::operator::{LinearOperator, Symmetric};
use crate::scalar::Scalar;

impl<T: Scalar> Factorization<T> {
    /// V c without a basis: runs the recurrence once more, from the same start, and adds up the combinations on the way.
    /// `coefficients` as in [`Factorization::combine`], which answers where the basis is kept.
    ///
    /// Each vector of the basis has the bits that it had, which is checked: a step whose number in T is another ends the
    /// pass. Cost: m - 1 products more; memory of the combinations and four vectors.
    ///
    /// ```
    /// use eigenscape::krylov::{Lanczos, Orthogonalization, Storage};
    /// use eigenscape::operator::Diagonal;
    ///
    /// let operator = Diagonal::new((0..1000).map(|i| f64::from(i) / 1000.0).collect());
    /// let lanczos = Lanczos::new(30).orthogonalization(Orthogonalization::Local);
    /// let free = lanczos.storage(Storage::None).run(&operator, &[1.0; 1000])?;
    /// let kept = lanczos.run(&operator, &[1.0; 1000])?;
    /// assert_eq!(free.diagonal(), kept.diagonal());
    /// let last = [vec![0.0; 29], vec![1.0]].concat();
    /// assert_eq!(free.second_pass(&operator, &[1.0; 1000], &last)?, kept.vector(29));
    /// # Ok::<(), eigenscape::Error>(())
    /// ```
    ///
    /// # Errors
    /// If operator or start are not those of the first pass, the number of coefficients is not a multiple of `steps`, or a
    /// product is not finite.
    ///
    /// # References
    /// Cullum & Willoughby 1985; Frommer & Simoncini 2008 (doi:10.1007/978-3-540-78841-6_13).
    pub fn second_pass<A>(&self, operator: &A, start: &[T], coefficients: &[f64]) -> Result<Vec<T>>
    where
        A: Symmetric<T> + ?Sized,
    {
        self.second_pass_core(&operator, start, coefficients)
    }

    fn second_pass_core(&self, operator: &dyn LinearOperator<T>, start: &[T], coefficients: &[f64]) -> Result<Vec<T>> {
        let (steps, dim) = (self.steps(), self.dim());
        let count = coefficients.len() / steps.max(1);
        Error::array("the list of coefficients", coefficients.len(), &[count, steps])?;
        if self.storage != Storage::None {
            return Ok(self.combine(coefficients));
        }
        let mut again = Factorization::stored(operator, start, self.orthogonalization, Storage::None)?;
        Error::length("the start vector of a second pass", again.dim(), dim)?;
        let differs = |value: f64, expected: f64, what| {
            let limits = "must be that of the first pass: give the same operator and start";
            if value.to_bits() == expected.to_bits() { Ok(()) } else { Err(Error::OutOfRange { what, value, limits }) }
        };
        differs(again.start_norm(), self.start_norm(), "the norm of the start vector in the second pass")?;
        let mut combinations = vec![T::zero(); count * dim];
        for step in 0..steps {
            let vector = again.next();
            for (combination, coefficients) in
                combinations.chunks_exact_mut(dim).zip(coefficients.chunks_exact(steps.max(1)))
            {
                axpy(T::of(coefficients[step]), vector, combination);
            }
            if step + 1 < steps {
                again.step(operator, again.residual_norm())?;
                let (diagonal, coupling) = (again.diagonal()[step], again.residual_norm());
                differs(diagonal, self.diagonal()[step], "a number on the diagonal of T in the second pass")?;
                differs(coupling, self.subdiagonal()[step], "a number below the diagonal of T in the second pass")?;
            }
        }
        Ok(combinations)
    }
}
