//! Flat minima of a digit classifier: whether flatness tells how well they generalise, how sharp training becomes, and how minima are connected.
//!
//!     cargo run --release --example flatness
//!     cargo run --release --example flatness -- --quick

mod connectivity;
mod correlation;
mod edge;
mod pictures;

use std::error::Error;
use std::fs;
use std::time::Instant;

use eigenscape::curvature::Examples;
use eigenscape::data::Idx;
use eigenscape::plot::Picture;
use eigenscape::random::Key;

/// The digits, in an order of their own, standardized over all pixels.
pub struct Digits(Examples<f64>);

impl Digits {
    fn load() -> eigenscape::Result<Self> {
        let images = Idx::parse(include_bytes!("../data/digits-images-idx3-ubyte.gz"))?;
        let labels = Idx::parse(include_bytes!("../data/digits-labels-idx1-ubyte.gz"))?;
        let order = Key::new(0).permutation(images.count());
        let inputs = images.standardized::<f64>(images.moments())?;
        Ok(Digits(Examples::labelled(inputs, 64, &labels.labels()?, 10)?.select(&order)?))
    }

    /// Digits first..last of the order.
    pub fn part(&self, first: usize, last: usize) -> eigenscape::Result<Examples<f64>> {
        self.0.select(&(first..last).collect::<Vec<_>>())
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.count()
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let quick = match std::env::args().nth(1).as_deref() {
        None => false,
        Some("--quick") => true,
        Some(other) => return Err(format!("there is no option `{other}`; known is: --quick").into()),
    };
    let begin = Instant::now();
    let digits = Digits::load()?;
    let edge = edge::run(&digits, quick)?;
    println!("{:.0} s\n", begin.elapsed().as_secs_f64());
    let connectivity = connectivity::run(&digits, quick)?;
    println!("{:.0} s\n", begin.elapsed().as_secs_f64());
    let correlation = correlation::run(&digits, quick)?;
    fs::create_dir_all("target/flatness")?;
    fs::write("target/flatness/flatness.svg", pictures::draw(&edge, &connectivity, &correlation).svg()?)?;
    println!("{:.0} s; target/flatness has flatness.svg", begin.elapsed().as_secs_f64());
    Ok(())
}
