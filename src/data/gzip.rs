//! Files as they are published: compressed or not.

use std::borrow::Cow;

use crate::error::{Error, Result};

/// Bytes that a file may have when it is decompressed: 2^30. A hostile file of some kilobytes would fill any memory.
const LARGEST: usize = 1 << 30;

/// The bytes of a file, decompressed if they are gzip data.
///
/// # Errors
/// If they are damaged, or more than 2^30 when decompressed; or if they are gzip data and the crate was built without
/// its feature `gzip`.
pub(super) fn plain<'a>(format: &'static str, file: &'a [u8]) -> Result<Cow<'a, [u8]>> {
    if file.starts_with(&[0x1f, 0x8b]) {
        decompressed(format, file, LARGEST).map(Cow::Owned)
    } else {
        Ok(Cow::Borrowed(file))
    }
}

#[cfg(feature = "gzip")]
fn decompressed(format: &'static str, file: &[u8], largest: usize) -> Result<Vec<u8>> {
    use std::io::Read;

    let mut bytes = Vec::new();
    let mut decoder = flate2::read::MultiGzDecoder::new(file);
    let outcome = (&mut decoder).take(largest as u64 + 1).read_to_end(&mut bytes);
    if let Err(error) = outcome {
        let expected = "a whole gzip file: it is damaged or cut off".to_owned();
        return Err(Error::Format { format, offset: 0, found: format!("gzip data with an error ({error})"), expected });
    }
    if bytes.len() > largest {
        return Err(Error::Format {
            format,
            offset: 0,
            found: "gzip data of more than that".to_owned(),
            expected: format!("at most {largest} bytes when decompressed: cut the file"),
        });
    }
    Ok(bytes)
}

#[cfg(not(feature = "gzip"))]
fn decompressed(format: &'static str, _: &[u8], _: usize) -> Result<Vec<u8>> {
    let expected = "plain data: decompress the file first, or build with the feature `gzip`".to_owned();
    Err(Error::Format { format, offset: 0, found: "gzip data".to_owned(), expected })
}

#[cfg(all(test, feature = "gzip"))]
mod tests {
    use std::io::Write;

    use super::decompressed;

    fn compressed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn what_decompresses_to_more_than_the_limit_is_refused() {
        let file = compressed(&[7; 10_000]);
        assert!(file.len() < 100);
        assert_eq!(decompressed("test", &file, 10_000).unwrap(), [7; 10_000]);
        let error = decompressed("test", &file, 9_999).unwrap_err().to_string();
        assert!(error.contains("at most 9999 bytes"), "{error}");
    }

    #[test]
    fn every_truncation_and_trailing_bytes_are_refused() {
        let file = compressed(b"some bytes to be kept");
        (2..file.len()).for_each(|len| assert!(decompressed("test", &file[..len], 100).is_err(), "{len} bytes"));
        assert_eq!(decompressed("test", &[&file[..], &file[..]].concat(), 100).unwrap().len(), 42);
        assert!(decompressed("test", &[&file[..], b"x"].concat(), 100).is_err());
    }
}
