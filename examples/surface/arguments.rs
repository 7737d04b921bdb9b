//! The command line.

use std::path::PathBuf;

/// What `--help` prints.
pub const HELP: &str = "\
Draws the loss of a digit classifier around and along its training: a filter-normalised surface with
contours, the principal plane of the training trajectory with gradients and flow lines, and slices
along a random direction, the gradient and the top eigenvector beside their expansions.

Usage: cargo run --release --example surface -- [OPTIONS]

Options:
  --steps <COUNT>         steps of training, at least 10 [default: 300]
  --rate <NUMBER>         learning rate, positive [default: 0.1]
  --points <COUNT>        points along each axis of a surface, from 5 to 1001 [default: 51]
  --seed <NUMBER>         where randomness comes from [default: 0]
  --quick                 100 steps, 21 points
  --output <DIRECTORY>    where pictures and numbers go [default: target/surface]
  -h, --help              print this and stop
";

/// What to do.
#[derive(Debug, Clone, PartialEq)]
pub struct Arguments {
    pub steps: u64,
    pub rate: f64,
    pub points: usize,
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
    let mut arguments =
        Arguments { steps: 300, rate: 0.1, points: 51, seed: 0, output: PathBuf::from("target/surface") };
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "-h" | "--help" => return Ok(Request::Help),
            "--quick" => {
                (arguments.steps, arguments.points) = (100, 21);
                continue;
            }
            _ => {}
        }
        let (name, joined) = match word.split_once('=') {
            Some((name, value)) => (name.to_string(), Some(value.to_string())),
            None => (word, None),
        };
        let known = ["--steps", "--rate", "--points", "--seed", "--output"];
        if !known.contains(&name.as_str()) {
            return Err(format!("`{name}` is not known; there are {}, --quick and --help", known.join(", ")));
        }
        let value = joined.or_else(|| words.next()).ok_or(format!("{name} needs a value after it"))?;
        let whole = |least: u64, most: u64| match value.parse::<u64>() {
            Ok(number) if (least..=most).contains(&number) => Ok(number),
            _ => Err(format!("{name} is `{value}`; it must be a whole number from {least} to {most}")),
        };
        match name.as_str() {
            "--steps" => arguments.steps = whole(10, 1_000_000)?,
            "--points" => arguments.points = whole(5, 1001)? as usize,
            "--seed" => arguments.seed = whole(0, u64::MAX)?,
            "--rate" => {
                arguments.rate = match value.parse::<f64>() {
                    Ok(rate) if rate.is_finite() && rate > 0.0 => rate,
                    _ => return Err(format!("--rate is `{value}`; it must be a positive number")),
                }
            }
            _ => arguments.output = PathBuf::from(value),
        }
    }
    Ok(Request::Run(arguments))
}
