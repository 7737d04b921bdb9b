//! Data files, sound and hostile.

use eigenscape::Scalar;
use eigenscape::data::{Cifar10, Idx};
use proptest::prelude::*;

fn file(extents: &[u32], values: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, extents.len() as u8];
    extents.iter().for_each(|extent| bytes.extend(extent.to_be_bytes()));
    bytes.extend(values);
    bytes
}

#[track_caller]
fn refused(bytes: &[u8], parts: &[&str]) {
    let error = Idx::parse(bytes).unwrap_err().to_string();
    assert!(error.starts_with("not a valid IDX file: byte "), "{error}");
    for part in parts {
        assert!(error.contains(part), "`{error}` does not say `{part}`");
    }
}

#[test]
fn one_to_four_axes_are_read() {
    for extents in [&[6][..], &[2, 3], &[3, 1, 2], &[1, 2, 3, 1], &[0], &[0, 5], &[5, 0]] {
        let size: u32 = extents.iter().product();
        let values: Vec<u8> = (0..size as u8).collect();
        let idx = Idx::parse(&file(extents, &values)).unwrap();
        assert!(idx.extents().iter().zip(extents).all(|(&a, &b)| a == b as usize));
        assert_eq!((idx.extents().len(), idx.bytes(), idx.count()), (extents.len(), &values[..], extents[0] as usize));
    }
}

#[test]
fn every_truncation_is_an_error() {
    for extents in [&[4][..], &[2, 2], &[2, 2, 1], &[2, 1, 2, 1]] {
        let whole = file(extents, &[1, 2, 3, 4]);
        assert!(Idx::parse(&whole).is_ok());
        for len in 0..whole.len() {
            assert!(Idx::parse(&whole[..len]).is_err(), "{len} of {} bytes", whole.len());
        }
        let longer = [&whole[..], &[0]].concat();
        refused(&longer, &["found 5 value bytes, expected 4", "too many"]);
    }
    refused(&[], &["byte 0", "a file of 0 bytes"]);
    refused(&file(&[4], &[])[..6], &["byte 4", "cut off"]);
}

#[test]
fn wrong_headers_are_named() {
    refused(&[0x1f, 0x8b, 8, 0, 0, 0], &["gzip", "damaged"]);
    refused(&[0, 0, 8, 0], &["byte 3", "0 axes", "1 to 4"]);
    refused(&[0, 0, 8, 5, 0], &["byte 3", "5 axes"]);
    refused(&[0, 0, 8, 255], &["255 axes"]);
    refused(&[0, 0, 0x0d, 1, 0, 0, 0, 0], &["byte 2", "0x0d", "unsigned bytes"]);
    refused(b"\x89PNG\r\n", &["byte 0"]);
    refused(&[1, 0, 8, 1, 0, 0, 0, 0], &["byte 0"]);
}

#[test]
fn huge_extents_allocate_nothing() {
    for extents in [&[u32::MAX][..], &[u32::MAX, u32::MAX], &[u32::MAX; 3], &[u32::MAX; 4], &[1 << 16, 1 << 16, 1, 1]] {
        refused(&file(extents, &[1, 2, 3]), &["found 3 value bytes", &extents[0].to_string()]);
        refused(&file(extents, &[]), &["found 0 value bytes"]);
    }
    // 2^64 wraps to 0 in 64 bits, and must not pass for an empty file.
    refused(&file(&[1 << 16; 4], &[]), &["18446744073709551616"]);
}

#[test]
fn empty_arrays_answer() {
    for extents in [[0, u32::MAX, u32::MAX, u32::MAX], [u32::MAX, u32::MAX, u32::MAX, 0]] {
        let empty = Idx::parse(&file(&extents, &[])).unwrap();
        assert_eq!(empty.moments(), (0.0, 0.0));
        assert!(empty.standardized::<f64>((0.0, 1.0)).unwrap().is_empty());
        assert!(empty.select(&[]).unwrap().bytes().is_empty());
        assert!(empty.labels().is_err());
    }
    let none = Idx::parse(&file(&[0], &[])).unwrap();
    assert!(none.labels().unwrap().is_empty());
    assert!(none.select(&[0]).is_err());
}

fn standardizes<T: Scalar>() {
    let idx = Idx::parse(&file(&[2, 3], &[0, 255, 7, 7, 100, 31])).unwrap();
    let (mean, deviation) = idx.moments();
    let values = [0.0, 255.0, 7.0, 7.0, 100.0, 31.0];
    let expected_mean = values.iter().sum::<f64>() / 6.0;
    let expected_variance = values.iter().map(|x| (x - expected_mean).powi(2)).sum::<f64>() / 6.0;
    assert!((mean - expected_mean).abs() <= 1e-14 * mean);
    assert!((deviation - expected_variance.sqrt()).abs() <= 1e-13 * deviation);
    let scaled: Vec<T> = idx.standardized((mean, deviation)).unwrap();
    let mean = scaled.iter().map(|x| x.f64()).sum::<f64>() / 6.0;
    let variance = scaled.iter().map(|x| x.f64().powi(2)).sum::<f64>() / 6.0;
    let tolerance = 8.0 * T::EPSILON.f64();
    assert!(mean.abs() <= tolerance && (variance - 1.0).abs() <= tolerance, "mean {mean}, variance {variance}");
    // Test data on the scale of training data.
    let other: Vec<T> = idx.standardized((7.0, 2.0)).unwrap();
    assert_eq!(other[0], T::of(-3.5));
}

#[test]
fn values_are_standardized() {
    standardizes::<f32>();
    standardizes::<f64>();
    let equal = Idx::parse(&file(&[3], &[7; 3])).unwrap();
    assert_eq!(equal.moments(), (7.0, 0.0));
    let error = equal.standardized::<f64>(equal.moments()).unwrap_err().to_string();
    assert!(error.contains("deviation") && error.contains("positive"), "{error}");
    for moments in [(f64::NAN, 1.0), (0.0, f64::NAN), (0.0, -1.0), (f64::INFINITY, 1.0), (0.0, f64::INFINITY)] {
        assert!(equal.standardized::<f32>(moments).is_err(), "{moments:?}");
    }
}

#[test]
fn entries_are_selected() {
    let images = Idx::parse(&file(&[3, 2, 1], &[1, 2, 3, 4, 5, 6])).unwrap();
    let chosen = images.select(&[2, 0, 2]).unwrap();
    assert_eq!((chosen.extents(), chosen.bytes()), (&[3, 2, 1][..], &[5, 6, 1, 2, 5, 6][..]));
    assert_eq!(images.select(&[]).unwrap().extents(), [0, 2, 1]);
    let error = images.select(&[1, 3]).unwrap_err().to_string();
    assert!(error.contains("is 3") && error.contains("at most 2"), "{error}");
    assert!(images.select(&[usize::MAX]).is_err());
}

#[test]
fn labels_have_one_axis() {
    assert_eq!(Idx::parse(&file(&[3], &[7, 0, 255])).unwrap().labels().unwrap(), [7, 0, 255]);
    let error = Idx::parse(&file(&[3, 1], &[7, 0, 9])).unwrap().labels().unwrap_err().to_string();
    assert!(error.contains("2 axes") && error.contains("images"), "{error}");
}

proptest! {
    #![proptest_config(crate::oracle::cases(512))]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = Idx::parse(&bytes);
    }

    /// The same behind a header that is right so far.
    #[test]
    fn arbitrary_extents_never_panic(
        extents in prop::collection::vec(prop_oneof![0u32..4, any::<u32>()], 1..5),
        values in prop::collection::vec(any::<u8>(), 0..32),
        position in any::<usize>(),
    ) {
        let size = extents.iter().map(|&extent| u128::from(extent)).product::<u128>();
        let parsed = Idx::parse(&file(&extents, &values));
        prop_assert_eq!(parsed.is_ok(), size == values.len() as u128);
        if let Ok(idx) = parsed {
            let _ = (idx.labels(), idx.standardized::<f32>(idx.moments()));
            prop_assert_eq!(idx.select(&[position]).is_ok(), position < idx.count());
            prop_assert!(idx.select(&[]).is_ok());
        }
    }
}

#[test]
fn compressed_files_are_read_as_they_are() {
    let labels = Idx::parse(include_bytes!("../../examples/data/digits-labels-idx1-ubyte.gz")).unwrap();
    assert_eq!((labels.count(), &labels.bytes()[..5]), (1797, &[0, 1, 2, 3, 4][..]));
}

#[test]
fn cifar_records_are_read_and_scaled_by_channel() {
    let image = |label: u8, levels: [u8; 3]| {
        let planes = levels.into_iter().flat_map(|level| std::iter::repeat_n(level, 1024));
        std::iter::once(label).chain(planes).collect::<Vec<u8>>()
    };
    let file = [image(3, [0, 10, 255]), image(9, [2, 30, 255])].concat();
    let images = Cifar10::parse(&file).unwrap();
    assert_eq!((images.count(), images.labels(), images.bytes().len()), (2, &[3, 9][..], 2 * Cifar10::LEN));
    assert_eq!(images.moments(), [(1.0, 1.0), (20.0, 10.0), (255.0, 0.0)]);
    assert!(images.standardized::<f64>(images.moments()).unwrap_err().to_string().contains("deviation"));
    let scaled = images.standardized::<f64>([(1.0, 1.0), (20.0, 10.0), (0.0, 255.0)]).unwrap();
    let planes: Vec<f64> = scaled.chunks_exact(1024).map(|plane| plane[17]).collect();
    assert_eq!(planes, [-1.0, -1.0, 1.0, 1.0, 1.0, 1.0]);
    let second = images.select(&[1]).unwrap();
    assert_eq!((second.labels(), second.bytes()), (&[9][..], &file[3074..]));
    assert!(images.select(&[2]).is_err());

    for len in [0, 1, 3072, 3074, 6145] {
        assert!(Cifar10::parse(&file[..len]).unwrap_err().to_string().contains("multiple of 3073"), "{len}");
    }
    let mut wrong = file;
    wrong[3073] = 10;
    let error = Cifar10::parse(&wrong).unwrap_err().to_string();
    assert!(error.contains("byte 3073") && error.contains("label 10"), "{error}");
}

proptest! {
    #![proptest_config(crate::oracle::cases(300))]

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..6200), compressed: bool) {
        let bytes = if compressed { [&[0x1f, 0x8b, 8, 0][..], &bytes].concat() } else { bytes };
        let _ = Idx::parse(&bytes);
        let _ = Cifar10::parse(&bytes);
        let _ = Cifar10::parse(&bytes[..bytes.len().min(3073)]);
    }
}
