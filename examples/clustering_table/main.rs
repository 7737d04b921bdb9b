//! How the gradients of logits cluster, and what two models make of it: `cargo run --release --example clustering_table`.

mod arguments;
mod data;
mod measure;
mod pictures;
mod report;
#[path = "../common/standard_files.rs"]
mod standard_files;
mod table;
mod training;
mod transition;

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Instant;

use rayon::prelude::*;

use eigenscape::Scalar;
use eigenscape::curvature::{Loss, Risk};
use eigenscape::network::{Activation, Network, Sequential};
use eigenscape::plot::Picture;
use eigenscape::random::Key;

use arguments::{Architecture, Arguments, Data, HELP, Request};
use measure::Look;
use training::Schedule;
use transition::Passage;

/// What can go wrong: a request to the library, or the file system.
#[derive(Debug)]
pub enum Failure {
    Library(eigenscape::Error),
    System(io::Error),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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

/// One network's looks: for each stage of training, one for each key.
#[derive(Debug)]
pub struct Studied {
    pub network: String,
    pub architecture: Architecture,
    pub activation: Activation,
    pub parameters: usize,
    pub classes: usize,
    pub halves: [usize; 2],
    pub schedule: Schedule,
    pub looks: Vec<Vec<Look>>,
}

/// Draws of noise behind p-values.
const DRAWS: usize = 19;
/// The most examples of the picture of training, which looks at eleven points.
const MOST_ALONG: usize = 1500;

fn main() -> ExitCode {
    let arguments = match arguments::parse(std::env::args().skip(1)) {
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
    let ran = match arguments.data {
        Data::Digits => run::<f64>(&arguments),
        _ => run::<f32>(&arguments),
    };
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run<T: Scalar>(arguments: &Arguments) -> Result<(), Failure> {
    let begin = Instant::now();
    fs::create_dir_all(&arguments.output)?;
    let images = data::load::<T>(arguments)?;
    let mut studies = Vec::new();
    for &architecture in &arguments.architectures {
        for &activation in &arguments.activations {
            let network = network(architecture, activation, arguments.data, images.extents)?;
            let studied = study(arguments, &images, architecture, activation, &network)?;
            say(&table::of(&studied));
            studies.push(studied);
        }
    }
    let transition = transition::sample(if arguments.quick { 2 } else { 8 }, Key::new(arguments.seed).split(3))?;
    let passages = passages(arguments, &images)?;
    let place = |file: &str| arguments.output.join(file);
    fs::write(place("transition-model.svg"), pictures::sampled(&transition).svg()?)?;
    let count = arguments.examples(arguments.architectures[0]).min(MOST_ALONG) / 2;
    let about = format!("{}, {count} examples; seed {}; {}", arguments.data.name(), arguments.seed, studies[0].network);
    fs::write(place("transition-training.svg"), pictures::along(&about, data::CLASSES, &passages).svg()?)?;
    let pictured = report::pictured(&transition, &passages);
    let seconds = begin.elapsed().as_secs_f64();
    fs::write(place("tables.json"), report::text::<T>(arguments, &studies, pictured, seconds))?;
    say(&format!("{seconds:.0} s; {} has tables.json and two pictures of the transition", arguments.output.display()));
    Ok(())
}

/// Prints a text; a closed pipe is the reader's choice.
fn say(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}

fn network(
    architecture: Architecture,
    activation: Activation,
    data: Data,
    extents: [usize; 3],
) -> Result<Sequential, Failure> {
    use eigenscape::network::Convolution;
    let width = if data == Data::Digits { 64 } else { 128 };
    let convolution = |channels: usize| Convolution::new(channels, [3, 3]).same();
    Ok(match architecture {
        Architecture::Perceptron => {
            let flat = Sequential::new(&[extents.iter().product()])?;
            let hidden = flat.dense(width)?.activation(activation).dense(width)?.activation(activation);
            hidden.dense(data::CLASSES)?
        }
        Architecture::Convolutional => Sequential::new(&extents)?
            .convolution(convolution(8))?
            .activation(activation)
            .average_pool([2, 2])?
            .convolution(convolution(16))?
            .activation(activation)
            .average_pool([2, 2])?
            .flatten()
            .dense(data::CLASSES)?,
    })
}

/// The first network's run, looked at more often, on the first half of the examples.
fn passages<T: Scalar>(arguments: &Arguments, images: &data::Images<T>) -> Result<Vec<Passage>, Failure> {
    let (architecture, activation) = (arguments.architectures[0], arguments.activations[0]);
    let network = network(architecture, activation, arguments.data, images.extents)?;
    let all = Risk::new(&network, Loss::SoftmaxCrossEntropy, images.examples.clone())?;
    let count = arguments.examples(architecture).min(MOST_ALONG).min(images.examples.count());
    let half = all.subset(&(0..count).step_by(2).collect::<Vec<_>>())?;
    let mut schedule = Schedule::new(arguments.data, activation, arguments.quick);
    let last = schedule.looks[2];
    let steps = [0, 1, 2, 5, 10, 20, 30, 50, 100, 200, 300, 500, 1000];
    schedule.looks = steps.into_iter().filter(|&step| step <= last && (!arguments.quick || step % 10 == 0)).collect();
    let key = Key::new(arguments.seed);
    let points = training::points(&all, &network, &schedule, activation, key)?;
    let stepped: Vec<_> = schedule.looks.iter().copied().zip(points).collect();
    transition::along(&half, &stepped, key.split(4))
}

fn study<T: Scalar>(
    arguments: &Arguments,
    images: &data::Images<T>,
    architecture: Architecture,
    activation: Activation,
    network: &Sequential,
) -> Result<Studied, Failure> {
    let loss = Loss::SoftmaxCrossEntropy;
    let all = Risk::new(network, loss, images.examples.clone())?;
    let count = arguments.examples(architecture).min(images.examples.count());
    // The order in which the data are is no matter of chance: neighbours go to different halves.
    let chosen = |first: usize| (first..count).step_by(2).collect::<Vec<_>>();
    let halves = [all.subset(&chosen(0))?, all.subset(&chosen(1))?];
    let measured = all.subset(&(0..count).collect::<Vec<_>>())?;
    let schedule = Schedule::new(arguments.data, activation, arguments.quick);
    let mut points = Vec::new();
    for number in 0..arguments.keys as u64 {
        let key = Key::new(arguments.seed.wrapping_add(number));
        let stages = training::points(&all, network, &schedule, activation, key)?;
        points.extend(stages.into_iter().enumerate().map(|(stage, theta)| (number, stage, theta)));
    }
    // The bootstrap costs as much as all the rest: it is for one key of the first network.
    let first = (architecture, activation) == (arguments.architectures[0], arguments.activations[0]);
    let looked = points.par_iter().map(|(number, stage, theta)| {
        let key = Key::new(arguments.seed.wrapping_add(*number)).split(2).split(*stage as u64);
        let bootstrap = first && *number == 0 && !arguments.quick;
        measure::look(&measured, &halves, theta, key, if bootstrap { DRAWS } else { 0 })
    });
    let mut looks: Vec<Vec<Look>> = schedule.looks.iter().map(|_| Vec::new()).collect();
    for ((_, stage, _), look) in points.iter().zip(looked.collect::<Vec<Result<Look, Failure>>>()) {
        looks[*stage].push(look?);
    }
    let shape = match architecture {
        Architecture::Perceptron => "perceptron with two hidden layers",
        Architecture::Convolutional => "two 3x3 convolutions (8 and 16) with average pools",
    };
    Ok(Studied {
        network: format!("{shape}, {activation}"),
        architecture,
        activation,
        parameters: network.parameters(),
        classes: data::CLASSES,
        halves: [halves[0].examples().count(), halves[1].examples().count()],
        schedule,
        looks,
    })
}
