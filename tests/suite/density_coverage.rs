//! How often the bands of cumulative distributions cover, over 2000 keys.

use eigenscape::operator::Diagonal;
use eigenscape::random::Key;
use eigenscape::random_matrix::{Interval, Law, MarchenkoPastur};
use eigenscape::spectrum::StochasticLanczos;
use rayon::prelude::*;

const KEYS: u64 = 2000;
const STEPS: usize = 30;
const PROBES: usize = 20;

/// 190 eigenvalues of a bulk on [0.09, 2.9] and ten outliers from 4 to 13.
///
/// A diagonal matrix stands for a dense rotated one: probes on the sphere are distributed alike in every basis.
fn values() -> Vec<f64> {
    let law = MarchenkoPastur::new(0.5, 1.0).unwrap();
    let mut values: Vec<f64> = (0..190).map(|i| law.quantile((f64::from(i) + 0.5) / 190.0).unwrap()).collect();
    values.extend((0..10).map(|i| 4.0 + f64::from(i)));
    values
}

#[derive(Default)]
struct Tally {
    hits: usize,
    widths: Vec<f64>,
}

impl Tally {
    fn add(&mut self, interval: Interval, exact: f64) {
        self.hits += usize::from(interval.contains(exact));
        self.widths.push(interval.upper - interval.lower);
    }

    /// Coverage at least nominal less four standard errors; the median width at most `widest`.
    fn check(mut self, what: &str, confidence: f64, widest: f64) {
        let coverage = self.hits as f64 / KEYS as f64;
        self.widths.sort_by(f64::total_cmp);
        let width = self.widths[self.widths.len() / 2];
        println!("{what} at {confidence}: coverage {coverage:.4}, median width {width:.4} (at most {widest:.4})");
        let slack = 4.0 * (confidence * (1.0 - confidence) / KEYS as f64).sqrt();
        assert!(coverage >= confidence - slack, "{what}: {coverage} at {confidence}");
        assert!(width <= widest, "{what}: {width} is wider than {widest}");
    }
}

#[test]
fn bands_cover() {
    let values = values();
    let operator = Diagonal::new(values.clone());
    let dim = values.len() as f64;
    // Four points of the bulk, three between outliers.
    let grid = [0.4, 0.8, 1.3, 2.2, 3.5, 6.5, 10.5];
    let exact: Vec<f64> = grid.iter().map(|&x| values.iter().filter(|&&y| y <= x).count() as f64 / dim).collect();
    let settings = |key: u64| StochasticLanczos::new(Key::new(key)).steps(STEPS);

    // The expectation of the m-step distribution, from 40000 probes of other keys: 45 times the probes of one band.
    let blocks: Vec<Vec<f64>> = (0..200u64)
        .into_par_iter()
        .map(|block| {
            let measure = settings(1_000_000 + block).probes(200).run(&operator).unwrap();
            grid.iter().map(|&x| measure.cumulative(x).mean).collect()
        })
        .collect();
    let expected: Vec<f64> =
        (0..grid.len()).map(|i| blocks.iter().map(|block| block[i]).sum::<f64>() / 200.0).collect();

    let confidences = [0.9, 0.95];
    let both: Vec<_> = (0..KEYS)
        .into_par_iter()
        .map(|key| {
            let measure = settings(key).probes(PROBES).run(&operator).unwrap();
            confidences.map(|confidence| measure.band(&grid, confidence).unwrap())
        })
        .collect();
    for (which, confidence) in confidences.into_iter().enumerate() {
        let quantile = if confidence == 0.9 { 1.729 } else { 2.093 };
        for (i, &x) in grid.iter().enumerate() {
            let (mut sampling, mut union, mut covering) = (Tally::default(), Tally::default(), Tally::default());
            for band in both.iter().map(|bands| &bands[which]) {
                sampling.add(band.sampling[i], expected[i]);
                union.add(band.union()[i], exact[i]);
                covering.add(band.covering[i], exact[i]);
                let strict = band.strict[i];
                assert!(strict.lower <= band.cumulative[i] + 1e-9 && band.cumulative[i] <= strict.upper + 1e-9);
            }
            // The weight of x in a rule of m nodes for a density rho on [a, b] is pi rho(x) sqrt((x - a)(b - x)) / m (Nevai
            // 1979); m is 30 less a node for each outlier. In a gap it is nothing.
            let (lower, upper) = (1.5 - 2f64.sqrt(), 1.5 + 2f64.sqrt());
            let strict = if x < upper { (x - lower) * (upper - x) / x / (STEPS - 10) as f64 } else { 0.002 };
            // The variance of the weight below x on the sphere is 2 F (1 - F) / (n + 2); the m-step distribution adds
            // that of half a step.
            let sphere = 2.0 * exact[i] * (1.0 - exact[i]) / (dim + 2.0);
            let probes = 1.2 * 2.0 * quantile * ((sphere + strict * strict / 4.0) / PROBES as f64).sqrt();
            sampling.check(&format!("sampling, x = {x}"), confidence, probes);
            union.check(&format!("union, x = {x}"), confidence, strict.max(probes));
            covering.check(&format!("covering, x = {x}"), confidence, probes + strict);
        }
    }
}
