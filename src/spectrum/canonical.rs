//! The rule with one node wherever it is wanted, and the strict bounds on the distribution that it gives.

use super::quadrature::Quadrature;
use crate::error::Result;
use crate::linalg::symmetric_eigen;

/// Beyond this many times the size of the nodes the new diagonal entry would cost the others their digits. The wanted node
/// is then next to a node of the rule itself.
const FAR: f64 = 1e6;

/// First and last entries of T's eigenvectors are orthogonal to this part of their lengths, unless nodes were merged or left
/// out: then there is no T to add a row to.
const CONSISTENT: f64 = 1e-6;

/// The Gauss-Radau rule with a node at `x`: m + 1 nodes, ascending, and their weights.
///
/// T gets one more row, coupled by the residual norm, whose diagonal entry makes x an eigenvalue:
/// x + sum_j r_j^2 / (theta_j - x), with r_j the residual norm of node j (Golub 1973). In the basis of T's eigenvectors the new
/// matrix is diagonal but for its last row, +-r_j: the first entries of eigenvectors times their last alternate in sign.
/// None if x is a node already, or as good as one, or the nodes are not those of a T.
pub(super) fn with_node(rule: &Quadrature, x: f64) -> Result<Option<Vec<(f64, f64)>>> {
    let (nodes, residuals) = (rule.measure().nodes(), rule.residual_norms());
    let size = nodes.len();
    let scale = nodes.iter().chain(residuals).fold(x.abs(), |scale, value| scale.max(value.abs()));
    let shift: f64 =
        nodes.iter().zip(residuals).map(|(node, r)| if *r == 0.0 { 0.0 } else { r * r / (node - x) }).sum();
    if nodes.contains(&x) || !shift.is_finite() || shift.abs() > FAR * scale {
        return Ok(None);
    }
    let roots: Vec<f64> = rule.measure().weights().iter().map(|weight| weight.sqrt()).collect();
    let signed = |index: usize| if index.is_multiple_of(2) { residuals[index] } else { -residuals[index] };
    let product = roots.iter().enumerate().map(|(index, root)| root * signed(index)).sum::<f64>();
    let last = residuals.iter().map(|r| r * r).sum::<f64>().sqrt();
    // Products of rounding errors alone say nothing.
    if size > 1 && product.abs() > CONSISTENT * rule.measure().mass().sqrt() * last.max(1e-6 * scale) {
        return Ok(None);
    }
    let mut matrix = vec![0.0; (size + 1) * (size + 1)];
    for (index, &node) in nodes.iter().enumerate() {
        matrix[index * (size + 1) + index] = node;
        matrix[size * (size + 1) + index] = signed(index);
        matrix[index * (size + 1) + size] = signed(index);
    }
    matrix[size * (size + 1) + size] = x + shift;
    let eigen = symmetric_eigen(&matrix, size + 1, true)?;
    let weight = |vector: &[f64]| roots.iter().zip(vector).map(|(a, b)| a * b).sum::<f64>().powi(2);
    let below = nodes.partition_point(|&node| node < x);
    let mut pairs: Vec<(f64, f64)> =
        eigen.values.iter().zip(eigen.vectors.chunks_exact(size + 1)).map(|(&node, v)| (node, weight(v))).collect();
    // Old and new nodes interlace, so that the node of this rank is x.
    pairs[below].0 = x;
    Ok(Some(pairs))
}
