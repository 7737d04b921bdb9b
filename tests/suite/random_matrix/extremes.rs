//! Laws and spikes where numbers are equal to rounding, far apart, far out or at an end.

use eigenscape::random_matrix::{
    AdditiveSpike, Affine, Arcsine, Atom, Complex, DeformedWigner, Discrete, FreeCompression, FreeProduct, FreeSum,
    GeneralizedMarchenkoPastur, Law, MarchenkoPastur, MultiplicativeSpike, PiecewiseLinear, Semicircle,
    SeparableCovariance, Uniform,
};

use eigenscape::random::Key;

fn discrete(pairs: &[(f64, f64)]) -> Discrete {
    let (locations, weights): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    Discrete::new(&locations, &weights).unwrap()
}

fn ends(law: &dyn Law) -> Vec<f64> {
    law.support().iter().flat_map(|part| [part.lower, part.upper]).collect()
}

#[track_caller]
fn assert_same_ends(a: &dyn Law, b: &dyn Law, tolerance: f64) {
    let (a, b) = (ends(a), ends(b));
    assert_eq!(a.len(), b.len(), "{a:?} and {b:?}");
    let size = b.iter().fold(0.0f64, |size, x| size.max(x.abs()));
    for (x, y) in a.iter().zip(&b) {
        assert!((x - y).abs() <= tolerance * size, "{a:?} and {b:?}");
    }
}

#[track_caller]
fn assert_near(actual: f64, expected: f64, tolerance: f64) {
    assert!((actual - expected).abs() <= tolerance * expected.abs(), "{actual:e} should be {expected:e}");
}

/// A spectrum measured twice has pairs that only rounding tells apart.
#[test]
fn atoms_equal_to_rounding_are_one() {
    let flat = || Uniform::new(0.0, 0.1).unwrap();
    let once = FreeSum::new(discrete(&[(1.0, 0.5), (2.0, 0.5)]), flat()).unwrap();
    for apart in [f64::EPSILON, 1e-14] {
        let twice = discrete(&[(1.0, 0.25), (1.0 + apart, 0.25), (2.0, 0.5)]);
        let sum = FreeSum::new(twice.clone(), flat()).unwrap();
        assert_same_ends(&sum, &once, 1e-12);
        assert_near(sum.density(1.05).unwrap(), once.density(1.05).unwrap(), 1e-9);
        let cut = FreeCompression::new(twice.clone(), 0.5).unwrap();
        assert_same_ends(&cut, &FreeCompression::new(discrete(&[(1.0, 0.5), (2.0, 0.5)]), 0.5).unwrap(), 1e-12);
        assert!((cut.cumulative(cut.quantile(0.5).unwrap()).unwrap() - 0.5).abs() < 1e-10);
    }
    let noisy = Discrete::uniform(&[3e-17, 1e-18, 0.0, 1.0, 2.0, 3.0]).unwrap();
    let clean = discrete(&[(0.0, 0.5), (1.0, 1.0 / 6.0), (2.0, 1.0 / 6.0), (3.0, 1.0 / 6.0)]);
    let [a, b] = [noisy.clone(), clean.clone()].map(|law| FreeSum::new(law, flat()).unwrap());
    assert_same_ends(&a, &b, 1e-12);
    let [a, b] = [noisy, clean].map(|law| GeneralizedMarchenkoPastur::new(law, 0.5).unwrap());
    assert_same_ends(&a, &b, 1e-12);
    assert!((a.cumulative(a.quantile(0.75).unwrap()).unwrap() - 0.75).abs() < 1e-10);
    // Twenty orders of magnitude apart: a zero.
    let wide = GeneralizedMarchenkoPastur::new(discrete(&[(1e-20, 0.9), (1.0, 0.1)]), 0.5).unwrap();
    assert_near(wide.cumulative(1e-3).unwrap(), 0.9, 1e-12);
    assert_eq!(wide.quantile(0.5).unwrap(), 0.0);
}

/// The same law by one subordination point and by two: as many intervals, with the same ends.
#[test]
fn both_engines_find_the_same_intervals() {
    for draw in 0..8 {
        let mut points = [0.0; 14];
        Key::new(draw).uniform(0, &mut points);
        for s in [0.003, 0.02, 0.1] {
            let base = || Discrete::uniform(&points).unwrap();
            let one = DeformedWigner::new(base(), s).unwrap();
            let two = FreeSum::new(base(), Semicircle::new(s).unwrap()).unwrap();
            assert_same_ends(&two, &one, 1e-8);
            let population: Vec<f64> = points.iter().map(|x| 0.1 + x).collect();
            let base = || Discrete::uniform(&population).unwrap();
            let one = GeneralizedMarchenkoPastur::new(base(), s).unwrap();
            let noise = MarchenkoPastur::new(s, 1.0).unwrap();
            assert_same_ends(&FreeProduct::new(base(), noise).unwrap(), &one, 1e-8);
            assert_same_ends(&FreeProduct::new(noise, base()).unwrap(), &one, 1e-8);
            let unit = discrete(&[(1.0, 1.0)]);
            assert_same_ends(&SeparableCovariance::new(base(), unit, s).unwrap(), &one, 1e-8);
        }
    }
    let coin = || discrete(&[(-1.0, 0.5), (1.0, 0.5)]);
    for s in [0.9, 0.999] {
        let two = FreeSum::new(coin(), Semicircle::new(s).unwrap()).unwrap();
        assert_same_ends(&two, &DeformedWigner::new(coin(), s).unwrap(), 1e-9);
    }
    let far = discrete(&[(0.0, 0.2), (10.0, 0.3), (1e3, 0.5)]);
    let law = FreeSum::new(discrete(&[(0.0, 0.34), (1.0, 0.66)]), far).unwrap();
    assert!(law.density(0.5).unwrap() > 0.0);
    assert!((law.cumulative(law.quantile(0.4).unwrap()).unwrap() - 0.4).abs() < 1e-9);
}

#[test]
fn strong_spikes_keep_their_outliers() {
    let flat = || Uniform::new(0.0, 1.0).unwrap();
    for spike in [1e5, 1e7, 1e10] {
        let outliers = FreeSum::new(flat(), flat()).unwrap().outliers(spike).unwrap();
        assert_eq!(outliers.len(), 1);
        assert_near(outliers[0].position, spike + 0.5 + 1.0 / (12.0 * spike), 1e-12);
        assert!((outliers[0].overlap - 1.0).abs() < 1e-9);
        let outliers = FreeProduct::new(flat(), flat()).unwrap().outliers(spike).unwrap();
        assert_eq!(outliers.len(), 1);
        assert_near(outliers[0].position, spike / 2.0, 10.0 / spike + 1e-9);
        let law = SeparableCovariance::new(discrete(&[(1.0, 1.0)]), discrete(&[(0.5, 0.5), (1.5, 0.5)]), 0.25).unwrap();
        assert_eq!(law.row_outliers(spike).unwrap().len(), 1);
        // n Var tends to 2 var(mu), and p Var to 2 var(mu) (position / mean)^2.
        let spiked = AdditiveSpike::new(Uniform::new(-1.0, 1.0).unwrap(), spike).unwrap().outlier().unwrap();
        assert_near(spiked.variance.unwrap(), 2.0 / 3.0, 1e-3);
        let noise = MarchenkoPastur::new(0.5, 1.0).unwrap();
        let spiked = MultiplicativeSpike::new(noise, spike).unwrap().outlier().unwrap();
        assert_near(spiked.variance.unwrap(), spike * spike, 1e-3);
    }
    let triangle = PiecewiseLinear::new(&[0.0, 1.0, 2.0], &[0.0, 1.0, 0.0], &[]).unwrap();
    assert_near(triangle.stieltjes_derivative(1e9.into()).unwrap().re, 1e-18, 1e-8);
    assert_near(triangle.stieltjes(1e12.into()).unwrap().re, -1e-12, 1e-11);
    let spiked = AdditiveSpike::new(triangle, 1e9).unwrap().outlier().unwrap();
    assert_near(spiked.position, 1e9 + 1.0, 1e-15);
}

#[test]
fn transforms_beside_an_atom_and_at_the_ends() {
    let exact = MarchenkoPastur::new(2.0, 1.0).unwrap();
    let law = GeneralizedMarchenkoPastur::new(discrete(&[(1.0, 1.0)]), 2.0).unwrap();
    for x in [1e-14, 1e-10, -1e-14, -1e-6, 1e-16] {
        assert_near(law.stieltjes(x.into()).unwrap().re, exact.stieltjes(x.into()).unwrap().re, 1e-8);
    }
    let z = Complex::new(1e-9, 1e-9);
    let (ours, theirs) = (law.stieltjes(z).unwrap(), exact.stieltjes(z).unwrap());
    assert!((ours - theirs).modulus() < 1e-7 * theirs.modulus());
    // Populations that touch 0.
    for ratio in [0.5, 1.0, 2.0] {
        let law = GeneralizedMarchenkoPastur::new(Uniform::new(0.0, 1.0).unwrap(), ratio).unwrap();
        let other =
            FreeProduct::new(Uniform::new(0.0, 1.0).unwrap(), MarchenkoPastur::new(ratio, 1.0).unwrap()).unwrap();
        let x = 0.4 * law.support()[0].upper;
        assert_near(law.density(x).unwrap(), other.density(x).unwrap(), 1e-8);
        assert!((law.cumulative(x).unwrap() - other.cumulative(x).unwrap()).abs() < 1e-7);
    }
    // A cut of a sample covariance with zeros, and noise on one.
    let covariance = || GeneralizedMarchenkoPastur::new(discrete(&[(1.0, 0.5), (10.0, 0.5)]), 2.0).unwrap();
    for law in [
        Box::new(FreeCompression::new(covariance(), 0.5).unwrap()) as Box<dyn Law>,
        Box::new(DeformedWigner::new(covariance(), 0.1).unwrap()),
    ] {
        assert!((law.cumulative(law.quantile(0.7).unwrap()).unwrap() - 0.7).abs() < 1e-9);
    }
    let noise = MarchenkoPastur::new(0.5, 1.0).unwrap();
    assert!((noise.r_transform(1e-12).unwrap() - 1.0).abs() < 1e-11);
    assert!((noise.s_transform(1e-12).unwrap() - 1.0).abs() < 1e-11);
    assert!(Semicircle::new(1.0).unwrap().r_transform(1e-12).unwrap().abs() < 1e-11);
}

#[test]
fn quantiles_at_jumps() {
    let law = Affine::new(discrete(&[(0.0, 0.1), (1.0, 0.2), (2.0, 0.7)]), -1.0, 0.0).unwrap();
    for (u, x) in [(0.0, -2.0), (0.3, -2.0), (0.7, -2.0), (0.8, -1.0), (0.95, 0.0), (1.0, 0.0)] {
        assert_eq!(law.quantile(u).unwrap(), x, "quantile of {u}");
    }
    let shifted = Affine::new(Arcsine::new(-1.0, 1.0).unwrap(), -2.0, 1.0).unwrap();
    assert!((shifted.cumulative(shifted.quantile(0.2).unwrap()).unwrap() - 0.2).abs() < 1e-14);
    let twice = [Atom { location: 2.0, weight: 1.0 }, Atom { location: 2.0, weight: 1.0 }];
    let law = PiecewiseLinear::new(&[0.0, 1.0, 2.0, 3.0, 4.0], &[0.0, 1.0, 0.0, 1.0, 0.0], &twice).unwrap();
    assert_eq!(law.quantile(0.3).unwrap(), 2.0);
    assert_eq!(law.atoms().len(), 1);
}

#[test]
fn numbers_out_of_range_are_refused() {
    let message =
        GeneralizedMarchenkoPastur::new(discrete(&[(1e160, 0.5), (2e160, 0.5)]), 0.5).unwrap_err().to_string();
    assert!(message.contains("rescale"), "{message}");
}

#[test]
fn zero_edges_and_infinity() {
    let noise = MarchenkoPastur::new(0.5, 1.0).unwrap();
    let law = FreeProduct::new(noise, Uniform::new(1.0, 2.0).unwrap()).unwrap();
    // int dmu / x multiplies: 2 log 2.
    assert_near(law.stieltjes(Complex::default()).unwrap().re, 2.0 * 2f64.ln(), 1e-8);
    assert_eq!(law.cumulative(f64::INFINITY).unwrap(), 1.0);
    assert_eq!(law.cumulative(f64::NEG_INFINITY).unwrap(), 0.0);
    for law in [
        Box::new(law) as Box<dyn Law>,
        Box::new(DeformedWigner::new(Uniform::new(-1.0, 1.0).unwrap(), 0.1).unwrap()),
        Box::new(GeneralizedMarchenkoPastur::new(discrete(&[(1.0, 0.5), (3.0, 0.5)]), 0.5).unwrap()),
    ] {
        let edge = law.support()[0].upper;
        assert!(law.stieltjes(edge.into()).unwrap().re.is_finite());
        assert!(law.stieltjes_derivative(edge.into()).unwrap_err().to_string().contains("imaginary part"));
    }
}
