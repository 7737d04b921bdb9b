//! The transition of Baik, Ben Arous and Peche: a direction in noise shows only beyond a threshold; theory beside samples.
//!
//!     cargo run --release --example 06_transition

use eigenscape::plot::{Axis, Chart, Figure, Picture, Provenance, Series};
use eigenscape::random::Key;
use eigenscape::random_matrix::{Outlier, SpikedCovariance, Wishart};

#[path = "common/gallery.rs"]
mod gallery;

const DIMENSION: usize = 200;
const SAMPLES: usize = 800;
const DRAWS: u64 = 20;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("{DIMENSION} variables, {SAMPLES} samples; noise of variance 1; means of {DRAWS} draws");
    println!("{:>6} {:>10} {:>18} {:>10} {:>18}", "spike", "largest", "measured", "overlap", "measured");
    let (mut positions, mut all_overlaps) = (Vec::new(), Vec::new());
    for step in 0..=12 {
        let spike = 1.0 + 0.125 * f64::from(step);
        let ensemble = Wishart::new(DIMENSION, SAMPLES, 1.0)?.spike(spike)?;
        let theory = SpikedCovariance::new(ensemble.law(), spike)?.outlier();
        let (mut largest, mut overlaps) = (Vec::new(), Vec::new());
        for draw in 0..DRAWS {
            let sample = ensemble.sample(Key::new(0).split(draw))?;
            largest.push(sample.eigenvalues[DIMENSION - 1]);
            overlaps.push(sample.overlaps[DIMENSION - 1]);
        }
        let ((mean, error), (overlap, spread)) = (mean(&largest), mean(&overlaps));
        positions.push((spike, mean, mean - error, mean + error));
        all_overlaps.push((spike, overlap, overlap - spread, overlap + spread));
        println!(
            "{spike:>6.3} {:>10.3} {mean:>10.3} +- {error:.3} {:>10.3} {overlap:>10.3} +- {spread:.3}{}",
            theory.position,
            theory.overlap,
            if theory.detached { "" } else { "   hidden" },
        );
    }
    // Theory on a finer grid.
    let fine: Vec<f64> = (0..=300).map(|i| 1.0 + 0.005 * f64::from(i)).collect();
    let law = Wishart::new(DIMENSION, SAMPLES, 1.0)?.law();
    let theory = fine.iter().map(|&spike| Ok((spike, SpikedCovariance::new(law, spike)?.outlier())));
    let theory: Vec<(f64, Outlier)> = theory.collect::<eigenscape::Result<_>>()?;
    let panel = |name: &str, value: fn(&Outlier) -> f64, measured: Vec<(f64, f64, f64, f64)>| {
        Chart::new(Axis::linear("eigenvalue of the population"), Axis::linear(name))
            .with(Series::line("limit", theory.iter().map(|(spike, outlier)| (*spike, value(outlier)))))
            .with(Series::intervals("samples", measured))
            .with(Series::vertical("threshold", 1.5))
    };
    let figure = Figure::new("A spike leaves the bulk").row([
        panel("largest eigenvalue", |outlier| outlier.position, positions),
        panel("squared cosine with the spike", |outlier| outlier.overlap, all_overlaps),
    ]);
    figure.write(gallery::place("06_transition.svg")?, &Provenance::new().key("draws", Key::new(0)))?;
    Ok(())
}

/// Mean and standard error.
fn mean(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let square = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
    (mean, (square / (count * (count - 1.0))).sqrt())
}
