//! Tests of what the spectral measure says of its own error: bounds, bands, atoms, distances.

use eigenscape::krylov::Lanczos;
use eigenscape::operator::{AssumeSymmetric, Closure, Diagonal, LinearOperator, Symmetric};
use eigenscape::random::Key;
use eigenscape::random_matrix::{Law, MarchenkoPastur, Semicircle};
use eigenscape::spectrum::{
    DiscreteMeasure, Probe, StochasticLanczos, kolmogorov, kolmogorov_to_law, wasserstein, wasserstein_to_law,
};
use eigenscape::{Error, Scalar};
use proptest::prelude::*;

use super::krylov::{eigenvalues, in_threads, normal, operator, rotated, spectrum};

fn diagonal<T: Scalar>(values: &[f64]) -> Diagonal<T> {
    Diagonal::new(values.iter().map(|&x| T::of(x)).collect())
}

/// Nodes and weights of the (m + 1)-node rule that has x among its nodes, written out: the eigenproblem of T with one row
/// more, by `faer`; the corner from the solution of a linear system with T - x.
fn radau(diagonal: &[f64], subdiagonal: &[f64], residual_norm: f64, x: f64) -> Vec<(f64, f64)> {
    let size = diagonal.len();
    let entry = |i: usize, j: usize| match i.abs_diff(j) {
        0 => diagonal[i],
        1 => subdiagonal[i.min(j)],
        _ => 0.0,
    };
    let shifted = faer::Mat::from_fn(size, size, |i, j| entry(i, j) - if i == j { x } else { 0.0 });
    let right = faer::Mat::from_fn(size, 1, |i, _| if i + 1 == size { residual_norm * residual_norm } else { 0.0 });
    let solution = faer::linalg::solvers::Solve::solve(&shifted.partial_piv_lu(), &right);
    let corner = x + solution[(size - 1, 0)];
    let bordered = faer::Mat::from_fn(size + 1, size + 1, |i, j| {
        if i < size && j < size {
            entry(i, j)
        } else if i == j {
            corner
        } else if i.min(j) + 1 == size {
            residual_norm
        } else {
            0.0
        }
    });
    let eigen = bordered.self_adjoint_eigen(faer::Side::Lower).unwrap();
    (0..=size).map(|j| (eigen.S()[j], eigen.U()[(0, j)].powi(2))).collect()
}

/// Bounds against the eigenproblem of the bordered matrix, and against the probe's own distribution.
fn bounds_are_those_of_the_bordered_matrix<T: Scalar>(kind: usize, dim: usize, steps: usize, key: u64, at: f64) {
    let values = spectrum(kind, dim);
    let operator = diagonal::<T>(&values);
    let settings = StochasticLanczos::new(Key::new(key)).probes(1).steps(steps);
    let measure = settings.run(&operator).unwrap();
    let rule = &measure.rules()[0];
    // The same probe: child 0 of the key.
    let mut start = vec![T::zero(); dim];
    Key::new(key).split(0).sphere(&mut start);
    let mass: f64 = start.iter().map(|x| x.f64().powi(2)).sum();
    let own = |keep: &dyn Fn(f64) -> bool| -> f64 {
        let pairs = values.iter().zip(&start).filter(|(value, _)| keep(T::of(**value).f64()));
        pairs.map(|(_, entry)| entry.f64().powi(2) / mass).sum()
    };
    let slack = 30.0 * rule.rounding();
    let tolerance = if T::EPSILON.f64() > 1e-10 { 2e-5 } else { 1e-9 };
    let nodes = rule.measure().nodes();
    let picks = [at, nodes[0] - at.abs(), (nodes[0] + nodes[nodes.len() - 1]) / 2.0, values[dim / 2], 0.0];
    for x in picks {
        let bounds = measure.bounds(x).unwrap();
        let (lower, upper) = (bounds.lower.mean, bounds.upper.mean);
        assert!((-tolerance..=1.0 + tolerance).contains(&lower) && lower <= upper + tolerance);
        let (below, up_to) = (own(&|value| value < x - slack), own(&|value| value <= x + slack));
        assert!(lower <= own(&|value| value < x + slack) + tolerance, "{kind} {x}: {lower} above F");
        assert!(upper >= own(&|value| value <= x - slack) - tolerance, "{kind} {x}: {upper} below F");
        if up_to == below {
            assert!(lower <= below + tolerance && upper >= up_to - tolerance, "{kind} {x}: {lower} {below} {upper}");
        }
        // What rounding may have moved to x, or have coupled, is not judged by the exact formula.
        let close = rule.rounding().max(1e-6);
        let node_near = nodes.iter().any(|node| (node - x).abs() <= close);
        let coupled = rule.residual_norms().iter().all(|&norm| norm > close);
        if !node_near && coupled {
            let factorization = Lanczos::new(steps).run(&operator, &start).unwrap();
            let (alpha, beta) = (factorization.diagonal(), factorization.subdiagonal());
            let rule = radau(alpha, beta, factorization.residual_norm(), x);
            let below: f64 = rule.iter().filter(|(node, _)| *node < x - 1e-7).map(|(_, weight)| weight).sum();
            let up_to: f64 = rule.iter().filter(|(node, _)| *node < x + 1e-7).map(|(_, weight)| weight).sum();
            assert!((lower - below).abs() < tolerance && (upper - up_to).abs() < tolerance, "{lower} {below} {upper}");
        }
    }
}

macro_rules! laws {
    ($scalar:ident) => {
        mod $scalar {
            use super::*;

            proptest! {
                #![proptest_config(crate::oracle::cases(200))]

                #[test]
                fn bounds_enclose_and_are_sharp(
                    kind in 0usize..7, dim in 1usize..60, steps in 1usize..30, key in 0u64..1000, at in -3.0f64..3.0,
                ) {
                    bounds_are_those_of_the_bordered_matrix::<$scalar>(kind, dim, steps, key, at);
                }
            }
        }
    };
}

laws!(f32);
laws!(f64);

#[test]
fn the_kolmogorov_distance_is_the_largest_difference() {
    let table = |key: u64, count: usize| -> DiscreteMeasure {
        // Rounded nodes, so that the two measures share some.
        let nodes: Vec<f64> = normal::<f64>(Key::new(key), count).iter().map(|x| (8.0 * x).round() / 8.0).collect();
        let weights = normal::<f64>(Key::new(key).split(1), count).iter().map(|x| x.abs()).collect();
        DiscreteMeasure::new(nodes, weights).unwrap()
    };
    for key in 0..20 {
        let (left, right) = (table(key, 30), table(key + 100, 1 + key as usize));
        let below = |measure: &DiscreteMeasure, x: f64| -> f64 {
            let pairs = measure.nodes().iter().zip(measure.weights()).filter(|(node, _)| **node <= x);
            pairs.map(|(_, weight)| weight).sum::<f64>() / measure.weights().iter().sum::<f64>()
        };
        let nodes = left.nodes().iter().chain(right.nodes());
        let brute = nodes.map(|&x| (below(&left, x) - below(&right, x)).abs()).fold(0.0, f64::max);
        assert!((kolmogorov(&left, &right) - brute).abs() < 1e-14);
        assert!((kolmogorov(&right, &left) - brute).abs() < 1e-14);
        assert!(kolmogorov(&left, &left) < 1e-15);
    }
}

/// Both distances by a fine grid.
fn brute_force(measure: &DiscreteMeasure, law: &dyn Law) -> (f64, f64) {
    let (from, to, cells) = (-3.0, 8.0, 400_000);
    let width = (to - from) / f64::from(cells);
    let (mut area, mut largest, mut next, mut sum) = (0.0, 0.0f64, 0, 0.0);
    for cell in 0..cells {
        let x = from + (f64::from(cell) + 0.5) * width;
        while next < measure.nodes().len() && measure.nodes()[next] <= x {
            sum += measure.weights()[next];
            next += 1;
        }
        let difference = (sum / measure.mass() - law.cumulative(x).unwrap()).abs();
        area += difference * width;
        largest = largest.max(difference);
    }
    (area, largest)
}

#[test]
fn distances_from_laws_are_those_of_a_fine_grid() {
    let laws: [&dyn Law; 4] = [
        &Semicircle::new(1.0).unwrap(),
        &MarchenkoPastur::new(0.5, 1.0).unwrap(),
        &MarchenkoPastur::new(1.0, 1.0).unwrap(),
        &MarchenkoPastur::new(2.0, 1.0).unwrap(),
    ];
    for (key, law) in laws.into_iter().enumerate() {
        for count in [1, 2, 7, 50] {
            let mut nodes = normal::<f64>(Key::new(key as u64), count);
            nodes[0] = 0.0; // on the atom of the last law
            let weights = normal::<f64>(Key::new(key as u64).split(1), count).iter().map(|x| x.abs()).collect();
            let measure = DiscreteMeasure::new(nodes, weights).unwrap();
            let (area, largest) = brute_force(&measure, law);
            let distance = wasserstein_to_law(&measure, law).unwrap();
            assert!((distance - area).abs() < 1e-4, "{law:?} {count}: {distance}, by a grid {area}");
            let distance = kolmogorov_to_law(&measure, law).unwrap();
            // The grid misses the largest value by less than G rises in a cell: 0.005 at the hard edge.
            assert!(distance >= largest - 1e-12 && distance < largest + 0.006, "{law:?} {count}: {distance} {largest}");
        }
        // Quantiles of the middles: each step is met half way.
        if law.atoms().is_empty() {
            let quantiles = (0..100).map(|i| law.quantile((f64::from(i) + 0.5) / 100.0).unwrap()).collect();
            let distance = kolmogorov_to_law(&DiscreteMeasure::uniform(quantiles).unwrap(), law).unwrap();
            assert!((distance - 0.005).abs() < 1e-12);
        }
    }
    // The mean distance of the law from the point 0 is its mean: the atom costs nothing.
    let law = MarchenkoPastur::new(2.0, 1.0).unwrap();
    let zero = DiscreteMeasure::new(vec![0.0], vec![3.0]).unwrap();
    assert!((wasserstein_to_law(&zero, &law).unwrap() - 1.0).abs() < 1e-8);
    assert!((kolmogorov_to_law(&zero, &law).unwrap() - 0.5).abs() < 1e-14);
}

#[test]
fn the_mass_of_zeros_is_estimated_and_bounded() {
    let count = |values: &[f64], tolerance: f64| {
        values.iter().filter(|x| x.abs() <= tolerance).count() as f64 / values.len() as f64
    };
    // Half of the eigenvalues of a Wishart matrix of ratio 2; a projector; low rank beside a bulk.
    let wishart = eigenscape::random_matrix::Wishart::new(400, 200, 1.0).unwrap().eigenvalues(Key::new(0)).unwrap();
    let projector: Vec<f64> = (0..300).map(|i| if i < 90 { 1.0 } else { 0.0 }).collect();
    let low: Vec<f64> = (0..500).map(|i| if i < 20 { 1.0 + f64::from(i) } else { 0.0 }).collect();
    for (values, tolerance) in [(wishart, 0.1), (projector, 0.5), (low, 0.5)] {
        let exact = count(&values, 1e-12);
        let measure = StochasticLanczos::new(Key::new(1)).probes(20).steps(40).run(&diagonal::<f64>(&values)).unwrap();
        let zeros = measure.atom(0.0, tolerance).unwrap();
        let error = zeros.weight.standard_error.unwrap();
        assert!((zeros.weight.mean - exact).abs() <= 4.0 * error, "{} for {exact} +- {error}", zeros.weight.mean);
        assert!(zeros.lower.mean <= zeros.weight.mean + 1e-9 && zeros.weight.mean <= zeros.upper.mean + 1e-9);
        assert!(zeros.upper.mean - zeros.lower.mean < 0.01, "{} {}", zeros.lower.mean, zeros.upper.mean);
        let exactly = measure.atom(0.0, 0.0).unwrap();
        assert!(exactly.upper.mean >= exact - 4.0 * error && exactly.upper.mean <= zeros.upper.mean + 1e-9);
        assert!(exactly.lower.mean <= exactly.upper.mean);
        // Nowhere near an eigenvalue there is no mass.
        assert!(measure.atom(-2.0, 0.0).unwrap().upper.mean < 1e-9);
    }
    // The zero matrix and one dimension: all of the mass, without error.
    for dim in [1, 50] {
        let measure = StochasticLanczos::new(Key::new(0)).probes(3).run(&diagonal::<f32>(&vec![0.0; dim])).unwrap();
        let zeros = measure.atom(0.0, 0.0).unwrap();
        assert!((zeros.weight.mean - 1.0).abs() < 1e-6 && (zeros.lower.mean - 1.0).abs() < 1e-6);
        assert!((zeros.upper.mean - 1.0).abs() < 1e-6 && (measure.cumulative(0.0).mean - 1.0).abs() < 1e-6);
    }
}

#[test]
fn moments_say_up_to_where_the_depth_is_exact() {
    let values = spectrum(6, 200);
    let measure = StochasticLanczos::new(Key::new(0)).probes(5).steps(4).run(&diagonal::<f64>(&values)).unwrap();
    assert_eq!(measure.exact_degree(), Some(7));
    for moment in measure.moments(10).unwrap() {
        assert_eq!(moment.exact, moment.order <= 7);
        let mut exact = 0.0;
        for probe in 0..5 {
            let mut start = vec![0.0; 200];
            Key::new(0).split(probe).sphere(&mut start);
            exact += values.iter().zip(&start).map(|(x, v)| v * v * x.powi(moment.order as i32)).sum::<f64>() / 5.0;
        }
        let difference = moment.estimate.mean - exact;
        assert!(if moment.exact { difference.abs() < 1e-13 } else { moment.order % 2 == 1 || difference < -1e-9 });
    }
    let two = StochasticLanczos::new(Key::new(0)).run(&diagonal::<f64>(&spectrum(1, 90))).unwrap();
    assert_eq!(two.exact_degree(), None);
    assert!(two.moments(20).unwrap().iter().all(|moment| moment.exact));
}

#[test]
fn bands_refuse_what_they_cannot_answer() {
    let settings = StochasticLanczos::new(Key::new(0)).probes(4).steps(5);
    let measure = settings.run(&diagonal::<f64>(&spectrum(6, 30))).unwrap();
    assert!(matches!(measure.band(&[], 0.9), Err(Error::Empty { .. })));
    assert!(matches!(measure.band(&[0.0, f64::NAN], 0.9), Err(Error::NotFinite { .. })));
    assert!(matches!(measure.band(&[1.0, 0.0], 0.9), Err(Error::OutOfRange { .. })));
    assert!(matches!(measure.band(&[0.0], 1.0), Err(Error::OutOfRange { .. })));
    assert!(matches!(measure.bounds(f64::NAN), Err(Error::OutOfRange { .. })));
    assert!(matches!(measure.atom(0.0, -1.0), Err(Error::OutOfRange { .. })));
    assert!(matches!(measure.atom(f64::INFINITY, 0.0), Err(Error::NotFinite { .. })));
    let one = settings.probes(1).run(&diagonal::<f64>(&spectrum(6, 30))).unwrap();
    assert!(matches!(one.band(&[0.0], 0.9), Err(Error::Missing { .. })));
    assert!(one.bounds(0.0).unwrap().lower.standard_error.is_none());
    let grid = [-0.9, -0.3, 0.0, 0.4, 0.8];
    assert!(in_threads(1, || measure.band(&grid, 0.9)) == in_threads(2, || measure.band(&grid, 0.9)));
}

/// The root of a sum of `count` squared normal numbers.
fn chi(key: Key, count: usize) -> f64 {
    normal::<f64>(key, count).iter().map(|x| x * x).sum::<f64>().sqrt()
}

/// The product with a symmetric tridiagonal matrix.
pub(crate) fn tridiagonal(diagonal: Vec<f64>, below: Vec<f64>) -> impl Symmetric<f64> {
    let size = diagonal.len();
    AssumeSymmetric::new(Closure::new(size, size, move |x: &[f64], y: &mut [f64]| {
        for i in 0..size {
            let before = if i > 0 { below[i - 1] * x[i - 1] } else { 0.0 };
            let after = if i + 1 < size { below[i] * x[i + 1] } else { 0.0 };
            y[i] = before + diagonal[i] * x[i] + after;
        }
    }))
}

/// The tridiagonal form of a Wigner matrix of Dumitriu and Edelman 2002 (doi:10.1063/1.1507823): it has the eigenvalues of
/// the dense matrix, and a probe on the sphere does not see the basis, so that runs are distributed as those on it.
pub(crate) fn wigner(size: usize, key: Key) -> impl Symmetric<f64> {
    let scale = 1.0 / (size as f64).sqrt();
    let diagonal = normal::<f64>(key.split(0), size).iter().map(|x| x * 2f64.sqrt() * scale).collect();
    tridiagonal(diagonal, (1..size).map(|i| scale * chi(key.split(1).split(i as u64), size - i)).collect())
}

/// The same of a Wishart matrix of ratio 1/2: B B' / samples with B lower bidiagonal.
pub(crate) fn wishart(size: usize, key: Key) -> impl Symmetric<f64> {
    let samples = 2 * size;
    let main: Vec<f64> = (0..size).map(|i| chi(key.split(2).split(i as u64), samples - i)).collect();
    let low: Vec<f64> = (1..size).map(|i| chi(key.split(3).split(i as u64), size - i)).collect();
    let scale = 1.0 / samples as f64;
    let square = |i: usize| main[i] * main[i] + if i > 0 { low[i - 1] * low[i - 1] } else { 0.0 };
    let diagonal = (0..size).map(|i| scale * square(i)).collect();
    tridiagonal(diagonal, (1..size).map(|i| scale * main[i - 1] * low[i - 1]).collect())
}

/// The distance of the raw nodes from a law, 20 probes of 128 steps.
fn raw_distance(operator: &impl Symmetric<f64>, law: &dyn Law, key: u64) -> f64 {
    let measure = StochasticLanczos::new(Key::new(key)).probes(20).steps(128).run(operator).unwrap();
    kolmogorov_to_law(&measure.mean(), law).unwrap()
}

#[test]
fn wigner_and_wishart_matrices_of_size_4000_are_within_0_012_of_their_laws() {
    for key in 0..3 {
        let wigner = raw_distance(&wigner(4000, Key::new(key)), &Semicircle::new(1.0).unwrap(), key);
        let wishart = raw_distance(&wishart(4000, Key::new(key)), &MarchenkoPastur::new(0.5, 1.0).unwrap(), key);
        println!("key {key}: Wigner {wigner:.5}, Wishart {wishart:.5}");
        assert!(wigner < 0.012 && wishart < 0.012, "{wigner} {wishart}");
    }
}

#[test]
fn a_rotation_of_the_basis_changes_nothing_but_the_draw() {
    let values = spectrum(6, 60);
    let entries: Vec<f64> = rotated(&values, Key::new(5));
    let truth = DiscreteMeasure::uniform(eigenvalues(&entries, 60)).unwrap();
    let settings = StochasticLanczos::new(Key::new(0)).probes(200).steps(20).probe(Probe::Normal);
    let dense = settings.run(&operator(&entries, 60)).unwrap();
    let plain = settings.run(&diagonal::<f64>(&values)).unwrap();
    for x in [-0.8, -0.1, 0.5, 0.9] {
        let (a, b) = (dense.cumulative(x), plain.cumulative(x));
        let error = a.standard_error.unwrap().hypot(b.standard_error.unwrap());
        assert!((a.mean - b.mean).abs() <= 4.0 * error, "{x}: {} {}", a.mean, b.mean);
    }
    assert!(wasserstein(&dense.mean(), &truth) < 0.05);
}

#[test]
fn the_band_of_a_networks_hessian_holds_its_dense_spectrum() {
    use eigenscape::curvature::{Examples, Loss, Risk};
    use eigenscape::network::{Activation, Initialization, Perceptron};
    use eigenscape::objective::{Objective, Point};

    let network = Perceptron::new(&[12, 10, 4], Activation::Tanh).unwrap();
    let labels: Vec<usize> = (0..200).map(|i| i % 4).collect();
    let examples = Examples::labelled(normal::<f64>(Key::new(1), 200 * 12), 12, &labels, 4).unwrap();
    let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, examples).unwrap();
    let theta: Vec<f64> = Initialization::lecun().draw(&network, Key::new(0));
    let point = risk.at(&theta).unwrap();
    let hessian = point.hessian();
    let dense = eigenvalues(eigenscape::operator::to_dense(&hessian).entries(), hessian.rows());
    let measure = StochasticLanczos::new(Key::new(0)).probes(40).steps(60).run(&hessian).unwrap();

    let mean_size = dense.iter().map(|value| value.abs()).sum::<f64>() / dense.len() as f64;
    let distance = wasserstein(&measure.mean(), &DiscreteMeasure::uniform(dense.clone()).unwrap()) / mean_size;
    println!("Wasserstein-1 distance {:.2} % of the mean absolute eigenvalue", 100.0 * distance);
    assert!(distance < 0.1, "{distance}");
    // Between neighbouring eigenvalues, at the deciles.
    let grid: Vec<f64> = (1..10).map(|i| i * dense.len() / 10).map(|i| (dense[i - 1] + dense[i]) / 2.0).collect();
    let band = measure.band(&grid, 0.999).unwrap();
    for (decile, interval) in (1..10).zip(&band.covering) {
        let exact = (decile * dense.len() / 10) as f64 / dense.len() as f64;
        assert!(interval.contains(exact), "{exact}: {interval:?}");
        assert!(interval.upper - interval.lower < 0.25, "{interval:?}");
    }
}
