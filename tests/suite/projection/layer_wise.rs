//! A subspace for each layer.

use eigenscape::check;
use eigenscape::operator::{Adjoint, LinearOperator, to_dense};
use eigenscape::projection::{Coordinates, Gaussian, LayerWise, Signs};
use eigenscape::random::Key;

use crate::oracle::assert_close;
use crate::support::normal;

#[test]
fn layers_have_coordinates_of_their_own() {
    let parts = [(0..5, 2), (7..20, 3), (20..21, 1)];
    let make = |index: usize, len, dim| Gaussian::<f64>::new(len, dim, Key::new(0).split(index as u64)).unwrap();
    let list: Vec<_> =
        parts.iter().enumerate().map(|(index, (range, dim))| (range.clone(), make(index, range.len(), *dim))).collect();
    let map = LayerWise::new(25, list).unwrap();
    assert_eq!((map.rows(), map.cols()), (25, 6));
    let mut expected = vec![0.0; 25 * 6];
    let mut first = 0;
    for (index, (range, dim)) in parts.iter().enumerate() {
        let part = to_dense(&make(index, range.len(), *dim));
        for (row, entries) in part.entries().chunks_exact(*dim).enumerate() {
            expected[(range.start + row) * 6 + first..][..*dim].copy_from_slice(entries);
        }
        first += dim;
    }
    assert_close("entries", to_dense(&map).entries(), &expected, 1e-14);
    assert!(check::adjoint(&map, Key::new(1)).unwrap().holds());
    assert!(check::isometry(&map, 0.0, Key::new(1)).unwrap().holds());

    let y: Vec<f64> = normal(3 * 25, Key::new(2));
    let mut back = vec![f64::NAN; 18];
    map.apply_adjoint_block(&y, &mut back, 3);
    for vector in 0..3 {
        let mut single = vec![f64::NAN; 6];
        map.apply_adjoint(&y[vector * 25..][..25], &mut single);
        assert_close("adjoint", &back[vector * 6..][..6], &single, 1e-14);
    }
}

#[test]
fn dimensions_are_shared_out_by_length() {
    let dims = |lens: &[usize], dim: usize| {
        let mut start = 0;
        let ranges: Vec<_> = lens
            .iter()
            .map(|len| {
                start += len;
                start - len..start
            })
            .collect();
        let mut dims = Vec::new();
        LayerWise::split(&ranges, dim, |_, ambient, dim| {
            dims.push(dim);
            Coordinates::<f64>::new(ambient, dim, Key::new(0))
        })
        .map(|_| dims)
    };
    assert_eq!(dims(&[100, 100], 10).unwrap(), [5, 5]);
    assert_eq!(dims(&[1, 1000, 10], 3).unwrap(), [1, 1, 1]);
    assert_eq!(dims(&[1, 2, 3], 6).unwrap(), [1, 2, 3]);
    assert_eq!(dims(&[1, 1, 1], 3).unwrap(), [1, 1, 1]);
    assert_eq!(dims(&[640, 10, 300, 10], 96).unwrap().iter().sum::<usize>(), 96);
    assert_eq!(dims(&[9], 4).unwrap(), [4]);
    let error = dims(&[5, 5, 5], 2).unwrap_err().to_string();
    assert!(error.contains("is 2; it must be at least 1 for each layer"), "{error}");
    assert!(dims(&[5, 5], 11).is_err());
    assert!(dims(&[], 1).is_err());
}

#[test]
fn impossible_layers_are_refused() {
    let part = || Signs::<f64>::new(5, 2, Key::new(0)).unwrap();
    let refused = |parts: Vec<(std::ops::Range<usize>, Signs<f64>)>| LayerWise::new(10, parts).unwrap_err().to_string();
    assert!(refused(vec![]).contains("give at least one range"));
    assert!(refused(vec![(0..4, part())]).contains("has 5 entries; it must have 4"));
    assert!(refused(vec![(0..5, part()), (4..9, part())]).contains("must not overlap"));
    assert!(refused(vec![(6..11, part())]).contains("at most 10"));
}
