//! The data set that is asked for.

use eigenscape::Scalar;

use crate::Failure;
use crate::arguments::{Architecture, Arguments, Data};
use crate::split::{self, Split};

/// Images taken of a larger set: for training, and for testing.
const MOST: [usize; 2] = [10_000, 2_000];

/// The same for a check that everything runs.
const MOST_QUICK: [usize; 2] = [1_000, 2_000];

/// The same where each step costs a convolution of every image.
const MOST_CONVOLVED: [usize; 2] = [1_000, 500];

/// Reads it; `quick` keeps a share of the larger ones.
pub fn load<T: Scalar>(arguments: &Arguments) -> Result<Split<T>, Failure> {
    let most = match (arguments.quick, arguments.architecture) {
        (false, Architecture::Perceptron) => MOST,
        (true, Architecture::Perceptron) => MOST_QUICK,
        (_, Architecture::Convolutional) => MOST_CONVOLVED,
    };
    match (arguments.data, &arguments.path) {
        (Data::Digits, _) => split::digits(),
        (Data::Cifar10, Some(folder)) => split::cifar10(folder, most),
        (_, Some(folder)) => split::grey_files(folder, most),
        (_, None) => split::mnist(most),
    }
}
