//! The data sets, embedded in the program: nothing to download, nothing to find.

use eigenscape::curvature::Examples;
use eigenscape::data::Idx;
use eigenscape::random::Key;
use eigenscape::{Error, Scalar};

use crate::Failure;
use crate::arguments::Data;

/// Training images of the digits; the others are for testing.
const DIGITS_FOR_TRAINING: usize = 1500;

/// Decides which digits are for training: the same for every seed, so that runs differ in their start alone.
const SPLIT: u64 = 0;

macro_rules! embedded {
    ($name:literal) => {
        include_bytes!(concat!("../data/", $name, ".gz"))
    };
}

/// Training and test examples of one data set, standardized over all pixels of the training images.
#[derive(Debug)]
pub struct Split<T> {
    pub train: Examples<T>,
    pub test: Examples<T>,
    pub classes: usize,
}

/// Reads a data set; `quick` keeps a share of the larger one.
pub fn load<T: Scalar>(data: Data, quick: bool) -> Result<Split<T>, Failure> {
    let (train_images, train_labels, test_images, test_labels) = match data {
        Data::Digits => {
            let images = Idx::parse(embedded!("digits-images-idx3-ubyte"))?;
            let labels = Idx::parse(embedded!("digits-labels-idx1-ubyte"))?;
            let order = Key::new(SPLIT).permutation(images.count());
            let (train, test) = order.split_at(DIGITS_FOR_TRAINING);
            (images.select(train)?, labels.select(train)?, images.select(test)?, labels.select(test)?)
        }
        Data::Mnist => {
            let images = Idx::parse(embedded!("mnist-train-images-idx3-ubyte"))?;
            let labels = Idx::parse(embedded!("mnist-train-labels-idx1-ubyte"))?;
            let kept: Vec<usize> = (0..if quick { 1000 } else { images.count() }).collect();
            let test_images = Idx::parse(embedded!("mnist-test-images-idx3-ubyte"))?;
            let test_labels = Idx::parse(embedded!("mnist-test-labels-idx1-ubyte"))?;
            (images.select(&kept)?, labels.select(&kept)?, test_images, test_labels)
        }
    };
    let moments = train_images.moments();
    let examples = |images: &Idx, labels: &Idx| -> Result<Examples<T>, Error> {
        let pixels = images.extents()[1..].iter().product();
        Examples::labelled(images.standardized(moments)?, pixels, &labels.labels()?, 10)
    };
    Ok(Split {
        train: examples(&train_images, &train_labels)?,
        test: examples(&test_images, &test_labels)?,
        classes: 10,
    })
}
