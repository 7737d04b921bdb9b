//! The binary format of CIFAR-10.

use super::gzip::plain;
use crate::error::{Error, Result};
use crate::scalar::Scalar;

/// Images of CIFAR-10 in its binary format: 32 x 32 pixels, three colours, ten classes.
///
/// ```text
///     records of 3073 bytes: the label, 0 to 9; then 1024 red, 1024 green and 1024 blue bytes, each row by row
/// ```
///
/// ```
/// use eigenscape::data::Cifar10;
///
/// let mut file = vec![3];
/// file.extend([255; 1024]);
/// file.extend([0; 2048]);
/// let images = Cifar10::parse(&file)?;
/// assert_eq!((images.count(), images.labels()), (1, &[3][..]));
/// // Red, scaled to [0, 1].
/// assert_eq!(images.pixels::<f32>()[1023..1025], [1.0, 0.0]);
///
/// let error = Cifar10::parse(&file[..100]).unwrap_err();
/// assert!(error.to_string().contains("100 bytes"));
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// A. Krizhevsky 2009, *Learning Multiple Layers of Features from Tiny Images*.
#[derive(Clone, Debug, PartialEq, Eq)]
#[doc(alias = "CIFAR-10")]
pub struct Cifar10 {
    labels: Vec<usize>,
    bytes: Vec<u8>,
}

const FORMAT: &str = "CIFAR-10";

impl Cifar10 {
    /// The bytes of an image: channels x height x width.
    pub const LEN: usize = 3 * 32 * 32;

    /// The number of classes.
    pub const CLASSES: usize = 10;

    /// Reads images from the bytes of a whole file, gzip data or not.
    ///
    /// # Errors
    /// If they are not whole records, there are none, or a label is above 9; if gzip data are damaged or larger than 2^30
    /// bytes when decompressed, or the feature `gzip` is off.
    pub fn parse(file: &[u8]) -> Result<Self> {
        let file = plain(FORMAT, file)?;
        let wrong = |offset, found: String, expected: &str| {
            Err(Error::Format { format: FORMAT, offset, found, expected: expected.to_owned() })
        };
        let record = 1 + Self::LEN;
        if file.is_empty() || !file.len().is_multiple_of(record) {
            return wrong(
                0,
                format!("a file of {} bytes", file.len()),
                "a positive multiple of 3073 (one file of the archive, unpacked)",
            );
        }
        let mut labels = Vec::with_capacity(file.len() / record);
        let mut bytes = Vec::with_capacity(file.len() / record * Self::LEN);
        for (number, record_bytes) in file.chunks_exact(record).enumerate() {
            let label = usize::from(record_bytes[0]);
            if label >= Self::CLASSES {
                return wrong(number * record, format!("label {label}"), "0 to 9: is this a file of CIFAR-10?");
            }
            labels.push(label);
            bytes.extend_from_slice(&record_bytes[1..]);
        }
        Ok(Cifar10 { labels, bytes })
    }

    /// The number of images.
    pub fn count(&self) -> usize {
        self.labels.len()
    }

    /// The class of each image.
    pub fn labels(&self) -> &[usize] {
        &self.labels
    }

    /// The values, images x channels x height x width.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The values scaled to \[0, 1\].
    pub fn pixels<T: Scalar>(&self) -> Vec<T> {
        self.bytes.iter().map(|&byte| T::of(f64::from(byte) / 255.0)).collect()
    }

    /// Mean and standard deviation of each channel of the bytes; 0 and 0 if there are none.
    pub fn moments(&self) -> [(f64, f64); 3] {
        let channel = |number: usize| {
            let values =
                || self.bytes.chunks_exact(1024).skip(number).step_by(3).flatten().map(|&byte| u64::from(byte));
            let count = (self.count() * 1024).max(1) as f64;
            // Sums of bytes are exact in integers.
            let mean = values().sum::<u64>() as f64 / count;
            (mean, (values().map(|x| x * x).sum::<u64>() as f64 / count - mean * mean).max(0.0).sqrt())
        };
        [0, 1, 2].map(channel)
    }

    /// (value - mean) / deviation by channel: with the [`Cifar10::moments`] of the training images, for both sets.
    ///
    /// # Errors
    /// If a mean is not finite, or a deviation not finite and positive.
    pub fn standardized<T: Scalar>(&self, moments: [(f64, f64); 3]) -> Result<Vec<T>> {
        for (mean, deviation) in moments {
            Error::positive("the standard deviation to divide by", deviation)?;
            Error::finite("the mean to subtract", &[mean], "take the moments of data")?;
        }
        let planes = self.bytes.chunks_exact(1024).zip(moments.into_iter().cycle());
        Ok(planes
            .flat_map(|(plane, (mean, deviation))| plane.iter().map(move |&x| T::of((f64::from(x) - mean) / deviation)))
            .collect())
    }

    /// The images at these positions, in this order.
    ///
    /// # Errors
    /// If there is none at one of the positions.
    pub fn select(&self, positions: &[usize]) -> Result<Self> {
        if let Some(&value) = positions.iter().find(|&&position| position >= self.count()) {
            let limit = self.count().saturating_sub(1);
            return Err(Error::AboveLimit { what: "a selected position", value, limit, because: "the last one" });
        }
        let image = |&position: &usize| self.bytes[position * Self::LEN..][..Self::LEN].iter().copied();
        Ok(Cifar10 {
            labels: positions.iter().map(|&position| self.labels[position]).collect(),
            bytes: positions.iter().flat_map(image).collect(),
        })
    }
}
