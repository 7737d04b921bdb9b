//! The Tracy-Widom laws against Bornemann's determinants, against a table, and as laws.

use std::f64::consts::{LN_2, PI};

use eigenscape::Error;
use eigenscape::random_matrix::TracyWidom;
use proptest::prelude::*;
use serde_json::Value;

const LAWS: [TracyWidom; 2] = [TracyWidom::real(), TracyWidom::complex()];

// ---------------------------------------------------------------------------------------------------------------------
// The oracle: determinants of the Airy kernels by Gauss-Legendre (Bornemann 2010), and Airy's function by its integral.

/// Ai(x) and Ai'(x): (1/2 pi) int exp(i t^3/3 + i x t) dt along t = u + i c, by the trapezoidal rule.
fn airy(x: f64) -> (f64, f64) {
    let c = x.max(0.25).sqrt();
    let step = 0.05;
    let (mut value, mut slope) = (0.0, 0.0);
    for node in 0..=(6.5 / c.sqrt() / step) as usize {
        let u = node as f64 * step;
        let weight = if node == 0 { 0.5 } else { 1.0 } * (-c * u * u).exp();
        let (sine, cosine) = (u * (u * u / 3.0 + x - c * c)).sin_cos();
        value += weight * cosine;
        slope -= weight * (c * cosine + u * sine);
    }
    let scale = (c * (c * c / 3.0 - x)).exp() * step / PI;
    (value * scale, slope * scale)
}

/// Nodes and weights on [-1, 1].
fn legendre(count: usize) -> Vec<(f64, f64)> {
    let node = |i: usize| {
        let mut x = (PI * (i as f64 + 0.75) / (count as f64 + 0.5)).cos();
        loop {
            let (mut below, mut here) = (1.0, x);
            for k in (2..=count).map(|k| k as f64) {
                (below, here) = (here, ((2.0 * k - 1.0) * x * here - (k - 1.0) * below) / k);
            }
            let slope = count as f64 * (x * here - below) / (x * x - 1.0);
            let step = here / slope;
            x -= step;
            if step.abs() < 1e-15 {
                return (x, 2.0 / ((1.0 - x * x) * slope * slope));
            }
        }
    };
    (0..count).map(node).collect()
}

/// By elimination with pivots.
fn determinant(mut rows: Vec<Vec<f64>>) -> f64 {
    let size = rows.len();
    let mut product = 1.0;
    for k in 0..size {
        let pivot = (k..size).max_by(|&i, &j| rows[i][k].abs().total_cmp(&rows[j][k].abs())).unwrap();
        if pivot != k {
            rows.swap(pivot, k);
            product = -product;
        }
        product *= rows[k][k];
        let (above, below) = rows.split_at_mut(k + 1);
        for row in below {
            let factor = row[k] / above[k][k];
            row.iter_mut().zip(&above[k]).for_each(|(entry, top)| *entry -= factor * top);
        }
    }
    product
}

/// F(s) = det(I - K) on L^2(0, infinity): K = Ai(x + y + s) for beta = 1 (Ferrari & Spohn 2005), the Airy kernel for 2.
fn fredholm(beta: u32, s: f64) -> f64 {
    let length = (9.0 - s).clamp(8.0, 20.0);
    let nodes: Vec<(f64, f64)> =
        legendre(64).into_iter().map(|(x, w)| (length * (1.0 + x) / 2.0, (w * length / 2.0).sqrt())).collect();
    let at: Vec<(f64, f64)> = nodes.iter().map(|(x, _)| airy(x + s)).collect();
    let kernel = |i: usize, j: usize| {
        let (x, y) = (nodes[i].0, nodes[j].0);
        match beta {
            1 => airy(x + y + s).0,
            _ if i == j => at[i].1 * at[i].1 - (x + s) * at[i].0 * at[i].0,
            _ => (at[i].0 * at[j].1 - at[i].1 * at[j].0) / (x - y),
        }
    };
    let size = nodes.len();
    let row =
        |i: usize| (0..size).map(|j| f64::from(u8::from(i == j)) - nodes[i].1 * nodes[j].1 * kernel(i, j)).collect();
    determinant((0..size).map(row).collect())
}

fn relative(actual: f64, expected: f64) -> f64 {
    (actual / expected - 1.0).abs()
}

#[test]
fn helpers_can_fail() {
    // Abramowitz & Stegun, table 10.11.
    for (x, value, slope) in [
        (0.0, 0.355_028_053_887_817_2, -0.258_819_403_792_806_8),
        (1.0, 0.135_292_416_312_881_4, -0.159_147_441_296_793_3),
        (-5.0, 0.350_761_009_024_114_2, 0.327_192_818_554_443_5),
    ] {
        let (actual, derivative) = airy(x);
        assert!((actual - value).abs() < 1e-14 && (derivative - slope).abs() < 1e-13, "{x}: {actual} {derivative}");
    }
    let (far, _) = airy(20.0);
    assert!(relative(far, 1.691_672_868_670_540_3e-27) < 1e-13, "{far:e}");
    assert!((determinant(vec![vec![0.0, 2.0, 1.0], vec![3.0, 4.0, 0.0], vec![0.0, 0.0, 5.0]]) + 30.0).abs() < 1e-14);
    let integral: f64 = legendre(8).iter().map(|(x, w)| w * x.powi(14)).sum();
    assert!((integral - 2.0 / 15.0).abs() < 1e-15);
    // The oracle tells beta 1 from 2, and one s from the next.
    assert!((fredholm(1, -1.0) - fredholm(2, -1.0)).abs() > 0.1);
    assert!((fredholm(1, -1.0) - LAWS[0].cumulative(-1.001).unwrap()).abs() > 1e-4);
}

#[test]
fn distribution_is_a_determinant() {
    let mut worst = 0.0f64;
    for (law, step) in LAWS.iter().flat_map(|law| (0..38).map(move |step| (law, step))) {
        let s = -8.0 + 0.37 * f64::from(step);
        let difference = (law.cumulative(s).unwrap() - fredholm(law.beta(), s)).abs();
        worst = worst.max(difference);
        assert!(difference < 4e-14, "beta {} at {s}: off by {difference:e}", law.beta());
    }
    println!("largest difference from the determinants: {worst:.1e}");
}

// ---------------------------------------------------------------------------------------------------------------------
// The table: see its provenance.

pub fn entry(name: &str) -> Value {
    let table: Value = serde_json::from_str(include_str!("../data/theory_edges.json")).unwrap();
    let found = table["entries"].as_array().unwrap().iter().find(|entry| entry["name"] == name);
    found.unwrap_or_else(|| panic!("no entry {name}")).clone()
}

/// Numbers are strings in the table: `serde_json` by default rounds the last place wrongly, the standard library not.
pub fn number(value: &Value) -> f64 {
    value.as_str().unwrap().parse().unwrap()
}

pub fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}

#[test]
fn law_agrees_with_the_table() {
    let law = TracyWidom::real();
    let close = |name: &str, actual: f64, expected: f64, tolerance: f64| {
        assert!((actual - expected).abs() <= tolerance, "{name}: {actual} should be {expected}");
    };
    let moments = entry("TW1_moments");
    let tolerance = number(&moments["tolerance"]);
    let of = |name: &str| number(&moments["value"][name]);
    close("mean", law.mean(), of("mean"), tolerance);
    close("variance", law.variance(), of("variance"), tolerance);
    close("sd", law.variance().sqrt(), of("sd"), tolerance);
    close("skewness", law.skewness(), of("skewness"), tolerance);
    close("excess_kurtosis", law.excess_kurtosis(), of("excess_kurtosis"), tolerance);
    let quantiles = entry("TW1_quantiles");
    for (probability, expected) in quantiles["value"].as_object().unwrap() {
        let quantile = law.quantile(probability.parse().unwrap()).unwrap();
        close(probability, quantile, number(expected), number(&quantiles["tolerance"]));
    }
    let exact = entry("TW1_cdf_mp");
    for (s, expected) in exact["value"].as_object().unwrap() {
        // The table asks for 1e-13; the law is better.
        close(s, law.cumulative(s.parse().unwrap()).unwrap(), number(expected), 1e-15);
    }
    let table = entry("TW1_table");
    let column = |name: &str| numbers(&table["value"][name]);
    for ((s, cumulative), density) in column("s").into_iter().zip(column("cdf")).zip(column("pdf")) {
        close("cdf", law.cumulative(s).unwrap(), cumulative, number(&table["tolerance"]));
        close("pdf", law.density(s).unwrap(), density, number(&table["tolerance"]));
    }
    // Bornemann 2010 (arXiv:0904.1581), table of moments.
    let complex = TracyWidom::complex();
    close("mean", complex.mean(), -1.771_086_807_41, 1e-11);
    close("variance", complex.variance(), 0.813_194_792_83, 1e-11);
    close("skewness", complex.skewness(), 0.224_084_203_61, 1e-11);
    close("excess_kurtosis", complex.excess_kurtosis(), 0.093_448_087_66, 1e-11);
}

#[test]
fn tails_are_relatively_accurate() {
    let mut worst = 0.0f64;
    for law in LAWS {
        let tails = entry(&format!("TW{}_tails", law.beta()));
        let column = |name: &str| numbers(&tails["value"][name]);
        let points = numbers(&tails["inputs"]["s"]);
        for ((s, cumulative), survival) in points.into_iter().zip(column("cumulative")).zip(column("survival")) {
            let errors = [
                relative(law.cumulative(s).unwrap(), cumulative),
                relative(law.survival(s).unwrap(), survival),
                // Logarithms lie within their own rounding, or that of 1 - F where they vanish.
                (law.log_cumulative(s).unwrap() - cumulative.ln()).abs() / cumulative.ln().abs().max(1.0),
                (law.log_survival(s).unwrap() - survival.ln()).abs() / survival.ln().abs().max(1.0),
            ];
            let error = errors.into_iter().fold(0.0, f64::max);
            worst = worst.max(error);
            assert!(error < 1e-12, "beta {} at {s}: {errors:?}", law.beta());
        }
    }
    println!("largest relative error in the tails: {worst:.1e}");
}

#[test]
fn beyond_all_numbers_logarithms_follow_the_asymptotic_series() {
    // Baik, Buckingham & DiFranco 2008, with zeta'(-1); on the right tr K of either kernel, in powers of 1/zeta.
    let slope = -0.165_421_143_700_450_93;
    for s in [150.0f64, 1e3, 1e5, 1e20] {
        let zeta = s.powf(1.5) / 1.5;
        let real = -zeta - (4.0 * PI.sqrt()).ln() - 0.75 * s.ln() + (-41.0 / 72.0 / zeta).ln_1p();
        let complex = -2.0 * zeta - (16.0 * PI).ln() - 1.5 * s.ln() + (-35.0 / 36.0 / zeta).ln_1p();
        assert!(relative(LAWS[0].log_survival(s).unwrap(), real) < 1e-8, "{s}");
        assert!(relative(LAWS[1].log_survival(s).unwrap(), complex) < 1e-8, "{s}");
        assert_eq!(LAWS[0].survival(s).unwrap(), if s < 200.0 { LAWS[0].survival(s).unwrap() } else { 0.0 });
    }
    for s in [30.0f64, 1e3, 1e5, 1e20] {
        let (cube, root) = (s.powi(3), s.powf(1.5));
        let complex = -cube / 12.0 - s.ln() / 8.0 + LN_2 / 24.0 + slope;
        let real = complex / 2.0 - root / (3.0 * 2f64.sqrt()) - LN_2 / 4.0;
        // The next term of beta = 1 is of order s^(-3/2).
        assert!((LAWS[0].log_cumulative(-s).unwrap() - real).abs() < 0.2 / root + 4e-16 * cube, "{s}");
        assert!((LAWS[1].log_cumulative(-s).unwrap() - complex).abs() < 0.2 / cube + 4e-16 * cube, "{s}");
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// Laws.

proptest! {
    #![proptest_config(crate::oracle::cases(500))]

    #[test]
    fn quantiles_invert_the_distribution(u in 1e-6..1.0f64, tail in -300.0..-1.0f64) {
        for law in LAWS {
            let back = law.cumulative(law.quantile(u).unwrap()).unwrap();
            prop_assert!((back - u).abs() < 1e-14, "F(quantile({u})) = {back}");
            let probability = 10f64.powf(tail);
            let upper = law.survival(law.upper_quantile(probability).unwrap()).unwrap();
            let lower = law.cumulative(law.quantile(probability).unwrap()).unwrap();
            prop_assert!(relative(upper, probability) < 1e-12, "{probability:e}: {upper:e}");
            prop_assert!(relative(lower, probability) < 1e-12, "{probability:e}: {lower:e}");
        }
    }

    #[test]
    fn density_is_the_derivative(s in -12.0..12.0f64) {
        for law in LAWS {
            // Of ln F on the left and ln(1 - F) on the right, by central differences of order 4.
            let log = |x: f64| if s < -1.0 { law.log_cumulative(x).unwrap() } else { law.log_survival(x).unwrap() };
            let step = 1e-3;
            let slope = (8.0 * (log(s + step) - log(s - step)) - (log(s + 2.0 * step) - log(s - 2.0 * step)))
                / (12.0 * step);
            let tail = if s < -1.0 { law.cumulative(s).unwrap() } else { -law.survival(s).unwrap() };
            prop_assert!(relative(law.density(s).unwrap(), slope * tail) < 1e-9, "beta {} at {s}", law.beta());
        }
    }
}

#[test]
fn density_has_mass_one_and_the_moments() {
    for law in LAWS {
        let step = 1.0 / 16.0;
        let mut sums = [0.0; 5];
        for node in -400..=400 {
            let x = f64::from(node) * step;
            let density = law.density(x).unwrap() * step;
            (0..5).for_each(|power| sums[power as usize] += density * (x - law.mean()).powi(power));
        }
        let expected = [
            1.0,
            0.0,
            law.variance(),
            law.skewness() * law.variance().powf(1.5),
            (law.excess_kurtosis() + 3.0) * law.variance().powi(2),
        ];
        for (actual, expected) in sums.into_iter().zip(expected) {
            assert!((actual - expected).abs() < 1e-13, "beta {}: {actual} {expected}", law.beta());
        }
    }
}

#[test]
fn pieces_meet() {
    for law in LAWS {
        for seam in (-8..=3).map(f64::from) {
            let before = seam - 1e-12;
            for function in [TracyWidom::cumulative, TracyWidom::survival, TracyWidom::density] {
                let (left, right) = (function(&law, before).unwrap(), function(&law, seam).unwrap());
                // At -8 the logarithm of F has a slope of 8.
                assert!(relative(left, right) < 2e-11, "beta {} at {seam}: {left} {right}", law.beta());
            }
        }
        let mut last = 0.0;
        for node in -3000..=1300 {
            let cumulative = law.cumulative(f64::from(node) / 100.0).unwrap();
            assert!(cumulative >= last, "beta {} falls at {node}", law.beta());
            last = cumulative;
        }
    }
}

#[test]
fn every_number_has_an_answer() {
    for law in LAWS {
        for (x, cumulative) in [(f64::INFINITY, 1.0), (f64::MAX, 1.0), (f64::MIN, 0.0), (f64::NEG_INFINITY, 0.0)] {
            assert_eq!(law.cumulative(x), Ok(cumulative));
            assert_eq!(law.survival(x), Ok(1.0 - cumulative));
            assert_eq!(law.density(x), Ok(0.0));
            let logs = [law.log_cumulative(x).unwrap(), law.log_survival(x).unwrap()];
            assert!(logs.contains(&0.0) && logs.contains(&f64::NEG_INFINITY), "{x}: {logs:?}");
        }
        for x in [0.0, -0.0, f64::MIN_POSITIVE, 3f64.next_down(), (-8f64).next_down()] {
            assert!(law.density(x).unwrap() > 0.0, "{x}");
        }
        for probability in [5e-324, f64::MIN_POSITIVE, 1e-17, f64::EPSILON / 2.0] {
            let upper = law.upper_quantile(probability).unwrap();
            assert!(relative(law.log_survival(upper).unwrap(), probability.ln()) < 1e-14);
            let lower = law.quantile(probability).unwrap();
            assert!(relative(law.log_cumulative(lower).unwrap(), probability.ln()) < 1e-14);
        }
        let medians = [law.quantile(0.5).unwrap(), law.upper_quantile(0.5).unwrap()];
        assert!(relative(medians[0], medians[1]) < 1e-15);
        assert!(matches!(law.cumulative(f64::NAN), Err(Error::OutOfRange { .. })));
        for probability in [0.0, 1.0, -0.1, 1.1, f64::NAN] {
            assert!(matches!(law.quantile(probability), Err(Error::OutOfRange { .. })));
            assert!(matches!(law.upper_quantile(probability), Err(Error::OutOfRange { .. })));
        }
    }
}
