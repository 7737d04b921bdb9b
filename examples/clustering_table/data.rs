//! The data sets: those that come with the program, and standard files from a folder.

use eigenscape::curvature::Examples;
use eigenscape::data::{Cifar10, Idx};
use eigenscape::random::Key;
use eigenscape::{Error, Scalar};

use crate::arguments::{Arguments, Data};
use crate::{Failure, standard_files};

/// Training images of the digits; the others are not used. The same split as in the main example.
const DIGITS_FOR_TRAINING: usize = 1500;
const SPLIT: u64 = 0;

/// Training images taken of a larger set.
const MOST: usize = 10_000;

pub const CLASSES: usize = 10;

macro_rules! embedded {
    ($name:literal) => {
        include_bytes!(concat!("../data/", $name, ".gz"))
    };
}

/// Training examples of one data set, standardized, and the extents of an image: channels, height, width.
#[derive(Debug)]
pub struct Images<T> {
    pub examples: Examples<T>,
    pub extents: [usize; 3],
}

pub fn load<T: Scalar>(arguments: &Arguments) -> Result<Images<T>, Failure> {
    match (arguments.data, &arguments.path) {
        (Data::Digits, _) => {
            let images = Idx::parse(embedded!("digits-images-idx3-ubyte"))?;
            let labels = Idx::parse(embedded!("digits-labels-idx1-ubyte"))?;
            let order = Key::new(SPLIT).permutation(images.count());
            let train = &order[..DIGITS_FOR_TRAINING];
            grey(images.select(train)?, labels.select(train)?, false)
        }
        (Data::Cifar10, Some(path)) => {
            let images = standard_files::cifar10(path, "data_batch_1")?;
            let pixels = images.standardized(images.moments())?;
            let examples = Examples::labelled(pixels, Cifar10::LEN, images.labels(), CLASSES)?;
            Ok(Images { examples, extents: [3, 32, 32] })
        }
        (_, Some(path)) => {
            let (images, labels) = standard_files::idx(path, "train")?;
            grey(images, labels, arguments.data == Data::Mnist)
        }
        (_, None) => grey(
            Idx::parse(embedded!("mnist-train-images-idx3-ubyte"))?,
            Idx::parse(embedded!("mnist-train-labels-idx1-ubyte"))?,
            true,
        ),
    }
}

/// Grey images, in another order where even and odd ones are not alike, as in MNIST's file: halves would be two populations.
fn grey<T: Scalar>(images: Idx, labels: Idx, permuted: bool) -> Result<Images<T>, Failure> {
    let &[_, height, width] = images.extents() else {
        let (what, remedy) = ("images of three axes in the file", "give a file of images x rows x columns");
        return Err(Error::Empty { what, remedy }.into());
    };
    let count = images.count().min(MOST);
    let kept = if permuted { Key::new(SPLIT).permutation(count) } else { (0..count).collect() };
    let (images, labels) = (images.select(&kept)?, labels.select(&kept)?);
    let pixels = images.standardized(images.moments())?;
    let examples = Examples::labelled(pixels, height * width, &labels.labels()?, CLASSES)?;
    Ok(Images { examples, extents: [1, height, width] })
}
