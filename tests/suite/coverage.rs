//! How often the intervals of traces and diagonals cover, and how wide they are: 2000 keys each, fixed before the first run.

use eigenscape::operator::{AssumePositiveSemidefinite, AssumeSymmetric, Dense, Diagonal};
use eigenscape::random::Key;
use eigenscape::spectrum::{
    ExchangeableDiagonal, ExchangeableTrace, HutchPlusPlus, Hutchinson, HutchinsonDiagonal, Interval, NystromTrace,
    Probe, Tolerance,
};
use rayon::prelude::*;

use super::krylov::rotated;
use super::traces::left_by_a_sketch;

const KEYS: u64 = 2000;
const DIM: usize = 200;
const LEVELS: [f64; 2] = [0.9, 0.95];
/// Student's quantile for 95 % and 19 degrees of freedom, from tables.
const STUDENT: f64 = 2.093;

/// Half a percent a step downwards; nearly all alike; two outliers above and one below a bulk of both signs; one outlier.
fn spectra() -> [(&'static str, Vec<f64>); 4] {
    let values = |of: &dyn Fn(usize) -> f64| (0..DIM).map(of).collect();
    let bulk = |i: usize| 0.5 * (1.7 * i as f64).sin();
    [
        ("decaying", values(&|i| 0.95f64.powi(i as i32))),
        ("flat", values(&|i| 1.0 + bulk(i))),
        ("spiked", values(&|i| [10.0, -8.0, 6.0].get(i).copied().unwrap_or(bulk(i)))),
        ("one spike", values(&|i| if i == 0 { 20.0 } else { 1.0 + bulk(i) })),
    ]
}

struct Measured {
    coverage: [f64; 2],
    /// The median width at 95 %.
    width: f64,
}

/// The fraction of keys whose intervals contain the number.
fn measure(exact: f64, intervals: impl Fn(Key, f64) -> Interval + Sync) -> Measured {
    let all: Vec<[Interval; 2]> =
        (0..KEYS).into_par_iter().map(|key| LEVELS.map(|level| intervals(Key::new(key), level))).collect();
    let coverage = [0, 1]
        .map(|level| all.iter().filter(|intervals| intervals[level].contains(exact)).count() as f64 / KEYS as f64);
    let mut widths: Vec<f64> = all.iter().map(|intervals| intervals[1].upper - intervals[1].lower).collect();
    widths.sort_by(f64::total_cmp);
    Measured { coverage, width: widths[widths.len() / 2] }
}

impl Measured {
    /// At least the nominal coverage, less four standard errors of its measurement, and no wider than `width` by more than
    /// a tenth: what chance makes of a median.
    #[track_caller]
    fn covers(&self, what: &str, width: f64) {
        self.print(what, width);
        for (coverage, level) in self.coverage.into_iter().zip(LEVELS) {
            let least = level - 4.0 * (level * (1.0 - level) / KEYS as f64).sqrt();
            assert!(coverage >= least, "{what}: {coverage} at {level}");
        }
        assert!(self.width <= 1.1 * width, "{what}: the median width is {}, expected {width}", self.width);
    }

    /// Near the figures that the docs state.
    #[track_caller]
    fn is_as_stated(&self, what: &str, width: f64, stated: [f64; 2]) {
        self.print(what, width);
        for (coverage, stated) in self.coverage.into_iter().zip(stated) {
            assert!((coverage - stated).abs() <= 0.015, "{what}: {coverage}, the docs say {stated}");
        }
        assert!(self.width <= 1.1 * width, "{what}: the median width is {}, expected {width}", self.width);
    }

    fn print(&self, what: &str, width: f64) {
        let [low, high] = self.coverage;
        println!("{what}: {low:.3} at 0.90, {high:.3} at 0.95; median width {:.4}, by formula {width:.4}", self.width);
    }
}

/// 2 q sqrt(variance of a sample / 20)
fn width(variance: f64) -> f64 {
    2.0 * STUDENT * (variance / 20.0).sqrt()
}

fn dense(values: &[f64]) -> (Vec<f64>, AssumeSymmetric<Dense<f64>>) {
    let entries = rotated::<f64>(values, Key::new(4000));
    (entries.clone(), AssumeSymmetric::new(Dense::new(entries, DIM, DIM).unwrap()))
}

/// The sum of the squared entries, and that of those off the diagonal.
fn squares(entries: &[f64]) -> (f64, f64) {
    let all: f64 = entries.iter().map(|x| x * x).sum();
    (all, all - entries.iter().step_by(DIM + 1).map(|x| x * x).sum::<f64>())
}

#[test]
fn intervals_of_hutchinsons_trace() {
    for (name, values) in spectra() {
        let (entries, operator) = dense(&values);
        let exact: f64 = values.iter().sum();
        let (all, off) = squares(&entries);
        let dim = DIM as f64;
        let sphere = 2.0 * dim / (dim + 2.0) * (all - exact * exact / dim);
        for (probe, variance) in [(Probe::Signs, 2.0 * off), (Probe::Normal, 2.0 * all), (Probe::Sphere, sphere)] {
            let what = format!("{name}, Hutchinson, {probe:?}");
            let settings = |key| Hutchinson::new(20, key).probe(probe);
            let measured = measure(exact, |key, level| settings(key).run(&operator).unwrap().interval(level).unwrap());
            match (name, probe) {
                // One eigenvalue carries the variance: samples are skewed.
                ("one spike", Probe::Signs) => measured.is_as_stated(&what, width(variance), [0.85, 0.90]),
                ("one spike", Probe::Normal) => measured.is_as_stated(&what, width(variance), [0.88, 0.94]),
                ("one spike", _) => measured.is_as_stated(&what, width(variance), [0.86, 0.91]),
                _ => measured.covers(&what, width(variance)),
            }
        }
    }
}

#[test]
fn intervals_of_the_squared_norm() {
    for (name, values) in spectra() {
        let (_, operator) = dense(&values);
        let exact: f64 = values.iter().map(|x| x * x).sum();
        let variance = 2.0 * values.iter().map(|x| x.powi(4)).sum::<f64>();
        let settings = |key| Hutchinson::new(20, key);
        let measured =
            measure(exact, |key, level| settings(key).squared_norm(&operator).unwrap().interval(level).unwrap());
        let what = format!("{name}, squared norm");
        match name {
            "spiked" => measured.is_as_stated(&what, width(variance), [0.88, 0.92]),
            "one spike" => measured.is_as_stated(&what, width(variance), [0.84, 0.89]),
            _ => measured.covers(&what, width(variance)),
        }
    }
}

/// Probes of the sphere and normal vectors know no axes: a diagonal matrix stands for each rotated one.
#[test]
fn intervals_of_hutch_plus_plus() {
    for (name, values) in spectra() {
        let exact: f64 = values.iter().sum();
        let operator = Diagonal::new(values.clone());
        let settings = |key| HutchPlusPlus::new(20, key);
        let measured = measure(exact, |key, level| settings(key).run(&operator).unwrap().interval(level).unwrap());
        // The rest beside the sketch: Halko, Martinsson & Tropp 2011, theorem 10.5.
        let mut squares: Vec<f64> = values.iter().map(|x| x * x).collect();
        squares.sort_by(|x, y| y.total_cmp(x));
        let rest = (0..18).map(|k| (1.0 + k as f64 / (19 - k) as f64) * squares[k..].iter().sum::<f64>());
        measured.covers(&format!("{name}, Hutch++"), width(2.0 * rest.fold(f64::INFINITY, f64::min)));
    }
}

/// Heuristic: no claim but the figures of the docs.
#[test]
fn heuristic_intervals_cover_as_often_as_the_docs_say() {
    for (name, values) in spectra() {
        let exact: f64 = values.iter().sum();
        let operator = AssumePositiveSemidefinite::new(Diagonal::new(values.clone()));
        let bare = width(2.0 * values.iter().map(|x| x * x).sum::<f64>());
        let settings = |key| ExchangeableTrace::new(20, key);
        let measured =
            measure(exact, |key, level| settings(key).run(&operator).unwrap().heuristic_interval(level).unwrap());
        let stated = if name == "decaying" { [0.78, 0.86] } else { [0.88, 0.94] };
        measured.is_as_stated(&format!("{name}, XTrace"), bare, stated);
        if name == "spiked" {
            continue;
        }
        let settings = |key| NystromTrace::new(20, key);
        let measured =
            measure(exact, |key, level| settings(key).run(&operator).unwrap().heuristic_interval(level).unwrap());
        let stated = match name {
            "decaying" => [0.81, 0.88],
            "flat" => [0.87, 0.94],
            _ => [0.85, 0.90],
        };
        measured.is_as_stated(&format!("{name}, XNysTrace"), bare, stated);
    }
}

/// The run ends at the first look that meets the tolerance, and its interval still covers.
#[test]
fn intervals_of_runs_that_stop_early() {
    for (name, values) in spectra() {
        let (entries, operator) = dense(&values);
        let exact: f64 = values.iter().sum();
        // What some 40 probes reach, so that runs end at several sizes.
        let tolerance = 2.75 * (2.0 * squares(&entries).1 / 40.0).sqrt();
        let settings = |key| Hutchinson::new(512, key).tolerance(Tolerance::new(0.95).absolute(tolerance));
        let sizes: Vec<usize> = (0..100).map(|key| settings(Key::new(key)).run(&operator).unwrap().probes).collect();
        assert!(sizes.contains(&32) && sizes.contains(&64), "{name}: all runs end alike: {sizes:?}");
        let measured = measure(exact, |key, level| settings(key).run(&operator).unwrap().interval(level).unwrap());
        measured.covers(&format!("{name}, stopped early"), 2.0 * tolerance);
    }
}

#[test]
fn radii_and_entries_of_diagonals() {
    for (name, values) in spectra() {
        let (entries, operator) = dense(&values);
        let exact: Vec<f64> = entries.iter().step_by(DIM + 1).copied().collect();
        let distance = |means: &[f64]| means.iter().zip(&exact).map(|(x, y)| (x - y).powi(2)).sum::<f64>().sqrt();
        let settings = |key| HutchinsonDiagonal::new(20, key);
        // The distance, as a number that must lie below the radius.
        let measured = measure(0.0, |key, level| {
            let estimate = settings(key).run(&operator).unwrap();
            let (distance, radius) = (distance(&estimate.means), estimate.radius(level).unwrap());
            Interval { lower: distance - radius, upper: distance + radius }
        });
        measured.covers(&format!("{name}, radius of the diagonal"), width(squares(&entries).1));
        // Each entry has a standard error of its own.
        let row: f64 = (1..DIM).map(|j| entries[j].powi(2)).sum();
        let measured = measure(exact[0], |key, level| {
            let estimate = settings(key).run(&operator).unwrap();
            let reach = estimate.standard_errors[0] * if level == 0.9 { 1.729 } else { STUDENT };
            Interval { lower: estimate.means[0] - reach, upper: estimate.means[0] + reach }
        });
        measured.covers(&format!("{name}, first entry"), width(row));
    }
}

/// With as many products, the exchangeable estimators are nearer by what the decay promises.
///
/// For eigenvalues that fall by a factor b, Hutchinson errs by the norm over the root of the products, whatever b; XTrace and
/// XNysTrace by about what sketches of half as many vectors, and of as many, leave: b^(products / 2) and b^products, up to
/// factors that grow slowly.
#[test]
fn exchangeable_estimators_follow_the_decay() {
    let root_mean_square = |exact: f64, of: &(dyn Fn(Key) -> f64 + Sync)| {
        let squares: Vec<f64> = (0..100u64).into_par_iter().map(|key| (of(Key::new(key)) - exact).powi(2)).collect();
        (squares.iter().sum::<f64>() / 100.0).sqrt()
    };
    for base in [0.95f64, 0.9, 0.8] {
        let values: Vec<f64> = (0..DIM).map(|i| base.powi(i as i32)).collect();
        let exact: f64 = values.iter().sum();
        let operator = AssumePositiveSemidefinite::new(Diagonal::new(values.clone()));
        let norm = values.iter().map(|x| x * x).sum::<f64>().sqrt();
        let errors = |products: usize| {
            [
                root_mean_square(exact, &|key| {
                    Hutchinson::new(products, key).probe(Probe::Sphere).run(&operator).unwrap().mean
                }),
                root_mean_square(exact, &|key| HutchPlusPlus::new(products / 3, key).run(&operator).unwrap().mean),
                root_mean_square(exact, &|key| ExchangeableTrace::new(products / 2, key).run(&operator).unwrap().value),
                root_mean_square(exact, &|key| NystromTrace::new(products, key).run(&operator).unwrap().value),
            ]
        };
        let (few, many) = (errors(24), errors(48));
        let shown = |errors: [f64; 4]| errors.map(|error| format!("{error:.2e}")).join(", ");
        println!("base {base}: errors with 24 products {}; with 48 {}", shown(few), shown(many));
        // Hutchinson: the formula, to four standard errors of a root mean square of 100.
        for (errors, products) in [(few, 24.0f64), (many, 48.0)] {
            let dim = DIM as f64;
            let expected = (2.0 * dim / (dim + 2.0) * (norm * norm - exact * exact / dim) / products).sqrt();
            assert!((errors[0] / expected - 1.0).abs() < 4.0 / 200f64.sqrt(), "{errors:?}, expected {expected}");
            assert!(errors[2] < errors[1] && errors[3] < errors[2], "{errors:?}");
            // Against Hutchinson the gain takes decay.
            let decay = base.powf(products / 2.0);
            assert!(decay > 0.3 || errors[2] < errors[0], "{errors:?}");
            assert!(decay > 0.1 || errors[1] < 0.7 * errors[0], "{errors:?}");
            assert!(errors[2] <= left_by_a_sketch(&values, products as usize / 2 - 1), "{errors:?}");
            assert!(errors[3] <= left_by_a_sketch(&values, products as usize - 1), "{errors:?}");
        }
        // The gain of 24 products more, within a factor of 2 of what theory says of the sketches.
        let gains = [2, 3].map(|which| many[which] / few[which]);
        let left = |vectors: usize| left_by_a_sketch(&values, vectors);
        let expected = [left(23) / left(11), left(47) / left(23)];
        println!("gains {gains:.4?}, expected {expected:.4?}");
        assert!(gains[0] < 2.0 * expected[0] && gains[1] < 2.0 * expected[1], "{base}: {gains:?}, {expected:?}");
    }
    // Diagonals alike.
    let values: Vec<f64> = (0..DIM).map(|i| 0.8f64.powi(i as i32)).collect();
    let (entries, operator) = dense(&values);
    let distance = |means: Vec<f64>| {
        let terms = means.iter().zip(entries.iter().step_by(DIM + 1)).map(|(x, y)| (x - y).powi(2));
        terms.sum::<f64>().sqrt()
    };
    let plain = root_mean_square(0.0, &|key| distance(HutchinsonDiagonal::new(48, key).run(&operator).unwrap().means));
    let left_out =
        root_mean_square(0.0, &|key| distance(ExchangeableDiagonal::new(24, key).run(&operator).unwrap().values));
    println!("diagonal with 48 products: errors {plain:.2e} and {left_out:.2e}");
    assert!(left_out < 0.1 * plain, "{left_out} {plain}");
}
