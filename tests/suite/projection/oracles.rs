//! Projections entry by entry, from the documented formulas and the samplers of the key alone.

use eigenscape::operator::{LinearOperator, to_dense};
use eigenscape::projection::{Coordinates, Fastfood, Gaussian, Signs, Sparse, SubsampledHadamard};
use eigenscape::random::Key;

use crate::oracle::assert_close;
use crate::support::{Table, normal};

/// (-1)^(shared ones), by the definition.
fn hadamard(size: usize) -> Table {
    Table::new(size, size, |i, j| if (i & j).count_ones() % 2 == 0 { 1.0 } else { -1.0 })
}

fn dense(map: &impl LinearOperator<f64>) -> Vec<f64> {
    to_dense(map).entries().to_vec()
}

#[test]
fn fastfood_is_the_product_of_its_factors() {
    for (ambient, dim, size) in [(100usize, 5usize, 8usize), (64, 16, 16), (9000, 3, 4), (50, 33, 64), (40, 2, 2)] {
        let key = Key::new(7);
        let len = ambient.next_multiple_of(size);
        let mut signs = vec![0.0; len];
        key.split(0).signs(0, &mut signs);
        let numbers: Vec<f64> = normal(len, key.split(2));
        let h = hadamard(size);
        let mut expected = Vec::new();
        for block in 0..len / size {
            let diagonal = &numbers[block * size..][..size];
            let length = diagonal.iter().map(|x| x * x).sum::<f64>().sqrt();
            let mut places: Vec<usize> = (0..size).collect();
            key.split(1).shuffle((block * size) as u64, &mut places);
            // G Pi H B, then H.
            let middle = Table::new(size, size, |i, j| diagonal[i] * h.at(places[i], j) * signs[block * size + j]);
            let transform = h.times(&middle);
            for row in 0..size.min(ambient - block * size) {
                expected.extend((0..dim).map(|col| transform.at(row, col) / length / (ambient as f64).sqrt()));
            }
        }
        let fastfood = Fastfood::<f64>::new(ambient, dim, key).unwrap();
        assert_close(&format!("{ambient}x{dim}"), &dense(&fastfood), &expected, 1e-13);
    }
}

#[test]
fn hadamard_columns_are_those_of_the_large_matrix() {
    for (ambient, dim, size) in [(64usize, 4usize, 4usize), (100, 5, 8), (9000, 3, 4), (50, 33, 64)] {
        let key = Key::new(3);
        // Where the transform is larger than the space, of the columns that are independent.
        let low = key.split(0).permutation(if size > ambient { dim } else { size });
        let mut high = vec![0; dim];
        key.split(1).integers(0, ambient.div_ceil(size).next_power_of_two(), &mut high);
        let mut signs = vec![0.0; ambient];
        key.split(2).signs(0, &mut signs);
        let column = |j: usize| high[j] * size + low[j];
        let expected: Vec<f64> = (0..ambient * dim)
            .map(|place| {
                let (row, col) = (place / dim, place % dim);
                let entry = if (row & column(col)).count_ones() % 2 == 0 { 1.0 } else { -1.0 };
                entry * signs[row] / (ambient as f64).sqrt()
            })
            .collect();
        let map = SubsampledHadamard::<f64>::new(ambient, dim, key).unwrap();
        assert_close(&format!("{ambient}x{dim}"), &dense(&map), &expected, 1e-14);
    }
}

#[test]
fn signs_are_bits_of_the_stream() {
    for (ambient, dim) in [(10usize, 3usize), (5000, 40), (20, 8), (9, 1), (300, 299)] {
        let key = Key::new(5);
        let stride = dim.div_ceil(32) * 32;
        let mut signs = vec![0.0; ambient * stride];
        key.signs(0, &mut signs);
        let scale = (ambient as f64).sqrt();
        let expected: Vec<f64> =
            signs.chunks_exact(stride).flat_map(|row| row[..dim].iter().map(|x| x / scale)).collect();
        let map = Signs::<f64>::new(ambient, dim, key).unwrap();
        assert_close(&format!("{ambient}x{dim}"), &dense(&map), &expected, 1e-14);
    }
}

#[test]
fn sparse_columns_have_one_entry_in_each_stratum() {
    for (ambient, dim, stratum) in [(100, 7, 10), (101, 7, 11), (5000, 3, 71), (10_000, 40, 100), (3, 2, 2)] {
        let map = Sparse::<f64>::new(ambient, dim, Key::new(1)).unwrap();
        let strata = ambient.div_ceil(stratum);
        let entries = dense(&map);
        let mut above = 0;
        for col in 0..dim {
            let column: Vec<f64> = entries.chunks_exact(dim).map(|row| row[col]).collect();
            for part in column.chunks(stratum) {
                let held: Vec<f64> = part.iter().copied().filter(|x| *x != 0.0).collect();
                assert_eq!(held.len(), 1, "{ambient}x{dim}");
                assert!((held[0].abs() * (strata as f64).sqrt() - 1.0).abs() < 1e-14);
                above += usize::from(held[0] > 0.0);
            }
        }
        // As many signs of either kind, to four standard deviations.
        let count = (strata * dim) as f64;
        assert!((above as f64 - count / 2.0).abs() <= 2.0 * count.sqrt() + 1.0, "{above} of {count}");
    }
    let ones = Sparse::<f64>::new(50, 4, Key::new(1)).unwrap().stratum(1).unwrap();
    assert!(dense(&ones).iter().all(|x| (x.abs() * 50f64.sqrt() - 1.0).abs() < 1e-14), "strata of one row are dense");
    let single = Sparse::<f64>::new(50, 4, Key::new(1)).unwrap().stratum(50).unwrap();
    assert_eq!(dense(&single).iter().filter(|x| **x != 0.0).count(), 4);
}

#[test]
fn coordinates_are_a_uniform_subset() {
    let (ambient, dim, draws) = (6, 2, 3000);
    let mut counts = vec![0.0; ambient * ambient];
    for draw in 0..draws {
        let map = Coordinates::<f64>::new(ambient, dim, Key::new(0).split(draw)).unwrap();
        let &[a, b] = map.places() else { panic!("two places") };
        assert!(a < b && b < ambient);
        counts[a * ambient + b] += 1.0;
        assert_eq!(dense(&map).iter().sum::<f64>(), 2.0);
    }
    let expected = draws as f64 / 15.0;
    for a in 0..ambient {
        for b in a + 1..ambient {
            let count = counts[a * ambient + b];
            let bound = 4.0 * (expected * 14.0f64 / 15.0).sqrt();
            assert!((count - expected).abs() <= bound, "{a} and {b}: {count} of {expected}");
        }
    }
}

#[test]
fn unit_columns_are_the_normal_numbers_scaled() {
    let (ambient, dim, key) = (2500, 6, Key::new(2));
    let numbers: Vec<f64> = normal(ambient * dim, key);
    let lengths: Vec<f64> =
        (0..dim).map(|col| numbers.chunks_exact(dim).map(|row| row[col] * row[col]).sum::<f64>().sqrt()).collect();
    let expected: Vec<f64> = numbers.iter().enumerate().map(|(place, x)| x / lengths[place % dim]).collect();
    let map = Gaussian::<f64>::unit_columns(ambient, dim, key).unwrap();
    assert_close("unit columns", &dense(&map), &expected, 1e-13);
}
/// The integers, signs and places behind each projection, which must not change between versions nor machines.
#[test]
fn first_draws_are_pinned() {
    let key = Key::new(0);
    let places = Coordinates::<f64>::new(1000, 5, key).unwrap().places().to_vec();
    let signs = |entries: &[f64]| -> Vec<i32> { entries.iter().map(|x| x.signum() as i32).collect() };
    let dense = dense(&Signs::<f64>::new(100, 8, key).unwrap());
    let hadamard = self::dense(&SubsampledHadamard::<f64>::new(100, 8, key).unwrap());
    let sparse = self::dense(&Sparse::<f64>::new(100, 1, key).unwrap());
    let held: Vec<usize> = (0..100).filter(|&row| sparse[row] != 0.0).collect();
    let mut order: Vec<u8> = (0..8).collect();
    key.shuffle(3, &mut order);
    assert_eq!(places, [87, 121, 315, 929, 960]);
    assert_eq!(signs(&dense[..8]), [1, 1, -1, -1, 1, -1, -1, -1]);
    assert_eq!(signs(&hadamard[40..48]), [1, -1, -1, 1, 1, 1, -1, -1]);
    assert_eq!(held, [0, 19, 21, 33, 49, 53, 67, 78, 87, 96]);
    assert_eq!(order, [0, 1, 5, 4, 3, 7, 6, 2]);
}
