//! The Gauss rule that a Lanczos factorization is.

use super::measure::DiscreteMeasure;
use crate::error::Result;
use crate::krylov::Factorization;
use crate::scalar::Scalar;

/// Gauss quadrature for v'f(A)v, with v the start vector of a Lanczos [`Factorization`].
///
/// ```text
///     v'f(A)v ~= sum_j w_j f(theta_j),    T s_j = theta_j s_j,    w_j = ||v||^2 (first entry of s_j)^2
/// ```
///
/// Exact when f is a polynomial of degree up to 2m - 1, and for every f once the Krylov space is invariant. The weights
/// add up to ||v||^2. Cost: the eigenproblem of T, O(m^3) at worst.
///
/// Where orthogonality was lost, T has copies of eigenvalues. They are merged, each into one node with the sum of their
/// weights, and [`Quadrature::ghosts`] says how many there were; see [`RitzValues`](crate::krylov::RitzValues). The rule
/// is then exact only up to rounding errors of A's norm.
///
/// ```
/// use eigenscape::krylov::Lanczos;
/// use eigenscape::operator::Diagonal;
/// use eigenscape::spectrum::Quadrature;
///
/// let operator = Diagonal::new(vec![1.0, 2.0, 4.0]);
/// let rule = Quadrature::new(&Lanczos::new(3).run(&operator, &[1.0; 3])?)?;
/// let log_determinant = rule.measure().integrate(f64::ln); // v'ln(A)v with v of ones: the sum of logarithms
/// assert!((log_determinant - 8f64.ln()).abs() < 1e-14);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Golub & Welsch 1969 (doi:10.1090/S0025-5718-69-99647-1).
#[derive(Clone, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "saved::Quadrature"))]
pub struct Quadrature {
    measure: DiscreteMeasure,
    residual_norms: Vec<f64>,
    ghosts: usize,
    rounding: f64,
}

/// Rounding in the products moves a node by about as many rounding errors of the largest one.
const ROUNDING: f64 = 16.0;

impl Quadrature {
    /// The rule of a factorization.
    ///
    /// # Errors
    /// If the eigenproblem of T does not converge.
    pub fn new<T: Scalar>(factorization: &Factorization<T>) -> Result<Self> {
        let mass = factorization.start_norm().powi(2);
        let ritz = factorization.ritz_values()?;
        let pairs = ritz.values.iter().zip(&ritz.weights).map(|(&node, &weight)| (node, mass * weight)).collect();
        let largest = ritz.values.iter().fold(0.0, |largest: f64, node| largest.max(node.abs()));
        let rounding = ROUNDING * T::EPSILON.f64() * largest;
        let (residual_norms, ghosts) = (ritz.residual_norms, ritz.ghosts);
        Ok(Quadrature { measure: DiscreteMeasure::sorted(pairs), residual_norms, ghosts, rounding })
    }

    /// Multiplies all weights so that they add up to `mass`.
    pub(crate) fn rescaled(self, mass: f64) -> Self {
        let factor = mass / self.measure.mass();
        let pairs = self.measure.pairs().map(|(node, weight)| (node, weight * factor)).collect();
        Quadrature { measure: DiscreteMeasure::sorted(pairs), ..self }
    }

    /// Nodes, ascending, and weights.
    pub fn measure(&self) -> &DiscreteMeasure {
        &self.measure
    }

    /// ||A y - theta y|| for the Ritz vector y of each node theta: an eigenvalue lies within this distance.
    ///
    /// Also the standard deviation of the eigenvalues of A over the spectral measure of y: how blurred the node is.
    pub fn residual_norms(&self) -> &[f64] {
        &self.residual_norms
    }

    /// How many eigenvalues of T were copies of others, or copies on their way, and are no nodes. 0 unless orthogonality
    /// was lost.
    pub fn ghosts(&self) -> usize {
        self.ghosts
    }

    /// How far rounding in the products may have moved a node: 16 [`EPSILON`](Scalar::EPSILON) of the largest |node|.
    ///
    /// Nodes that close to a point count as lying on it.
    pub fn rounding(&self) -> f64 {
        self.rounding
    }
}

#[cfg(feature = "serde")]
mod saved {
    use super::DiscreteMeasure;

    /// What a file holds, before it is believed.
    #[derive(serde::Deserialize)]
    pub(super) struct Quadrature {
        measure: DiscreteMeasure,
        residual_norms: Vec<f64>,
        ghosts: usize,
        rounding: f64,
    }

    impl TryFrom<Quadrature> for super::Quadrature {
        type Error = &'static str;

        fn try_from(saved: Quadrature) -> Result<Self, Self::Error> {
            let Quadrature { measure, residual_norms, ghosts, rounding } = saved;
            let norms = residual_norms.iter().all(|&norm| norm.is_finite() && norm >= 0.0);
            if residual_norms.len() != measure.nodes().len() || !norms {
                return Err("a quadrature rule needs a residual norm of at least 0 for each node");
            }
            if !(rounding.is_finite() && rounding >= 0.0) {
                return Err("the rounding of a quadrature rule must be finite and at least 0");
            }
            Ok(super::Quadrature { measure, residual_norms, ghosts, rounding })
        }
    }
}
