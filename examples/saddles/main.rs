//! Saddles: the share of negative curvature at critical points over their value, in a spin glass and in a network, beside theory; and how
//! close to each other trainings end, over the width of the network.
//!
//!     cargo run --release --example saddles

mod arguments;
mod network;
mod pictures;
mod spins;

use std::error::Error;
use std::fs;
use std::process::ExitCode;
use std::time::Instant;

use arguments::{Arguments, Request};
use eigenscape::plot::Picture;
use eigenscape::random::Key;
use serde_json::json;

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

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(&arguments.output)?;
    let key = Key::new(arguments.seed);
    let begin = Instant::now();
    let (models, starts, widths, keys): (&[(usize, usize)], usize, &[usize], u64) = match arguments.quick {
        true => (&[(30, 40)], 1, &[2, 8], 4),
        false => (&[(50, 120), (100, 14)], 4, &[2, 4, 8, 16, 32], 8),
    };
    let mut glasses = Vec::new();
    for (number, &(spins, starts)) in models.iter().enumerate() {
        let glass = spins::survey(spins, starts, key.split(0).split(number as u64))?;
        glass.print();
        println!("    {:.1} s so far", begin.elapsed().as_secs_f64());
        glasses.push(glass);
    }
    let found = network::survey(starts, key.split(1))?;
    found.print();
    println!("    {:.1} s so far", begin.elapsed().as_secs_f64());
    let mut finals = Vec::new();
    for &width in widths {
        let end = network::finals(width, keys, key.split(2).split(width as u64))?;
        let (mean, deviation) = end.spread();
        println!("width {width:>3}: {} minima of loss {mean:.4}, standard deviation {deviation:.1e}", end.losses.len());
        finals.push(end);
    }
    let json = json!({
        "spins": glasses.iter().map(spins::Spins::json).collect::<Vec<_>>(),
        "network": found.json(),
        "finals": finals.iter().map(network::Finals::json).collect::<Vec<_>>(),
    });
    fs::write(arguments.output.join("saddles.json"), serde_json::to_string_pretty(&json)?)?;
    fs::write(arguments.output.join("saddles.svg"), pictures::draw(&glasses, &found, &finals)?.svg()?)?;
    println!("{:.0} s; {} has saddles.json, saddles.svg", begin.elapsed().as_secs_f64(), arguments.output.display());
    Ok(())
}
