//! Objectives cut by a subspace.

use std::ops::ControlFlow;

use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::krylov::Eigensolver;
use eigenscape::network::{Activation, Initialization, Perceptron};
use eigenscape::objective::{Objective, Point, Recorded, Stochastic};
use eigenscape::operator::{Dense, LinearOperator, to_dense};
use eigenscape::optimize::{Adam, GradientDescent, Progress, Stop, descend};
use eigenscape::projection::{Basis, Fastfood, Gaussian};
use eigenscape::random::Key;
use eigenscape::subspace::{Restricted, Spherical};
use eigenscape::{Scalar, check};

use crate::digits::digits;
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

fn on_spheres<T: Scalar>() {
    for (dim, radius, scale) in [(2, 2.0, 1.0), (4, 0.5, 3.0), (9, 7.0, 0.25)] {
        let objective = valley::<T>(dim);
        let sphere = Spherical::new(&objective, radius).unwrap();
        let u: Vec<T> = normal::<T>(dim, Key::new(6)).iter().map(|&x| x * T::of(scale)).collect();
        let theta = sphere.lift(&u).unwrap();
        let length: f64 = theta.iter().map(|x| x.f64().powi(2)).sum::<f64>().sqrt();
        assert!((length / radius - 1.0).abs() < 8.0 * T::EPSILON.f64(), "{length}");
        assert_eq!(sphere.value(&u).unwrap(), objective.value(&theta).unwrap());
        let point = sphere.at(&u).unwrap();
        // It does not depend on the length of u: no slope along u, and H u = -gradient (Euler).
        let tolerance = 1e3 * T::EPSILON.f64();
        let mut along = vec![T::nan(); dim];
        point.hessian().apply(&u, &mut along);
        let gradient: Vec<f64> = point.gradient().iter().map(|g| -g.f64()).collect();
        assert_close("Euler", &along, &gradient, tolerance);
        let slope: f64 = point.gradient().iter().zip(&u).map(|(g, u)| g.f64() * u.f64()).sum();
        assert!(slope.abs() < tolerance, "{slope}");
        for key in 0..3 {
            assert!(check::gradient(&sphere, &u, Key::new(key)).unwrap().holds());
            let hessian = check::hessian(&sphere, &u, Key::new(key)).unwrap();
            assert!(hessian.holds(), "{dim}: {hessian:?}");
        }
        assert!(check::symmetric(&point.hessian(), Key::new(0)).unwrap().holds());
        let (x, vectors): (Vec<T>, usize) = (normal(3 * dim, Key::new(7)), 3);
        let mut wide = vec![T::nan(); 3 * dim];
        point.hessian().apply_block(&x, &mut wide, vectors);
        for (x, wide) in x.chunks_exact(dim).zip(wide.chunks_exact(dim)) {
            let single: Vec<f64> = product(&point.hessian(), x).iter().map(|y| y.f64()).collect();
            assert_close("block", wide, &single, tolerance);
        }
    }
}

#[test]
fn spheres_have_derivatives_of_their_own() {
    on_spheres::<f32>();
    on_spheres::<f64>();
}

/// |theta|^2 / 2 + a.theta on a sphere: the Riemannian Hessian of a linear function is -(g.n / r) on the tangent space, and the
/// quadratic adds nothing that changes on the sphere.
#[test]
fn curvature_of_a_sphere_is_that_of_the_normal_slope() {
    let objective = Recorded::<f64>::new(3, |x| (x * x).sum() * 0.5 + x.at(0) * 6.0).unwrap();
    let sphere = Spherical::new(&objective, 2.0).unwrap();
    let point = sphere.at(&[2.0, 0.0, 0.0]).unwrap();
    assert_eq!(point.gradient(), [0.0; 3]);
    // g.n = 2 + 6, so Q (1 - 8 / 2) Q.
    assert_close(
        "Hessian",
        to_dense(&point.hessian()).entries(),
        &[0.0, 0.0, 0.0, 0.0, -3.0, 0.0, 0.0, 0.0, -3.0],
        1e-14,
    );

    // Cut by a plane it trains to the least of the circle there: at -e_0, where 6 x is least.
    let plane = Dense::new(vec![1.0, 0.0, 0.0, 1.0, 0.0, 0.0], 3, 2).unwrap();
    let cut = Restricted::new(&sphere, &plane, &[0.5, 0.5, 0.0]).unwrap();
    let end = descend(&cut, &[0.0, 0.0], &mut Adam::new(0.05).unwrap(), 2000, |_| ControlFlow::Continue(())).unwrap();
    let theta = sphere.lift(&cut.lift(&end.theta)).unwrap();
    assert_close("least", &theta, &[-2.0, 0.0, 0.0], 1e-4);
}

#[test]
fn impossible_spheres_are_refused() {
    let objective = valley::<f64>(3);
    for radius in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(Spherical::new(&objective, radius).is_err());
    }
    let sphere = Spherical::new(&objective, 1.0).unwrap();
    assert!(sphere.lift(&[0.0; 3]).unwrap_err().to_string().contains("length of the parameters"));
    assert!(sphere.at(&[0.0, f64::NAN, 1.0]).is_err());
    assert!(sphere.value(&[0.0; 3]).is_err());
    // A gradient beyond the range of numbers is not handed on.
    assert!(sphere.at(&[3e-320, 4e-320, 1e-320]).unwrap_err().to_string().contains("of the gradient"));
    assert!(sphere.sample(0, &[3e-320, 4e-320, 1e-320], &mut [0.0; 3]).is_err());
    assert_close("tiny", &sphere.lift(&[3e-200, 4e-200, 0.0]).unwrap(), &[0.6, 0.8, 0.0], 1e-15);
}

#[test]
fn restricted_hessians_are_matrices_of_one_block() {
    let objective = valley::<f64>(12);
    let projection = Gaussian::<f64>::new(12, 5, Key::new(2)).unwrap();
    let restricted = Restricted::new(&objective, &projection, &normal::<f64>(12, Key::new(1))).unwrap();
    let point = restricted.at(&normal::<f64>(5, Key::new(3))).unwrap();
    let matrix = point.hessian_matrix();
    assert_close("matrix", matrix.entries(), to_dense(&point.hessian()).entries(), 1e-14);
    (0..25).for_each(|place| assert_eq!(matrix.entries()[place], matrix.entries()[place % 5 * 5 + place / 5]));
}

/// The whole space, through a map that is the identity: values, gradients and products to the bit.
#[test]
fn all_dimensions_are_the_full_space() {
    let objective = valley::<f64>(9);
    let whole = Fastfood::<f64>::new(9, 9, Key::new(0)).unwrap();
    let restricted = Restricted::new(&objective, &whole, &[0.0; 9]).unwrap();
    let theta: Vec<f64> = normal(9, Key::new(1));
    let (cut, full) = (restricted.at(&theta).unwrap(), objective.at(&theta).unwrap());
    assert_eq!((cut.value(), cut.gradient()), (full.value(), full.gradient()));
    let v: Vec<f64> = normal(9, Key::new(2));
    assert_eq!(product(&cut.hessian(), &v), product(&full.hessian(), &v));
}

/// Ten dimensions on real digits: gradients along a run and its principal directions hold the way down, directions at random
/// hardly any of it. Nor does the top of the Hessian, where the run has settled already (Song, Ahn, Yun 2024, arXiv:2405.16002).
#[test]
fn gradients_and_trajectories_go_further_than_random_directions() {
    let network = Perceptron::new(&[64, 24, 10], Activation::Tanh).unwrap();
    let examples = digits().select(&(0..600).collect::<Vec<_>>()).unwrap();
    let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, examples).unwrap();
    let start: Vec<f64> = Initialization::lecun().draw(&network, Key::new(0));
    let run = |from: &[f64], steps: u64, visit: &mut dyn FnMut(u64, &[f64])| {
        let mut rule = GradientDescent::new(0.5).unwrap();
        let observer = |progress: Progress<'_, f64>| {
            visit(progress.step, progress.theta);
            ControlFlow::Continue(())
        };
        descend(&risk, from, &mut rule, steps, observer).unwrap().theta
    };
    // Ten steps of burn-in lead to the point that all subspaces pass through; a run of 60 from there is what is learned from.
    let origin = run(&start, 10, &mut |_, _| ());
    let (mut trajectory, mut gradients) = (Vec::new(), Vec::new());
    run(&origin, 60, &mut |step, theta| {
        if step % 4 == 0 {
            trajectory.extend(theta.iter().zip(&origin).map(|(x, o)| x - o));
            gradients.extend_from_slice(risk.at(theta).unwrap().gradient());
        }
    });
    let (dim, ambient) = (10, risk.dim());
    let top = Eigensolver::new(dim, Key::new(1)).run(&risk.at(&origin).unwrap().hessian()).unwrap();
    let (principal, shares) = Basis::principal(ambient, &trajectory, dim).unwrap();
    assert!(shares[0] > 0.8 && shares.iter().sum::<f64>() > 0.999, "{shares:?}");
    let two = Basis::principal(ambient, &gradients, 2).unwrap().0;
    let bases = [
        ("random", Basis::spanning(ambient, &normal::<f64>(ambient * dim, Key::new(2))).unwrap()),
        ("two gradients and random", two.with_random(dim - 2, Key::new(3)).unwrap()),
        ("gradients", Basis::principal(ambient, &gradients, dim).unwrap().0),
        ("trajectory", principal),
        ("top of the Hessian", Basis::spanning(ambient, &top.vectors).unwrap()),
    ];
    let losses: Vec<f64> = bases
        .iter()
        .map(|(name, basis)| {
            let cut = Restricted::new(&risk, basis, &origin).unwrap();
            let end = descend(&cut, &vec![0.0; basis.cols()], &mut Adam::new(0.3).unwrap(), 150, |_| {
                ControlFlow::Continue(())
            });
            let loss = cut.value(&end.unwrap().theta).unwrap();
            println!("{name}: {loss:.3}");
            loss
        })
        .collect();
    let before = risk.value(&origin).unwrap();
    println!("before {before:.3}, after the run {:.3}", risk.value(&run(&origin, 60, &mut |_, _| ())).unwrap());
    assert!(losses.iter().all(|loss| *loss < before));
    assert!(losses[1..4].iter().all(|loss| *loss < 0.1 * losses[0]), "{losses:?}");
    assert!(losses[4] > 0.9 * losses[0], "{losses:?}");
}
