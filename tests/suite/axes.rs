//! Tests of densities on their axes, of atoms apart from them, and of a bulk beside outliers.

use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::network::{Activation, Initialization, Perceptron};
use eigenscape::objective::Objective;
use eigenscape::operator::{AssumeSymmetric, Closure, Diagonal, LinearOperator, Symmetric, to_dense};
use eigenscape::random::Key;
use eigenscape::random_matrix::{Law, MarchenkoPastur, Wishart};
use eigenscape::spectrum::{
    Axis, Density, KernelPolynomial, Smoothing, SpectralMeasure, StochasticLanczos, kolmogorov_to_law,
};
use eigenscape::{Error, Scalar};
use proptest::prelude::*;

use super::density::wishart;
use super::krylov::{normal, spectrum};
use super::oracle::symmetric_eigenvalues;

const AXES: [Axis; 3] = [Axis::Linear, Axis::Logarithmic, Axis::SymmetricLog { linear: 1e-2 }];

fn diagonal<T: Scalar>(values: &[f64]) -> Diagonal<T> {
    Diagonal::new(values.iter().map(|&x| T::of(x)).collect())
}

fn measure<T: Scalar>(values: &[f64], probes: usize, steps: usize) -> SpectralMeasure {
    StochasticLanczos::new(Key::new(0)).probes(probes).steps(steps).run(&diagonal::<T>(values)).unwrap()
}

/// The trapezoidal rule, written out.
fn trapezoid(x: &[f64], y: &[f64]) -> f64 {
    (1..x.len()).map(|i| (x[i] - x[i - 1]) * (y[i] + y[i - 1]) / 2.0).sum()
}

fn no_mass_is_lost<T: Scalar>(kind: usize, dim: usize, probes: usize, axis: usize, low: f64, points: usize) {
    let measure = measure::<T>(&spectrum(kind, dim), probes, 20);
    let axis = AXES[axis];
    let low = if axis == Axis::Logarithmic { low.abs() + 1e-3 } else { low };
    let grid = axis.points(low, low + 2.0, points).unwrap();
    let check = |density: &Density| {
        assert!((density.mass() - 1.0).abs() < 1e-6, "{axis:?}: {}", density.mass());
        assert!((trapezoid(&density.coordinates(), &density.density) - density.integral()).abs() < 1e-6);
        assert!(density.density.iter().all(|&y| y >= -1e-6 && y.is_finite()));
        let outside = [density.nonpositive, density.below, density.above];
        assert!(outside.iter().all(|mass| mass.weight > -1e-6 && mass.standard_error.is_some() == (probes > 1)));
        assert!(axis == Axis::Logarithmic || density.nonpositive.weight == 0.0);
    };
    let density = measure.density(&Smoothing::new().axis(axis).grid(grid.clone())).unwrap();
    check(&density);
    check(&measure.density(&Smoothing::new().axis(axis)).unwrap());
    // The mass between two points does not depend on the axis.
    let ends = measure.density(&Smoothing::new().grid(vec![grid[0], grid[points - 1]])).unwrap();
    assert!((ends.integral() - density.integral()).abs() < 1e-12);
    let settings = KernelPolynomial::new(Key::new(0)).degree(30).probes(probes);
    let expansion = settings.run(&diagonal::<T>(&spectrum(kind, dim))).unwrap();
    let density = expansion.density(axis, &grid).unwrap();
    check(&density);
    let ends = expansion.cumulative(grid[points - 1]).mean - expansion.cumulative(grid[0]).mean;
    assert!((ends - density.integral()).abs() < 1e-12);
}

macro_rules! laws {
    ($scalar:ident) => {
        mod $scalar {
            use super::*;

            proptest! {
                #![proptest_config(crate::oracle::cases(100))]

                #[test]
                fn no_mass_is_lost(
                    kind in 0usize..7, dim in 1usize..80, probes in 1usize..4, axis in 0usize..3, low in -3.0f64..3.0,
                    points in 2usize..60,
                ) {
                    super::no_mass_is_lost::<$scalar>(kind, dim, probes, axis, low, points);
                }
            }

            #[test]
            fn zeros_of_a_wishart_matrix_are_an_atom() {
                super::zeros_of_a_wishart_matrix_are_an_atom::<$scalar>();
            }
        }
    };
}

laws!(f32);
laws!(f64);

#[test]
fn coordinates_are_those_of_their_formulas() {
    let ln = |x: f64| x.ln() / 10f64.ln();
    for x in [1e-9f64, 0.3e-2, 1.0, 5.0, 1e6] {
        assert!((Axis::Logarithmic.coordinate(x) - ln(x)).abs() < 1e-14);
        for linear in [1e-6, 1e-2, 3.0] {
            let axis = Axis::SymmetricLog { linear };
            // The inverse hyperbolic sine as a logarithm.
            let half = x / linear / 2.0;
            assert!((axis.coordinate(x) - ln(half + (half * half + 1.0).sqrt())).abs() < 1e-12);
            assert_eq!(axis.coordinate(-x), -axis.coordinate(x));
            if x > 1e3 * linear {
                assert!((axis.coordinate(x) - ln(x / linear)).abs() < 1e-6);
            }
        }
        for axis in AXES {
            assert!((axis.eigenvalue(axis.coordinate(x)) / x - 1.0).abs() < 1e-13, "{axis:?} {x}");
        }
    }
    assert_eq!(Axis::Logarithmic.coordinate(0.0), f64::NEG_INFINITY);
    for axis in AXES {
        let points = axis.points(0.001, 7.0, 50).unwrap();
        assert!(points.len() == 50 && points[0] == 0.001 && points[49] == 7.0);
        let steps: Vec<f64> =
            points.windows(2).map(|pair| axis.coordinate(pair[1]) - axis.coordinate(pair[0])).collect();
        assert!(steps.iter().all(|step| (step / steps[0] - 1.0).abs() < 1e-9), "{axis:?}");
    }
    assert!(matches!(Axis::Logarithmic.points(0.0, 1.0, 5), Err(Error::OutOfRange { .. })));
    assert!(matches!(Axis::Linear.points(1.0, 1.0, 5), Err(Error::OutOfRange { .. })));
    assert!(matches!(Axis::Linear.points(f64::NAN, 1.0, 5), Err(Error::NotFinite { .. })));
    assert!(matches!(Axis::Linear.points(0.0, 1.0, 1), Err(Error::OutOfRange { .. })));
    assert!(matches!(Axis::Linear.points(1.0, 1.0 + 1e-15, 50), Err(Error::OutOfRange { .. })));
    for linear in [0.0, -1.0, f64::NAN] {
        let axis = Axis::SymmetricLog { linear };
        assert!(matches!(axis.points(0.0, 1.0, 5), Err(Error::OutOfRange { .. })));
        let smoothing = Smoothing::new().axis(axis);
        assert!(matches!(measure::<f64>(&[1.0], 1, 1).density(&smoothing), Err(Error::OutOfRange { .. })));
    }
    let smoothing = Smoothing::new().axis(Axis::Logarithmic).grid(vec![-1.0, 1.0]);
    assert!(matches!(measure::<f64>(&[1.0], 1, 1).density(&smoothing), Err(Error::OutOfRange { .. })));
}

#[test]
fn densities_are_per_unit_of_their_axis() {
    // Smooth kernels and fine cells: the density at x times dx/du, with dx/du by differences.
    let measure = measure::<f64>(&spectrum(6, 200), 4, 30);
    for axis in [Axis::Logarithmic, Axis::SymmetricLog { linear: 0.1 }] {
        let grid = axis.points(0.05, 0.9, 4000).unwrap();
        let smoothing = Smoothing::new().minimum(0.05).grid(grid.clone());
        let linear = measure.density(&smoothing).unwrap();
        let other = measure.density(&smoothing.axis(axis)).unwrap();
        for i in (1..3999).step_by(100) {
            let slope = (grid[i + 1] - grid[i - 1]) / (axis.coordinate(grid[i + 1]) - axis.coordinate(grid[i - 1]));
            let expected = linear.density[i] * slope;
            assert!((other.density[i] / expected - 1.0).abs() < 1e-5, "{axis:?} at {}", grid[i]);
            let error = linear.standard_error.as_ref().unwrap()[i] * slope;
            assert!((other.standard_error.as_ref().unwrap()[i] / error - 1.0).abs() < 1e-4);
        }
    }
}

#[test]
fn a_logarithmic_axis_tells_what_is_not_on_it() {
    // A quarter negative, a quarter at zero, a half in two decades.
    let values: Vec<f64> = (0..400)
        .map(|i| match i {
            0..100 => -1.0 - f64::from(i) / 100.0,
            100..200 => 0.0,
            _ => 10f64.powf(f64::from(i - 200) / 100.0 - 2.0),
        })
        .collect();
    let measure = measure::<f64>(&values, 20, 100);
    let axis = Axis::Logarithmic;
    let smoothing = Smoothing::new().axis(axis).grid(axis.points(1e-3, 0.1, 30).unwrap()).atom(0.0, 1e-3);
    let density = measure.density(&smoothing).unwrap();
    let parts = [
        (density.nonpositive, 0.25),
        (density.atoms[0].mass, 0.25),
        (density.above, values.iter().filter(|&&x| x > 0.1).count() as f64 / 400.0),
    ];
    for (mass, exact) in parts {
        // Kernels blur the end of the grid by their width.
        let bound = 4.0 * mass.standard_error.unwrap() + 0.01;
        assert!((mass.weight - exact).abs() <= bound, "{mass:?} for {exact}");
    }
    assert!(density.below.weight.abs() < 1e-3 && (density.mass() - 1.0).abs() < 1e-9);
    assert!(density.nonpositive.standard_error.unwrap() > 1e-3);
}

/// Zeros as an atom, the rest as the bulk of the law.
fn zeros_of_a_wishart_matrix_are_an_atom<T: Scalar>() {
    let values = Wishart::new(1000, 500, 1.0).unwrap().eigenvalues(Key::new(0)).unwrap();
    let law = MarchenkoPastur::new(2.0, 1.0).unwrap();
    let measure = measure::<T>(&values, 20, 60);
    let density = measure.density(&Smoothing::new().atom(0.0, 0.08)).unwrap();
    let [atom] = density.atoms[..] else { panic!("{:?}", density.atoms) };
    let weight = measure.atom(0.0, 0.08).unwrap().weight;
    assert_eq!((atom.location, atom.mass.weight), (0.0, weight.mean));
    assert_eq!(atom.mass.standard_error, weight.standard_error);
    assert!((atom.mass.weight - 0.5).abs() <= 4.0 * weight.standard_error.unwrap(), "{atom:?}");
    assert!((density.integral() + atom.mass.weight - 1.0).abs() < 1e-6);
    assert!((density.mass() - 1.0).abs() < 1e-9);
    assert!((density.measure().unwrap().mass() - 1.0).abs() < 1e-6);
    // Next to nothing is left at zero, far below the edge at 0.17, and curve and atom together are the law.
    let near = |smoothing: Smoothing| measure.density(&smoothing.grid(vec![-0.5, 0.0, 0.05])).unwrap().integral();
    let left = near(Smoothing::new().atom(0.0, 0.08));
    assert!(left < 1e-3, "{left}");
    assert!((near(Smoothing::new()) - left - atom.mass.weight).abs() < 1e-6);
    let distance = kolmogorov_to_law(&density.measure().unwrap(), &law).unwrap();
    assert!(distance < 0.03, "{distance}");
    // Decades of a singular matrix.
    let decades = measure.density(&Smoothing::new().axis(Axis::Logarithmic).atom(0.0, 0.08)).unwrap();
    assert!((decades.integral() + decades.atoms[0].mass.weight - 1.0).abs() < 1e-6);
}

#[test]
fn zeros_of_a_gauss_newton_matrix_are_an_atom() {
    // 16 examples of 4 classes: a rank of at most 48, for 174 parameters.
    let network = Perceptron::new(&[12, 10, 4], Activation::Tanh).unwrap();
    let labels: Vec<usize> = (0..16).map(|i| i % 4).collect();
    let examples = Examples::labelled(normal::<f64>(Key::new(1), 16 * 12), 12, &labels, 4).unwrap();
    let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, examples).unwrap();
    let theta: Vec<f64> = Initialization::lecun().draw(&network, Key::new(0));
    let point = risk.at(&theta).unwrap();
    let matrix = point.gauss_newton();
    let dim = matrix.rows();
    let dense = symmetric_eigenvalues(to_dense(&matrix).entries(), dim);
    let largest = dense[dim - 1];
    let zeros = dense.iter().filter(|value| value.abs() < 1e-12 * largest).count();
    assert_eq!(zeros, dim - 48);
    let tolerance = 0.5 * dense[zeros];
    let measure = StochasticLanczos::new(Key::new(0)).probes(20).steps(90).run(&matrix).unwrap();
    let density = measure.density(&Smoothing::new().atom(0.0, tolerance)).unwrap();
    let mass = density.atoms[0].mass;
    let exact = zeros as f64 / dim as f64;
    println!("zeros {:.4} +- {:.4}, exactly {exact:.4}", mass.weight, mass.standard_error.unwrap());
    assert!((mass.weight - exact).abs() <= 4.0 * mass.standard_error.unwrap());
    assert!((density.integral() + mass.weight - 1.0).abs() < 1e-6);
    // All mass of the curve is at the eigenvalues that are not zero.
    assert!(density.grid[0] > 0.5 * dense[zeros], "{} {}", density.grid[0], dense[zeros]);
}

#[test]
fn atoms_are_listed_in_the_order_asked_for() {
    let values: Vec<f64> = (0..60).map(|i| f64::from(i % 3)).collect();
    let basis: Vec<f64> = (0..60).map(|i| if i == 2 { 1.0 } else { 0.0 }).collect();
    let settings = StochasticLanczos::new(Key::new(0)).probes(5).steps(10).deflate(&[2.0], &basis);
    let measure = settings.run(&diagonal::<f64>(&values)).unwrap();
    let density = measure.density(&Smoothing::new().atom(1.0, 0.1).atom(0.0, 0.1)).unwrap();
    let places: Vec<f64> = density.atoms.iter().map(|atom| atom.location).collect();
    assert_eq!(places, [1.0, 0.0]);
    assert!((density.mass() - 1.0).abs() < 1e-9);
    // What was deflated, alone and with the nodes that are equal to it.
    let density = measure.density(&Smoothing::new().deflated_apart()).unwrap();
    let [atom] = density.atoms[..] else { panic!("{:?}", density.atoms) };
    assert_eq!((atom.location, atom.mass.weight, atom.mass.standard_error), (2.0, 1.0 / 60.0, Some(0.0)));
    assert!((density.integral() + 1.0 / 60.0 - 1.0).abs() < 1e-6);
    let density = measure.density(&Smoothing::new().deflated_apart().atom(2.0, 0.1)).unwrap();
    let [atom] = density.atoms[..] else { panic!("{:?}", density.atoms) };
    assert!((atom.mass.weight - 1.0 / 3.0).abs() <= 4.0 * atom.mass.standard_error.unwrap());
    // Nothing but atoms: the curve is empty.
    let density = measure.density(&Smoothing::new().atom(0.0, 0.1).atom(1.0, 0.1).atom(2.0, 0.1)).unwrap();
    assert!(density.integral() == 0.0 && (density.mass() - 1.0).abs() < 1e-9);
    assert!((density.measure().unwrap().cumulative(1.5) - 2.0 / 3.0).abs() < 0.2);
    for dim in [1, 30] {
        let zeros = self::measure::<f32>(&vec![0.0; dim], 3, 10);
        for axis in AXES {
            let density = zeros.density(&Smoothing::new().axis(axis).atom(0.0, 0.0)).unwrap();
            assert!(density.integral() == 0.0 && (density.atoms[0].mass.weight - 1.0).abs() < 1e-6, "{axis:?}");
        }
    }
    let refused = |smoothing: Smoothing| measure.density(&smoothing).unwrap_err();
    assert!(matches!(refused(Smoothing::new().atom(0.0, -1.0)), Error::OutOfRange { .. }));
    assert!(matches!(refused(Smoothing::new().atom(f64::NAN, 0.0)), Error::NotFinite { .. }));
    let error = refused(Smoothing::new().atom(0.0, 0.5).atom(1.0, 0.5));
    assert!(error.to_string().contains("the distance of two atoms"), "{error}");
}

/// The L1 distance of a curve from a density, cell by cell.
fn distance_to(density: &Density, law: &dyn Law, share: f64, from: f64, to: f64) -> f64 {
    let cells = 40_000;
    let width = (to - from) / f64::from(cells);
    let mut next = 0;
    let mut sum = 0.0;
    for cell in 0..cells {
        let x = from + (f64::from(cell) + 0.5) * width;
        // The value of the cell of the grid that x lies in.
        while next + 1 < density.grid.len() && x > (density.grid[next] + density.grid[next + 1]) / 2.0 {
            next += 1;
        }
        let inside = x >= density.grid[0] && x <= density.grid[density.grid.len() - 1];
        let value = if inside { density.density[next] } else { 0.0 };
        sum += (value - share * law.density(x).unwrap()).abs() * width;
    }
    sum
}

/// A matrix and some more eigenvalues.
fn with_outliers(bulk: impl Symmetric<f64>, outliers: [f64; 3]) -> impl Symmetric<f64> {
    let (size, all) = (bulk.rows(), bulk.rows() + outliers.len());
    AssumeSymmetric::new(Closure::new(all, all, move |x: &[f64], y: &mut [f64]| {
        bulk.apply(&x[..size], &mut y[..size]);
        (0..outliers.len()).for_each(|i| y[size + i] = outliers[i] * x[size + i]);
    }))
}

#[test]
fn a_bulk_keeps_its_edges_beside_outliers() {
    let law = MarchenkoPastur::new(0.5, 1.0).unwrap();
    let (edges, share) = (law.edges(), 3997.0 / 4000.0);
    for key in 0..3 {
        let operator = with_outliers(wishart(3997, Key::new(key)), [9.0, 9.3, 50.0]);
        let measure = StochasticLanczos::new(Key::new(key)).probes(20).steps(128).run(&operator).unwrap();
        let distance = distance_to(&measure.density(&Smoothing::new()).unwrap(), &law, share, -1.0, 5.0);
        let settings = KernelPolynomial::new(Key::new(key)).probes(20).degree(255);
        let expansion = settings.run(&operator).unwrap();
        let blurred = expansion.density(Axis::Linear, &expansion.grid()).unwrap();
        let blurred = distance_to(&blurred, &law, share, -1.0, 5.0);
        let between =
            |low: f64, high: f64| measure.density(&Smoothing::new().grid(vec![low, (low + high) / 2.0, high])).unwrap();
        let tails = between(-100.0, edges.lower - 0.02).integral() + between(edges.upper + 0.05, 8.0).integral();
        println!("key {key}: L1 {distance:.4}, kernel polynomials {blurred:.4}, beyond the edges {tails:.1e}");
        assert!(distance < 0.06 && distance < blurred, "{distance} {blurred}");
        assert!(tails < 1e-4, "{tails}");
        // Each outlier is a peak of its own, with nothing between.
        for (low, high) in [(8.9, 9.1), (9.2, 9.4), (49.5, 50.5)] {
            let peak = between(low, high);
            // Samples of one eigenvalue have a standard deviation of sqrt(2) / n.
            let bound = 4.0 * (2f64 / 20.0).sqrt() / 4000.0;
            assert!((peak.integral() - 1.0 / 4000.0).abs() < bound, "{low}: {}", peak.integral());
        }
        assert!(between(9.1, 9.2).integral() < 1e-9 && between(9.4, 49.5).integral() < 1e-9);
    }
}
