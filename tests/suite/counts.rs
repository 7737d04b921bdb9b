//! Sums over the spectrum, counts of eigenvalues and inertia: against dense spectra, with intervals that cover.

use eigenscape::krylov::Orthogonalization;
use eigenscape::operator::{AssumeSymmetric, Counted, Dense, Diagonal};
use eigenscape::random::Key;
use eigenscape::spectrum::{Interval, Probe, SpectralMeasure, StochasticLanczos, Sylvester, eigenvalues};
use eigenscape::{Error, Scalar};
use rayon::prelude::*;

use crate::functions::rotated;
use crate::oracle::symmetric_eigenvalues;

fn measure<T: Scalar>(values: &[f64], key: u64, probes: usize, steps: usize) -> SpectralMeasure {
    let operator = Diagonal::new(values.iter().map(|&x| T::of(x)).collect::<Vec<T>>());
    StochasticLanczos::new(Key::new(key)).probes(probes).steps(steps).run(&operator).unwrap()
}

/// The averaged strict bounds hold for the very probes, at every x and any depth: v'P v computed from the probes' entries.
#[test]
fn strict_bounds_hold_for_each_probe() {
    let mut values: Vec<f64> = (0..120).map(|i| (f64::from(i)).sin()).collect();
    values.extend([0.0; 40]);
    values.extend((0..40).map(|i| 2.0 + 0.1 * f64::from(i % 3)));
    let dim = values.len();
    let mut widths = Vec::new();
    for key in 0..20 {
        // One probe, drawn as the library draws it.
        let mut probe = vec![0.0f64; dim];
        Key::new(key).split(0).sphere(&mut probe);
        for steps in [1, 2, 3, 7, 20, 60] {
            let measure = measure::<f64>(&values, key, 1, steps);
            let ends = [-1.5, -0.999, -0.5, -1e-3, 0.0, 1e-9, 0.3, 0.99999, 1.0, 1.7, 2.0, 2.05, 2.2, 3.0];
            let nodes = measure.rules()[0].measure().nodes().to_vec();
            for (index, &upper) in ends.iter().chain(&nodes).enumerate() {
                let count = measure.count(f64::NEG_INFINITY, upper).unwrap();
                let weight = |holds: &dyn Fn(f64) -> bool| -> f64 {
                    values.iter().zip(&probe).filter(|(x, _)| holds(**x)).map(|(_, v)| v * v).sum::<f64>() * dim as f64
                };
                // An eigenvalue at the end, to within rounding, may be on either side.
                let (below, up_to) = (weight(&|x| x < upper - 1e-12), weight(&|x| x <= upper + 1e-12));
                let slack = 1e-9 * dim as f64;
                assert!(
                    count.depth.lower <= up_to + slack && count.depth.upper >= below - slack,
                    "{key} {steps} {upper}"
                );
                // Strict on both sides where no eigenvalue is near.
                if below == up_to {
                    assert!(
                        count.depth.lower <= below + slack && below <= count.depth.upper + slack,
                        "{key} {steps} {upper}: {below} not in {:?}",
                        count.depth
                    );
                }
                if index == 9 {
                    widths.push((steps, count.depth.upper - count.depth.lower));
                }
                let other = measure.count(upper, f64::INFINITY).unwrap();
                assert!((other.depth.lower + count.depth.upper - dim as f64).abs() < slack);
            }
        }
    }
    // In the gap at 1.7 twenty steps leave less than a tenth of an eigenvalue open, seven less than all.
    let at =
        |depth: usize| widths.iter().filter(|(steps, _)| *steps == depth).map(|(_, width)| *width).fold(0.0, f64::max);
    println!("width in the gap at 7, 20, 60 steps: {:.3} {:.2e} {:.2e}", at(7), at(20), at(60));
    assert!(at(7) < 60.0 && at(20) < 0.1 && at(60) < 1e-8);
}

/// A bulk of 190 in [-1, 1], dense at its ends, and ten outliers.
fn bulk_and_outliers() -> Vec<f64> {
    let mut values: Vec<f64> = (0..190).map(|i| -(std::f64::consts::PI * (f64::from(i) + 0.5) / 190.0).cos()).collect();
    values.extend((0..10).map(|i| 1.5 + 0.1 * f64::from(i)));
    values
}

/// How often an interval covered, and its widths.
#[derive(Default)]
struct Coverage {
    inside: usize,
    widths: Vec<f64>,
}

impl Coverage {
    fn add(&mut self, interval: Interval, exact: f64) {
        self.inside += usize::from(interval.contains(exact));
        self.widths.push(interval.upper - interval.lower);
    }

    /// Coverage at least nominal less four standard errors, the median width at most a bound.
    fn check(mut self, what: &str, nominal: f64, bound: f64) {
        let runs = self.widths.len() as f64;
        self.widths.sort_by(f64::total_cmp);
        let (coverage, median) = (self.inside as f64 / runs, self.widths[self.widths.len() / 2]);
        println!("{what} at {nominal}: coverage {coverage:.4}, median width {median:.4}, bound {bound:.4}");
        let least = nominal - 4.0 * (nominal * (1.0 - nominal) / runs).sqrt();
        assert!(coverage >= least, "{what} at {nominal}: coverage {coverage}, least {least}");
        assert!(median <= bound, "{what} at {nominal}: median width {median}, bound {bound}");
    }
}

/// Student's quantile for 19 degrees of freedom (SciPy), and the normal one.
fn quantiles(confidence: f64) -> (f64, f64) {
    if confidence == 0.9 { (1.7291328, 1.6448536) } else { (2.0930241, 1.9599640) }
}

/// The standard deviation of the mean over 20 probes of n v'f(A)v, v uniform on the sphere.
fn deviation(values: &[f64], f: impl Fn(f64) -> f64) -> f64 {
    let n = values.len() as f64;
    let (sum, squares) = values.iter().map(|&x| f(x)).fold((0.0, 0.0), |(s, q), y| (s + y, q + y * y));
    (2.0 * n / (n + 2.0) * (squares - sum * sum / n) / 20.0).sqrt()
}

/// 2000 keys, 20 probes, 30 steps, dimension 200. Probes uniform on the sphere look alike from every orthonormal basis, so
/// that a diagonal matrix stands for all its rotations; `intervals_cover_in_a_rotated_basis` looks at one.
#[test]
fn intervals_cover() {
    const KEYS: u64 = 2000;
    const ENDS: [(f64, f64); 3] = [(1.25, f64::INFINITY), (f64::NEG_INFINITY, 0.0), (-0.5, 0.5)];
    let values = bulk_and_outliers();
    let shift = 1.05;
    let measures: Vec<SpectralMeasure> =
        (0..KEYS).into_par_iter().map(|key| measure::<f64>(&values, key, 20, 30)).collect();
    // An end costs as much as a probe's rule: two of them in the bulk for a quarter of the keys.
    let count = |case: usize, m: &SpectralMeasure| m.count(ENDS[case].0, ENDS[case].1).unwrap();
    let counts = [(0, KEYS), (1, KEYS), (2, KEYS / 4)]
        .map(|(case, keys)| -> Vec<_> { measures[..keys as usize].par_iter().map(|m| count(case, m)).collect() });
    let sum = |f: &dyn Fn(f64) -> f64| values.iter().map(|&x| f(x)).sum::<f64>();
    for confidence in [0.9, 0.95] {
        let (student, quantile) = quantiles(confidence);
        let collect = |exact: f64, of: &(dyn Fn(&SpectralMeasure) -> Interval + Sync)| {
            let intervals: Vec<_> = measures.par_iter().map(of).collect();
            let mut coverage = Coverage::default();
            intervals.into_iter().for_each(|interval| coverage.add(interval, exact));
            coverage
        };
        // Sums of functions: a median of Student's widths is a little below 2 t deviations; one tenth on top.
        let logarithm = |x: f64| (x + shift).ln();
        let width = 2.0 * student * deviation(&values, logarithm);
        collect(sum(&logarithm), &|m| m.log_determinant(shift).unwrap().interval(confidence).unwrap()).check(
            "log-determinant",
            confidence,
            1.1 * width,
        );
        // With the bounds of the depth: the two rules differ by less than the spread. Once, since it costs as much as an end.
        if confidence == 0.95 {
            collect(sum(&logarithm), &|m| m.log_determinant_interval(shift, -1.0, confidence).unwrap()).check(
                "log-determinant, depth and probes",
                confidence,
                1.2 * width,
            );
        }
        let width = |p: f64| {
            let total = sum(&|x| x.abs().powf(p));
            2.0 * student * deviation(&values, |x| x.abs().powf(p)) * total.powf(1.0 / p - 1.0) / p
        };
        collect(sum(&f64::abs), &|m| m.nuclear_norm().unwrap().interval(confidence).unwrap()).check(
            "nuclear norm",
            confidence,
            1.1 * width(1.0),
        );
        collect(sum(&|x| x * x).sqrt(), &|m| m.frobenius_norm().unwrap().interval(confidence).unwrap()).check(
            "Frobenius norm",
            confidence,
            1.1 * width(2.0),
        );
        collect(sum(&f64::exp), &|m| m.trace(f64::exp).unwrap().interval(confidence).unwrap()).check(
            "trace of exp",
            confidence,
            1.1 * 2.0 * student * deviation(&values, f64::exp),
        );
        // Counts. What depth leaves open at a point of the bulk is at most about the weight that a rule of so many nodes has
        // there: pi times density times half the range, sin(angle), over the depth. In the gap nothing.
        let spread =
            |low: f64, high: f64| 2.0 * quantile * deviation(&values, |x| f64::from(u8::from(low < x && x < high)));
        let open = |x: f64| {
            let position: f64 = (x + 1.0) / 3.4 * 2.0 - 1.0;
            let density = 190.0 / (std::f64::consts::PI * (1.0 - x * x).sqrt());
            std::f64::consts::PI * density * 1.7 * (1.0 - position * position).sqrt() / 30.0
        };
        let cases =
            [("outliers", ENDS[0], 0.0), ("negative", ENDS[1], open(0.0)), ("middle", ENDS[2], open(-0.5) + open(0.5))];
        for (case, (what, (low, high), open)) in cases.into_iter().enumerate() {
            let exact = values.iter().filter(|&&x| low < x && x < high).count() as f64;
            // Whole numbers cost up to one on each side.
            let mut coverage = Coverage::default();
            counts[case].iter().for_each(|count| coverage.add(count.interval(confidence).unwrap(), exact));
            coverage.check(what, confidence, 1.1 * spread(low, high) + 1.5 * open + 2.0);
        }
        // Both ends at once, which 20 probes of 30 steps know to 1 % of the range.
        let both = |m: &SpectralMeasure| m.extremes(confidence).unwrap();
        let (mut coverage, lowest, highest) = (Coverage::default(), values[0], values[199]);
        for measure in &measures {
            let extremes = both(measure);
            // Exact ends are strict bounds up to rounding.
            assert!(extremes.largest.lower <= highest + 1e-12 && extremes.smallest.upper >= lowest - 1e-12);
            let outside = f64::from(u8::from(extremes.largest.upper >= highest && extremes.smallest.lower <= lowest));
            let width = extremes.largest.upper - extremes.largest.lower;
            coverage.add(Interval { lower: 0.0, upper: width }, if outside == 1.0 { 0.0 } else { -1.0 });
        }
        coverage.check("extremes", confidence, 0.01 * (highest - lowest));
    }
}

/// The same in the basis of a dense matrix: 200 keys, the same bounds.
#[test]
fn intervals_cover_in_a_rotated_basis() {
    const KEYS: u64 = 200;
    let values = bulk_and_outliers();
    let operator = rotated::<f64>(&values, Key::new(1000));
    let measures: Vec<SpectralMeasure> = (0..KEYS)
        .into_par_iter()
        .map(|key| StochasticLanczos::new(Key::new(key)).probes(20).steps(30).run(&operator).unwrap())
        .collect();
    let (mut sum, mut count) = (Coverage::default(), Coverage::default());
    for measure in &measures {
        sum.add(
            measure.log_determinant(1.05).unwrap().interval(0.95).unwrap(),
            values.iter().map(|x| (x + 1.05).ln()).sum(),
        );
        count.add(measure.count(1.25, f64::INFINITY).unwrap().interval(0.95).unwrap(), 10.0);
    }
    sum.check(
        "log-determinant, rotated",
        0.95,
        1.1 * 2.0 * quantiles(0.95).0 * deviation(&values, |x| (x + 1.05).ln()),
    );
    let indicator = |x: f64| f64::from(u8::from(x > 1.25));
    count.check("outliers, rotated", 0.95, 1.1 * 2.0 * quantiles(0.95).1 * deviation(&values, indicator) + 2.0);
}

/// One eigenvalue, whose weight is far from normal, and one probe, which has no spread.
#[test]
fn small_counts_and_single_probes_are_covered() {
    for (values, probes, what) in [
        (std::iter::once(3.0).chain((0..199).map(|i| (f64::from(i)).sin())).collect::<Vec<f64>>(), 20, "one outlier"),
        (std::iter::once(3.0).chain((0..199).map(|i| (f64::from(i)).sin())).collect(), 1, "one outlier, one probe"),
        ((0..200).map(|i| if i < 60 { 3.0 } else { (f64::from(i)).sin() }).collect(), 1, "sixty, one probe"),
        ((0..200).map(|i| if i < 199 { 3.0 } else { 0.0 }).collect(), 3, "all but one"),
    ] {
        let exact = values.iter().filter(|&&x| x > 2.0).count() as f64;
        let (n, k) = (200.0, exact);
        let deviation = (2.0 * k * (n - k) / (n + 2.0) / probes as f64).sqrt();
        let counts: Vec<_> = (0..2000u64)
            .into_par_iter()
            .map(|key| measure::<f64>(&values, key, probes, 15).count(2.0, 4.0).unwrap())
            .collect();
        for confidence in [0.9, 0.95] {
            let mut coverage = Coverage::default();
            counts.iter().for_each(|count| coverage.add(count.interval(confidence).unwrap(), exact));
            // Half as much again: one eigenvalue seen by one probe is nearly unknown, and the law is skewed.
            coverage.check(what, confidence, 1.5 * 2.0 * quantiles(confidence).1 * deviation + 4.0);
        }
    }
}

fn sums_are_exact_at_full_depth<T: Scalar>() {
    let tolerance = 200.0 * T::EPSILON.f64();
    for (values, shift) in [
        (vec![3.0], 0.5),
        (vec![2.0; 12], 0.0),
        (vec![0.0; 12], 1.5),
        ((0..12).map(|i| if i < 4 { 4.0 } else { 0.0 }).collect::<Vec<f64>>(), 1.0),
        ((0..12).map(|i| if i == 5 { -0.5 } else { 0.0 }).collect(), 1.0),
    ] {
        // Signs see each diagonal matrix exactly, in every probe.
        let operator = Diagonal::new(values.iter().map(|&x| T::of(x)).collect::<Vec<T>>());
        let measure =
            StochasticLanczos::new(Key::new(0)).probes(3).steps(20).probe(Probe::Signs).run(&operator).unwrap();
        let logarithm: f64 = values.iter().map(|x| (x + shift).ln()).sum();
        let scale = values.len() as f64;
        let estimate = measure.log_determinant(shift).unwrap();
        assert!(
            (estimate.mean - logarithm).abs() <= tolerance * scale
                && estimate.standard_error.unwrap() <= tolerance * scale
        );
        let least = values.iter().fold(f64::INFINITY, |least, x| least.min(*x)) - 0.3;
        let interval = measure.log_determinant_interval(shift, least, 0.95).unwrap();
        assert!(
            (interval.lower - logarithm).abs() <= 1e3 * tolerance
                && (interval.upper - logarithm).abs() <= 1e3 * tolerance,
            "{interval:?} {logarithm}"
        );
        for p in [1.0, 2.0, 3.5] {
            let exact = values.iter().map(|x| x.abs().powf(p)).sum::<f64>().powf(1.0 / p);
            assert!((measure.schatten_norm(p).unwrap().value() - exact).abs() <= tolerance * scale);
        }
        let index = measure.index(measure.zero_threshold().max(1e-4)).unwrap();
        for (count, exact) in [
            (index.negative, values.iter().filter(|&&x| x < -1e-4).count()),
            (index.near_zero, values.iter().filter(|&&x| x.abs() < 1e-4).count()),
            (index.positive, values.iter().filter(|&&x| x > 1e-4).count()),
        ] {
            assert!((count.estimate.mean - exact as f64).abs() <= tolerance * scale);
            assert!(
                count.depth.lower <= exact as f64 + tolerance * scale
                    && count.depth.upper >= exact as f64 - tolerance * scale
            );
            assert!(count.depth.upper - count.depth.lower <= 0.01, "{:?}", count.depth);
            assert!(count.interval(0.5).unwrap().contains(exact as f64), "{:?}", count.interval(0.5));
        }
        let extremes = measure.extremes(0.99).unwrap();
        let largest = values.iter().fold(f64::NEG_INFINITY, |largest, x| largest.max(*x));
        assert!(
            (extremes.largest.lower - largest).abs() <= tolerance
                && (extremes.largest.upper - largest).abs() <= tolerance
        );
    }
}

#[test]
fn degenerate_spectra_are_answered_exactly() {
    sums_are_exact_at_full_depth::<f32>();
    sums_are_exact_at_full_depth::<f64>();
}

#[test]
fn deflated_eigenvalues_are_counted_exactly() {
    let mut values: Vec<f64> = (0..100).map(|i| 0.5 + 0.4 * (f64::from(i)).sin()).collect();
    values[3] = 20.0;
    values[5] = -4.0;
    let operator = Diagonal::new(values.clone());
    let mut vectors = vec![0.0; 200];
    (vectors[3], vectors[105]) = (1.0, 1.0);
    let run = |confidence: f64, key: u64| {
        let measure = StochasticLanczos::new(Key::new(key))
            .probes(5)
            .steps(25)
            .deflate(&[20.0, -4.0], &vectors)
            .run(&operator)
            .unwrap();
        let outside = measure.count(10.0, 30.0).unwrap();
        assert_eq!((outside.estimate.mean, outside.interval(confidence).unwrap().upper), (1.0, 1.0));
        assert_eq!(measure.count(f64::NEG_INFINITY, 0.0).unwrap().interval(confidence).unwrap().lower, 1.0);
        let extremes = measure.extremes(confidence).unwrap();
        assert!(extremes.largest.upper == 20.0 && extremes.smallest.lower == -4.0);
        measure.count(0.5, 30.0).unwrap().interval(confidence).unwrap()
    };
    let exact = values.iter().filter(|&&x| x > 0.5).count() as f64;
    let inside = (0..200).filter(|&key| run(0.95, key).contains(exact)).count() as f64 / 200.0;
    assert!(inside >= 0.95 - 4.0 * f64::sqrt(0.95 * 0.05 / 200.0), "{inside}");
    // Nothing left but atoms.
    let all = StochasticLanczos::new(Key::new(0)).deflate(&[2.0], &[1.0]).run(&Diagonal::new(vec![2.0])).unwrap();
    let count = all.count(1.0, 3.0).unwrap().interval(0.9).unwrap();
    assert_eq!((count.lower, count.upper), (1.0, 1.0));
    assert!(
        (all.log_determinant_interval(0.0, 1.0, 0.9).is_ok(), all.extremes(0.9).unwrap().largest.upper) == (false, 2.0)
            || all.log_determinant(0.0).unwrap().mean == 2f64.ln()
    );
}

#[test]
fn condition_numbers_are_bounded_from_both_sides() {
    let values: Vec<f64> = (0..200).map(|i| 1.0 + 99.0 * f64::from(i) / 199.0).collect();
    for key in 0..50 {
        let condition = measure::<f64>(&values, key, 10, 90).extremes(0.99).unwrap().condition_number().unwrap();
        // The lower end may be the condition number itself, and a rounding error above it.
        let covers = |x: Interval| x.lower <= 100.0 * (1.0 + 1e-12) && 100.0 <= x.upper;
        assert!(covers(condition) && condition.upper < 200.0, "{condition:?}");
        // Too few steps say nothing from above, and are still right from below.
        let short = measure::<f64>(&values, key, 1, 3).extremes(0.99).unwrap().condition_number().unwrap();
        assert!(short.upper == f64::INFINITY && short.lower <= 100.0 && short.lower >= 1.0);
        // Negative definite.
        let negated: Vec<f64> = values.iter().map(|x| -x).collect();
        assert!(covers(measure::<f64>(&negated, key, 10, 90).extremes(0.99).unwrap().condition_number().unwrap()));
    }
    let saddle = measure::<f64>(&[1.0, -1.0, 2.0], 0, 3, 3).extremes(0.9).unwrap();
    assert!(saddle.condition_number().unwrap_err().to_string().contains("LeastSquares"));
}

fn inertia<T: Scalar>() {
    // Against dense eigenvalues; shifts between them, and at them.
    for (kind, values) in [
        (0..60).map(|i| (1.7 * f64::from(i)).sin()).collect::<Vec<f64>>(),
        (0..60).map(|i| f64::from(i % 5) - 2.0).collect(),
        (0..60).map(|i| if i < 7 { 3.0 } else { 0.0 }).collect(),
        vec![0.0; 60],
        vec![-2.0; 60],
        vec![5.0],
        (0..3).map(f64::from).collect(),
        (0..200).map(|i| 1e3 * 0.7f64.powi(i) * if i % 3 == 0 { -1.0 } else { 1.0 }).collect(),
    ]
    .into_iter()
    .enumerate()
    {
        let dim = values.len();
        let operator = Counted::new(rotated::<T>(&values, Key::new(kind as u64)));
        let dense = eigenscape::operator::to_dense(&operator);
        let exact = symmetric_eigenvalues(&dense.entries().iter().map(|x| x.f64()).collect::<Vec<_>>(), dim);
        for shift in [-2.5, -2.0, -0.3, 0.0, 0.1, 1.0, 3.0, 7.0] {
            let before = operator.matvecs();
            let inertia = Sylvester::new().shift(shift).run(&operator).unwrap();
            assert_eq!((inertia.matvecs, operator.matvecs() - before), (dim as u64, dim as u64));
            assert_eq!(inertia.negative + inertia.zero + inertia.positive, dim);
            // The oracle errs as well, by less than a tenth of the threshold.
            let reach = 2.2 * inertia.threshold + 1e-300;
            let sure = exact.iter().filter(|&&x| x < shift - reach).count();
            let possible = exact.iter().filter(|&&x| x < shift + 0.1 * inertia.threshold).count();
            assert!((sure..=possible).contains(&inertia.negative), "{kind} {shift}: {inertia:?}, {sure} to {possible}");
            let sure = exact.iter().filter(|&&x| x > shift + reach).count();
            let possible = exact.iter().filter(|&&x| x > shift - 0.1 * inertia.threshold).count();
            assert!((sure..=possible).contains(&inertia.positive), "{kind} {shift}: {inertia:?}, {sure} to {possible}");
            let scale = values.iter().map(|x| x * x).sum::<f64>().sqrt() + shift.abs();
            assert!(inertia.threshold <= 65.0 * (dim as f64).sqrt() * T::EPSILON.f64() * scale);
        }
        let count = Sylvester::new().count(&operator, -0.31, 1.01).unwrap();
        let inside = |reach: f64| exact.iter().filter(|&&x| x > -0.31 - reach && x < 1.01 + reach).count();
        assert!(count.least <= inside(0.0) && inside(0.0) <= count.most, "{kind}: {count:?}, {}", inside(0.0));
        assert!(count.least >= inside(-3.0 * count.threshold) && count.most <= inside(3.0 * count.threshold));
        let all = Sylvester::new().count(&operator, f64::NEG_INFINITY, f64::INFINITY).unwrap();
        assert_eq!((all.least, all.most), (dim, dim));
    }
    // Zero eigenvalues are reported apart, exactly.
    let singular = rotated::<T>(&[[-1.0, 0.0, 0.0, 2.0]; 10].concat(), Key::new(9));
    let found = Sylvester::new().run(&singular).unwrap();
    assert_eq!((found.negative, found.zero, found.positive), (10, 20, 10));
    // Extreme scales.
    for scale in [1e-30, 1e30] {
        let scaled = Diagonal::new([-3.0, 1.0, 2.0].map(|x| T::of(x * scale)).to_vec());
        let found = Sylvester::new().run(&scaled).unwrap();
        assert_eq!((found.negative, found.zero, found.positive), (1, 0, 2));
    }
}

#[test]
fn inertia_is_that_of_dense_eigenvalues() {
    inertia::<f32>();
    inertia::<f64>();
}

/// Numbers of any size, symmetric but for the rounding of one side.
#[test]
fn all_eigenvalues_are_those_of_an_oracle_at_every_scale() {
    let size = 8;
    let mut entries = vec![0.0; size * size];
    Key::new(5).normal(0, &mut entries);
    let entry = |at: usize| entries[at] + entries[at % size * size + at / size];
    let exact = symmetric_eigenvalues(&(0..size * size).map(entry).collect::<Vec<_>>(), size);
    let norm = exact.iter().fold(0.0f64, |norm, value| norm.max(value.abs()));
    for scale in [1e-290, 1e-200, 1e-30, 1.0, 1e30, 1e200, 1e300] {
        let rounded = |at: usize| scale * entry(at) * if at / size > at % size { 1.0 + f64::EPSILON } else { 1.0 };
        let operator = |of: &dyn Fn(usize) -> f64| {
            AssumeSymmetric::new(Dense::new((0..size * size).map(of).collect(), size, size).unwrap())
        };
        let values = eigenvalues(&operator(&rounded)).unwrap();
        assert_eq!(values.len(), size);
        for (value, exact) in values.iter().zip(&exact) {
            assert!((value / scale - exact).abs() < 1e-13 * norm, "{scale}: {values:?}, expected {exact:?}");
        }
        let inertia = Sylvester::new().run(&operator(&rounded)).unwrap();
        let negative = exact.iter().filter(|value| **value < 0.0).count();
        assert_eq!((inertia.negative, inertia.zero, inertia.positive), (negative, 0, size - negative), "{scale}");
        let lopsided = |at: usize| if at == 1 { 1.01 * rounded(at) } else { rounded(at) };
        let error = eigenvalues(&operator(&lopsided)).unwrap_err();
        assert!(matches!(error, Error::Asymmetric { discrepancy, .. } if discrepancy < 1.0), "{scale}: {error}");
    }
    assert_eq!(eigenvalues(&Diagonal::new(vec![-2.5f32])).unwrap(), [-2.5]);
    assert_eq!(eigenvalues(&Diagonal::new(vec![0.0; 3])).unwrap(), [0.0; 3]);
    assert!(eigenvalues(&Diagonal::<f64>::new(Vec::new())).is_err());
    assert!(matches!(eigenvalues(&Diagonal::new(vec![1.0, f64::NAN])), Err(Error::Product { index: 1, .. })));
    assert!(matches!(eigenvalues(&Diagonal::new(vec![1.0f64; 20_000])), Err(Error::Memory { .. })));
}

#[test]
fn ill_posed_counts_and_sums_are_refused() {
    let operator = Diagonal::new(vec![1.0, -2.0, 3.0]);
    let says = |error: Error, what: &str| assert!(error.to_string().contains(what), "{error}");
    let sylvester = Sylvester::new();
    says(sylvester.shift(f64::NAN).run(&operator).unwrap_err(), "shift");
    says(sylvester.threshold(0.0).run(&operator).unwrap_err(), "64 EPSILON");
    says(sylvester.memory(100).run(&operator).unwrap_err(), "SpectralMeasure::index");
    says(sylvester.count(&operator, 1.0, 1.0).unwrap_err(), "upper end");
    says(sylvester.count(&operator, f64::NAN, 1.0).unwrap_err(), "upper end");
    says(sylvester.run(&Diagonal::<f64>::new(vec![])).unwrap_err(), "empty");
    let wrong = AssumeSymmetric::new(Dense::new(vec![1.0, 2.0, 3.0, 4.0], 2, 2).unwrap());
    assert!(matches!(sylvester.run(&wrong), Err(Error::Asymmetric { .. })));
    let broken = Diagonal::new(vec![1.0, f64::NAN]);
    assert!(matches!(sylvester.run(&broken), Err(Error::Product { .. })));

    let measure = measure::<f64>(&[1.0, -2.0, 3.0], 0, 4, 3);
    says(measure.count(2.0, 1.0).unwrap_err(), "upper end");
    says(measure.count(1.0, f64::NAN).unwrap_err(), "upper end");
    says(measure.count(0.0, 1.0).unwrap().interval(1.0).unwrap_err(), "confidence");
    says(measure.index(0.0).unwrap_err(), "threshold");
    says(measure.index(f64::INFINITY).unwrap_err(), "threshold");
    says(measure.schatten_norm(0.5).unwrap_err(), "order");
    says(measure.schatten_norm(f64::INFINITY).unwrap_err(), "extremes");
    says(measure.schatten_norm(f64::NAN).unwrap_err(), "order");
    says(measure.log_determinant(1.0).unwrap_err(), "larger shift");
    says(measure.log_determinant(f64::NAN).unwrap_err(), "shift");
    says(measure.log_determinant_interval(3.0, 0.0, 0.9).unwrap_err(), "least");
    says(measure.log_determinant_interval(3.0, -4.0, 0.9).unwrap_err(), "positive");
    says(measure.log_determinant_interval(3.0, f64::NAN, 0.9).unwrap_err(), "positive");
    says(measure.log_determinant_interval(3.0, -2.0, 0.0).unwrap_err(), "confidence");
    says(measure.extremes(0.0).unwrap_err(), "confidence");

    // One huge eigenvalue costs the recurrence alone its orthogonality, and the rules their meaning as bounds.
    let spiked = Diagonal::new((0..200).map(|i| if i == 0 { 1e4 } else { f64::from(i) }).collect());
    let settings = StochasticLanczos::new(Key::new(0)).probes(2).steps(100).orthogonalization(Orthogonalization::None);
    let lost = settings.run(&spiked).unwrap();
    assert!(lost.orthogonality() > 0.1);
    says(lost.log_determinant_interval(1.0, 0.0, 0.9).unwrap_err(), "orthogonality");
}

#[test]
#[should_panic(expected = "coverage 0.5")]
fn a_narrow_interval_is_found() {
    let mut coverage = Coverage::default();
    (0..100).for_each(|i| coverage.add(Interval { lower: 0.0, upper: f64::from(i % 2) }, 1.0));
    coverage.check("half", 0.9, 10.0);
}

#[test]
#[should_panic(expected = "median width 20")]
fn a_wide_interval_is_found() {
    let mut coverage = Coverage::default();
    (0..100).for_each(|_| coverage.add(Interval { lower: -10.0, upper: 10.0 }, 1.0));
    coverage.check("wide", 0.9, 10.0);
}
