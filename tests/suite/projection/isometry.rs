//! How far projections are from isometries: exactly none, or what Marchenko and Pastur's law says.

use eigenscape::check;
use eigenscape::operator::{Adjoint, Normal, to_dense};
use eigenscape::projection::{Coordinates, Fastfood, Gaussian, Signs, Sparse, SubsampledHadamard};
use eigenscape::random::Key;
use eigenscape::random_matrix::{Law, MarchenkoPastur};

use crate::support::{norm, normal, product};

fn eigenvalues(map: &dyn Adjoint<f64>) -> Vec<f64> {
    let gram = to_dense(&Normal::new(map)).entries().to_vec();
    let matrix = faer::MatRef::from_row_major_slice(&gram, map.cols(), map.cols());
    matrix.self_adjoint_eigenvalues(faer::Side::Lower).unwrap()
}

/// The largest distance between the distribution of P'P's eigenvalues and Marchenko and Pastur's law of ratio dim / ambient.
fn distance_from_law(map: &dyn Adjoint<f64>) -> f64 {
    let (ambient, dim) = (map.rows(), map.cols());
    let values = eigenvalues(map);
    let law = MarchenkoPastur::new(dim as f64 / ambient as f64, 1.0).unwrap();
    let distances = values.iter().enumerate().map(|(index, &value)| {
        let cdf = law.cumulative(value).unwrap();
        (cdf - index as f64 / dim as f64).abs().max((cdf - (index + 1) as f64 / dim as f64).abs())
    });
    distances.fold(0.0, f64::max)
}

/// An n-dimensional spectrum is within about 1/n of its law where entries are independent: 5/n is asked here.
#[test]
fn spectra_follow_the_law_of_marchenko_and_pastur() {
    for (ambient, dim) in [(2048, 256), (2000, 200), (4000, 100)] {
        let key = Key::new(0);
        let maps: [(&str, Box<dyn Adjoint<f64>>); 3] = [
            ("unit columns", Box::new(Gaussian::unit_columns(ambient, dim, key).unwrap())),
            ("signs", Box::new(Signs::new(ambient, dim, key).unwrap())),
            ("sparse", Box::new(Sparse::new(ambient, dim, key).unwrap())),
        ];
        for (name, map) in maps {
            let distance = distance_from_law(&*map);
            println!("{name} {ambient}x{dim}: {:.2}/n", distance * dim as f64);
            assert!(distance * dim as f64 <= 5.0, "{name} {ambient}x{dim}: {:.2}/n", distance * dim as f64);
            let ratio = dim as f64 / ambient as f64;
            let check = check::isometry(&*map, 1.1 * (2.0 * ratio.sqrt() + ratio), Key::new(1)).unwrap();
            assert!(check.holds(), "{name}: {check:?}");
        }
    }
}

/// The mean square of an entry beside the diagonal is 2 n / (ambient (n + 2)): that of the sum of n balanced signs times
/// squares g^2 of a normal vector of length sqrt(n), in random order. It gives the second moment exactly, and twice the
/// variance of the law of Marchenko and Pastur; the third is that of a free sum, 1 + 6 c + 8 c^2, to the order of 1 / n.
#[test]
fn fastfood_is_wider_as_documented() {
    for (ambient, dim, keys) in [(4096, 256usize, 12), (4096, 200, 12), (2048, 60, 40)] {
        let size = dim.next_power_of_two() as f64;
        let c = dim as f64 / ambient as f64;
        let moments: Vec<[f64; 2]> = (0..keys)
            .map(|key| {
                let values = eigenvalues(&Fastfood::<f64>::new(ambient, dim, Key::new(key)).unwrap());
                [2, 3].map(|power| values.iter().map(|value| value.powi(power)).sum::<f64>() / dim as f64)
            })
            .collect();
        let second = 1.0 + (dim - 1) as f64 * 2.0 * size / (ambient as f64 * (size + 2.0));
        let expected = [(second, 0.0), (1.0 + 6.0 * c + 8.0 * c * c, 6.0 * c * 4.0 / size)];
        for (index, (expected, finite)) in expected.into_iter().enumerate() {
            let mean = moments.iter().map(|moment| moment[index]).sum::<f64>() / keys as f64;
            let square = moments.iter().map(|moment| (moment[index] - mean).powi(2)).sum::<f64>();
            let error = (square / (keys * (keys - 1)) as f64).sqrt();
            println!("{ambient}x{dim}, moment {}: {mean:.5} +- {error:.5} for {expected:.5}", index + 2);
            assert!((mean - expected).abs() <= 4.0 * error + finite, "{ambient}x{dim}: {mean} +- {error}, {expected}");
        }
    }
}

#[test]
fn orthonormal_ones_are_exact() {
    for (ambient, dim) in [(100, 10), (5000, 300)] {
        let orthonormal = Gaussian::<f64>::new(ambient, dim, Key::new(0)).unwrap();
        assert!(check::isometry(&orthonormal, 0.0, Key::new(1)).unwrap().holds());
        let coordinates = Coordinates::<f64>::new(ambient, dim, Key::new(0)).unwrap();
        assert_eq!(check::isometry(&coordinates, 0.0, Key::new(1)).unwrap().discrepancy, 0.0);
    }
    // Exact where the transform divides the rows, to the part that is cut off elsewhere; columns keep their length always.
    for (ambient, dim, size) in [(4096, 60, 64), (8192, 1, 1), (12_288, 1500, 2048), (5000, 60, 64), (1000, 65, 128)] {
        let map = SubsampledHadamard::<f64>::new(ambient, dim, Key::new(0)).unwrap();
        let cut = if ambient % size == 0 { 0.0 } else { size as f64 / ambient as f64 };
        let check = check::isometry(&map, cut, Key::new(1)).unwrap();
        assert!(check.holds(), "{ambient}x{dim}: {check:?}");
        if cut > 0.0 {
            assert!(check.discrepancy > 1e-3, "{ambient}x{dim} is not exact: {check:?}");
        }
    }
}

/// |P psi|^2 has mean |psi|^2 over keys; its variance is at most 2 |psi|^4 / ambient, twice that for Fastfood.
#[test]
fn hadamard_columns_are_independent_where_all_rows_are_cut() {
    for ambient in [6usize, 10, 11, 20, 33, 50, 100, 260] {
        for dim in [ambient / 2 + 1, ambient - 2, ambient - 1] {
            for key in 0..3 {
                let map = SubsampledHadamard::<f64>::new(ambient, dim, Key::new(key)).unwrap();
                let values = eigenvalues(&map);
                let least = values.iter().copied().fold(f64::INFINITY, f64::min);
                assert!(least > 1e-3, "{ambient}x{dim}: {least:e}");
            }
        }
    }
}

#[test]
fn spaces_without_vectors_are_refused() {
    for ambient in [usize::MAX, usize::MAX / 2 + 2] {
        let refused = |result: eigenscape::Result<()>| result.unwrap_err().to_string().contains("an address for each");
        for dim in [1, 3, ambient] {
            assert!(refused(SubsampledHadamard::<f32>::new(ambient, dim, Key::new(0)).map(|_| ())));
            assert!(refused(Fastfood::<f32>::new(ambient, dim, Key::new(0)).map(|_| ())));
            assert!(refused(Signs::<f32>::new(ambient, dim, Key::new(0)).map(|_| ())));
            assert!(refused(Sparse::<f32>::new(ambient, dim, Key::new(0)).map(|_| ())));
        }
        assert!(refused(Coordinates::<f32>::new(ambient, 3, Key::new(0)).map(|_| ())));
    }
    assert!(Fastfood::<f32>::new(usize::MAX >> 14, 3, Key::new(0)).is_ok());
}

#[test]
fn lengths_are_kept_in_the_mean() {
    let (ambient, dim, keys) = (300, 20, 400);
    let psi: Vec<f64> = normal(dim, Key::new(9));
    let square = norm(&psi).powi(2);
    type Make = fn(usize, usize, Key) -> Box<dyn Adjoint<f64>>;
    let makers: [(&str, Make); 5] = [
        ("unit columns", |a, d, key| Box::new(Gaussian::unit_columns(a, d, key).unwrap())),
        ("signs", |a, d, key| Box::new(Signs::new(a, d, key).unwrap())),
        ("sparse", |a, d, key| Box::new(Sparse::new(a, d, key).unwrap())),
        ("fastfood", |a, d, key| Box::new(Fastfood::new(a, d, key).unwrap())),
        ("hadamard", |a, d, key| Box::new(SubsampledHadamard::new(a, d, key).unwrap())),
    ];
    for (name, make) in makers {
        let ratios: Vec<f64> = (0..keys)
            .map(|key| norm(&product(&&*make(ambient, dim, Key::new(0).split(key)), &psi)).powi(2) / square)
            .collect();
        let mean = ratios.iter().sum::<f64>() / keys as f64;
        let variance = ratios.iter().map(|ratio| (ratio - mean).powi(2)).sum::<f64>() / (keys - 1) as f64;
        assert!((mean - 1.0).abs() <= 4.0 * (variance / keys as f64).sqrt(), "{name}: mean {mean}");
        // The standard deviation of a variance over so many keys is a tenth of it or less.
        let most = if name == "fastfood" { 4.0 } else { 2.0 };
        assert!(variance <= 1.4 * most / ambient as f64, "{name}: variance {variance}");
    }
}

#[test]
fn a_map_that_stretches_is_found_out() {
    struct Stretch;
    impl eigenscape::operator::LinearOperator<f64> for Stretch {
        fn rows(&self) -> usize {
            1500
        }
        fn cols(&self) -> usize {
            1200
        }
        fn apply(&self, x: &[f64], y: &mut [f64]) {
            y.fill(0.0);
            y[..1200].copy_from_slice(x);
            y[7] *= 1.5;
        }
    }
    impl Adjoint<f64> for Stretch {
        fn apply_adjoint(&self, y: &[f64], x: &mut [f64]) {
            x.copy_from_slice(&y[..1200]);
            x[7] *= 1.5;
        }
    }
    let check = check::isometry(&Stretch, 0.0, Key::new(0)).unwrap();
    assert!(!check.holds() && (check.discrepancy - 1.25).abs() < 1e-2, "{check:?}");
    assert!(check::isometry(&Stretch, f64::NAN, Key::new(0)).is_err());
    assert!(check::isometry(&Stretch, -1.0, Key::new(0)).is_err());
}
