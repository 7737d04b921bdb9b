//! Standard files of images from a folder, as published: compressed or not.

use std::io::{self, Read};
use std::path::Path;

use eigenscape::data::{Cifar10, Idx};

use crate::Failure;

/// No standard file is larger.
const LARGEST_FILE: u64 = 1 << 28;

/// Images and labels of MNIST or Fashion-MNIST: `train` or `t10k`.
pub fn idx(folder: &Path, part: &str) -> Result<(Idx, Idx), Failure> {
    let [images, labels] =
        ["images-idx3-ubyte", "labels-idx1-ubyte"].map(|kind| file(folder, &format!("{part}-{kind}")));
    Ok((Idx::parse(&images?)?, Idx::parse(&labels?)?))
}

/// Images of CIFAR-10: `data_batch_1` or `test_batch`.
pub fn cifar10(folder: &Path, part: &str) -> Result<Cifar10, Failure> {
    Ok(Cifar10::parse(&file(folder, &format!("{part}.bin"))?)?)
}

/// The bytes of a file, or of it with `.gz` after its name.
fn file(folder: &Path, name: &str) -> Result<Vec<u8>, Failure> {
    let names = [name.to_string(), format!("{name}.gz")];
    let path = names.iter().map(|name| folder.join(name)).find(|path| path.exists());
    let Some(path) = path else {
        let text = format!("`{}` has none of {}", folder.display(), names.join(", "));
        return Err(io::Error::new(io::ErrorKind::NotFound, text).into());
    };
    let named = |error: io::Error| io::Error::new(error.kind(), format!("`{}`: {error}", path.display()));
    let mut bytes = Vec::new();
    let file = std::fs::File::open(&path).map_err(named)?;
    file.take(LARGEST_FILE + 1).read_to_end(&mut bytes).map_err(named)?;
    if bytes.len() as u64 > LARGEST_FILE {
        let text = format!("`{}` has more than {LARGEST_FILE} bytes", path.display());
        return Err(io::Error::new(io::ErrorKind::InvalidData, text).into());
    }
    Ok(bytes)
}
