//! Laws made of other laws, as properties over ratios, populations and sizes; and what is refused.

use std::f64::consts::PI;

use eigenscape::Error;
use eigenscape::random_matrix::{
    Arcsine, Atom, Complex, DeformedWigner, Discrete, FreeCompression, FreeProduct, FreeSum,
    GeneralizedMarchenkoPastur, Interval, Law, MarchenkoPastur, PiecewiseLinear, Semicircle, SeparableCovariance,
    Uniform,
};
use proptest::prelude::*;

use super::{radius, ratios};

/// A population of up to four atoms, up to 1e4 apart, one of them perhaps at 0.
fn populations() -> impl Strategy<Value = Discrete> {
    let atoms = prop::collection::vec((-2.0..2.0f64, 0.05..1.0f64), 1..5);
    (atoms, prop::bool::weighted(0.2)).prop_map(|(atoms, zero)| {
        let mut locations: Vec<f64> = atoms.iter().map(|atom| 10f64.powf(atom.0)).collect();
        if zero && locations.len() > 1 {
            locations[0] = 0.0;
        }
        let total: f64 = atoms.iter().map(|atom| atom.1).sum();
        Discrete::new(&locations, &atoms.iter().map(|atom| atom.1 / total).collect::<Vec<f64>>()).unwrap()
    })
}

/// A moderate law on [0, inf), with a density or without.
fn positive() -> impl Strategy<Value = Box<dyn Law>> {
    prop_oneof![
        (0.1..4.0f64).prop_map(|ratio| Box::new(MarchenkoPastur::new(ratio, 1.0).unwrap()) as Box<dyn Law>),
        (0.1..1.0f64).prop_map(|low| Box::new(Uniform::new(low, 2.0).unwrap()) as Box<dyn Law>),
        (0.3..3.0f64, 0.2..0.8f64).prop_map(|(at, weight)| {
            Box::new(Discrete::new(&[at, 4.0 * at], &[weight, 1.0 - weight]).unwrap()) as Box<dyn Law>
        }),
    ]
}

/// A moderate law of any sign.
fn any_sign() -> impl Strategy<Value = Box<dyn Law>> {
    prop_oneof![
        2 => positive(),
        1 => (0.2..2.0f64).prop_map(|s| Box::new(Semicircle::new(s).unwrap()) as Box<dyn Law>),
        1 => (0.2..2.0f64).prop_map(|s| Box::new(Arcsine::new(-s, s).unwrap()) as Box<dyn Law>),
        1 => (0.1..0.9f64).prop_map(|weight| {
            Box::new(Discrete::new(&[-1.0, 0.5, 2.0], &[weight / 2.0, weight / 2.0, 1.0 - weight]).unwrap()) as Box<dyn Law>
        }),
    ]
}

fn covariances() -> impl Strategy<Value = Box<dyn Law>> {
    (ratios(), populations()).prop_map(|(ratio, population)| {
        Box::new(GeneralizedMarchenkoPastur::new(population, ratio).unwrap()) as Box<dyn Law>
    })
}

/// Laws of one subordination point and of two.
fn convolutions() -> impl Strategy<Value = Box<dyn Law>> {
    prop_oneof![
        (positive(), 0.05..5.0f64).prop_map(|(law, ratio)| {
            Box::new(GeneralizedMarchenkoPastur::new(Boxed(law.into()), ratio).unwrap()) as Box<dyn Law>
        }),
        (any_sign(), 0.1..2.0f64)
            .prop_map(|(law, s)| Box::new(DeformedWigner::new(Boxed(law.into()), s).unwrap()) as Box<dyn Law>),
        (any_sign(), 0.05..0.95f64)
            .prop_map(|(law, t)| Box::new(FreeCompression::new(Boxed(law.into()), t).unwrap()) as Box<dyn Law>),
        (any_sign(), any_sign())
            .prop_map(|(a, b)| { Box::new(FreeSum::new(Boxed(a.into()), Boxed(b.into())).unwrap()) as Box<dyn Law> }),
        (positive(), positive()).prop_map(|(a, b)| {
            Box::new(FreeProduct::new(Boxed(a.into()), Boxed(b.into())).unwrap()) as Box<dyn Law>
        }),
        (positive(), positive(), 0.1..4.0f64).prop_map(|(a, b, ratio)| {
            Box::new(SeparableCovariance::new(Boxed(a.into()), Boxed(b.into()), ratio).unwrap()) as Box<dyn Law>
        }),
    ]
}

type Boxed = std::sync::Arc<dyn Law>;
#[allow(non_snake_case)]
fn Boxed(law: std::sync::Arc<dyn Law>) -> std::sync::Arc<dyn Law> {
    law
}

/// The integral over [-1, 1] by Gauss and Legendre's rule with ten nodes.
fn gauss(f: &dyn Fn(f64) -> f64, from: f64, to: f64) -> f64 {
    let nodes = [0.1488743389816312, 0.4333953941292472, 0.6794095682990244, 0.8650633666889845, 0.9739065285171717];
    let weights =
        [0.2955242247147529, 0.2692667193099963, 0.219_086_362_515_982, 0.1494513491505806, 0.0666713443086881];
    let (middle, half) = ((from + to) / 2.0, (to - from) / 2.0);
    (nodes.iter().zip(weights)).map(|(x, w)| w * half * (f(middle - half * x) + f(middle + half * x))).sum()
}

fn adaptive(f: &dyn Fn(f64) -> f64, from: f64, to: f64, depth: u32) -> f64 {
    let middle = (from + to) / 2.0;
    let (whole, halves) = (gauss(f, from, to), gauss(f, from, middle) + gauss(f, middle, to));
    if depth == 0 || (whole - halves).abs() < 1e-11 && depth < 38 {
        return halves;
    }
    adaptive(f, from, middle, depth - 1) + adaptive(f, middle, to, depth - 1)
}

/// The expectation of a function; adaptive, since cusps where bulks nearly touch can be anywhere.
fn expectation(law: &dyn Law, function: impl Fn(f64) -> f64) -> f64 {
    let part = |part: Interval| {
        let width = part.upper - part.lower;
        let integrand = |t: f64| {
            let (sine, cosine) = (t / 2.0).sin_cos();
            let x = if t < PI / 2.0 { part.lower + width * sine * sine } else { part.upper - width * cosine * cosine };
            width * sine * cosine * law.density(x).unwrap() * function(x)
        };
        // Geometric towards both ends, where a nearly hard edge hides.
        let cuts: Vec<f64> = (0..34).rev().map(|k| PI / 2.0 * 0.5f64.powi(k)).collect();
        let half = |sign: bool| -> f64 {
            (cuts.windows(2))
                .map(|pair| if sign { (pair[0], pair[1]) } else { (PI - pair[1], PI - pair[0]) })
                .map(|(from, to)| adaptive(&integrand, from, to, 40))
                .sum()
        };
        half(true) + half(false)
    };
    let atoms = law.atoms();
    law.support().into_iter().map(part).sum::<f64>()
        + atoms.iter().map(|atom| atom.weight * function(atom.location)).sum::<f64>()
}

fn mass(law: &dyn Law) -> f64 {
    expectation(law, |_| 1.0)
}

/// F(quantile(u)) = u, or the atom's step around u.
fn inverse_error(law: &dyn Law, u: f64) -> f64 {
    let x = law.quantile(u).unwrap();
    let at = law.cumulative(x).unwrap();
    let jump: f64 = law.atoms().iter().filter(|atom| atom.location == x).map(|atom| atom.weight).sum();
    (u - at).max(at - jump - u).max(0.0)
}

fn moment_error(law: &dyn Law, order: u32) -> f64 {
    let scale = radius(law).max(law.atoms().iter().fold(0.0, |m: f64, a| m.max(a.location.abs())));
    let integral = expectation(law, |x| (x / scale).powi(order as i32));
    let stated = law.moment(order) / scale.powi(order as i32);
    (integral - stated).abs() / stated.abs().max(1e-4)
}

proptest! {
    #![proptest_config(crate::oracle::cases(60))]

    #[test]
    fn covariances_of_wide_populations_are_laws(law in covariances(), u in 0.0..=1.0f64, order in 1..5u32) {
        prop_assert!((mass(&*law) - 1.0).abs() < 1e-8, "mass {}", mass(&*law));
        for u in [u, 0.0, 1.0, 1e-6, 1.0 - 1e-6] {
            prop_assert!(inverse_error(&*law, u) < 1e-10, "{u}: {}", inverse_error(&*law, u));
        }
        prop_assert!(moment_error(&*law, order) < 1e-8, "moment {order}: {}", moment_error(&*law, order));
    }

    /// Silverstein's equation off the axis, by sums that the library does not use.
    #[test]
    fn covariances_solve_their_equation(ratio in ratios(), population in populations(), at in -0.5..1.5f64, height in -6.0..1.0f64) {
        let law = GeneralizedMarchenkoPastur::new(population.clone(), ratio).unwrap();
        let size = radius(&law);
        let z = Complex::new(at * size, size * 10f64.powf(height));
        let m = law.stieltjes(z).unwrap();
        prop_assert!(m.im > 0.0);
        // z m_c = -1 + c sum tau m_c / (1 + tau m_c) with the companion m_c = c m - (1 - c) / z.
        let companion = m * ratio - Complex::from(1.0 - ratio) / z;
        let sum = population.atoms().iter().fold(Complex::default(), |sum, Atom { location: tau, weight }| {
            sum + companion * *tau / (companion * *tau + 1.0) * *weight
        });
        let residual = z * companion + 1.0 - sum * ratio;
        let rounding = 1e-13 * (1.0 + ratio);
        prop_assert!(residual.modulus() < 1e-9 + rounding, "residual {residual:?} at {z:?}");
    }

    #[test]
    fn convolutions_are_laws(law in convolutions(), u in 0.0..=1.0f64, order in 1..5u32) {
        prop_assert!((mass(&*law) - 1.0).abs() < 1e-8, "mass {}", mass(&*law));
        for u in [u, 0.0, 1.0, 1e-4, 1.0 - 1e-4] {
            prop_assert!(inverse_error(&*law, u) < 1e-10, "{u}: {}", inverse_error(&*law, u));
        }
        prop_assert!(moment_error(&*law, order) < 1e-8, "moment {order}: {}", moment_error(&*law, order));
    }

}

proptest! {
    #![proptest_config(crate::oracle::cases(12))]

    #[test]
    fn transforms_of_convolutions_are_integrals(law in convolutions(), at in -0.5..1.5f64, height in 0.1..2.0f64) {
        let (low, high) = (law.quantile(0.0).unwrap(), law.quantile(1.0).unwrap());
        let width = high - low;
        let z = Complex::new(low + at * width, height * width);
        let kernel = |x: f64| Complex::from(1.0) / (Complex::from(x) - z);
        for (actual, power) in [(law.stieltjes(z).unwrap(), 1), (law.stieltjes_derivative(z).unwrap(), 2)] {
            let term = |x: f64| if power == 1 { kernel(x) } else { kernel(x) * kernel(x) };
            let expected = Complex::new(expectation(&*law, |x| term(x).re), expectation(&*law, |x| term(x).im));
            prop_assert!((actual - expected).modulus() < 1e-7 * expected.modulus(), "{actual:?} and {expected:?}");
        }
        // And on the real axis, outside.
        let x = Complex::from(high + 0.3 * width);
        let expected = expectation(&*law, |y| 1.0 / (y - x.re));
        prop_assert!((law.stieltjes(x).unwrap().re - expected).abs() < 1e-8 * expected.abs());
    }

    #[test]
    fn densities_of_convolutions_are_limits(law in convolutions(), share in 0.1..0.9f64) {
        for part in law.support() {
            let width = part.upper - part.lower;
            let x = part.lower + share * width;
            let limit = law.stieltjes(Complex::new(x, 1e-9 * width)).unwrap().im / PI;
            let density = law.density(x).unwrap();
            prop_assert!((limit - density).abs() < 1e-5 * density, "{limit} and {density} at {x}");
        }
    }

    /// R of a sum is the sum of R's, S of a product the product of S's: the definitions, which no solver uses.
    #[test]
    fn transforms_add_and_multiply(a in any_sign(), b in any_sign(), c in positive(), d in positive(), share in 0.02..0.9f64) {
        let [a, b, c, d] = [a, b, c, d].map(Boxed::from);
        let sum = FreeSum::new(a.clone(), b.clone()).unwrap();
        let top = sum.quantile(1.0).unwrap();
        let w = -sum.stieltjes((top + (1.0 - share)).into()).unwrap().re;
        if let (Ok(r), Ok(s)) = (a.r_transform(w), b.r_transform(w)) {
            let both = sum.r_transform(w).unwrap();
            prop_assert!((both - r - s).abs() < 1e-8 * (1.0 + both.abs()), "R {both} = {r} + {s}");
        }
        let product = FreeProduct::new(c.clone(), d.clone()).unwrap();
        let t = -0.3 * share;
        if let (Ok(r), Ok(s)) = (c.s_transform(t), d.s_transform(t)) {
            let both = product.s_transform(t).unwrap();
            prop_assert!((both - r * s).abs() < 1e-8 * both, "S {both} = {r} {s}");
        }
    }

    #[test]
    fn free_cumulants_do_what_is_said_of_them(law in any_sign(), other in any_sign(), fraction in 0.1..0.9f64) {
        let [law, other] = [law, other].map(Boxed::from);
        let cut = FreeCompression::new(law.clone(), fraction).unwrap();
        let sum = FreeSum::new(law.clone(), other.clone()).unwrap();
        let [own, others] = [law.free_cumulants(6), other.free_cumulants(6)];
        for (k, (cumulant, added)) in cut.free_cumulants(6).iter().zip(sum.free_cumulants(6)).enumerate() {
            let expected = own[k] * fraction.powi(k as i32);
            prop_assert!((cumulant - expected).abs() < 1e-8 * (1.0 + expected.abs()), "kappa_{} of a cut", k + 1);
            let expected = own[k] + others[k];
            prop_assert!((added - expected).abs() < 1e-8 * (1.0 + expected.abs()), "kappa_{} of a sum", k + 1);
        }
    }
}

#[test]
fn free_cumulants_of_the_classical_laws() {
    let close = |actual: Vec<f64>, expected: [f64; 5]| {
        for (a, e) in actual.iter().zip(expected) {
            assert!((a - e).abs() < 1e-12 * e.abs().max(1.0), "{actual:?} and {expected:?}");
        }
    };
    close(Semicircle::new(2.0).unwrap().free_cumulants(5), [0.0, 4.0, 0.0, 0.0, 0.0]);
    // Free Poisson: v^k c^(k - 1).
    close(MarchenkoPastur::new(0.5, 2.0).unwrap().free_cumulants(5), [2.0, 2.0, 2.0, 2.0, 2.0]);
    let w = 0.1;
    let law = MarchenkoPastur::new(0.5, 2.0).unwrap();
    assert!((law.r_transform(w).unwrap() - 2.0 / (1.0 - 0.5 * 2.0 * w)).abs() < 1e-13);
    assert!((law.s_transform(w).unwrap() - 1.0 / (2.0 * (1.0 + 0.5 * w))).abs() < 1e-13);
    assert!((Semicircle::new(2.0).unwrap().r_transform(-0.2).unwrap() + 0.8).abs() < 1e-13);
}

#[test]
fn islands_merge_where_theory_says() {
    // Two atoms and a semicircle: islands until the variance reaches that of the atoms.
    let coin = Discrete::new(&[-1.0, 1.0], &[0.5, 0.5]).unwrap();
    assert_eq!(DeformedWigner::new(coin.clone(), 0.999).unwrap().support().len(), 2);
    assert_eq!(DeformedWigner::new(coin.clone(), 1.001).unwrap().support().len(), 1);
    // At the critical variance the density closes like |x|^(1/3): no number is lost.
    let critical = DeformedWigner::new(coin.clone(), 1.0).unwrap();
    assert!(critical.density(0.0).unwrap() < 1e-4);
    let exact = |x: f64| 3f64.sqrt() / (2.0 * PI) * x.powf(1.0 / 3.0);
    assert!((critical.density(1e-6).unwrap() / exact(1e-6) - 1.0).abs() < 1e-3);
    assert!((mass(&critical) - 1.0).abs() < 1e-7);
    let sum = FreeSum::new(Semicircle::new(0.9).unwrap(), coin).unwrap();
    assert_eq!(sum.support().len(), 2);
    // Fifty eigenvalues, far apart: as many bulks, each with its share.
    let locations: Vec<f64> = (0..50).map(|k| 1.5f64.powi(k)).collect();
    let law = GeneralizedMarchenkoPastur::new(Discrete::uniform(&locations).unwrap(), 1e-4).unwrap();
    assert_eq!(law.support().len(), 50);
    for (k, part) in law.support().iter().enumerate() {
        assert!((law.cumulative(part.upper).unwrap() - (k + 1) as f64 / 50.0).abs() < 1e-11);
    }
}

/// Two square factors (Fuss-Catalan) in closed form, by Biane's angle: the density rises like x^(-2/3), and a thousandth of
/// the mass lies below 1e-8.
#[test]
fn a_product_of_squares_is_known_down_to_its_hard_edge() {
    let square = MarchenkoPastur::new(1.0, 1.0).unwrap();
    let law = FreeProduct::new(square, square).unwrap();
    let sine = |angle: f64| angle.sin();
    for exponent in 0..20 {
        // 3 angle = pi - tiny: from the right end down to x = 1e-18.
        let tiny = 3.0 * 0.5f64.powi(exponent);
        let angle = (PI - tiny) / 3.0;
        let x = sine(tiny).powi(3) / (sine(angle) * sine(2.0 * angle).powi(2));
        let density = sine(angle).powi(2) * sine(2.0 * angle) / (PI * sine(tiny).powi(2));
        let found = law.density(x).unwrap();
        assert!((found / density - 1.0).abs() < 1e-10, "at {x:e}: {found:e} should be {density:e}");
    }
    // The integral over the angle, in 30 digits.
    assert!((law.cumulative(1.0).unwrap() - 0.685823641504891).abs() < 1e-10);
    for u in [1e-6, 1e-4, 0.01, 0.5] {
        assert!(inverse_error(&law, u) < 1e-10);
    }
}

#[test]
fn limits_are_the_laws_themselves() {
    let mp = MarchenkoPastur::new(0.3, 2.0).unwrap();
    // One population eigenvalue: the classical law, edges and all.
    for ratio in [1e-3, 0.3, 1.0, 7.0, 1e3] {
        let classical = MarchenkoPastur::new(ratio, 2.0).unwrap();
        let general = GeneralizedMarchenkoPastur::new(Discrete::new(&[2.0], &[1.0]).unwrap(), ratio).unwrap();
        let (a, b) = (classical.edges(), general.support()[0]);
        assert!((a.lower - b.lower).abs() < 1e-12 * a.upper && (a.upper - b.upper).abs() < 1e-12 * a.upper);
        for u in [0.1, 0.5, 0.99] {
            let x = classical.quantile(1.0 - u / ratio.max(1.0)).unwrap();
            assert!((general.density(x).unwrap() / classical.density(x).unwrap() - 1.0).abs() < 1e-9, "ratio {ratio}");
            assert!((general.cumulative(x).unwrap() - classical.cumulative(x).unwrap()).abs() < 1e-11);
        }
        assert_eq!(general.atoms().len(), classical.atoms().len());
    }
    // Nothing added, nothing multiplied.
    let zero = Discrete::new(&[0.0], &[1.0]).unwrap();
    let one = Discrete::new(&[1.0], &[1.0]).unwrap();
    let same: [Box<dyn Law>; 4] = [
        Box::new(FreeSum::new(mp, zero.clone()).unwrap()),
        Box::new(FreeSum::new(zero, mp).unwrap()),
        Box::new(FreeProduct::new(one.clone(), mp).unwrap()),
        Box::new(FreeProduct::new(mp, one).unwrap()),
    ];
    for law in same {
        for u in [0.01, 0.4, 0.97] {
            let x = mp.quantile(u).unwrap();
            assert!((law.density(x).unwrap() - mp.density(x).unwrap()).abs() < 1e-9);
            assert!((law.cumulative(x).unwrap() - u).abs() < 1e-10);
        }
    }
    // A free compression of a semicircle is a smaller one.
    let cut = FreeCompression::new(Semicircle::new(1.0).unwrap(), 0.25).unwrap();
    let small = Semicircle::new(0.5).unwrap();
    assert!((cut.density(0.3).unwrap() - small.density(0.3).unwrap()).abs() < 1e-12);
    assert!((cut.support()[0].upper - 1.0).abs() < 1e-13);
}

#[test]
fn atoms_survive_as_they_should() {
    let heavy = Discrete::new(&[0.0, 1.0], &[0.8, 0.2]).unwrap();
    let cut = FreeCompression::new(heavy.clone(), 0.5).unwrap();
    assert_eq!(cut.atoms(), [Atom { location: 0.0, weight: (0.8 - 0.5) / 0.5 }]);
    assert!((mass(&cut) - 1.0).abs() < 1e-9);
    let sum = FreeSum::new(heavy.clone(), heavy.clone()).unwrap();
    assert_eq!(sum.atoms().len(), 1);
    assert!((sum.atoms()[0].weight - 0.6).abs() < 1e-15 && (mass(&sum) - 1.0).abs() < 1e-8);
    let product = FreeProduct::new(heavy.clone(), Discrete::new(&[1.0, 2.0], &[0.7, 0.3]).unwrap()).unwrap();
    assert!((product.atoms()[0].weight - 0.8).abs() < 1e-15 && (mass(&product) - 1.0).abs() < 1e-8);
    // Rank: a fifth of the rows, half of the columns.
    let half = Discrete::new(&[0.0, 1.0], &[0.5, 0.5]).unwrap();
    for ratio in [0.5, 5.0] {
        let law = SeparableCovariance::new(heavy.clone(), half.clone(), ratio).unwrap();
        let weight = 1.0 - f64::min(0.2, 0.5 / ratio);
        assert!((law.atoms()[0].weight - weight).abs() < 1e-15 && (mass(&law) - 1.0).abs() < 1e-8, "{ratio}");
    }
}

#[test]
fn bad_requests_say_what_would_work() {
    let fails = |error: Error, words: &str| {
        let message = error.to_string();
        assert!(message.contains(words), "{message}");
    };
    let one = || Discrete::new(&[1.0], &[1.0]).unwrap();
    fails(Discrete::new(&[], &[]).unwrap_err(), "at least one point");
    fails(Discrete::new(&[1.0, f64::NAN], &[0.5, 0.5]).unwrap_err(), "entry 1");
    fails(Discrete::new(&[1.0, 2.0], &[0.5, 0.6]).unwrap_err(), "1.1");
    fails(Discrete::new(&[1.0, 2.0], &[1.5, -0.5]).unwrap_err(), "-0.5");
    fails(Discrete::new(&[1.0], &[0.5, 0.5]).unwrap_err(), "2 entries");
    fails(GeneralizedMarchenkoPastur::new(one(), 0.0).unwrap_err(), "positive");
    fails(GeneralizedMarchenkoPastur::new(one(), f64::INFINITY).unwrap_err(), "inf");
    fails(GeneralizedMarchenkoPastur::new(Discrete::new(&[-1.0, 1.0], &[0.5, 0.5]).unwrap(), 0.5).unwrap_err(), "-1");
    fails(GeneralizedMarchenkoPastur::new(Discrete::new(&[0.0], &[1.0]).unwrap(), 0.5).unwrap_err(), "above it");
    fails(DeformedWigner::new(one(), -1.0).unwrap_err(), "-1");
    fails(FreeCompression::new(one(), 1.0).unwrap_err(), "both excluded");
    fails(FreeProduct::new(Semicircle::new(1.0).unwrap(), one()).unwrap_err(), "-2");
    fails(SeparableCovariance::new(one(), one(), f64::NAN).unwrap_err(), "NaN");
    let law = GeneralizedMarchenkoPastur::new(one(), 0.5).unwrap();
    fails(law.stieltjes(Complex::from(1.0)).unwrap_err(), "imaginary part");
    fails(law.stieltjes(Complex::new(f64::NAN, 1.0)).unwrap_err(), "entry 0");
    fails(law.density(f64::NAN).unwrap_err(), "NaN");
    fails(law.quantile(1.5).unwrap_err(), "1.5");
    fails(law.outlier(-1.0).unwrap_err(), "-1");
    fails(law.spike(1.0).unwrap_err(), "imaginary part");
    fails(law.r_transform(1e3).unwrap_err(), "nearer to 0");
    fails(Semicircle::new(1.0).unwrap().s_transform(0.1).unwrap_err(), "[0, inf)");
    let sum = FreeSum::new(Semicircle::new(1.0).unwrap(), one()).unwrap();
    fails(sum.outliers(1.0).unwrap_err(), "apart from the law");
    let many = Discrete::uniform(&(0..200).map(f64::from).collect::<Vec<f64>>()).unwrap();
    fails(FreeSum::new(many.clone(), many).unwrap_err(), "smooth one of the laws");
    fails(PiecewiseLinear::new(&[0.0, 0.0], &[1.0, 1.0], &[]).unwrap_err(), "sort the grid");
    fails(PiecewiseLinear::new(&[0.0, 1.0], &[0.0, 0.0], &[]).unwrap_err(), "mass");
}

#[test]
fn a_density_on_a_grid_is_a_law() {
    let grid: Vec<f64> = (0..=400).map(|i| -2.0 + f64::from(i) / 100.0).collect();
    let exact = Semicircle::new(1.0).unwrap();
    let density: Vec<f64> = grid.iter().map(|&x| exact.density(x).unwrap()).collect();
    let law = PiecewiseLinear::new(&grid, &density, &[]).unwrap();
    let z = Complex::new(0.3, 0.2);
    assert!((law.stieltjes(z).unwrap() - exact.stieltjes(z).unwrap()).modulus() < 2e-4);
    for u in [0.0, 0.1, 0.5, 0.77, 1.0] {
        assert!((law.cumulative(law.quantile(u).unwrap()).unwrap() - u).abs() < 1e-14);
    }
    let noisy = DeformedWigner::new(law, 1.0).unwrap();
    let sum = Semicircle::new(2f64.sqrt()).unwrap();
    assert!((noisy.density(0.5).unwrap() - sum.density(0.5).unwrap()).abs() < 1e-4);
    let with_atom = PiecewiseLinear::new(&[0.0, 1.0], &[1.0, 1.0], &[Atom { location: 0.5, weight: 1.0 }]).unwrap();
    assert_eq!(with_atom.quantile(0.5).unwrap(), 0.5);
    assert!((with_atom.quantile(0.8).unwrap() - 0.6).abs() < 1e-15);
    assert!((mass(&with_atom) - 1.0).abs() < 1e-12);
}
