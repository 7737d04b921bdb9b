//! The loss around and along training: a surface, the plane of the trajectory with its gradients, and slices beside their expansions.
//!
//!     cargo run --release --example surface

mod arguments;
mod measure;
mod numbers;
mod pictures;

use std::fs;
use std::io;
use std::process::ExitCode;
use std::time::Instant;

use eigenscape::plot::Picture;

use arguments::{Arguments, Request};
use measure::{Measured, TOLERANCE};

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
    let begin = Instant::now();
    fs::create_dir_all(&arguments.output)?;
    let measured = measure::measure(arguments, pictures::ASPECT)?;
    table(&measured);
    fs::write(arguments.output.join("surface.json"), numbers::json(&measured))?;
    fs::write(arguments.output.join("surface.svg"), pictures::draw(&measured)?.svg()?)?;
    let (seconds, folder) = (begin.elapsed().as_secs_f64(), arguments.output.display());
    println!("\n{seconds:.0} s; {folder} has surface.svg and surface.json");
    Ok(())
}

fn table(measured: &Measured) {
    let shares: Vec<String> = measured.principal.shares.iter().map(|share| format!("{:.1}", 100.0 * share)).collect();
    let farthest = measured.off.iter().copied().fold(0.0, f64::max);
    println!(
        "principal directions of {} points hold {} % of the squared distances from the end",
        measured.off.len(),
        shares.join(", ")
    );
    println!("the trajectory is up to {farthest:.2} off its plane");
    println!("holes: {} on the surface, {} on the plane", measured.surface.holes(), measured.plane.holes());
    println!("\nwithin {:.0} % of the change of the loss up to a distance of", 100.0 * TOLERANCE);
    println!("{:<28}{:>10}{:>10}{:>12}{:>12}", "along", "quadratic", "cubic", "curvature", "slope");
    for line in &measured.lines {
        let norm = line.slice.frame().distance(&[1.0]);
        let radius = |validity: &eigenscape::landscape::Validity| match validity.beyond {
            Some(_) => format!("{:.2}", validity.radius),
            None => format!("> {:.2}", validity.radius),
        };
        println!(
            "{:<28}{:>10}{:>10}{:>12.3}{:>12.4}",
            line.name,
            radius(&line.quadratic),
            radius(&line.cubic),
            line.expansion.hessian[0] / norm.powi(2),
            line.expansion.slopes[0] / norm
        );
    }
}
