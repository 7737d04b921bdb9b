//! What is trained on what, in the full space and in subspaces.

use std::ops::ControlFlow;

use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::data::Idx;
use eigenscape::network::{Activation, Convolution, Initialization, Network, Sequential};
use eigenscape::objective::Stochastic;
use eigenscape::operator::Adjoint;
use eigenscape::optimize::{Adam, descend};
use eigenscape::projection::{Fastfood, Gaussian};
use eigenscape::random::Key;
use eigenscape::subspace::Restricted;
use eigenscape::{Error, Result, Scalar};

use crate::arguments::{Architecture, Arguments, Data, Projection};

const CLASSES: usize = 10;

/// Training images of the digits; the others are for testing.
const DIGITS_FOR_TRAINING: usize = 1500;

/// Decides which digits are for training: the same for every seed.
const SPLIT: u64 = 0;

const BATCH: usize = 100;

/// A network with its examples.
pub struct Task<T> {
    pub network: Sequential,
    pub train: Risk<T>,
    pub test: Risk<T>,
    projection: Projection,
}

impl<T: Scalar> Task<T> {
    pub fn new(arguments: &Arguments, loss: Loss) -> Result<Self> {
        let (train, test) = match arguments.data {
            Data::Digits => digits()?,
            Data::Mnist => mnist()?,
        };
        let network = network(arguments)?;
        let risk = |examples| Risk::new(&network, loss, examples);
        let (train, test) = (risk(train)?, risk(test)?);
        Ok(Task { network, train, test, projection: arguments.projection })
    }

    pub fn parameters(&self) -> usize {
        self.network.parameters()
    }

    /// Where training begins.
    pub fn start(&self, key: Key) -> Vec<T> {
        Initialization::he().draw(&self.network, key.split(0))
    }

    /// Trains all parameters.
    pub fn full(&self, start: &[T], key: Key, rate: f64, steps: u64) -> Result<Vec<T>> {
        let batches = self.train.mini_batches(BATCH, key.split(1))?;
        adam(&batches, start, rate, steps)
    }

    /// Trains in a random subspace through the start, and returns where it ended.
    pub fn within(&self, start: &[T], dim: usize, key: Key, rate: f64, steps: u64) -> Result<Vec<T>> {
        let (ambient, subspace) = (start.len(), key.split(2).split(dim as u64));
        match self.projection {
            // Kept: training multiplies by it thousands of times.
            Projection::Gaussian => {
                let plane = Gaussian::new(ambient, dim, subspace)?.memory_budget(2 << 30);
                self.along(start, &plane, key, rate, steps)
            }
            Projection::Fastfood => self.along(start, &Fastfood::new(ambient, dim, subspace)?, key, rate, steps),
        }
    }

    fn along(&self, start: &[T], plane: &impl Adjoint<T>, key: Key, rate: f64, steps: u64) -> Result<Vec<T>> {
        let batches = self.train.mini_batches(BATCH, key.split(1))?;
        let cut = Restricted::new(&batches, plane, start)?;
        Ok(cut.lift(&adam(&cut, &vec![T::zero(); plane.cols()], rate, steps)?))
    }
}

/// A run that left the finite numbers is judged where it was last well.
fn adam<T: Scalar>(objective: &impl Stochastic<T>, start: &[T], rate: f64, steps: u64) -> Result<Vec<T>> {
    Ok(descend(objective, start, &mut Adam::new(rate)?, steps, |_| ControlFlow::Continue(()))?.theta)
}

fn network(arguments: &Arguments) -> Result<Sequential> {
    let dense = |sizes: &[usize]| {
        let (last, hidden) = sizes[1..].split_last().expect("a network has a layer");
        let input = Sequential::new(&sizes[..1])?;
        let hidden: Result<Sequential> =
            hidden.iter().try_fold(input, |layers, &units| Ok(layers.dense(units)?.activation(Activation::Relu)));
        hidden?.dense(*last)
    };
    match (arguments.data, arguments.architecture) {
        (Data::Digits, _) => dense(&[64, 64, CLASSES]),
        (Data::Mnist, Architecture::Dense) => dense(&[784, 200, 200, CLASSES]),
        (Data::Mnist, Architecture::LeNet) => Sequential::new(&[1, 28, 28])?
            .convolution(Convolution::new(6, [5, 5]))?
            .activation(Activation::Relu)
            .max_pool([2, 2])?
            .convolution(Convolution::new(16, [5, 5]))?
            .activation(Activation::Relu)
            .max_pool([2, 2])?
            .flatten()
            .dense(120)?
            .activation(Activation::Relu)
            .dense(84)?
            .activation(Activation::Relu)
            .dense(CLASSES),
    }
}

macro_rules! embedded {
    ($name:literal) => {
        Idx::parse(include_bytes!(concat!("../data/", $name, ".gz")))
    };
}

fn digits<T: Scalar>() -> Result<(Examples<T>, Examples<T>)> {
    let images = embedded!("digits-images-idx3-ubyte")?;
    let labels = embedded!("digits-labels-idx1-ubyte")?;
    let order = Key::new(SPLIT).permutation(images.count());
    let (train, test) = order.split_at(DIGITS_FOR_TRAINING);
    examples([&images.select(train)?, &images.select(test)?], [&labels.select(train)?, &labels.select(test)?])
}

fn mnist<T: Scalar>() -> Result<(Examples<T>, Examples<T>)> {
    let images = [embedded!("mnist-train-images-idx3-ubyte")?, embedded!("mnist-test-images-idx3-ubyte")?];
    let labels = [embedded!("mnist-train-labels-idx1-ubyte")?, embedded!("mnist-test-labels-idx1-ubyte")?];
    examples([&images[0], &images[1]], [&labels[0], &labels[1]])
}

/// Standardized over all pixels of the training images.
fn examples<T: Scalar>(images: [&Idx; 2], labels: [&Idx; 2]) -> Result<(Examples<T>, Examples<T>), Error> {
    let moments = images[0].moments();
    let of = |part: usize| {
        let pixels = images[part].extents()[1..].iter().product();
        Examples::labelled(images[part].standardized(moments)?, pixels, &labels[part].labels()?, CLASSES)
    };
    Ok((of(0)?, of(1)?))
}
