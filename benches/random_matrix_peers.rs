//! Medians of what laws, edges and samples of random matrices cost, as lines of JSON with the values themselves: our side
//! of `benches/peers/compare_random_matrix.py`, one thread.

mod common;

use std::hint::black_box;

use common::clock::{median, milliseconds, repetitions};
use eigenscape::random::Key;
use eigenscape::random_matrix::{
    Arcsine, BetaHermite, BetaLaguerre, DeformedWigner, Discrete, FreeCompression, FreeProduct, FreeSum,
    GaussianOrthogonal, GeneralizedMarchenkoPastur, Interval, Law, MarchenkoPastur, Semicircle, SeparableCovariance,
    TracyWidom, Wishart,
};

/// Points of a density or a distribution, and of a table of quantiles.
const POINTS: usize = 1000;
const QUANTILES: usize = 100;

fn points(lower: f64, upper: f64, count: usize) -> Vec<f64> {
    (0..count).map(|node| lower + (upper - lower) * (node as f64 + 0.5) / count as f64).collect()
}

/// Points in each interval of the support in turn.
fn within(support: &[Interval]) -> Vec<f64> {
    let each = POINTS.div_ceil(support.len());
    support.iter().flat_map(|part| points(part.lower, part.upper, each)).take(POINTS).collect()
}

struct Bench {
    rounds: usize,
}

impl Bench {
    /// One line: the median time of a call, and what it gives at `x`.
    fn row(&self, work: &str, quantity: &str, x: &[f64], call: impl Fn() -> Vec<f64>) -> Vec<f64> {
        let values = call();
        assert!(values.iter().all(|value| value.is_finite()), "{work}, {quantity}: a value is not finite");
        // Short calls in groups of at least a millisecond, or the clock would be what is measured.
        let group = (1.0 / milliseconds(|| _ = black_box(call())).max(1e-3)).ceil() as usize;
        let times: Vec<f64> = (0..self.rounds)
            .map(|_| milliseconds(|| (0..group).for_each(|_| _ = black_box(call()))) / group as f64)
            .collect();
        let milliseconds = median(&times);
        println!(
            r#"{{"work":"{work}","quantity":"{quantity}","milliseconds":{milliseconds:.6},"x":{x:?},"values":{values:?}}}"#
        );
        values
    }

    fn map(&self, work: &str, quantity: &str, x: &[f64], value: impl Fn(f64) -> f64) {
        self.row(work, quantity, x, || x.iter().map(|&x| value(x)).collect());
    }

    /// What every law is asked: the density, the distribution and its quantiles.
    fn law(&self, work: &str, law: &dyn Law) {
        let x = within(&law.support());
        self.map(work, "density", &x, |x| law.density(x).unwrap());
        self.map(work, "cumulative", &x, |x| law.cumulative(x).unwrap());
        self.map(work, "quantile", &points(0.0, 1.0, QUANTILES), |u| law.quantile(u).unwrap());
    }

    /// The same for a law that is solved for, with its constructor and what it tabulates at its first use.
    fn solved<L: Law>(&self, work: &str, make: impl Fn() -> L) {
        self.row(work, "edges", &[], || {
            make().support().iter().flat_map(|part| [part.lower, part.upper]).collect::<Vec<_>>()
        });
        let middle = make().moment(1);
        self.row(work, "first cumulative", &[middle], || vec![make().cumulative(middle).unwrap()]);
        self.law(work, &make());
    }
}

fn uniform(locations: &[f64]) -> Discrete {
    Discrete::uniform(locations).unwrap()
}

/// Log-spaced from 1e-2 to 1e2.
fn spaced(count: usize) -> Vec<f64> {
    (0..count).map(|node| libm::pow(10.0, 4.0 * node as f64 / (count - 1) as f64 - 2.0)).collect()
}

/// At random between 1e-2 and 1e2 in the logarithm.
fn scattered(count: usize) -> Vec<f64> {
    let mut locations = vec![0.0; count];
    Key::new(0).uniform(0, &mut locations);
    locations.iter_mut().for_each(|value| *value = libm::pow(10.0, 4.0 * *value - 2.0));
    locations
}

fn laws(bench: &Bench) {
    bench.law("semicircle", &Semicircle::new(1.0).unwrap());
    bench.law("Marchenko-Pastur 1/4", &MarchenkoPastur::new(0.25, 1.0).unwrap());
    bench.law("Marchenko-Pastur 4", &MarchenkoPastur::new(4.0, 1.0).unwrap());
    // The points of the table that errors are taken from, over and over.
    let x: Vec<f64> = (0..45).cycle().take(POINTS).map(|node| f64::from(node) / 4.0 - 6.0).collect();
    for (work, law) in [("Tracy-Widom 1", TracyWidom::real()), ("Tracy-Widom 2", TracyWidom::complex())] {
        bench.map(work, "density", &x, |x| law.density(x).unwrap());
        bench.map(work, "cumulative", &x, |x| law.cumulative(x).unwrap());
        let u = points(0.0, 1.0, QUANTILES);
        bench.map(work, "quantile", &u, |u| law.quantile(u).unwrap());
    }
}

fn solved(bench: &Bench) {
    let covariance = |locations: &[f64], ratio| GeneralizedMarchenkoPastur::new(uniform(locations), ratio).unwrap();
    bench.solved("covariance, 2 atoms", || covariance(&[1.0, 10.0], 0.1));
    bench.solved("covariance, 10 atoms", || covariance(&spaced(10), 0.5));
    for (work, locations) in
        [("covariance, 1000 atoms spaced", spaced(1000)), ("covariance, 1000 atoms at random", scattered(1000))]
    {
        bench.solved(work, || covariance(&locations, 0.5));
        let law = covariance(&locations, 0.5);
        bench.row(work, "curve", &[], || {
            law.curve(POINTS).unwrap().iter().flat_map(|point| [point.x, point.density]).collect()
        });
    }
    bench.solved("covariance of Marchenko-Pastur", || {
        GeneralizedMarchenkoPastur::new(MarchenkoPastur::new(0.5, 1.0).unwrap(), 0.5).unwrap()
    });
    bench.solved("2 atoms + Wigner", || DeformedWigner::new(uniform(&[-1.0, 1.0]), 0.8).unwrap());
    let square = MarchenkoPastur::new(1.0, 1.0).unwrap();
    bench.solved("product of two squares", || FreeProduct::new(square, square).unwrap());
    let two = Arcsine::new(-2.0, 2.0).unwrap();
    bench.solved("sum of two arcsines", || FreeSum::new(two, two).unwrap());
    let half = MarchenkoPastur::new(0.5, 1.0).unwrap();
    bench.solved("half of Marchenko-Pastur", || FreeCompression::new(half, 0.5).unwrap());
    bench.solved("separable, 2 x 2 atoms", || {
        SeparableCovariance::new(uniform(&[1.0, 4.0]), uniform(&[0.5, 1.5]), 0.25).unwrap()
    });
    bench.solved("separable, 10 x 10 atoms", || {
        SeparableCovariance::new(uniform(&spaced(10)), uniform(&spaced(10)), 0.25).unwrap()
    });
}

fn samples(bench: &Bench) {
    let sample = |work: &str, call: &dyn Fn() -> Vec<f64>| _ = bench.row(work, "eigenvalues", &[], call);
    let key = Key::new(0);
    let (size, samples) = (1000, 2000);
    let dense = GaussianOrthogonal::new(size, 1.0).unwrap();
    sample("GOE 1000", &|| dense.eigenvalues(key).unwrap());
    let dense = Wishart::new(size, samples, 1.0).unwrap();
    sample("Wishart 1000 x 2000", &|| dense.eigenvalues(key).unwrap());
    let size = 4000;
    let unitary = BetaHermite::new(size, 2.0, 1.0).unwrap();
    sample("GOE 4000, tridiagonal", &|| BetaHermite::new(size, 1.0, 1.0).unwrap().eigenvalues(key).unwrap());
    sample("GUE 4000, tridiagonal", &|| unitary.eigenvalues(key).unwrap());
    let laguerre = BetaLaguerre::new(size, 2 * size, 1.0, 1.0).unwrap();
    sample("Wishart 4000 x 8000, tridiagonal", &|| laguerre.eigenvalues(key).unwrap());
    // One hundred bins by Sturm sequences, of a matrix that is there.
    let matrix = unitary.tridiagonal(key);
    let ends: Vec<f64> = (0..=100).map(|node| -2.0 + 0.04 * f64::from(node)).collect();
    bench.row("GUE 4000, tridiagonal", "histogram", &ends, || {
        let below: Vec<f64> = ends.iter().map(|&end| matrix.count_below(end) as f64).collect();
        below.windows(2).map(|pair| pair[1] - pair[0]).collect()
    });
}

fn main() {
    let bench = Bench { rounds: repetitions(5) };
    laws(&bench);
    solved(&bench);
    samples(&bench);
}
