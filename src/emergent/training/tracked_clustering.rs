//! Clustering of logit gradients from the kernel's class blocks alone.

use super::tracked_row::TrackedClustering;
use crate::error::{Error, Result};
use crate::linalg::dot;
use crate::operator::Adjoint;
use crate::scalar::Scalar;

/// K = [c_ky . c_lz], the inner products of the means over each logit and class, (k, y) at place y C + k; 0 for a class without
/// examples. Cost: C blocks of C products with J' and J; memory of C vectors of P.
pub(crate) fn class_blocks<T: Scalar>(
    jacobian: &impl Adjoint<T>,
    labels: &[usize],
    counts: &[usize],
) -> Result<Vec<f64>> {
    let (classes, rows, size) = (counts.len(), jacobian.rows(), jacobian.cols());
    let pairs = classes * classes;
    let mut blocks = vec![0.0; pairs * pairs];
    let mut logits = vec![T::zero(); classes * rows];
    let mut means = vec![T::zero(); classes * size];
    for class in (0..classes).filter(|&class| counts[class] > 0) {
        logits.fill(T::zero());
        let share = T::of(1.0 / counts[class] as f64);
        for (k, u) in logits.chunks_exact_mut(rows).enumerate() {
            let own = u.iter_mut().skip(k).step_by(classes).zip(labels).filter(|(_, label)| **label == class);
            own.for_each(|(u, _)| *u = share);
        }
        jacobian.apply_adjoint_block(&logits, &mut means, classes);
        jacobian.apply_block(&means, &mut logits, classes);
        for (k, products) in logits.chunks_exact(rows).enumerate() {
            let row = &mut blocks[(class * classes + k) * pairs..][..pairs];
            for (z, &label) in products.chunks_exact(classes).zip(labels) {
                let share = 1.0 / counts[label] as f64;
                let sums = &mut row[label * classes..][..classes];
                sums.iter_mut().zip(z).for_each(|(sum, z)| *sum += share * z.f64());
            }
        }
    }
    Error::finite("the class blocks of the kernel", &blocks, "the network overflows at these parameters")?;
    Ok(blocks)
}

/// What the blocks say, with the mean of sum_k |J_mk|^2 and the blocks of the first row.
pub(crate) fn read(blocks: &[f64], counts: &[usize], squared_norm: f64, first: &[f64]) -> TrackedClustering {
    let classes = counts.len();
    let pairs = classes * classes;
    let (n, c) = (counts.iter().sum::<usize>() as f64, classes as f64);
    let total = n * squared_norm;
    let (mut within, mut same, mut all) = (0.0, 0.0, 0.0);
    for left in 0..pairs {
        for right in 0..pairs {
            let weight = (counts[left / classes] * counts[right / classes]) as f64;
            let product = weight * blocks[left * pairs + right];
            all += product;
            if left % classes == right % classes {
                same += product;
            }
            if left == right {
                within += product;
            }
        }
    }
    let within_pairs: f64 = counts.iter().map(|&count| count as f64 * (count as f64 - 1.0)).sum();
    // The mean over pairs and logits, over the mean |J_mk|^2 = total / (n C).
    let share = |sum: f64, pairs: f64| (pairs > 0.0 && total > 0.0).then(|| sum / pairs / (total / (n * c)));
    let sizes = dot(blocks, blocks).sqrt() * dot(first, first).sqrt();
    TrackedClustering {
        same_logit_and_class: share(within - total, c * within_pairs),
        same_logit: share(same - total, c * n * (n - 1.0)),
        different_logits: share(all - same, c * (c - 1.0) * n * n),
        kernel_distance: (sizes > 0.0).then(|| 1.0 - dot(blocks, first) / sizes),
    }
}
