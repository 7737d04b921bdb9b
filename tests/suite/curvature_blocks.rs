//! Products of blocks are the products of their vectors: with residuals kept or recomputed, on one thread or several.

use eigenscape::Scalar;
use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::network::{Activation, Initialization, Perceptron};
use eigenscape::objective::{Objective, Point, Recorded, Stochastic};
use eigenscape::operator::{Compressed, Deflated, Dense, LinearOperator, to_dense};
use eigenscape::random::Key;
use proptest::prelude::*;

use crate::support::{normal, with_threads};

fn in_block<T: Scalar>(operator: &(impl LinearOperator<T> + ?Sized), x: &[T], vectors: usize) -> Vec<T> {
    // What stands there before is overwritten.
    let mut y = vec![T::nan(); vectors * operator.rows()];
    operator.apply_block(x, &mut y, vectors);
    y
}

fn one_by_one<T: Scalar>(operator: &(impl LinearOperator<T> + ?Sized), x: &[T], vectors: usize) -> Vec<T> {
    let (rows, cols) = (operator.rows(), operator.cols());
    let mut y = vec![T::nan(); vectors * rows];
    for vector in 0..vectors {
        operator.apply(&x[vector * cols..][..cols], &mut y[vector * rows..][..rows]);
    }
    y
}

#[track_caller]
fn assert_alike<T: Scalar>(what: &str, actual: &[T], expected: &[T]) {
    assert_eq!(actual.len(), expected.len(), "{what}: length");
    let largest = expected.iter().fold(0.0, |largest: f64, x| largest.max(x.f64().abs()));
    for (place, (a, e)) in actual.iter().zip(expected).enumerate() {
        let difference = (a.f64() - e.f64()).abs();
        assert!(difference <= 32.0 * T::EPSILON.f64() * largest, "{what}: entry {place} is {a} for {e} (of {largest})");
    }
}

/// The law of an operator: a block is its vectors, and the same bits again.
fn law<T: Scalar>(what: &str, operator: &(impl LinearOperator<T> + ?Sized), vectors: usize, key: Key) -> Vec<T> {
    let x: Vec<T> = normal(vectors * operator.cols(), key);
    let block = in_block(operator, &x, vectors);
    assert_alike(what, &block, &one_by_one(operator, &x, vectors));
    assert!(in_block(operator, &x, vectors) == block, "{what}: the same bits again");
    block
}

/// Budgets that keep residuals, recompute them for several vectors at once, and for each vector alone.
const BUDGETS: [usize; 3] = [usize::MAX, 60_000, 0];

fn risks<T: Scalar>(sizes: &[usize], count: usize, vectors: usize, key: Key) {
    let network = Perceptron::new(sizes, Activation::Tanh).unwrap();
    let (inputs, outputs) = (sizes[0], sizes[sizes.len() - 1]);
    let x: Vec<T> = normal(count * inputs, key.split(0));
    let mut labels = vec![0; count];
    key.split(1).integers(0, outputs, &mut labels);
    let theta: Vec<T> = Initialization::lecun().draw(&network, key.split(2));
    for budget in BUDGETS {
        let examples = Examples::labelled(x.clone(), inputs, &labels, outputs).unwrap();
        let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, examples).unwrap().memory_budget(budget);
        let what = |name: &str| format!("{name} of {sizes:?} on {count} examples, {vectors} vectors, {budget} bytes");
        let everything = || {
            let point = risk.at(&theta).unwrap();
            [
                law(&what("H"), &point.hessian(), vectors, key.split(3)),
                law(&what("G"), &point.gauss_newton(), vectors, key.split(4)),
                law(&what("J"), &point.jacobian(), vectors, key.split(5)),
            ]
        };
        let expected = with_threads(1, everything);
        assert!(with_threads(3, everything) == expected, "{}: the same bits on 3 threads", what("products"));
    }
}

/// Recorded formulas: of scalars, of a vector, and with a large constant matrix.
fn formulas<T: Scalar>(vectors: usize, key: Key) {
    let scalars = Recorded::<T>::scalars(6, |x| {
        let valley = |pair: &[_]| {
            let (x, y): (eigenscape::tape::Var<'_, T>, _) = (pair[0], pair[1]);
            (y - x * x).powi(2) * T::of(3.0) + (x - T::one()).powi(2)
        };
        x.windows(2).map(valley).reduce(|sum, term| sum + term).unwrap()
    });
    let vector = Recorded::<T>::new(40, |x| (x.slice(0, 1..40) - x.slice(0, 0..39).sin()).powi(2).sum());
    let matrix: Vec<T> = normal(60 * 60, key.split(0));
    let product =
        Recorded::<T>::new(60, |x| (x.tape().constant([60, 60], &matrix).matmul(x) * T::of(0.1)).tanh().sum());
    let long = Recorded::<T>::new(2000, |x| x.sin().powi(2).sum());
    let formulas = [("scalars", scalars), ("vector", vector), ("product", product), ("long", long)];
    for (place, (name, formula)) in formulas.into_iter().enumerate() {
        let formula = formula.unwrap();
        let theta: Vec<T> = normal(formula.dim(), key.split(1 + place as u64));
        law(name, &formula.at(&theta).unwrap().hessian(), vectors, key.split(9));
    }
}

/// Operators made of operators hand blocks on.
fn algebra<T: Scalar>(vectors: usize, key: Key) {
    let vector = Recorded::<T>::new(12, |x| (x.sin() * x.sum()).sum()).unwrap();
    let theta: Vec<T> = normal(12, key.split(0));
    let point = vector.at(&theta).unwrap();
    let basis = Dense::new(normal(12 * 5, key.split(1)), 12, 5).unwrap();
    law("P'HP", &Compressed::new(point.hessian(), basis).unwrap(), vectors, key.split(2));
    let mut unit = vec![T::zero(); 12];
    unit[3] = T::one();
    law("deflated", &Deflated::new(point.hessian(), vec![0.7], unit).unwrap(), vectors, key.split(3));
}

macro_rules! in_both_precisions {
    ($scalar:ty, $module:ident) => {
        mod $module {
            use super::*;

            proptest! {
                #![proptest_config(crate::oracle::cases(4))]

                #[test]
                fn blocks_are_their_vectors(vectors in 0usize..20, key in 0u64..1000) {
                    let key = Key::new(key);
                    // A tiny one, one with several chunks of small instructions, one with large ones.
                    risks::<$scalar>(&[4, 8, 3], 20, vectors, key);
                    risks::<$scalar>(&[2, 2, 2], 700, vectors, key);
                    risks::<$scalar>(&[12, 20, 4], 300, vectors, key);
                    formulas::<$scalar>(vectors, key);
                    algebra::<$scalar>(vectors, key);
                }
            }
        }
    };
}
in_both_precisions!(f32, single);
in_both_precisions!(f64, double);

#[test]
fn dense_matrices_come_from_blocks() {
    let formula = Recorded::<f64>::new(11, |x| (x.sin() * x.sum()).sum()).unwrap();
    let theta: Vec<f64> = normal(11, Key::new(0));
    let point = formula.at(&theta).unwrap();
    let dense = to_dense(&point.hessian());
    let identity: Vec<f64> = (0..121).map(|place| f64::from(place % 12 == 0)).collect();
    // H is symmetric: its columns, one after the other, are its rows.
    assert_alike("dense", dense.entries(), &one_by_one(&point.hessian(), &identity, 11));
}

#[test]
#[should_panic(expected = "apply_block: y must hold 2 vectors of 3 entries")]
fn a_block_of_a_wrong_length_panics() {
    let formula = Recorded::<f64>::new(3, |x| x.sin().sum()).unwrap();
    formula.at(&[0.0; 3]).unwrap().hessian().apply_block(&[0.0; 6], &mut [0.0; 3], 2);
}

#[test]
#[should_panic(expected = "entry 1 is 2.1")]
fn the_law_can_fail() {
    assert_alike("wrong", &[1.0f64, 2.1], &[1.0, 2.0]);
}
