//! Reading data sets from bytes that nobody vouches for.
//!
//! | format | take |
//! | --- | --- |
//! | IDX, as MNIST, Fashion-MNIST and EMNIST are published | [`Idx`] |
//!
//! Bytes are checked before anything is allocated by what they say; a file that is damaged gives an error that names the
//! offset, never a panic. Compressed files are to be decompressed first (any gzip reader does; bound its output).

mod idx;

pub use idx::Idx;
