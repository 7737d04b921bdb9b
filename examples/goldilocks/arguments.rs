//! The command line.

use std::path::PathBuf;

use eigenscape::network::Activation;

/// What `--help` prints.
pub const HELP: &str = "\
Scans curvature on random planes over distances from the origin: trace over Frobenius norm of the
Hessian, of its Gauss-Newton part and of the rest, beside the random model's prediction, and the
accuracy that training in each plane reaches.

Usage: cargo run --release --example goldilocks -- [OPTIONS]

Options:
  --data <digits|mnist>       UCI digits with a 64-64-64-10 network, or MNIST with a 784-200-200-10
                              network [default: digits]
  --activation <tanh|relu>    one of them alone [default: one after the other]
  --examples <COUNT>          training examples, at least 1; all there are at most [default: 1000]
  --keys <COUNT>              directions and planes, for means and errors, at least 1 [default: 3]
  --steps <COUNT>             steps of training in each plane; 0 for no training [default: 200]
  --seed <NUMBER>             where randomness comes from [default: 0]
  --output <DIRECTORY>        where tables and pictures go [default: target/goldilocks]
  -h, --help                  print this and stop
";

/// Which examples to learn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Data {
    /// UCI optical digits, 8 x 8 pixels.
    Digits,
    /// A subset of MNIST, 28 x 28 pixels.
    Mnist,
}

impl Data {
    /// The name on the command line and in files.
    pub fn name(self) -> &'static str {
        match self {
            Data::Digits => "digits",
            Data::Mnist => "mnist",
        }
    }
}

/// What to do.
#[derive(Debug, Clone, PartialEq)]
pub struct Arguments {
    pub data: Data,
    pub activations: Vec<Activation>,
    pub examples: usize,
    pub keys: usize,
    pub steps: u64,
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
    let mut arguments = Arguments {
        data: Data::Digits,
        activations: vec![Activation::Tanh, Activation::Relu],
        examples: 1000,
        keys: 3,
        steps: 200,
        seed: 0,
        output: PathBuf::from("target/goldilocks"),
    };
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        if word == "-h" || word == "--help" {
            return Ok(Request::Help);
        }
        let (name, joined) = match word.split_once('=') {
            Some((name, value)) => (name.to_string(), Some(value.to_string())),
            None => (word, None),
        };
        let known = ["--data", "--activation", "--examples", "--keys", "--steps", "--seed", "--output"];
        if !known.contains(&name.as_str()) {
            return Err(format!("`{name}` is not known; there are {} and --help", known.join(", ")));
        }
        let value = joined.or_else(|| words.next()).ok_or(format!("{name} needs a value after it"))?;
        let one_of = |choices: &str| format!("{name} is `{value}`; it must be one of {choices}");
        let count = || match value.parse::<usize>() {
            Ok(count) if count > 0 => Ok(count),
            _ => Err(format!("{name} is `{value}`; it must be a whole number of at least 1")),
        };
        let number = || {
            let refusal = format!("{name} is `{value}`; it must be a whole number of at least 0");
            value.parse::<u64>().map_err(|_| refusal)
        };
        match name.as_str() {
            "--data" => {
                arguments.data = match value.as_str() {
                    "digits" => Data::Digits,
                    "mnist" => Data::Mnist,
                    _ => return Err(one_of("digits, mnist")),
                }
            }
            "--activation" => {
                arguments.activations = match value.as_str() {
                    "tanh" => vec![Activation::Tanh],
                    "relu" => vec![Activation::Relu],
                    _ => return Err(one_of("tanh, relu")),
                }
            }
            "--examples" => arguments.examples = count()?,
            "--keys" => arguments.keys = count()?,
            "--steps" => arguments.steps = number()?,
            "--seed" => arguments.seed = number()?,
            _ => arguments.output = PathBuf::from(value),
        }
    }
    Ok(Request::Run(arguments))
}
