//! The Goldilocks zone: curvature on random planes at distances from the origin, beside the random model's prediction, and
//! what training in the planes reaches.
//!
//!     cargo run --release --example goldilocks
//!     cargo run --release --example goldilocks -- --data mnist

mod arguments;
mod pictures;
// Its files from a folder are for others.
#[allow(dead_code)]
#[path = "../common/split.rs"]
mod split;
mod table;

use std::fs;
use std::io::{self, IsTerminal};
use std::ops::ControlFlow;
use std::process::ExitCode;
use std::time::Instant;

use eigenscape::curvature::{Loss, Risk};
use eigenscape::emergent::{GoldilocksRun, GoldilocksSample, GoldilocksScan, PlaneTraining};
use eigenscape::network::{Activation, Initialization, Network, Perceptron};
use eigenscape::plot::Picture;
use eigenscape::random::Key;

use arguments::{Arguments, Data, Request};

/// What can go wrong: a request to the library, or the file system.
#[derive(Debug)]
pub enum Failure {
    Library(eigenscape::Error),
    System(io::Error),
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Failure::Library(error) => error.fmt(f),
            Failure::System(error) => error.fmt(f),
        }
    }
}

impl From<eigenscape::Error> for Failure {
    fn from(error: eigenscape::Error) -> Self {
        Failure::Library(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Failure::System(error)
    }
}

/// One activation's scan, and what it is of.
#[derive(Debug)]
pub struct Scanned {
    pub title: String,
    pub activation: Activation,
    pub parameters: usize,
    pub examples: usize,
    /// The length of a usual start.
    pub usual: f64,
    pub usual_name: &'static str,
    /// The dimension of the curves, and of the verdict.
    pub dimension: usize,
    pub run: GoldilocksRun,
}

/// Distances from the origin in units of a usual start.
const MULTIPLES: [f64; 12] = [0.1, 0.2, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0, 5.0, 10.0, 30.0];

fn main() -> ExitCode {
    let arguments = match arguments::parse(std::env::args().skip(1)) {
        Ok(Request::Run(arguments)) => arguments,
        Ok(Request::Help) => {
            print!("{}", arguments::HELP);
            return ExitCode::SUCCESS;
        }
        Err(refusal) => {
            eprintln!("error: {refusal}");
            return ExitCode::from(2);
        }
    };
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Failure> {
    fs::create_dir_all(&arguments.output)?;
    for &activation in &arguments.activations {
        let begin = Instant::now();
        let scanned = scan(arguments, activation)?;
        println!("{}", table::table(&scanned));
        let name = format!("{}-{activation}", arguments.data.name());
        let write = |file: &str, text: String| fs::write(arguments.output.join(format!("{name}{file}")), text);
        write(".csv", table::csv(&scanned))?;
        write("-map.svg", pictures::map(&scanned)?.svg()?)?;
        write("-curves.svg", pictures::curves(&scanned).svg()?)?;
        println!(
            "{:.0} s; {} has {name}.csv, {name}-map.svg, {name}-curves.svg\n",
            begin.elapsed().as_secs_f64(),
            arguments.output.display()
        );
    }
    Ok(())
}

fn scan(arguments: &Arguments, activation: Activation) -> Result<Scanned, Failure> {
    let images = match arguments.data {
        Data::Digits => split::digits::<f32>()?,
        Data::Mnist => split::mnist::<f32>([10_000, 2_000])?,
    };
    let split::Split { train, test, classes, .. } = images;
    let examples = arguments.examples.min(train.count());
    let train = train.select(&(0..examples).collect::<Vec<_>>())?;
    let (hidden, dimensions): (&[usize], &[usize]) = match arguments.data {
        Data::Digits => (&[64, 64], &[10, 50, 200]),
        Data::Mnist => (&[200, 200], &[10, 25, 50]),
    };
    let sizes = [&[train.input_len()], hidden, &[classes]].concat();
    let network = Perceptron::new(&sizes, activation)?;
    let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, train)?;
    let test = Risk::new(&network, Loss::SoftmaxCrossEntropy, test)?;

    let (initialization, usual_name) = match activation {
        Activation::Relu => (Initialization::he(), "He"),
        _ => (Initialization::glorot(), "Xavier"),
    };
    let usual = initialization.typical_norm(&network);
    let scan = GoldilocksScan::new(&MULTIPLES.map(|multiple| multiple * usual), dimensions, Key::new(arguments.seed))?
        .keys(arguments.keys)?;
    let scan = match arguments.steps {
        0 => scan,
        steps => scan.train(PlaneTraining { steps, rate: 0.1, batch: Some(128.min(examples)) })?,
    };
    let run = scan.run(
        &risk,
        &test,
        |key| initialization.draw(&network, key),
        |progress| {
            if io::stderr().is_terminal() {
                eprint!("\r{activation}: {} of {} \r", progress.done, progress.total);
            }
            ControlFlow::Continue(())
        },
    )?;
    let names: Vec<String> = sizes.iter().map(ToString::to_string).collect();
    Ok(Scanned {
        title: format!("{}, {} {activation}", arguments.data.name(), names.join("-")),
        activation,
        parameters: network.parameters(),
        examples,
        usual,
        usual_name,
        dimension: 50,
        run,
    })
}

/// tr / |.|_F of the Hessian.
pub fn ratio(sample: &GoldilocksSample) -> Option<f64> {
    sample.hessian.ratio
}
