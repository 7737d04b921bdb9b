//! The command line: every argument has a default, and whatever is not understood is refused with a hint.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use eigenscape::network::Activation;

/// What `--help` prints.
pub const HELP: &str = "\
Trains a small network on real digits and measures the local geometry of its loss landscape:
bulk and outliers of the Hessian's spectrum, the gradient's confinement to the top eigenspace,
the rise and fall of the largest eigenvalue, and training inside of random hyperplanes.

Usage: cargo run --release --example emergent -- [OPTIONS]

Options:
  --data <digits|mnist|fashion-mnist|cifar10>
                         data set: UCI digits, with hidden layers of 64, or another with layers of
                         128; the first two come with the program [default: digits]
  --path <DIRECTORY>     folder with the standard files of fashion-mnist or cifar10 (or mnist), as
                         published, compressed or not
  --network <perceptron|convolutional>
                         two hidden layers, or two convolutions with pools [default: perceptron]
  --activation <tanh|relu>  what is between layers [default: tanh]
  --scalar <f32|f64>     number type of all vectors [default: f64]
  --seed <NUMBER>        seed of the first run; the others follow it by one each [default: 0]
  --keys <COUNT>         number of runs, for means and ranges, at least 1 [default: 5; others: 1]
  --threads <COUNT>      number of threads, at least 1 [default: all cores]; the report does not
                         depend on it
  --output <DIRECTORY>   where report.json, the pictures and index.html go; an older report there
                         is replaced, only when the new one is whole [default: target/emergent]
  --quick                fewer steps, probes and hyperplanes: a check that everything runs
  -h, --help             print this and stop

A value follows its name after a space or an equals sign: --seed 7, --seed=7.
";

const NAMES: [&str; 11] = [
    "--data",
    "--path",
    "--network",
    "--activation",
    "--scalar",
    "--seed",
    "--keys",
    "--threads",
    "--output",
    "--quick",
    "--help",
];

/// More threads than any machine has cores only cost memory.
const MOST_THREADS: usize = 1024;

/// Which examples to learn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Data {
    /// UCI optical digits, 8 x 8 pixels.
    Digits,
    /// MNIST, 28 x 28 pixels: a subset comes with the program.
    Mnist,
    /// Fashion-MNIST, 28 x 28 pixels.
    FashionMnist,
    /// CIFAR-10, 32 x 32 pixels in three colours.
    Cifar10,
}

/// Which network to train.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Architecture {
    /// Two hidden layers.
    Perceptron,
    /// Two convolutions with pools.
    Convolutional,
}

/// In which precision to compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scalar {
    /// Single precision.
    F32,
    /// Double precision.
    F64,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arguments {
    /// Which examples to learn.
    pub data: Data,
    /// Folder of the data's files, if they do not come with the program.
    pub path: Option<PathBuf>,
    /// Which network to train.
    pub architecture: Architecture,
    /// What is between its layers: tanh or relu.
    pub activation: Activation,
    /// In which precision to compute.
    pub scalar: Scalar,
    /// Seed of the first run.
    pub seed: u64,
    /// Number of runs; their seeds are `seed..seed + keys`.
    pub keys: usize,
    /// Whether to cut everything short.
    pub quick: bool,
    /// Number of threads; all cores if none is given.
    pub threads: Option<usize>,
    /// Folder of the report.
    pub output: PathBuf,
}

/// What the command line asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Print [`HELP`].
    Help,
    /// Do the work.
    Run(Arguments),
}

/// Why a command line is refused: a sentence with the offending word and the remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal(String);

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refusal {}

impl Default for Arguments {
    fn default() -> Self {
        Arguments {
            data: Data::Digits,
            path: None,
            architecture: Architecture::Perceptron,
            activation: Activation::Tanh,
            scalar: Scalar::F64,
            seed: 0,
            keys: Data::Digits.keys(),
            quick: false,
            threads: None,
            output: PathBuf::from("target/emergent"),
        }
    }
}

impl Data {
    const ALL: [Data; 4] = [Data::Digits, Data::Mnist, Data::FashionMnist, Data::Cifar10];

    /// The number of runs if none is asked for: what a user may want to wait for.
    fn keys(self) -> usize {
        match self {
            Data::Digits => 5,
            _ => 1,
        }
    }

    /// The name on the command line and in the report.
    pub fn name(self) -> &'static str {
        match self {
            Data::Digits => "digits",
            Data::Mnist => "mnist",
            Data::FashionMnist => "fashion-mnist",
            Data::Cifar10 => "cifar10",
        }
    }
}

impl Architecture {
    /// The name on the command line and in the report.
    pub fn name(self) -> &'static str {
        match self {
            Architecture::Perceptron => "perceptron",
            Architecture::Convolutional => "convolutional",
        }
    }
}

/// The name of an activation on the command line.
fn activation_name(activation: Activation) -> &'static str {
    match activation {
        Activation::Relu => "relu",
        _ => "tanh",
    }
}

impl Arguments {
    /// The words that ask for the same, but for what the report does not depend on.
    pub fn words(&self) -> String {
        let Arguments { data, architecture, activation, scalar, seed, keys, .. } = self;
        let mut words = format!("--data {}", data.name());
        if self.path.is_some() {
            words.push_str(" --path DIRECTORY");
        }
        if *architecture != Architecture::Perceptron {
            words.push_str(&format!(" --network {}", architecture.name()));
        }
        if *activation != Activation::Tanh {
            words.push_str(&format!(" --activation {}", activation_name(*activation)));
        }
        words.push_str(&format!(" --scalar {} --seed {seed} --keys {keys}", scalar.name()));
        if self.quick {
            words.push_str(" --quick");
        }
        words
    }
}

impl Scalar {
    /// The name on the command line and in the report.
    pub fn name(self) -> &'static str {
        match self {
            Scalar::F32 => "f32",
            Scalar::F64 => "f64",
        }
    }
}

/// Reads a command line without the program's own name.
///
/// # Errors
/// At the first word that is not understood. `--help` before it wins.
pub fn parse<Word: Into<OsString>>(words: impl IntoIterator<Item = Word>) -> Result<Request, Refusal> {
    let mut arguments = Arguments::default();
    let mut keys = None;
    let mut words = words.into_iter().map(|word| text(word.into()));
    while let Some(word) = words.next() {
        let word = word?;
        let (name, attached) = match word.split_once('=') {
            Some((name, value)) if name.starts_with('-') => (name, Some(value.to_string())),
            _ => (word.as_str(), None),
        };
        match name {
            "-h" | "--help" | "--quick" => {
                if let Some(value) = attached {
                    return Err(Refusal(format!("{name} stands alone, without a value; `{value}` was given")));
                }
                if name != "--quick" {
                    return Ok(Request::Help);
                }
                arguments.quick = true;
                continue;
            }
            known if NAMES.contains(&known) => {}
            unknown => return Err(unknown_argument(unknown)),
        }
        let value = match attached {
            Some(value) => value,
            None => match words.next().transpose()? {
                // A name in the place of a value means that the value was forgotten.
                Some(next) if !NAMES.contains(&next.split('=').next().unwrap_or_default()) => next,
                _ => return Err(Refusal(format!("{name} needs a value, as in `{name} {}`", example(name)))),
            },
        };
        match name {
            "--data" => arguments.data = choice(name, &value, Data::ALL, Data::name)?,
            "--path" if value.is_empty() => {
                return Err(Refusal("--path is empty; it must name a directory".to_string()));
            }
            "--path" => arguments.path = Some(PathBuf::from(value)),
            "--network" => {
                let both = [Architecture::Perceptron, Architecture::Convolutional];
                arguments.architecture = choice(name, &value, both, Architecture::name)?;
            }
            "--activation" => {
                arguments.activation = choice(name, &value, [Activation::Tanh, Activation::Relu], activation_name)?;
            }
            "--scalar" => arguments.scalar = choice(name, &value, [Scalar::F32, Scalar::F64], Scalar::name)?,
            "--seed" => arguments.seed = number(name, &value, 0)?,
            "--keys" => keys = Some(number(name, &value, 1)?),
            "--threads" => match number(name, &value, 1)? {
                threads @ 1..=MOST_THREADS => arguments.threads = Some(threads),
                more => return Err(Refusal(format!("--threads is {more}; it must be at most {MOST_THREADS}"))),
            },
            _ if value.is_empty() => return Err(Refusal("--output is empty; it must name a directory".to_string())),
            _ => arguments.output = PathBuf::from(value),
        }
    }
    match (arguments.data, &arguments.path) {
        (Data::FashionMnist | Data::Cifar10, None) => {
            return Err(Refusal(format!("--data {} needs --path, the folder of its files", arguments.data.name())));
        }
        (Data::Digits, Some(_)) => {
            return Err(Refusal("--path is for the other data sets: digits come with the program".to_string()));
        }
        _ => {}
    }
    arguments.keys = keys.unwrap_or_else(|| arguments.data.keys());
    let last = u64::try_from(arguments.keys).ok().and_then(|keys| arguments.seed.checked_add(keys - 1));
    if last.is_none() {
        return Err(Refusal(format!(
            "--seed {} leaves no room for --keys {}: seeds end at {}; lower one of them",
            arguments.seed,
            arguments.keys,
            u64::MAX
        )));
    }
    Ok(Request::Run(arguments))
}

fn text(word: OsString) -> Result<String, Refusal> {
    word.into_string().map_err(|word| Refusal(format!("`{}` is not valid Unicode", word.display())))
}

fn example(name: &str) -> &'static str {
    match name {
        "--data" => "digits",
        "--path" => "data",
        "--network" => "convolutional",
        "--activation" => "relu",
        "--scalar" => "f64",
        "--output" => "target/emergent",
        _ => "5",
    }
}

fn unknown_argument(word: &str) -> Refusal {
    if word.starts_with('-') {
        let hint = nearest(word, NAMES).map(|name| format!("did you mean `{name}`? ")).unwrap_or_default();
        return Refusal(format!("unknown argument `{word}`; {hint}--help lists all"));
    }
    let hint = match word {
        "help" => "did you mean `--help`?",
        "quick" => "did you mean `--quick`?",
        "mnist" | "digits" | "fashion-mnist" | "cifar10" => {
            return Refusal(format!("unexpected word `{word}`; did you mean `--data {word}`?"));
        }
        "f32" | "f64" => return Refusal(format!("unexpected word `{word}`; did you mean `--scalar {word}`?")),
        _ => "every value follows a name; --help lists all",
    };
    Refusal(format!("unexpected word `{word}`; {hint}"))
}

fn choice<Item: Copy, const COUNT: usize>(
    name: &str,
    value: &str,
    items: [Item; COUNT],
    word: impl Fn(Item) -> &'static str,
) -> Result<Item, Refusal> {
    if let Some(item) = items.into_iter().find(|item| word(*item) == value) {
        return Ok(item);
    }
    let known = items.map(word);
    let hint = nearest(value, known).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    Err(Refusal(format!("{name} is `{value}`; it must be one of: {}{hint}", known.join(", "))))
}

fn number<Integer: FromStr + PartialOrd + fmt::Display>(
    name: &str,
    value: &str,
    least: Integer,
) -> Result<Integer, Refusal> {
    let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    match value.parse::<Integer>() {
        Ok(number) if number >= least => Ok(number),
        Ok(_) => Err(Refusal(format!("{name} is {value}; it must be at least {least}"))),
        Err(_) if digits => Err(Refusal(format!("{name} is {value}, which is too large; it must be below 2^64"))),
        Err(_) => Err(Refusal(format!("{name} is `{value}`; it must be a whole number, at least {least}"))),
    }
}

/// The known word that takes the fewest single-letter edits, if these are few beside its length.
fn nearest<const COUNT: usize>(word: &str, known: [&'static str; COUNT]) -> Option<&'static str> {
    let lowercase = word.to_lowercase();
    let bare = |word: &str| word.trim_start_matches('-').to_string();
    let (edits, near) = known.into_iter().map(|name| (edits(&bare(&lowercase), &bare(name)), name)).min()?;
    (edits <= bare(near).chars().count() / 2).then_some(near)
}

/// Levenshtein's distance: insertions, deletions and substitutions of one letter.
fn edits(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (above, letter) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = above + 1;
        for (column, other) in right.iter().enumerate() {
            let substituted = diagonal + usize::from(letter != *other);
            diagonal = row[column + 1];
            row[column + 1] = substituted.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(words: &[&str]) -> Arguments {
        match parse(words.iter().copied()) {
            Ok(Request::Run(arguments)) => arguments,
            other => panic!("{words:?}: {other:?}"),
        }
    }

    fn refused(words: &[&str]) -> String {
        parse(words.iter().copied()).expect_err("must be refused").to_string()
    }

    #[test]
    fn nothing_is_required() {
        assert_eq!(run(&[]), Arguments::default());
    }

    #[test]
    fn values_follow_a_space_or_an_equals_sign() {
        let expected = Arguments {
            data: Data::Cifar10,
            path: Some(PathBuf::from("here")),
            architecture: Architecture::Convolutional,
            activation: Activation::Relu,
            scalar: Scalar::F32,
            seed: 7,
            keys: 2,
            quick: true,
            threads: Some(3),
            output: PathBuf::from("a=b"),
        };
        let spaced = "--data cifar10 --path here --network convolutional --activation relu --scalar f32 --seed 7 --keys 2 \
                      --quick --threads 3 --output a=b";
        let joined = "--data=cifar10 --path=here --network=convolutional --activation=relu --scalar=f32 --seed=7 --keys=2 \
                      --quick --threads=3 --output=a=b";
        for line in [spaced, joined] {
            assert_eq!(run(&line.split(' ').collect::<Vec<_>>()), expected);
        }
        let words = expected.words();
        let again = run(&words.split(' ').collect::<Vec<_>>());
        let path = Some(PathBuf::from("DIRECTORY"));
        assert_eq!(
            Arguments { threads: Some(3), output: PathBuf::from("a=b"), ..again },
            Arguments { path, ..expected }
        );
        assert_eq!(run(&[]).words(), "--data digits --scalar f64 --seed 0 --keys 5");
        assert_eq!(run(&["--seed", "1", "--seed", "2"]).seed, 2, "the last one counts");
    }

    #[test]
    fn help_is_asked_for_in_two_ways_and_names_every_argument() {
        for word in ["-h", "--help"] {
            assert_eq!(parse(["--quick", word, "--nonsense"]), Ok(Request::Help));
        }
        for name in NAMES {
            assert!(HELP.contains(name), "{name}");
        }
        assert!(HELP.lines().all(|line| line.chars().count() <= 100));
    }

    #[test]
    fn unknown_arguments_are_refused_with_the_nearest_known_one() {
        for (word, near) in [
            ("--sede", "--seed"),
            ("--key", "--keys"),
            ("--Quick", "--quick"),
            ("-data", "--data"),
            ("--ouput=x", "--output"),
        ] {
            assert!(refused(&[word]).contains(&format!("did you mean `{near}`")), "{word}: {}", refused(&[word]));
        }
        let far = refused(&["--xyzzyplugh"]);
        assert!(far.contains("--xyzzyplugh") && !far.contains("did you mean") && far.contains("--help"), "{far}");
        assert!(refused(&["mnist"]).contains("--data mnist"));
        assert!(refused(&["stray"]).contains("`stray`"));
    }

    #[test]
    fn bad_values_are_named() {
        for (words, parts) in [
            (&["--seed", "x"][..], ["--seed is `x`", "whole number"]),
            (&["--seed", "-1"], ["--seed is `-1`", "whole number"]),
            (&["--seed", "1.5"], ["`1.5`", "whole number"]),
            (&["--seed="], ["--seed is ``", "whole number"]),
            (&["--seed", "18446744073709551616"], ["18446744073709551616", "too large"]),
            (&["--keys", "0"], ["--keys is 0", "at least 1"]),
            (&["--threads", "100000"], ["--threads is 100000", "at most 1024"]),
            (&["--threads=0"], ["--threads is 0", "at least 1"]),
            (&["--data", "minst"], ["did you mean `mnist`", "digits, mnist, fashion-mnist, cifar10"]),
            (&["--data", "cifar10"], ["--data cifar10", "--path"]),
            (&["--path", "here"], ["--path", "digits come with"]),
            (&["--path="], ["--path", "directory"]),
            (&["--network", "convolution"], ["did you mean `convolutional`", "perceptron"]),
            (&["--activation", "sigmoid"], ["`sigmoid`", "tanh, relu"]),
            (&["--scalar", "f16"], ["`f16`", "f32, f64"]),
            (&["--output="], ["--output", "directory"]),
            (&["--quick=yes"], ["--quick", "`yes`"]),
            (&["--seed"], ["--seed needs a value", "--seed 5"]),
            (&["--seed", "--quick"], ["--seed needs a value", "--seed 5"]),
            (&["--output", "--keys=3"], ["--output needs a value", "target/emergent"]),
            (&["--seed", "18446744073709551615"], ["leaves no room", "--keys 5"]),
        ] {
            let message = refused(words);
            assert!(parts.iter().all(|part| message.contains(part)), "{words:?}: {message}");
        }
        assert_eq!(run(&["--seed=18446744073709551615", "--keys=1"]).seed, u64::MAX);
    }

    #[test]
    fn distance_counts_single_letters() {
        for (left, right, expected) in [("", "", 0), ("", "abc", 3), ("kitten", "sitting", 3), ("seed", "sede", 2)] {
            assert_eq!(edits(left, right), expected);
            assert_eq!(edits(right, left), expected);
        }
    }
}
