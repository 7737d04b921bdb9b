//! The four properties of a loss landscape, measured on real digits: `cargo run --release --example emergent`.

mod arguments;
#[cfg(test)]
mod page;
#[cfg(test)]
mod pictures;
#[cfg(test)]
mod progress;
#[cfg(test)]
mod report;
#[cfg(test)]
mod table;

use std::process::ExitCode;

use arguments::{HELP, Request};

fn main() -> ExitCode {
    match arguments::parse(std::env::args_os().skip(1)) {
        Ok(Request::Help) => print!("{HELP}"),
        Ok(Request::Run(arguments)) => println!("{arguments:?}"),
        Err(refusal) => {
            eprintln!("error: {refusal}");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}
