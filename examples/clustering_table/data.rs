//! The data sets: those that come with the program, and standard files from a folder.

use std::io::{self, Read};
use std::path::Path;

use eigenscape::curvature::Examples;
use eigenscape::data::{Cifar10, Idx};
use eigenscape::random::Key;
use eigenscape::{Error, Scalar};

use crate::Failure;
use crate::arguments::{Arguments, Data};

/// Training images of the digits; the others are not used. The same split as in the main example.
const DIGITS_FOR_TRAINING: usize = 1500;
const SPLIT: u64 = 0;

/// No standard file is larger.
const LARGEST_FILE: u64 = 1 << 28;

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
            grey(images.select(train)?, labels.select(train)?)
        }
        (Data::Cifar10, Some(path)) => {
            let images = Cifar10::parse(&file(path, &["data_batch_1.bin", "data_batch_1.bin.gz"])?)?;
            let pixels = images.standardized(images.moments())?;
            let examples = Examples::labelled(pixels, Cifar10::LEN, images.labels(), CLASSES)?;
            Ok(Images { examples, extents: [3, 32, 32] })
        }
        (_, Some(path)) => {
            let named = |name: &str| [name.to_string(), format!("{name}.gz")];
            let [images, labels] = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte"].map(|name| {
                let names = named(name);
                file(path, &[&names[0], &names[1]])
            });
            grey(Idx::parse(&images?)?, Idx::parse(&labels?)?)
        }
        (_, None) => grey(
            Idx::parse(embedded!("mnist-train-images-idx3-ubyte"))?,
            Idx::parse(embedded!("mnist-train-labels-idx1-ubyte"))?,
        ),
    }
}

fn grey<T: Scalar>(images: Idx, labels: Idx) -> Result<Images<T>, Failure> {
    let &[_, height, width] = images.extents() else {
        let (what, remedy) = ("images of three axes in the file", "give a file of images x rows x columns");
        return Err(Error::Empty { what, remedy }.into());
    };
    let kept: Vec<usize> = (0..images.count().min(MOST)).collect();
    let (images, labels) = (images.select(&kept)?, labels.select(&kept)?);
    let pixels = images.standardized(images.moments())?;
    let examples = Examples::labelled(pixels, height * width, &labels.labels()?, CLASSES)?;
    Ok(Images { examples, extents: [1, height, width] })
}

/// The bytes of the first of these files that is there.
fn file(folder: &Path, names: &[&str]) -> Result<Vec<u8>, Failure> {
    let path = names.iter().map(|name| folder.join(name)).find(|path| path.exists());
    let Some(path) = path else {
        let text = format!("`{}` has none of {}", folder.display(), names.join(", "));
        return Err(Failure::System(io::Error::new(io::ErrorKind::NotFound, text)));
    };
    let named = |error: io::Error| io::Error::new(error.kind(), format!("`{}`: {error}", path.display()));
    let mut bytes = Vec::new();
    let file = std::fs::File::open(&path).map_err(named)?;
    file.take(LARGEST_FILE + 1).read_to_end(&mut bytes).map_err(named)?;
    if bytes.len() as u64 > LARGEST_FILE {
        let text = format!("`{}` has more than {LARGEST_FILE} bytes", path.display());
        return Err(Failure::System(io::Error::new(io::ErrorKind::InvalidData, text)));
    }
    Ok(bytes)
}
