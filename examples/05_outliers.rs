//! Which eigenvalues are signal and which are noise: the covariance of noisy digits beside the law of its noise.
//!
//!     cargo run --release --example 05_outliers

use eigenscape::data::Idx;
use eigenscape::plot::{Axis, Chart, Picture, Provenance, Series};
use eigenscape::random::Key;
use eigenscape::random_matrix::{Law, MarchenkoPastur, OutlierTest, SpikedCovariance};
use faer::{Mat, Scale, Side};

#[path = "common/gallery.rs"]
mod gallery;

const PIXELS: usize = 64;
const SAMPLES: usize = 256;
const NOISE: f64 = 0.8;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let images = Idx::parse(include_bytes!("data/digits-images-idx3-ubyte.gz"))?;
    let inputs = images.standardized::<f64>(images.moments())?;
    let mut noise = vec![0.0; SAMPLES * PIXELS];
    Key::new(0).normal(0, &mut noise);

    // What the digits are without noise, from all of them, and what few noisy ones show.
    let clean = Mat::from_fn(inputs.len() / PIXELS, PIXELS, |row, col| inputs[row * PIXELS + col]);
    let noisy = Mat::from_fn(SAMPLES, PIXELS, |row, col| clean[(row, col)] + NOISE * noise[row * PIXELS + col]);
    let spectrum = |data: &Mat<f64>| {
        let covariance = data.transpose() * data * Scale(1.0 / data.nrows() as f64);
        covariance.self_adjoint_eigenvalues(Side::Lower).expect("a finite symmetric matrix has eigenvalues")
    };
    let (population, sample) = (spectrum(&clean), spectrum(&noisy));

    // Noise alone would fill a known interval; the test knows how far its largest eigenvalue strays, but not its variance.
    let found = OutlierTest::wishart(PIXELS, SAMPLES)?.level(0.01)?.run(&sample)?;
    let variance = found.variance.unwrap_or(NOISE * NOISE);
    let law = MarchenkoPastur::new(PIXELS as f64 / SAMPLES as f64, variance)?;
    println!(
        "noise of variance {variance:.3} (added {:.3}) fills {:.3} to {:.3}",
        NOISE * NOISE,
        law.edges().lower,
        law.edges().upper
    );
    println!("directions that it does not explain, at 1 %: {}", found.number());

    // Each outlier points back to the eigenvalue of the population that it comes from: its own, less the noise.
    println!("{:>10} {:>16} {:>16} {:>10}", "outlier", "less its noise", "all digits", "overlap");
    for (rank, value) in sample.iter().rev().take(found.number().min(8)).enumerate() {
        let spike = SpikedCovariance::from_outlier(law, *value)?;
        let truth = population[PIXELS - 1 - rank];
        println!("{value:>10.3} {:>16.3} {truth:>16.3} {:>10.3}", spike.spike() - variance, spike.outlier().overlap);
    }

    let edges = law.edges();
    let axis = |i: usize| edges.lower + (edges.upper - edges.lower) * i as f64 / 200.0;
    let curve: Vec<(f64, f64)> =
        (0..=200).map(|i| Ok((axis(i), law.density(axis(i))?))).collect::<eigenscape::Result<_>>()?;
    let chart = Chart::new(Axis::logarithmic("eigenvalue of the covariance"), Axis::linear("density"))
        .title("Noisy digits beside the law of their noise")
        .with(Series::line("Marchenko-Pastur", curve))
        .with(Series::stems("eigenvalues", sample.iter().copied(), 0.5));
    chart.write(
        gallery::place("05_outliers.svg")?,
        &Provenance::new().key("noise", Key::new(0)).setting("samples", SAMPLES),
    )?;
    Ok(())
}
