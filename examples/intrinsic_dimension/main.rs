//! The intrinsic dimension of a digit classifier, and what the Hessian's spectrum says of it:
//! `cargo run --release --example intrinsic_dimension`.

mod arguments;
mod report;
mod state;
mod theory;
mod training;

use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Instant;

use eigenscape::curvature::Loss;
use eigenscape::plot::{IntrinsicPlot, Picture, Provenance};
use eigenscape::random::Key;
use eigenscape::subspace::{Criterion, IntrinsicDimension};

use arguments::{Architecture, Arguments, Data, HELP};
use state::Place;
use training::Task;

fn main() -> ExitCode {
    let arguments = match arguments::parse(std::env::args_os().skip(1)) {
        Ok(Some(arguments)) => arguments,
        Ok(None) => {
            // A closed pipe is the reader's choice.
            let _ = io::stdout().write_all(HELP.as_bytes());
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

fn run(arguments: &Arguments) -> Result<(), Failure> {
    let begin = Instant::now();
    let name = match (arguments.data, arguments.architecture) {
        (Data::Digits, _) => "digits",
        (Data::Mnist, Architecture::Dense) => "mnist",
        (Data::Mnist, Architecture::LeNet) => "lenet",
    };
    let place = Place::new(&arguments.output, name, &arguments.about())?;
    let state = place.load();
    let task = Task::<f32>::new(arguments, Loss::SoftmaxCrossEntropy)?;
    println!("{}; {} parameters", arguments.about(), task.parameters());
    if let Some(search) = &state.search {
        println!("going on from {} after {} runs", place.path().display(), search.runs().len());
    }

    // The same starts and batches as in subspaces.
    let key = Key::new(arguments.seed);
    let mut full = state.full;
    for number in full.len()..arguments.keys {
        let key = key.split(number as u64);
        let theta = task.full(&task.start(key), key, arguments.full_rate, arguments.steps)?;
        full.push(task.test.accuracy(&theta)?);
        place.save(&full, None)?;
        println!("full space, key {number}: {:.4}", full[number]);
    }
    let accuracy = full.iter().sum::<f64>() / full.len() as f64;
    let criterion = Criterion::share_of(arguments.share, accuracy)?;
    println!("test accuracy of the full model {accuracy:.4}, to reach {:.4}", criterion.threshold());

    let settings = IntrinsicDimension::new(criterion, task.parameters(), key).keys(arguments.keys);
    let settings = settings.first(arguments.first.min(task.parameters()));
    let mut search = match state.search {
        Some(search) if search.settings() == &settings => search,
        _ => settings.begin()?,
    };
    while !search.is_done() {
        let clock = Instant::now();
        search.advance(|dim, key| {
            let theta = task.within(&task.start(key), dim, key, arguments.rate, arguments.steps)?;
            // An accuracy that cannot be told is that of a run that diverged.
            Ok(task.test.accuracy(&theta).unwrap_or(f64::NAN))
        })?;
        place.save(&full, Some(&search))?;
        let last = search.runs()[search.runs().len() - 1];
        let performance = last.performance.map_or("diverged".to_string(), |value| format!("{value:.4}"));
        println!(
            "dimension {:>6}, key {}: {performance} ({:.1} s)",
            last.dim,
            last.number,
            clock.elapsed().as_secs_f64()
        );
    }
    let found = search.report();
    print!("\n{}", report::table(&found, accuracy));
    let picture = arguments.output.join(format!("{name}.svg"));
    let about = format!("{}, {} parameters", arguments.about(), task.parameters());
    let plot =
        IntrinsicPlot::new(&found).full(accuracy).name("test accuracy").title("Intrinsic dimension").subtitle(&about);
    plot.write(&picture, &Provenance::new().key("starts, batches and subspaces", key).setting("run", &about))?;
    println!("the curve: {}, with its numbers beside it", picture.display());
    if arguments.data == Data::Digits {
        theory::compare(arguments)?;
    }
    println!("{:.0} s", begin.elapsed().as_secs_f64());
    Ok(())
}
