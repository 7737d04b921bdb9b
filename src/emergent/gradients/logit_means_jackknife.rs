//! Means of logit gradients and their norms, over all examples and with one group of them after the other left out.

use crate::curvature::{Risk, RiskPoint};
use crate::error::{Error, Result};
use crate::linalg::dot;
use crate::objective::Objective;
use crate::operator::Adjoint;
use crate::scalar::Scalar;

/// What the model's parameters are made of.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct GradientSums {
    /// K = c c', C x C.
    pub(crate) gram: Vec<f64>,
    /// sum_mk v_m |J_mk|^2.
    pub(crate) squared_norm: f64,
    /// sum_m v_m^2.
    pub(crate) concentration: f64,
    /// The examples that count.
    pub(crate) members: Vec<usize>,
}

/// All examples, and without each group.
#[derive(Clone, Debug)]
pub(crate) struct JackknifeSums {
    pub(crate) all: GradientSums,
    pub(crate) without: Vec<GradientSums>,
}

/// The examples cut into groups, class after class in turn: the groups have as many of each class as can be.
pub(crate) fn groups_of(labels: &[usize], classes: usize, groups: usize) -> Vec<usize> {
    let mut group = vec![0; labels.len()];
    let mut place = 0;
    for class in 0..classes {
        for (m, _) in labels.iter().enumerate().filter(|(_, label)| **label == class) {
            group[m] = place % groups;
            place += 1;
        }
    }
    group
}

/// Measures them. Cost: N C gradients of one example for the norms; twice C products with J' over all examples, cut into the
/// groups. Memory: 2 C vectors of P.
pub(crate) fn measure<T: Scalar>(point: &RiskPoint<'_, T>, group: &[usize], groups: usize) -> Result<JackknifeSums> {
    let (risk, classes) = (point.risk(), point.risk().outputs());
    let weights: Vec<f64> = risk.examples().weights().iter().map(|weight| weight.f64()).collect();
    let total: f64 = weights.iter().sum();
    Error::positive("the sum of the weights of the examples", total)?;
    let shares: Vec<f64> = weights.iter().map(|weight| weight / total).collect();
    let whole = 0..point.theta().len();
    let norms = point.logit_gradient_norms(std::slice::from_ref(&whole))?;
    let of_example = |m: usize| norms[m * classes..][..classes].iter().sum::<f64>();
    let members: Vec<usize> = (0..shares.len()).collect();
    let sums = |members: Vec<usize>, gram: Vec<f64>| -> Result<GradientSums> {
        let share: f64 = members.iter().map(|&m| shares[m]).sum();
        let over = |of: &dyn Fn(usize) -> f64| members.iter().map(|&m| of(m)).sum::<f64>();
        let squared_norm = over(&|m| shares[m] * of_example(m)) / share;
        let concentration = over(&|m| shares[m] * shares[m]) / (share * share);
        let remedy = "the gradients of the logits overflow at these parameters";
        Error::finite("the inner products of class means", &gram, remedy)?;
        Error::finite("the squared norm of the gradients of the logits", &[squared_norm], remedy)?;
        Ok(GradientSums { gram, squared_norm, concentration, members })
    };

    let size = point.theta().len();
    let mut all = vec![T::zero(); classes * size];
    write_means(&point.jacobian(), &shares, classes, &mut all);
    let gram = inner_products(&all, &all, classes);
    if groups < 2 {
        return Ok(JackknifeSums { all: sums(members, gram)?, without: Vec::new() });
    }
    let mut without = Vec::with_capacity(groups);
    let mut part = vec![T::zero(); classes * size];
    for left_out in 0..groups {
        let (own, rest): (Vec<usize>, Vec<usize>) = members.iter().partition(|&&m| group[m] == left_out);
        let subset: Risk<T> = risk.subset(&own)?;
        let own_shares: Vec<f64> = own.iter().map(|&m| shares[m]).collect();
        write_means(&subset.at(point.theta())?.jacobian(), &own_shares, classes, &mut part);
        let (mixed, square) = (inner_products(&all, &part, classes), inner_products(&part, &part, classes));
        let remaining: f64 = rest.iter().map(|&m| shares[m]).sum();
        if remaining <= 0.0 {
            // All weight is in one group: there is no leaving it out.
            return Ok(JackknifeSums { all: sums(members, gram)?, without: Vec::new() });
        }
        let entry = |at: usize| {
            let (k, l) = (at / classes, at % classes);
            let both = mixed[at] + mixed[l * classes + k];
            (gram[at] - both + square[at]) / (remaining * remaining)
        };
        without.push(sums(rest, (0..classes * classes).map(entry).collect())?);
    }
    Ok(JackknifeSums { all: sums(members, gram)?, without })
}

/// Overwrites `means` with sum_m v_m J_mk for each class k.
fn write_means<T: Scalar>(jacobian: &impl Adjoint<T>, shares: &[f64], classes: usize, means: &mut [T]) {
    let (rows, size) = (jacobian.rows(), jacobian.cols());
    let mut logits = vec![T::zero(); rows];
    for (class, mean) in means.chunks_exact_mut(size).enumerate() {
        logits.fill(T::zero());
        logits.iter_mut().skip(class).step_by(classes).zip(shares).for_each(|(u, &v)| *u = T::of(v));
        jacobian.apply_adjoint(&logits, mean);
    }
}

fn inner_products<T: Scalar>(left: &[T], right: &[T], count: usize) -> Vec<f64> {
    let size = left.len() / count;
    let rows = left.chunks_exact(size);
    rows.flat_map(|left| right.chunks_exact(size).map(move |right| dot(left, right))).collect()
}
