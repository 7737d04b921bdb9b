//! The command line.

use std::path::PathBuf;

use eigenscape::network::Activation;

/// What `--help` prints.
pub const HELP: &str = "\
Tables of how the gradients of logits cluster, at initialization, in the middle and at the end of
training; and of what the paper's model and the refined model make of it: eigenvalues of the
Gauss-Newton matrix, trace, end of the bulk, the gradient's share, with the parameters from one
half of the examples and the spectra of both halves.

Usage: cargo run --release --example clustering_table -- [OPTIONS]

Options:
  --data <digits|mnist|fashion-mnist|cifar10>
                          UCI digits and a subset of MNIST come with the program [default: digits]
  --path <DIRECTORY>      folder with the standard files of fashion-mnist or cifar10 (or mnist), as
                          published, compressed or not
  --network <perceptron|convolutional>  one of them alone [default: both]
  --activation <tanh|relu>              one of them alone [default: both]
  --examples <COUNT>      measured examples, at least 20, in two halves
                          [default: 1500; convolutional: 400]
  --keys <COUNT>          runs, for means and standard errors, at least 1 [default: 3; others: 1]
  --seed <NUMBER>         seed of the first run; the others follow it by one each [default: 0]
  --output <DIRECTORY>    where tables.json and the pictures go [default: target/clustering_table]
  --quick                 fewer examples, keys and steps, tanh alone: a check that everything runs
  -h, --help              print this and stop
";

/// Which examples to learn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Data {
    /// UCI optical digits, 8 x 8 pixels.
    Digits,
    /// MNIST, 28 x 28 pixels.
    Mnist,
    /// Fashion-MNIST, 28 x 28 pixels.
    FashionMnist,
    /// CIFAR-10, 32 x 32 pixels in three colours.
    Cifar10,
}

impl Data {
    const ALL: [Data; 4] = [Data::Digits, Data::Mnist, Data::FashionMnist, Data::Cifar10];

    /// The name on the command line and in files.
    pub fn name(self) -> &'static str {
        match self {
            Data::Digits => "digits",
            Data::Mnist => "mnist",
            Data::FashionMnist => "fashion-mnist",
            Data::Cifar10 => "cifar10",
        }
    }
}

/// Which networks there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Architecture {
    /// Two hidden layers.
    Perceptron,
    /// Two convolutions with pools.
    Convolutional,
}

impl Architecture {
    const ALL: [Architecture; 2] = [Architecture::Perceptron, Architecture::Convolutional];

    /// The name on the command line and in files.
    pub fn name(self) -> &'static str {
        match self {
            Architecture::Perceptron => "perceptron",
            Architecture::Convolutional => "convolutional",
        }
    }
}

/// What to do.
#[derive(Debug, Clone, PartialEq)]
pub struct Arguments {
    pub data: Data,
    pub path: Option<PathBuf>,
    pub architectures: Vec<Architecture>,
    pub activations: Vec<Activation>,
    /// Measured examples, if given.
    pub examples: Option<usize>,
    pub keys: usize,
    pub seed: u64,
    pub quick: bool,
    pub output: PathBuf,
}

impl Arguments {
    /// The number of measured examples.
    pub fn examples(&self, architecture: Architecture) -> usize {
        let usual = match (self.quick, architecture) {
            (true, _) => 100,
            (false, Architecture::Perceptron) => 1500,
            (false, Architecture::Convolutional) => 400,
        };
        self.examples.unwrap_or(usual)
    }
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
        path: None,
        architectures: Architecture::ALL.to_vec(),
        activations: Vec::new(),
        examples: None,
        keys: 0,
        seed: 0,
        quick: false,
        output: PathBuf::from("target/clustering_table"),
    };
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "-h" | "--help" => return Ok(Request::Help),
            "--quick" => {
                arguments.quick = true;
                continue;
            }
            _ => {}
        }
        let (name, joined) = match word.split_once('=') {
            Some((name, value)) => (name.to_string(), Some(value.to_string())),
            None => (word, None),
        };
        let known =
            ["--data", "--path", "--network", "--activation", "--examples", "--keys", "--seed", "--output", "--quick"];
        if !known.contains(&name.as_str()) || name == "--quick" {
            return Err(format!("`{name}` is not known; there are {} and --help", known.join(", ")));
        }
        let value = joined.or_else(|| words.next()).ok_or(format!("{name} needs a value after it"))?;
        let one_of = |choices: &str| format!("{name} is `{value}`; it must be one of {choices}");
        let count = |least: usize| match value.parse::<usize>() {
            Ok(count) if count >= least => Ok(count),
            _ => Err(format!("{name} is `{value}`; it must be a whole number of at least {least}")),
        };
        match name.as_str() {
            "--data" => {
                let named = Data::ALL.into_iter().find(|data| data.name() == value);
                arguments.data = named.ok_or(one_of("digits, mnist, fashion-mnist, cifar10"))?;
            }
            "--path" => arguments.path = Some(PathBuf::from(value)),
            "--network" => {
                let named = Architecture::ALL.into_iter().find(|architecture| architecture.name() == value);
                arguments.architectures = vec![named.ok_or(one_of("perceptron, convolutional"))?];
            }
            "--activation" => {
                arguments.activations = match value.as_str() {
                    "tanh" => vec![Activation::Tanh],
                    "relu" => vec![Activation::Relu],
                    _ => return Err(one_of("tanh, relu")),
                }
            }
            "--examples" => arguments.examples = Some(count(20)?),
            "--keys" => arguments.keys = count(1)?,
            "--seed" => {
                let refusal = format!("--seed is `{value}`; it must be a whole number of at least 0");
                arguments.seed = value.parse::<u64>().map_err(|_| refusal)?;
            }
            _ => arguments.output = PathBuf::from(value),
        }
    }
    match (arguments.data, &arguments.path) {
        (Data::FashionMnist | Data::Cifar10, None) => {
            return Err(format!("--data {} needs --path, the folder of its files", arguments.data.name()));
        }
        (Data::Digits, Some(_)) => return Err("--path is for the other data sets: digits come with the program".into()),
        _ => {}
    }
    if arguments.activations.is_empty() {
        arguments.activations = vec![Activation::Tanh, Activation::Relu];
        arguments.activations.truncate(if arguments.quick { 1 } else { 2 });
    }
    if arguments.keys == 0 {
        arguments.keys = if arguments.data == Data::Digits && !arguments.quick { 3 } else { 1 };
    }
    Ok(Request::Run(arguments))
}
