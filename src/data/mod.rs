//! Reading data sets from bytes that nobody vouches for.
//!
//! | format | take |
//! | --- | --- |
//! | IDX, as MNIST, Fashion-MNIST and EMNIST are published | [`Idx`] |
//! | the binary format of CIFAR-10 | [`Cifar10`] |
//!
//! Bytes are checked before anything is allocated by what they say; a file that is damaged gives an error that names the
//! offset, never a panic. Files may be compressed by gzip (feature `gzip`, on by default), to 2^30 bytes at most.

mod cifar;
mod gzip;
mod idx;

pub use cifar::Cifar10;
pub use idx::Idx;
