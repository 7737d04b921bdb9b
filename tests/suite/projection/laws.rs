//! What each projection must do: the adjoint, blocks, the same bits however it is made, the whole space, sizes refused.

use eigenscape::operator::{Adjoint, LinearOperator, to_dense};
use eigenscape::projection::{Coordinates, Fastfood, Gaussian, Signs, Sparse, SubsampledHadamard};
use eigenscape::random::Key;
use eigenscape::{Result, Scalar, check};

use crate::oracle::assert_close;
use crate::support::{normal, product, with_threads};

/// Sizes around those of blocks, strata and transforms.
const SHAPES: [(usize, usize); 16] = [
    (1, 1),
    (2, 1),
    (3, 2),
    (7, 7),
    (8, 8),
    (33, 5),
    (100, 64),
    (100, 65),
    (1000, 3),
    (4095, 33),
    (4096, 32),
    (4097, 31),
    (5000, 1),
    (10_000, 100),
    (20_000, 17),
    (12_289, 4100),
];

type Boxed<T> = Box<dyn Adjoint<T>>;
type Make<T> = fn(usize, usize, Key, Option<usize>) -> Result<Boxed<T>>;

macro_rules! blocked {
    ($($name:ident)*) => {
        [$((stringify!($name), (|ambient: usize, dim: usize, key: Key, budget: Option<usize>| {
            let map = $name::<T>::new(ambient, dim, key)?;
            Ok(Box::new(budget.into_iter().fold(map, |map, bytes| map.memory_budget(bytes))) as Boxed<T>)
        }) as Make<T>)),*]
    };
}

/// All random projections by name; those of many numbers only up to sizes that a test can afford.
fn all<T: Scalar>() -> Vec<(&'static str, Make<T>)> {
    let mut all: Vec<(&'static str, Make<T>)> = blocked!(Signs Sparse Fastfood SubsampledHadamard).into();
    all.push(("Gaussian, unit columns", |ambient, dim, key, budget| {
        let map = Gaussian::<T>::unit_columns(ambient, dim, key)?;
        Ok(Box::new(budget.into_iter().fold(map, |map, bytes| map.memory_budget(bytes))) as Boxed<T>)
    }));
    all.push(("Coordinates", |ambient, dim, key, _| Ok(Box::new(Coordinates::<T>::new(ambient, dim, key)?))));
    all
}

fn shapes(name: &str) -> impl Iterator<Item = (usize, usize)> {
    let dense = name.starts_with("Gaussian");
    SHAPES.into_iter().filter(move |(ambient, dim)| !dense || ambient * dim < 2_000_000)
}

fn adjoints_and_blocks<T: Scalar>() {
    for (name, make) in all::<T>() {
        for (ambient, dim) in shapes(name) {
            let map = make(ambient, dim, Key::new(0), None).unwrap();
            let what = format!("{name} {ambient}x{dim} in {}", T::NAME);
            assert_eq!((map.rows(), map.cols()), (ambient, dim), "{what}");
            let check = check::adjoint(&*map, Key::new(1)).unwrap();
            assert!(check.holds(), "{what}: {check:?}");

            let vectors = 3;
            let (x, y): (Vec<T>, Vec<T>) = (normal(vectors * dim, Key::new(2)), normal(vectors * ambient, Key::new(3)));
            let (mut wide, mut back) = (vec![T::nan(); vectors * ambient], vec![T::nan(); vectors * dim]);
            map.apply_block(&x, &mut wide, vectors);
            map.apply_adjoint_block(&y, &mut back, vectors);
            let tolerance = 64.0 * T::EPSILON.f64() * (ambient as f64).sqrt();
            for vector in 0..vectors {
                let single: Vec<f64> = product(&&*map, &x[vector * dim..][..dim]).iter().map(|x| x.f64()).collect();
                assert_close(&what, &wide[vector * ambient..][..ambient], &single, tolerance);
                let mut single = vec![T::nan(); dim];
                map.apply_adjoint(&y[vector * ambient..][..ambient], &mut single);
                let single: Vec<f64> = single.iter().map(|x| x.f64()).collect();
                assert_close(&what, &back[vector * dim..][..dim], &single, tolerance);
            }
            map.apply_block(&[], &mut [], 0);
            map.apply_adjoint_block(&[], &mut [], 0);
        }
    }
}

/// What is kept and what is made again, in pools of any size, are the same bits; another key gives other ones.
fn same_bits<T: Scalar>() {
    for (name, make) in all::<T>() {
        for (ambient, dim) in [(5003, 7), (20_000, 130)] {
            let (x, y): (Vec<T>, Vec<T>) = (normal(2 * dim, Key::new(1)), normal(2 * ambient, Key::new(2)));
            let products = |threads: usize, budget: Option<usize>, key: u64| {
                with_threads(threads, || {
                    let map = make(ambient, dim, Key::new(key), budget).unwrap();
                    let (mut wide, mut back) = (vec![T::nan(); 2 * ambient], vec![T::nan(); 2 * dim]);
                    map.apply_block(&x, &mut wide, 2);
                    map.apply_adjoint_block(&y, &mut back, 2);
                    let mut single = vec![T::nan(); dim];
                    map.apply_adjoint(&y[..ambient], &mut single);
                    (product(&&*map, &x[..dim]), single, wide, back)
                })
            };
            let expected = products(1, None, 0);
            for (threads, budget) in [(1, Some(0)), (2, None), (2, Some(0)), (3, Some(usize::MAX))] {
                let same = products(threads, budget, 0) == expected;
                assert!(same, "{name} {ambient}x{dim}: {threads} threads, budget {budget:?}");
            }
            assert!(products(1, None, 1).0 != expected.0, "{name}: another key");
        }
    }
}

/// dim = ambient is the whole space: exactly, and to rounding for the one that is not the identity.
fn whole_space<T: Scalar>() {
    for (name, make) in all::<T>() {
        for size in [1, 2, 7, 64, 100] {
            let entries = to_dense(&*make(size, size, Key::new(0), None).unwrap()).entries().to_vec();
            if name.starts_with("Gaussian") {
                continue;
            }
            for (place, entry) in entries.iter().enumerate() {
                let expected = if place / size == place % size { 1.0 } else { 0.0 };
                assert_eq!(entry.f64(), expected, "{name}: the identity of {size}");
            }
        }
    }
}

macro_rules! in_both_precisions {
    ($scalar:ty, $module:ident) => {
        mod $module {
            #[test]
            fn adjoints_and_blocks_agree_with_products() {
                super::adjoints_and_blocks::<$scalar>();
            }

            #[test]
            fn bits_depend_on_the_key_alone() {
                super::same_bits::<$scalar>();
            }

            #[test]
            fn the_whole_space_is_exact() {
                super::whole_space::<$scalar>();
            }
        }
    };
}
in_both_precisions!(f32, single);
in_both_precisions!(f64, double);

#[test]
fn impossible_sizes_are_refused() {
    for (name, make) in all::<f64>() {
        let refused = |ambient, dim| match make(ambient, dim, Key::new(0), None) {
            Err(error) => error.to_string(),
            Ok(_) => panic!("{name}: {dim} of {ambient} dimensions"),
        };
        assert_eq!(refused(10, 0), "the dimension of a subspace is 0; it must be at least 1");
        assert!(refused(0, 0).contains("must be at least 1"));
        assert!(refused(10, 11).starts_with("the dimension of a subspace is 11; it must be at most 10"));
    }
    let sparse = Sparse::<f64>::new(10, 2, Key::new(0)).unwrap();
    assert!(sparse.clone().stratum(0).unwrap_err().to_string().contains("must be at least 1"));
    assert!(sparse.stratum(11).unwrap_err().to_string().contains("at most 10"));
}

#[test]
fn nothing_is_kept_beyond_the_budget() {
    let fastfood = Fastfood::<f32>::new(10_000, 100, Key::new(0)).unwrap();
    // A number, two bytes of a place and a bit for each of 79 x 128 rows.
    let bytes = 79 * 128 * 6 + 79 * 16;
    assert!(format!("{:?}", fastfood.clone().memory_budget(bytes)).contains("kept: true"));
    assert_eq!(format!("{:?}", fastfood.memory_budget(bytes - 1)), "Fastfood(10000x100, kept: false)");
}
