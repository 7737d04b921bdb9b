//! The eigenvalues of T, without the copies that lost orthogonality makes.

use super::factorization::Factorization;
use crate::error::Result;
use crate::linalg::tridiagonal_eigen;
use crate::scalar::Scalar;

/// Copies of one eigenvalue scatter over so many rounding errors of the vectors: 23 were met with an outlier of 10^4 times
/// the rest and 300 steps in `f32`.
const ROUNDING: f64 = 32.0;

/// The eigenvalues of T, each with its weight and residual norm, from [`Factorization::ritz_values`].
///
/// Where orthogonality was lost ([`Factorization::orthogonality`] above the root of [`EPSILON`](Scalar::EPSILON), by the
/// omega recurrence), T has *ghosts*, which are taken out. Otherwise nothing is touched. A ghost is
///
/// - a copy: an eigenvalue as near to another as rounding brings the copies of one. They become one value, with the sum
///   of their weights;
/// - spurious: not a copy, of a weight below `EPSILON`, and an eigenvalue also of T without its first row and column. It
///   is a copy on its way. Its weight goes to the nearest value.
///
/// Two true eigenvalues that differ by rounding errors of A's norm alone count as copies then: they cannot be told apart.
#[non_exhaustive]
#[derive(Clone, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct RitzValues {
    /// Ascending.
    pub values: Vec<f64>,
    /// Squares of the first entries of the eigenvectors of T; they add up to 1.
    pub weights: Vec<f64>,
    /// |r| times the last entry of the eigenvector: ||A y - theta y|| for the Ritz vector y. Of several copies the least,
    /// with the distance that merging moved it.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub residual_norms: Vec<f64>,
    /// How many eigenvalues of T were merged into others.
    pub ghosts: usize,
}

/// An eigenvalue of T, or several that have become one.
#[derive(Clone, Copy)]
struct Node {
    value: f64,
    weight: f64,
    residual: f64,
    /// A rounding error of the vectors in the steps that it comes from, and the error of the eigenproblem of T.
    rounding: f64,
    solver: f64,
    copies: usize,
}

impl<T: Scalar> Factorization<T> {
    /// The eigenvalues of T, ghosts taken out; see [`RitzValues`]. Cost: the eigenproblem of T, O(m^3) at worst.
    ///
    /// ```
    /// use eigenscape::krylov::{Lanczos, Orthogonalization};
    /// use eigenscape::operator::Diagonal;
    ///
    /// let outlier = Diagonal::new((0..400).map(|i| if i == 0 { 10.0 } else { f64::from(i) / 400.0 }).collect());
    /// let lanczos = Lanczos::new(120).orthogonalization(Orthogonalization::Local);
    /// let values = lanczos.run(&outlier, &[1.0; 400])?.ritz_values()?;
    /// assert!(values.ghosts > 0);
    /// assert_eq!(values.values.iter().filter(|&&value| value > 2.0).count(), 1);
    /// # Ok::<(), eigenscape::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the eigenproblem of T does not converge.
    ///
    /// # References
    /// Cullum & Willoughby, Lanczos Algorithms for Large Symmetric Eigenvalue Computations (1985), chapter 4; Greenbaum 1989
    /// (doi:10.1016/0024-3795(89)90285-1).
    pub fn ritz_values(&self) -> Result<RitzValues> {
        let (diagonal, subdiagonal) = (self.diagonal(), self.subdiagonal());
        let eigen = tridiagonal_eigen(diagonal, subdiagonal)?;
        let size = diagonal.len();
        let rows: Vec<f64> = (0..size)
            .map(|row| {
                let above = if row > 0 { subdiagonal[row - 1] } else { 0.0 };
                let below = subdiagonal.get(row).copied().unwrap_or(self.residual_norm());
                above + diagonal[row].abs() + below
            })
            .collect();
        let epsilon = T::EPSILON.f64();
        let norm = eigen.values.iter().fold(0.0, |norm: f64, value| norm.max(value.abs()));
        let solver = (64 + size) as f64 * f64::EPSILON * norm;
        let mut nodes: Vec<Node> = (eigen.values.iter().zip(eigen.vectors.chunks_exact(size.max(1))))
            .map(|(&value, vector)| {
                // Each step errs by EPSILON of what it adds up; the eigenvector says how much of which step.
                let steps: f64 = vector.iter().zip(&rows).map(|(x, row)| (x * row).powi(2)).sum();
                Node {
                    value,
                    weight: vector[0] * vector[0],
                    residual: self.residual_norm() * vector[size - 1].abs(),
                    rounding: epsilon * steps.sqrt(),
                    solver,
                    copies: 1,
                }
            })
            .collect();
        if self.may_have_ghosts() {
            nodes = without_spurious(merged(&nodes), diagonal, subdiagonal, epsilon);
        }
        Ok(RitzValues {
            values: nodes.iter().map(|node| node.value).collect(),
            weights: nodes.iter().map(|node| node.weight).collect(),
            residual_norms: nodes.iter().map(|node| node.residual).collect(),
            ghosts: size - nodes.len(),
        })
    }
}

/// Makes one of each run of neighbours that rounding explains.
fn merged(nodes: &[Node]) -> Vec<Node> {
    let mut groups: Vec<Vec<Node>> = Vec::new();
    for &node in nodes {
        match groups.last_mut() {
            // From the first of a run on, so that a run cannot creep through a dense part of the spectrum.
            Some(group)
                if node.value - group[0].value <= ROUNDING * group[0].rounding.max(node.rounding) + node.solver =>
            {
                group.push(node);
            }
            _ => groups.push(vec![node]),
        }
    }
    groups.iter().map(|group| one(group)).collect()
}

/// One node for several.
fn one(group: &[Node]) -> Node {
    if let [node] = group {
        return *node;
    }
    let weight: f64 = group.iter().map(|node| node.weight).sum();
    // From the first value, so that the mean lies among them to the last bit.
    let offset = if weight > 0.0 {
        group.iter().map(|node| node.weight / weight * (node.value - group[0].value)).sum()
    } else {
        0.0
    };
    let value = group[0].value + offset;
    Node {
        value,
        weight,
        residual: group.iter().map(|node| node.residual + (node.value - value).abs()).fold(f64::INFINITY, f64::min),
        rounding: group.iter().map(|node| node.rounding).fold(0.0, f64::max),
        solver: group[0].solver,
        copies: group.len(),
    }
}

/// Gives the weight of spurious nodes to their neighbours.
fn without_spurious(nodes: Vec<Node>, diagonal: &[f64], subdiagonal: &[f64], epsilon: f64) -> Vec<Node> {
    let spurious = |node: &Node| {
        let error = node.rounding + node.solver;
        let (below, above) = (node.value - error, node.value + error);
        let inner = |x| below_count(&diagonal[1..], subdiagonal.get(1..).unwrap_or_default(), x);
        node.copies == 1 && node.weight <= epsilon && inner(above) > inner(below)
    };
    let (dropped, mut kept): (Vec<Node>, Vec<Node>) = nodes.into_iter().partition(spurious);
    for node in dropped {
        let distance = |other: &Node| (other.value - node.value).abs();
        if let Some(nearest) = kept.iter_mut().min_by(|a, b| distance(a).total_cmp(&distance(b))) {
            nearest.weight += node.weight;
        }
    }
    kept
}

/// The number of eigenvalues of a symmetric tridiagonal matrix below `x`: Sturm's sequence.
fn below_count(diagonal: &[f64], subdiagonal: &[f64], x: f64) -> usize {
    let mut pivot = 1.0;
    let mut count = 0;
    for (row, entry) in diagonal.iter().enumerate() {
        let coupled = if row > 0 { subdiagonal[row - 1] * (subdiagonal[row - 1] / pivot) } else { 0.0 };
        pivot = entry - x - coupled;
        // A pivot that vanishes is moved by less than rounding has moved it.
        if pivot.abs() < f64::MIN_POSITIVE {
            pivot = -f64::MIN_POSITIVE;
        }
        count += usize::from(pivot < 0.0);
    }
    count
}

#[cfg(feature = "serde")]
crate::saved::checked!(RitzValues {
    values: Vec<f64>,
    weights: Vec<f64>,
    #[serde(with = "crate::saved::number")]
    residual_norms: Vec<f64>,
    ghosts: usize,
} by |ritz| {
    Error::length("the weights of saved Ritz values", ritz.weights.len(), ritz.values.len())?;
    Error::length("the residual norms of saved Ritz values", ritz.residual_norms.len(), ritz.values.len())
});
