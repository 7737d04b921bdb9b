//! The command line.

use std::path::PathBuf;

/// What `--help` prints.
pub const HELP: &str = "\
Finds critical points of a digit classifier's loss and of the spherical 3-spin model, and draws the
share of negative curvature at each over its value, beside what spin-glass theory says; then how far
apart the final losses of trainings are, over the width of the network.

Usage: cargo run --release --example saddles -- [OPTIONS]

Options:
  --quick                     fewer starts and one small spin glass: seconds
  --seed <NUMBER>             where randomness comes from [default: 0]
  --output <DIRECTORY>        where saddles.json and saddles.svg go [default: target/saddles]
  -h, --help                  print this and stop
";

/// What to do.
#[derive(Debug, Clone, PartialEq)]
pub struct Arguments {
    pub quick: bool,
    pub seed: u64,
    pub output: PathBuf,
}

/// What the command line asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    Help,
    Run(Arguments),
}

/// Reads the command line; a refusal is a sentence.
pub fn parse(words: impl IntoIterator<Item = String>) -> Result<Request, String> {
    let mut arguments = Arguments { quick: false, seed: 0, output: PathBuf::from("target/saddles") };
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        let (name, joined) = match word.split_once('=') {
            Some((name, value)) => (name.to_string(), Some(value.to_string())),
            None => (word, None),
        };
        match (name.as_str(), joined.is_some()) {
            ("-h" | "--help", false) => return Ok(Request::Help),
            ("--quick", false) => arguments.quick = true,
            ("--seed" | "--output", _) => {
                let value = joined.or_else(|| words.next()).ok_or(format!("{name} needs a value after it"))?;
                if name == "--output" {
                    arguments.output = PathBuf::from(value);
                    continue;
                }
                let refusal = format!("{name} is `{value}`; it must be a whole number of at least 0");
                arguments.seed = value.parse().map_err(|_| refusal)?;
            }
            _ => return Err(format!("`{name}` is not known; there are --quick, --seed, --output and --help")),
        }
    }
    Ok(Request::Run(arguments))
}
