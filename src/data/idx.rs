//! The IDX format of unsigned bytes.

use super::gzip::plain;
use crate::error::{Error, Result};
use crate::scalar::Scalar;

/// An array of unsigned bytes with its extents, last fastest.
///
/// ```text
///     byte 0-1   0
///     byte 2     8, the code of unsigned bytes
///     byte 3     the number of axes, 1 to 4 here
///     then       one big-endian u32 for each axis; then the values
/// ```
///
/// ```
/// use eigenscape::data::Idx;
///
/// let labels = Idx::parse(&[0, 0, 8, 1, 0, 0, 0, 3, 7, 0, 9])?;
/// assert_eq!(labels.extents(), [3]);
/// assert_eq!(labels.labels()?, [7, 0, 9]);
///
/// let error = Idx::parse(&[0, 0, 8, 1, 0, 0, 0, 3, 7]).unwrap_err();
/// assert!(error.to_string().contains("found 1 value bytes, expected 3"));
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Y. LeCun, C. Cortes, C. J. C. Burges, *The MNIST database of handwritten digits*.
#[derive(Clone, Debug, PartialEq, Eq)]
#[doc(alias = "MNIST")]
#[doc(alias = "Fashion-MNIST")]
#[doc(alias = "EMNIST")]
pub struct Idx {
    extents: Vec<usize>,
    bytes: Vec<u8>,
}

const FORMAT: &str = "IDX";

impl Idx {
    /// Reads an array from the bytes of a whole file, gzip data or not.
    ///
    /// # Errors
    /// If gzip data are damaged or larger than 2^30 bytes when decompressed, or the feature `gzip` is off.
    /// If the header is not that of unsigned bytes, has no axis or more than four, or the bytes after it are not as many
    /// as the extents say.
    pub fn parse(file: &[u8]) -> Result<Self> {
        let wrong = |offset, found: String, expected: &str| {
            Err(Error::Format { format: FORMAT, offset, found, expected: expected.to_owned() })
        };
        let file = plain(FORMAT, file)?;
        let Some((magic, rest)) = file.split_first_chunk::<4>() else {
            return wrong(0, format!("a file of {} bytes", file.len()), "a header of at least 4");
        };
        match *magic {
            [0, 0, 8, 1..=4] => {}
            [0, 0, 8, axes] => return wrong(3, format!("{axes} axes"), "1 to 4"),
            [0, 0, code, _] => {
                return wrong(2, format!("type code {code:#04x}"), "0x08, unsigned bytes: no other type is read");
            }
            _ => return wrong(0, format!("{magic:02x?}"), "0, 0, 8 and the number of axes"),
        }
        let axes = usize::from(magic[3]);
        if rest.len() < 4 * axes {
            return wrong(4, format!("{} bytes", rest.len()), "four for each axis: the file is cut off");
        }
        let (header, values) = rest.split_at(4 * axes);
        let (words, _) = header.as_chunks::<4>();
        let extents: Vec<usize> = words.iter().map(|&word| u32::from_be_bytes(word) as usize).collect();
        // Four extents of 32 bits have a product below 2^128, so this cannot overflow.
        let size: u128 = extents.iter().map(|&extent| extent as u128).product();
        if size != values.len() as u128 {
            let expected = format!("{size} for extents {extents:?}: the file is cut off or has bytes too many");
            return wrong(4 + 4 * axes, format!("{} value bytes", values.len()), &expected);
        }
        Ok(Idx { extents, bytes: values.to_vec() })
    }

    /// The extents: images x rows x columns, or labels.
    pub fn extents(&self) -> &[usize] {
        &self.extents
    }

    /// The values, last axis fastest.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The number of entries along the first axis: images, or labels.
    pub fn count(&self) -> usize {
        self.extents[0]
    }

    /// The values of an array with one axis, as class labels.
    ///
    /// # Errors
    /// If there are more axes than one.
    pub fn labels(&self) -> Result<Vec<usize>> {
        match self.extents.len() {
            1 => Ok(self.bytes.iter().map(|&byte| usize::from(byte)).collect()),
            axes => Err(Error::Format {
                format: FORMAT,
                offset: 3,
                found: format!("{axes} axes"),
                expected: "1, for labels: is this the file of images?".to_owned(),
            }),
        }
    }

    /// Mean and standard deviation of all values; 0 and 0 if there are none.
    pub fn moments(&self) -> (f64, f64) {
        let count = self.bytes.len().max(1) as f64;
        // Sums of bytes are exact in integers.
        let sum: u64 = self.bytes.iter().map(|&byte| u64::from(byte)).sum();
        let squares: u64 = self.bytes.iter().map(|&byte| u64::from(byte).pow(2)).sum();
        let mean = sum as f64 / count;
        (mean, (squares as f64 / count - mean * mean).max(0.0).sqrt())
    }

    /// (value - mean) / deviation for each value: mean 0 and variance 1 with the [`Idx::moments`] of the array itself,
    /// or, for test data, the same scale as the training data with theirs.
    ///
    /// # Errors
    /// If the mean is not finite, or the deviation not finite and positive: an array of equal values has no scale.
    pub fn standardized<T: Scalar>(&self, (mean, deviation): (f64, f64)) -> Result<Vec<T>> {
        Error::positive("the standard deviation to divide by", deviation)?;
        Error::finite("the mean to subtract", &[mean], "take the moments of data")?;
        Ok(self.bytes.iter().map(|&byte| T::of((f64::from(byte) - mean) / deviation)).collect())
    }

    /// The entries at these positions along the first axis, in this order.
    ///
    /// # Errors
    /// If there is none at one of the positions.
    pub fn select(&self, positions: &[usize]) -> Result<Self> {
        if let Some(&value) = positions.iter().find(|&&position| position >= self.count()) {
            let limit = self.count().saturating_sub(1);
            return Err(Error::AboveLimit { what: "a selected position", value, limit, because: "the last one" });
        }
        // Not the product of the other extents: where there is no entry, that may be any number.
        let len = self.bytes.len() / self.count().max(1);
        let entries = positions.iter().flat_map(|&position| self.bytes[position * len..][..len].iter().copied());
        let mut extents = self.extents.clone();
        extents[0] = positions.len();
        Ok(Idx { bytes: entries.collect(), extents })
    }
}
