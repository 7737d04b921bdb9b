//! The data sets: those that come with the program, and standard files from a folder.

#[path = "standard_files.rs"]
mod standard_files;

use std::path::Path;

use eigenscape::curvature::Examples;
use eigenscape::data::{Cifar10, Idx};
use eigenscape::random::Key;
use eigenscape::{Error, Scalar};

use crate::Failure;

/// Training images of the digits; the others are for testing.
const DIGITS_FOR_TRAINING: usize = 1500;

/// Decides which digits are for training: the same for every seed, so that runs differ in their start alone.
const SPLIT: u64 = 0;

macro_rules! embedded {
    ($name:literal) => {
        include_bytes!(concat!("../data/", $name, ".gz"))
    };
}

/// Training and test examples of one data set, standardized over all pixels of the training images (of a colour), and the
/// extents of an image: channels, height, width.
#[derive(Debug)]
pub struct Split<T> {
    pub train: Examples<T>,
    pub test: Examples<T>,
    pub extents: [usize; 3],
    pub classes: usize,
}

const CLASSES: usize = 10;

/// The digits that come with the program.
pub fn digits<T: Scalar>() -> Result<Split<T>, Failure> {
    let images = Idx::parse(embedded!("digits-images-idx3-ubyte"))?;
    let labels = Idx::parse(embedded!("digits-labels-idx1-ubyte"))?;
    let order = Key::new(SPLIT).permutation(images.count());
    let (train, test) = order.split_at(DIGITS_FOR_TRAINING);
    let part = |rows: &[usize]| Ok::<_, Error>((images.select(rows)?, labels.select(rows)?));
    grey(part(train)?, part(test)?, [usize::MAX; 2])
}

/// The part of MNIST that comes with the program, at most so many images for training and for testing.
pub fn mnist<T: Scalar>(most: [usize; 2]) -> Result<Split<T>, Failure> {
    let train = (
        Idx::parse(embedded!("mnist-train-images-idx3-ubyte"))?,
        Idx::parse(embedded!("mnist-train-labels-idx1-ubyte"))?,
    );
    let test = (
        Idx::parse(embedded!("mnist-test-images-idx3-ubyte"))?,
        Idx::parse(embedded!("mnist-test-labels-idx1-ubyte"))?,
    );
    grey(train, test, most)
}

/// The standard files of MNIST or Fashion-MNIST in a folder.
pub fn grey_files<T: Scalar>(folder: &Path, most: [usize; 2]) -> Result<Split<T>, Failure> {
    let [train, test] = ["train", "t10k"].map(|part| standard_files::idx(folder, part));
    grey(train?, test?, most)
}

/// The standard files of CIFAR-10 in a folder: its first batch, and the one for testing.
pub fn cifar10<T: Scalar>(folder: &Path, most: [usize; 2]) -> Result<Split<T>, Failure> {
    let [train, test] = ["data_batch_1", "test_batch"].map(|part| standard_files::cifar10(folder, part));
    coloured(&train?, &test?, most)
}

/// Images in one channel, with their labels.
fn grey<T: Scalar>(train: (Idx, Idx), test: (Idx, Idx), most: [usize; 2]) -> Result<Split<T>, Failure> {
    let &[_, height, width] = train.0.extents() else {
        let (what, remedy) = ("images of three axes in the file", "give a file of images x rows x columns");
        return Err(Error::Empty { what, remedy }.into());
    };
    let first = |(images, labels): (Idx, Idx), most: usize| {
        let kept: Vec<usize> = (0..images.count().min(most)).collect();
        Ok::<_, Error>((images.select(&kept)?, labels.select(&kept)?))
    };
    let (train, test) = (first(train, most[0])?, first(test, most[1])?);
    let moments = train.0.moments();
    let examples = |(images, labels): &(Idx, Idx)| -> Result<Examples<T>, Error> {
        Examples::labelled(images.standardized(moments)?, height * width, &labels.labels()?, CLASSES)
    };
    Ok(Split { train: examples(&train)?, test: examples(&test)?, extents: [1, height, width], classes: CLASSES })
}

fn coloured<T: Scalar>(train: &Cifar10, test: &Cifar10, most: [usize; 2]) -> Result<Split<T>, Failure> {
    let moments = train.moments();
    let examples = |images: &Cifar10, most: usize| -> Result<Examples<T>, Error> {
        let (count, mut pixels) = (images.count().min(most), images.standardized(moments)?);
        pixels.truncate(count * Cifar10::LEN);
        Examples::labelled(pixels, Cifar10::LEN, &images.labels()[..count], CLASSES)
    };
    let (train, test) = (examples(train, most[0])?, examples(test, most[1])?);
    Ok(Split { train, test, extents: [3, 32, 32], classes: CLASSES })
}
