//! Learned subspaces against singular value decompositions by faer.

use eigenscape::operator::{LinearOperator, to_dense};
use eigenscape::projection::Basis;
use eigenscape::random::Key;
use eigenscape::{Scalar, check};

use crate::support::{norm, normal, product};

/// |x - P P' x| / |x|.
fn outside<T: Scalar>(basis: &Basis<T>, x: &[T]) -> f64 {
    use eigenscape::operator::Adjoint;
    let mut psi = vec![T::nan(); basis.cols()];
    basis.apply_adjoint(x, &mut psi);
    let inside = product(basis, &psi);
    let rest: Vec<f64> = inside.iter().zip(x).map(|(i, x)| x.f64() - i.f64()).collect();
    norm(&rest) / norm(x)
}

fn spans<T: Scalar>() {
    for (ambient, count) in [(1, 1), (10, 3), (5000, 7), (9001, 2), (6, 6)] {
        let vectors: Vec<T> = normal(ambient * count, Key::new(1));
        let basis = Basis::spanning(ambient, &vectors).unwrap();
        assert_eq!((basis.rows(), basis.cols()), (ambient, count));
        assert!(check::isometry(&basis, 0.0, Key::new(0)).unwrap().holds(), "{basis:?}");
        assert!(check::adjoint(&basis, Key::new(0)).unwrap().holds());
        let tolerance = 64.0 * T::EPSILON.f64() * (ambient as f64).sqrt();
        vectors.chunks_exact(ambient).for_each(|vector| assert!(outside(&basis, vector) < tolerance));
        // Blocks are as single products.
        let x: Vec<T> = normal(2 * count, Key::new(2));
        let mut wide = vec![T::nan(); 2 * ambient];
        basis.apply_block(&x, &mut wide, 2);
        let single: Vec<f64> = product(&basis, &x[count..]).iter().map(|x| x.f64()).collect();
        crate::oracle::assert_close("block", &wide[ambient..], &single, tolerance);
    }
}

#[test]
fn spans_hold_their_vectors() {
    spans::<f32>();
    spans::<f64>();
}

#[test]
fn what_depends_on_others_is_left_out() {
    let (ambient, key) = (200, Key::new(4));
    let two: Vec<f64> = normal(2 * ambient, key);
    let (a, b) = two.split_at(ambient);
    let mut vectors = a.to_vec();
    vectors.extend(a.iter().zip(b).map(|(a, b)| 3.0 * a - 1e150 * b));
    vectors.extend(vec![0.0; ambient]);
    vectors.extend(b.iter().map(|b| 1e-200 * b));
    vectors.extend(a.iter().zip(b).map(|(a, b)| a + b));
    let basis = Basis::spanning(ambient, &vectors).unwrap();
    assert_eq!(basis.cols(), 2);
    // More vectors than dimensions.
    assert_eq!(Basis::<f64>::spanning(3, &normal(15, key)).unwrap().cols(), 3);
}

#[test]
fn principal_directions_are_singular_vectors() {
    let (ambient, count) = (300, 8);
    // Singular values that fall by a factor of 2.
    let raw: Vec<f64> = normal(ambient * count, Key::new(5));
    let scaled: Vec<f64> = raw.iter().enumerate().map(|(at, x)| x * 0.5f64.powi((at / ambient) as i32)).collect();
    let (basis, shares) = Basis::principal(ambient, &scaled, 3).unwrap();
    let matrix = faer::MatRef::from_column_major_slice(&scaled, ambient, count);
    let decomposition = matrix.thin_svd().unwrap();
    let values: Vec<f64> = decomposition.S().column_vector().iter().copied().collect();
    let total: f64 = values.iter().map(|value| value * value).sum();
    for (index, &share) in shares.iter().enumerate() {
        assert!((share - values[index].powi(2) / total).abs() < 1e-12);
        let column: Vec<f64> = (0..ambient).map(|row| decomposition.U()[(row, index)]).collect();
        assert!(outside(&basis, &column) < 1e-12, "direction {index}");
        let cosine: f64 = basis.vector(index).iter().zip(&column).map(|(x, y)| x * y).sum();
        assert!((cosine.abs() - 1.0).abs() < 1e-12, "direction {index}: {cosine}");
    }
    // Fewer directions than asked for, and entries whose squares overflow.
    let repeated: Vec<f64> = [&raw[..ambient], &raw[..ambient]].concat().iter().map(|x| 1e200 * x).collect();
    let (basis, shares) = Basis::principal(ambient, &repeated, 2).unwrap();
    assert_eq!((basis.cols(), shares.len()), (1, 1));
    assert!((shares[0] - 1.0).abs() < 1e-12);
}

#[test]
fn random_directions_are_added() {
    let known: Vec<f32> = normal(2 * 50, Key::new(1));
    let basis = Basis::spanning(50, &known).unwrap();
    let wider = basis.clone().with_random(48, Key::new(2)).unwrap();
    assert_eq!(wider.cols(), 50);
    assert_eq!(&wider.vectors()[..100], basis.vectors());
    assert!(check::isometry(&wider, 0.0, Key::new(0)).unwrap().holds());
    let error = wider.with_random(1, Key::new(2)).unwrap_err().to_string();
    assert!(error.starts_with("the number of random directions is 1; it must be at most 0"), "{error}");
    assert_eq!(to_dense(&basis.with_random(0, Key::new(2)).unwrap()).entries().len(), 100);
}

#[test]
fn impossible_spans_are_refused() {
    let refused = |ambient, vectors: &[f64]| Basis::spanning(ambient, vectors).unwrap_err().to_string();
    assert!(refused(0, &[]).contains("must be at least 1"));
    assert!(refused(3, &[]).contains("give at least one vector"));
    assert!(refused(3, &[1.0; 4]).contains("has 4 entries; it must have 6"));
    assert!(refused(2, &[1.0, f64::NAN]).contains("give finite vectors"));
    assert!(refused(2, &[0.0; 4]).contains("give one that is not zero"));
    assert!(Basis::principal(2, &[1.0, 2.0], 0).is_err());
    assert!(Basis::principal(2, &[1.0, 2.0], 3).is_err());
    assert!(Basis::principal(2, &[0.0, 0.0], 1).is_err());
}
