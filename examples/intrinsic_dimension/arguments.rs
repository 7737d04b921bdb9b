//! The command line: every argument has a default, and whatever is not understood is refused.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// What `--help` prints.
pub const HELP: &str = "\
Finds the intrinsic dimension of a classifier: the smallest dimension of a random subspace in which training
reaches 90 % of the accuracy that it reaches in the full space, with the same data, optimizer and steps.
On digits it also holds the dimension at which training begins to reach a loss against what the Hessian's spectrum
at the minimum predicts.

Usage: cargo run --release --example intrinsic_dimension -- [OPTIONS]

Options:
  --data <digits|mnist>        UCI digits, or 10,000 images of MNIST [default: digits]
  --network <dense|lenet>      64-64-10 on digits, 784-200-200-10 on MNIST, or LeNet (MNIST only) [default: dense]
  --projection <fastfood|gaussian>
                               how subspaces are drawn [default: fastfood]
  --share <NUMBER>             share of the full accuracy to reach [default: 0.9]
  --keys <COUNT>               runs at each dimension [default: 3]
  --first <DIMENSION>          the first dimension tried [default: 100; mnist: 500; lenet: 250]
  --rate <NUMBER>              Adam's rate in the subspace [default: 0.05; mnist: 0.02; lenet: 0.03]
  --full-rate <NUMBER>         Adam's rate in the full space [default: 0.003 on digits, 0.001 on MNIST]
  --steps <COUNT>              steps of Adam in every run [default: 400 on digits, 2000 on MNIST]
  --seed <NUMBER>              seed of everything [default: 0]
  --output <DIRECTORY>         where the picture and the state go; a run that was killed goes on from its state, and
                               one that ended only prints it again [default: target/intrinsic_dimension]
  -h, --help                   print this and stop

A value follows its name after a space or an equals sign: --seed 7, --seed=7.
";

const NAMES: [&str; 11] = [
    "--data",
    "--network",
    "--projection",
    "--share",
    "--keys",
    "--first",
    "--rate",
    "--full-rate",
    "--steps",
    "--seed",
    "--output",
];

/// Which examples to learn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Data {
    Digits,
    Mnist,
}

/// What learns them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Architecture {
    Dense,
    LeNet,
}

/// How subspaces are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Projection {
    Fastfood,
    Gaussian,
}

/// What to do.
#[derive(Debug, Clone, PartialEq)]
pub struct Arguments {
    pub data: Data,
    pub architecture: Architecture,
    pub projection: Projection,
    pub share: f64,
    pub keys: usize,
    pub first: usize,
    pub rate: f64,
    pub full_rate: f64,
    pub steps: u64,
    pub seed: u64,
    pub output: PathBuf,
}

/// Why a command line is refused: a sentence with the offending word and the remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal(String);

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Arguments {
    /// Everything that a run's numbers depend on.
    pub fn about(&self) -> String {
        let Arguments { data, architecture, projection, share, keys, first, rate, full_rate, steps, seed, .. } = self;
        format!(
            "{data:?} {architecture:?} {projection:?} share {share} keys {keys} first {first} rate {rate} \
             full rate {full_rate} steps {steps} seed {seed}"
        )
        .to_lowercase()
    }
}

/// Reads a command line without the program's own name; `None` asks for help.
pub fn parse<Word: Into<OsString>>(words: impl IntoIterator<Item = Word>) -> Result<Option<Arguments>, Refusal> {
    let mut given: Vec<(String, String)> = Vec::new();
    let mut words = words.into_iter().map(|word| word.into().to_string_lossy().into_owned());
    while let Some(word) = words.next() {
        if word == "-h" || word == "--help" {
            return Ok(None);
        }
        let (name, attached) = match word.split_once('=') {
            Some((name, value)) => (name.to_string(), Some(value.to_string())),
            None => (word, None),
        };
        if !NAMES.contains(&name.as_str()) {
            return Err(Refusal(format!("unknown argument `{name}`; --help lists all")));
        }
        let Some(value) = attached.or_else(|| words.next()).filter(|value| !value.is_empty()) else {
            return Err(Refusal(format!("{name} needs a value")));
        };
        given.push((name, value));
    }
    // The last one counts.
    let value = |name: &str| given.iter().rev().find(|pair| pair.0 == name).map(|pair| pair.1.as_str());
    let data = choice("--data", value("--data"), &[("digits", Data::Digits), ("mnist", Data::Mnist)])?;
    let networks = [("dense", Architecture::Dense), ("lenet", Architecture::LeNet)];
    let architecture = choice("--network", value("--network"), &networks)?;
    if architecture == Architecture::LeNet && data == Data::Digits {
        return Err(Refusal("--network lenet needs images of 28 x 28: add --data mnist".to_string()));
    }
    let digits = data == Data::Digits;
    let projections = [("fastfood", Projection::Fastfood), ("gaussian", Projection::Gaussian)];
    let (first, rate) = match (digits, architecture) {
        (true, _) => (100, 0.05),
        (false, Architecture::Dense) => (500, 0.02),
        (false, Architecture::LeNet) => (250, 0.03),
    };
    let positive = |name: &str, default: f64| number(name, value(name), default, |&x: &f64| x.is_finite() && x > 0.0);
    Ok(Some(Arguments {
        data,
        architecture,
        projection: choice("--projection", value("--projection"), &projections)?,
        share: number("--share", value("--share"), 0.9, |&share| share > 0.0 && share <= 1.0)?,
        keys: number("--keys", value("--keys"), 3, |&keys| (1..=1000).contains(&keys))?,
        first: number("--first", value("--first"), first, |&first| first > 0)?,
        rate: positive("--rate", rate)?,
        full_rate: positive("--full-rate", if digits { 0.003 } else { 0.001 })?,
        steps: number("--steps", value("--steps"), if digits { 400 } else { 2000 }, |_| true)?,
        seed: number("--seed", value("--seed"), 0, |_| true)?,
        output: PathBuf::from(value("--output").unwrap_or("target/intrinsic_dimension")),
    }))
}

/// One of the named items; the first if none is named.
fn choice<Item: Copy>(name: &str, value: Option<&str>, items: &[(&str, Item)]) -> Result<Item, Refusal> {
    let Some(value) = value else { return Ok(items[0].1) };
    let known = || items.iter().map(|item| item.0).collect::<Vec<_>>().join(", ");
    let found = items.iter().find(|item| item.0 == value).map(|item| item.1);
    found.ok_or_else(|| Refusal(format!("{name} is `{value}`; it must be one of: {}", known())))
}

fn number<Number: FromStr>(
    name: &str,
    value: Option<&str>,
    default: Number,
    fits: impl Fn(&Number) -> bool,
) -> Result<Number, Refusal> {
    let Some(value) = value else { return Ok(default) };
    let number = value.parse().ok().filter(fits);
    number.ok_or_else(|| Refusal(format!("{name} is `{value}`, which is no number for it; --help tells its meaning")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(words: &[&str]) -> String {
        parse(words).unwrap_err().to_string()
    }

    #[test]
    fn defaults_follow_the_data() {
        let digits = parse::<&str>([]).unwrap().unwrap();
        assert_eq!((digits.data, digits.keys, digits.first), (Data::Digits, 3, 100));
        let mnist = parse(["--data=mnist", "--network", "lenet", "--seed", "7", "--seed", "8"]).unwrap().unwrap();
        assert_eq!((mnist.architecture, mnist.first, mnist.seed), (Architecture::LeNet, 250, 8));
        assert_ne!(digits.about(), mnist.about());
        assert_eq!(parse(["--seed", "1", "-h", "nonsense"]).unwrap(), None);
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(refused(&["--sed", "1"]).starts_with("unknown argument `--sed`"));
        assert_eq!(refused(&["--seed"]), "--seed needs a value");
        assert_eq!(refused(&["--data", "cifar"]), "--data is `cifar`; it must be one of: digits, mnist");
        assert!(refused(&["--network", "lenet"]).contains("--data mnist"));
        for bad in ["--share=0", "--share=1.5", "--keys=0", "--first=-1", "--rate=nan", "--rate=0", "--steps=few"] {
            assert!(refused(&[bad]).contains("is no number for it"), "{bad}");
        }
    }
}
