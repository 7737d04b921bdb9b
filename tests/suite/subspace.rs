//! Objectives cut by a subspace.

use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::network::{Activation, Initialization, Perceptron};
use eigenscape::objective::{Objective, Point, Recorded, Stochastic};
use eigenscape::operator::{Dense, to_dense};
use eigenscape::optimize::{Adam, Stop, descend};
use eigenscape::projection::Gaussian;
use eigenscape::random::Key;
use eigenscape::subspace::Restricted;
use eigenscape::{Scalar, check};

use crate::oracle::assert_close;
use crate::support::{Table, normal, product};

fn valley<T: Scalar>(dim: usize) -> Recorded<T> {
    Recorded::new(dim, |x| ((x * x).log_sum_exp() + x.sin().dot(x.tanh())) * T::of(0.5)).unwrap()
}

fn derivatives<T: Scalar>() {
    for (dim, cut) in [(1, 1), (5, 1), (9, 4), (12, 6)] {
        let objective = valley::<T>(dim);
        let origin: Vec<T> = normal(dim, Key::new(1));
        let projection = Gaussian::<T>::new(dim, cut, Key::new(2)).unwrap();
        let restricted = Restricted::new(&objective, &projection, &origin).unwrap();
        let psi: Vec<T> = normal(cut, Key::new(3));
        for key in 0..3 {
            let gradient = check::gradient(&restricted, &psi, Key::new(key)).unwrap();
            assert!(gradient.holds(), "{dim} cut to {cut}: gradient {gradient:?}");
            let hessian = check::hessian(&restricted, &psi, Key::new(key)).unwrap();
            assert!(hessian.holds(), "{dim} cut to {cut}: hessian {hessian:?}");
        }
        let point = restricted.at(&psi).unwrap();
        assert!(check::symmetric(&point.hessian(), Key::new(0)).unwrap().holds());
        assert!(check::adjoint(&point.hessian(), Key::new(0)).unwrap().holds());

        // Densely: theta0 + P psi, P'g and P'HP.
        let columns: Vec<f64> = to_dense(&projection).entries().iter().map(|x| x.f64()).collect();
        let p = Table { rows: dim, cols: cut, entries: columns };
        let tolerance = 256.0 * T::EPSILON.f64();
        let place: Vec<f64> = p.product(&psi).iter().zip(&origin).map(|(x, o)| x + o.f64()).collect();
        let lifted = restricted.lift(&psi);
        assert_close("lift", &lifted, &place, tolerance);
        let full = objective.at(&lifted).unwrap();
        assert_eq!(point.value(), full.value());
        assert_eq!(point.full().gradient(), full.gradient());
        assert_eq!(restricted.value(&psi).unwrap(), full.value());
        assert_close("gradient", point.gradient(), &p.t().product(full.gradient()), tolerance);
        let h = to_dense(&full.hessian()).entries().iter().map(|x| x.f64()).collect();
        let h = Table { rows: dim, cols: dim, entries: h };
        let expected = p.t().times(&h).times(&p);
        assert_close("hessian", to_dense(&point.hessian()).entries(), &expected.entries, tolerance);
        let mut gradient = vec![T::nan(); cut];
        assert_eq!(restricted.value_and_gradient(&psi, &mut gradient).unwrap(), point.value());
        assert_eq!(gradient, point.gradient());
    }
}

/// A square orthonormal projection only turns the coordinates: here by a quarter, so that no number is rounded.
fn a_square_projection_cuts_nothing<T: Scalar>() {
    let objective = valley::<T>(2);
    let (zero, one) = (T::zero(), T::one());
    let turn = Dense::new(vec![zero, -one, one, zero], 2, 2).unwrap();
    let restricted = Restricted::new(&objective, &turn, &[zero; 2]).unwrap();
    let [a, b] = [0.75, -0.5].map(T::of);
    let (point, full) = (restricted.at(&[a, b]).unwrap(), objective.at(&[-b, a]).unwrap());
    assert_eq!(restricted.lift(&[a, b]), [-b, a]);
    assert_eq!(point.value(), full.value());
    let g = full.gradient();
    assert_eq!(point.gradient(), [g[1], -g[0]]);
    let h = to_dense(&full.hessian());
    let h = h.entries();
    assert_eq!(to_dense(&point.hessian()).entries(), [h[3], -h[2], -h[1], h[0]]);
}

macro_rules! in_both_precisions {
    ($scalar:ty, $module:ident) => {
        mod $module {
            #[test]
            fn restricted_derivatives_are_compressed() {
                super::derivatives::<$scalar>();
            }

            #[test]
            fn square_projections_cut_nothing() {
                super::a_square_projection_cuts_nothing::<$scalar>();
            }
        }
    };
}
in_both_precisions!(f32, single);
in_both_precisions!(f64, double);

#[test]
fn a_risk_and_its_batches_train_in_a_subspace() {
    let network = Perceptron::new(&[4, 6, 3], Activation::Tanh).unwrap();
    let labels: Vec<usize> = (0..30).map(|example| example % 3).collect();
    let examples = Examples::<f64>::labelled(normal(120, Key::new(0)), 4, &labels, 3).unwrap();
    let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, examples).unwrap();
    let origin: Vec<f64> = Initialization::glorot().draw(&network, Key::new(1));
    let projection = Gaussian::new(origin.len(), 20, Key::new(2)).unwrap();

    let restricted = Restricted::new(&risk, &projection, &origin).unwrap();
    assert_eq!(restricted.dim(), 20);
    let start = [0.0; 20];
    assert!(check::gradient(&restricted, &start, Key::new(0)).unwrap().holds());
    assert!(check::hessian(&restricted, &start, Key::new(0)).unwrap().holds());

    let batches = risk.mini_batches(7, Key::new(3)).unwrap();
    let noisy = Restricted::new(&batches, &projection, &origin).unwrap();
    let mut adam = Adam::new(0.05).unwrap();
    let end = descend(&noisy, &start, &mut adam, 200, |_| std::ops::ControlFlow::Continue(())).unwrap();
    assert_eq!(end.stop, Stop::Steps);
    let (before, after) = (risk.value(&origin).unwrap(), restricted.value(&end.theta).unwrap());
    assert!(after < before, "{before} to {after}");
    // It has not left the subspace: what it moved is its own projection.
    let moved: Vec<f64> = restricted.lift(&end.theta).iter().zip(&origin).map(|(x, o)| x - o).collect();
    let mut back = vec![0.0; 20];
    eigenscape::operator::Adjoint::apply_adjoint(&projection, &moved, &mut back);
    assert_close("moved", &product(&projection, &back), &moved, 1e-12);
}

#[test]
fn what_does_not_fit_is_refused() {
    let objective = valley::<f64>(3);
    let of = |rows, cols| Dense::new(vec![1.0; rows * cols], rows, cols).unwrap();
    let refused = |projection: &Dense<f64>, origin: &[f64]| {
        Restricted::new(&objective, projection, origin).map(|_| ()).unwrap_err().to_string()
    };
    assert_eq!(refused(&of(3, 2), &[0.0; 2]), "the origin of a subspace has 2 entries; it must have 3");
    assert_eq!(refused(&of(2, 2), &[0.0; 3]), "a column of the projection has 2 entries; it must have 3");
    let error = refused(&of(3, 2), &[0.0, f64::NAN, 0.0]);
    assert!(error.starts_with("entry 1 of the origin of a subspace is NaN"), "{error}");
    let projection = of(3, 2);
    let restricted = Restricted::new(&objective, &projection, &[0.0; 3]).unwrap();
    assert!(restricted.at(&[f64::NAN, 0.0]).is_err());
    assert!(restricted.value(&[f64::INFINITY, 0.0]).is_err());
    assert_eq!(format!("{restricted:?}"), "Restricted(2 of 3 dimensions)");
}

#[test]
#[should_panic(expected = "a 3x2 operator takes x of 2 entries")]
fn a_wrong_length_panics() {
    let (objective, projection) = (valley::<f64>(3), Dense::new(vec![1.0; 6], 3, 2).unwrap());
    Restricted::new(&objective, &projection, &[0.0; 3]).unwrap().lift(&[0.0; 3]);
}
