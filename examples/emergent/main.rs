//! The four properties of a loss landscape, measured on real digits: `cargo run --release --example emergent`.

mod arguments;
mod data;
mod measure;
mod model;
mod page;
mod pictures;
mod progress;
mod report;
#[path = "../common/split.rs"]
mod split;
mod table;
mod training;

use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Instant;

use eigenscape::curvature::{Loss, Risk};
use eigenscape::network::{Activation, Convolution, Initialization, Network, Perceptron, Sequential};
use eigenscape::random::Key;

use arguments::{Architecture, Arguments, Data, HELP, Request};
use measure::{MINI_BATCHES, Observer, TRACE_PROBES};
use progress::Phase;
use report::{Examples, Method, Report, Run, Settings};
use split::Split;
use training::Schedule;

fn main() -> ExitCode {
    let arguments = match arguments::parse(std::env::args_os().skip(1)) {
        Ok(Request::Run(arguments)) => arguments,
        Ok(Request::Help) => {
            // A closed pipe is the reader's choice.
            let _ = io::stdout().write_all(HELP.as_bytes());
            return ExitCode::SUCCESS;
        }
        Err(refusal) => {
            eprintln!("error: {refusal}");
            return ExitCode::from(2);
        }
    };
    match in_threads(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// What can go wrong: a request to the library, or the file system.
#[derive(Debug)]
pub enum Failure {
    Library(eigenscape::Error),
    System(io::Error),
    Threads(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Library(error) => error.fmt(f),
            Failure::System(error) => error.fmt(f),
            Failure::Threads(error) => write!(f, "no thread pool: {error}"),
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

fn in_threads(arguments: &Arguments) -> Result<(), Failure> {
    let threads = arguments.threads.unwrap_or(0);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|error| Failure::Threads(error.to_string()))?;
    pool.install(|| match arguments.scalar {
        arguments::Scalar::F32 => run::<f32>(arguments),
        arguments::Scalar::F64 => run::<f64>(arguments),
    })
}

fn run<T: eigenscape::Scalar>(arguments: &Arguments) -> Result<(), Failure> {
    let begin = Instant::now();
    // Before the work, so that a bad place is refused in a second and not in a minute.
    let output = report::prepare(&arguments.output)?;
    let measured = measure::<T>(arguments)?;
    let report = Report { seconds: begin.elapsed().as_secs_f64(), ..measured };
    report.write(&output)?;
    print!("{}", table::table(&report));
    println!("\nThe report, its pictures and a page that shows them: {}", output.join("index.html").display());
    Ok(())
}

fn schedule(arguments: &Arguments) -> Schedule {
    let mut looks = vec![0, 1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000];
    if arguments.quick {
        looks = vec![0, 2, 10, 30, 100];
    }
    let steps = looks[looks.len() - 1];
    let digits = arguments.data == Data::Digits;
    let convolutional = arguments.architecture == Architecture::Convolutional;
    let relu = arguments.activation == Activation::Relu;
    // At 0.1 a part of the runs on colours leaves the finite numbers.
    let rate = match (arguments.data, relu) {
        (Data::Cifar10, _) => 0.03,
        (Data::Digits, false) => 0.3,
        _ => 0.1,
    };
    let most = if convolutional { 100 } else { 300 };
    Schedule {
        batch: 32,
        rate,
        rate_full_batch: rate.min(0.1),
        // As long as weights that are as large as the activation wants.
        start: if relu { Initialization::he() } else { Initialization::lecun() },
        steps,
        steps_full_batch: if digits { steps } else { steps.min(most) },
        densities: vec![0, 30, steps],
        looks,
        dimensions: if arguments.quick { vec![4, 16, 64] } else { vec![4, 10, 30, 100, 300] },
        radii: match (arguments.quick, digits) {
            (true, _) => vec![0.3, 1.0],
            (false, true) => vec![0.1, 0.3, 1.0, 3.0, 10.0],
            (false, false) => vec![0.1, 1.0, 10.0],
        },
        subspace_batch: 128,
        subspace_rate: 0.05,
        full_space_rate: 0.003,
        subspace_steps: if arguments.quick { 100 } else { 300 },
    }
}

fn measure<T: eigenscape::Scalar>(arguments: &Arguments) -> Result<Report, Failure> {
    let images = data::load::<T>(arguments)?;
    let activation = arguments.activation;
    if arguments.architecture == Architecture::Convolutional {
        let convolution = |channels: usize| Convolution::new(channels, [3, 3]).same();
        let network = Sequential::new(&images.extents)?
            .convolution(convolution(8))?
            .activation(activation)
            .average_pool([2, 2])?
            .convolution(convolution(16))?
            .activation(activation)
            .average_pool([2, 2])?
            .flatten()
            .dense(images.classes)?;
        let words = format!("3x3 convolutions of 8 and 16 with average pools, {activation}");
        return study(arguments, &network, words, images);
    }
    let hidden: &[usize] = if arguments.data == Data::Digits { &[64, 64] } else { &[128, 128] };
    let sizes = [&[images.train.input_len()], hidden, &[images.classes]].concat();
    let network = Perceptron::new(&sizes, activation)?;
    let sizes: Vec<String> = sizes.iter().map(ToString::to_string).collect();
    study(arguments, &network, format!("{} {activation}", sizes.join("-")), images)
}

fn study<T: eigenscape::Scalar>(
    arguments: &Arguments,
    network: &(impl Network + Clone + Send + 'static),
    words: String,
    images: Split<T>,
) -> Result<Report, Failure> {
    let schedule = schedule(arguments);
    let Split { train, test, classes, .. } = images;
    let examples = Examples { train: train.count(), test: test.count() };
    let risk = Risk::new(network, Loss::SoftmaxCrossEntropy, train)?;
    let test = Risk::new(network, Loss::SoftmaxCrossEntropy, test)?;

    let mut runs = Vec::new();
    let (mut first, mut first_full_batch, mut points) = (Vec::new(), Vec::new(), Vec::new());
    let within = |end: u64| schedule.looks.iter().filter(|&&step| step <= end).count();
    let looks = arguments.keys * (within(schedule.steps) + within(schedule.steps_full_batch));
    let phase = Phase::begin("training", looks);
    for seed in arguments.seed..arguments.seed + arguments.keys as u64 {
        let key = Key::new(seed);
        let start: Vec<T> = schedule.start.draw(network, key.split(0));
        let batches = risk.mini_batches(schedule.batch, key.split(1))?;
        let observer = Observer { risk: &risk, test: &test, batches: &batches, classes, key: key.split(2) };
        for method in Method::ALL {
            phase.on_work(format!("seed {seed}, {}", method.title()));
            let trained = training::train(method, &observer, &schedule, &start, &phase)?;
            runs.push(Run { seed, method, rows: trained.rows.iter().map(|row| row.compact(classes)).collect() });
            match method {
                Method::Stochastic if seed == arguments.seed => (first, points) = (trained.rows, trained.points),
                Method::FullBatch if seed == arguments.seed => first_full_batch = trained.rows,
                _ => {}
            }
        }
    }
    drop(phase);

    let key = Key::new(arguments.seed);
    let batches = risk.mini_batches(schedule.batch, key.split(1))?;
    let observer = Observer { risk: &risk, test: &test, batches: &batches, classes, key: key.split(3) };
    let (probes, depth) = match (arguments.quick, arguments.data) {
        (true, _) => (4, 60),
        (false, Data::Digits) => (10, 100),
        // Thirteen times as many parameters make each probe as much more of a mean.
        (false, _) => (4, 100),
    };
    let chosen = || points.iter().filter(|(step, _)| schedule.densities.contains(step));
    let phase = Phase::begin("spectra", schedule.densities.len());
    let mut spectrum = Vec::new();
    for (step, theta) in chosen() {
        phase.on_work(format!("step {step}"));
        spectrum.push(observer.density(*step, theta, probes, depth)?);
        phase.advance(1);
    }
    drop(phase);

    let watched = match (arguments.quick, arguments.data) {
        (true, _) => 60,
        (false, Data::Digits) => 200,
        // A draw of the model has as many numbers as examples, classes and parameters together.
        (false, _) => 60,
    };
    let watched = risk.mini_batch(watched, key.split(5))?;
    let phase = Phase::begin("random model", schedule.densities.len() + points.len());
    let mut model = Vec::new();
    for (step, theta) in chosen() {
        phase.on_work(format!("step {step}"));
        model.push(model::row(&watched, *step, theta, key.split(6))?);
        phase.advance(1);
    }
    let account = model::account(&watched, &points, key.split(7), || phase.advance(1))?;
    drop(phase);

    let phase = Phase::begin("random hyperplanes", schedule.dimensions.len() * schedule.radii.len() + 1);
    let (subspace, full_space_accuracy) =
        training::in_hyperplanes(network, &risk, &test, &schedule, key.split(4), &phase)?;
    drop(phase);

    Ok(Report {
        data: arguments.data.name().to_owned(),
        network: words,
        scalar: arguments.scalar.name().to_owned(),
        parameters: network.parameters(),
        classes,
        examples,
        seed: arguments.seed,
        keys: arguments.keys,
        settings: Settings {
            words: arguments.words(),
            quick: arguments.quick,
            batch: schedule.batch,
            rate: schedule.rate,
            steps: schedule.steps as usize,
            rate_full_batch: schedule.rate_full_batch,
            steps_full_batch: schedule.steps_full_batch as usize,
            mini_batches: MINI_BATCHES,
            trace_probes: TRACE_PROBES,
            subspace_optimizer: format!("Adam on mini-batches of {}", schedule.subspace_batch),
            subspace_rate: schedule.subspace_rate,
            full_space_rate: schedule.full_space_rate,
            subspace_steps: schedule.subspace_steps as usize,
        },
        training: first,
        training_full_batch: first_full_batch,
        runs,
        spectrum,
        model,
        account,
        subspace,
        full_space_accuracy,
        seconds: 0.0,
    })
}
