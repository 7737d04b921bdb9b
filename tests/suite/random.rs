//! Keys: values that stay what they are, streams from any place on, independence, moments.

use std::collections::HashSet;

use eigenscape::Scalar;
use eigenscape::random::Key;
use proptest::prelude::*;
use rand::Rng;

use crate::support::{assert_mean, norm};

/// Any stretch of a stream is what the whole stream has there.
fn seekable<V: Copy + PartialEq + std::fmt::Debug>(
    what: &str,
    zero: V,
    start: usize,
    len: usize,
    fill: impl Fn(u64, &mut [V]),
) {
    let mut whole = vec![zero; start + len];
    fill(0, &mut whole);
    let mut part = vec![zero; len];
    fill(start as u64, &mut part);
    assert_eq!(part, whole[start..], "{what}: {len} values from {start}");
    // And far out, where offsets no longer fit 32 bits.
    let far = (1u64 << 40) + 1;
    let mut whole = vec![zero; start + len];
    fill(far, &mut whole);
    let mut part = vec![zero; len];
    fill(far + start as u64, &mut part);
    assert_eq!(part, whole[start..], "{what}: {len} values from {far} + {start}");
}

fn all_seekable<T: Scalar>(key: Key, start: usize, len: usize) {
    seekable("uniform", T::zero(), start, len, |offset, values| key.uniform(offset, values));
    seekable("normal", T::zero(), start, len, |offset, values| key.normal(offset, values));
    seekable("signs", T::zero(), start, len, |offset, values| key.signs(offset, values));
    seekable("integers", 0, start, len, |offset, values| key.integers(offset, 1000, values));
}

proptest! {
    #![proptest_config(crate::oracle::cases(64))]

    #[test]
    fn streams_can_be_had_from_any_place(key in 0u64..1000, start in 0usize..200, len in 0usize..100) {
        all_seekable::<f32>(Key::new(key), start, len);
        all_seekable::<f64>(Key::new(key), start, len);
    }
}

#[test]
fn streams_can_be_had_around_block_borders() {
    // A block of the generator is 16 words, four of them are made at a time; a word holds 32 signs.
    for border in [8, 16, 32, 64, 512, 2048] {
        for start in [border - 1, border, border + 1] {
            all_seekable::<f64>(Key::new(1), start, 3);
        }
    }
}

#[test]
fn first_draws_are_pinned() {
    let key = Key::new(0);
    let mut uniform = [0.0f64; 4];
    key.uniform(0, &mut uniform);
    let mut normal = [0.0f64; 4];
    key.normal(0, &mut normal);
    let mut signs = [0.0f64; 16];
    key.signs(0, &mut signs);
    let mut integers = [0; 6];
    key.integers(0, 100, &mut integers);
    let mut child = [0.0f64; 2];
    key.split(1).uniform(0, &mut child);
    let mut sphere = [0.0f64; 3];
    key.sphere(&mut sphere);
    // Recorded from the first release: whoever publishes a result with its key relies on them.
    assert_eq!(uniform, [0.08833146368253686, 0.9635794611037111, 0.12139368140126205, 0.31623751028570324]);
    assert_eq!(normal, [2.145593771860207, -0.4997451166813776, -0.8302283528430406, 1.878338036959582]);
    let positive = [1, 1, 0, 0, 1, 0, 0, 0, 0, 1, 1, 1, 0, 0, 1, 1];
    assert_eq!(signs, positive.map(|positive| if positive == 1 { 1.0 } else { -1.0 }));
    assert_eq!(integers, [8, 96, 12, 31, 92, 38]);
    assert_eq!(key.permutation(8), [5, 2, 4, 3, 1, 7, 6, 0]);
    assert_eq!(child, [0.2271836877279686, 0.9504667411825792]);
    assert_eq!(sphere, [0.9113618634601416, -0.21227160833850528, -0.35264758346519615]);
}

#[test]
fn single_precision_rounds_the_same_draws() {
    let (mut double, mut single) = (vec![0.0f64; 1000], vec![0.0f32; 1000]);
    let key = Key::new(5);
    key.normal(3, &mut double);
    key.normal(3, &mut single);
    assert!(double.iter().zip(&single).all(|(&d, &s)| d as f32 == s));
    key.uniform(3, &mut double);
    key.uniform(3, &mut single);
    // One is left out of the interval, which rounding alone would reach.
    assert!(double.iter().zip(&single).all(|(&d, &s)| (d as f32).min(1.0 - f32::EPSILON / 2.0) == s));
}

/// The words of keys that have nothing to do with each other: a word of 64 bits in common would be chance of 1e-13.
#[test]
fn keys_share_no_words() {
    let root = Key::new(0);
    let mut keys: Vec<Key> = (0..32).map(Key::new).collect();
    keys.extend((0..32).map(|child| root.split(child)));
    keys.extend((0..32).map(|child| root.split(0).split(child)));
    keys.extend((1..32).map(|child| Key::new(child).split(0)));
    keys.extend([u64::MAX, u64::MAX - 1, 1 << 63].map(Key::new));
    keys.extend([u64::MAX, u64::MAX - 1, 1 << 63].map(|child| root.split(child)));
    let distinct: HashSet<Key> = keys.iter().copied().collect();
    assert_eq!(distinct.len(), keys.len(), "keys must differ");
    let mut seen = HashSet::new();
    for key in &keys {
        let mut words = key.generator_at(0);
        assert!((0..64).all(|_| seen.insert(words.next_u64())), "{key:?} shares a word with another key");
    }
}

#[test]
fn siblings_are_uncorrelated() {
    let draw = |key: Key| {
        let mut values = vec![0.0f64; 4000];
        key.normal(0, &mut values);
        values
    };
    let parent = Key::new(3);
    let (own, first, second) = (draw(parent), draw(parent.split(0)), draw(parent.split(1)));
    for (what, x, y) in
        [("parent and child", &own, &first), ("siblings", &first, &second), ("neighbours", &own, &draw(Key::new(4)))]
    {
        let products: Vec<f64> = x.iter().zip(y).map(|(x, y)| x * y).collect();
        assert_mean(what, &products, 0.0, 1.0);
    }
}

const SAMPLE: usize = 100_000;

fn moments<T: Scalar>(key: Key) {
    let powers = |values: &[T], power: i32| values.iter().map(|x| x.f64().powi(power)).collect::<Vec<f64>>();
    let mut values = vec![T::zero(); SAMPLE];
    key.split(0).uniform(0, &mut values);
    assert!(values.iter().all(|&x| x > T::zero() && x < T::one()), "uniform: open interval");
    for power in 1..=4 {
        // E u^k = 1 / (k + 1)
        let (mean, square) = (1.0 / f64::from(power + 1), 1.0 / f64::from(2 * power + 1));
        assert_mean(&format!("uniform^{power}"), &powers(&values, power), mean, square - mean * mean);
    }
    key.split(1).normal(0, &mut values);
    // E z^k = 0, 1, 0, 3 and E z^2k = 1, 3, 15, 105
    for (power, mean, square) in [(1, 0.0, 1.0), (2, 1.0, 3.0), (3, 0.0, 15.0), (4, 3.0, 105.0)] {
        assert_mean(&format!("normal^{power}"), &powers(&values, power), mean, square - mean * mean);
    }
    let neighbours: Vec<f64> = values.windows(2).map(|pair| pair[0].f64() * pair[1].f64()).collect();
    assert_mean("normal, neighbours", &neighbours, 0.0, 1.0);
    key.split(2).signs(0, &mut values);
    assert!(values.iter().all(|&x| x == T::one() || x == -T::one()));
    assert_mean("signs", &powers(&values, 1), 0.0, 1.0);
    let neighbours: Vec<f64> = values.windows(2).map(|pair| (pair[0] * pair[1]).f64()).collect();
    assert_mean("signs, neighbours", &neighbours, 0.0, 1.0);
}

#[test]
fn moments_are_those_of_the_distributions() {
    for key in 0..3 {
        moments::<f32>(Key::new(key));
        moments::<f64>(Key::new(key));
    }
}

#[test]
fn integers_are_uniform() {
    for key in 0..3 {
        let mut values = vec![0; SAMPLE];
        let bound = 7;
        Key::new(key).integers(0, bound, &mut values);
        assert!(values.iter().all(|&value| value < bound));
        for number in 0..bound {
            let hits: Vec<f64> = values.iter().map(|&value| f64::from(u8::from(value == number))).collect();
            let share = 1.0 / bound as f64;
            assert_mean(&format!("integers: {number}"), &hits, share, share * (1.0 - share));
        }
    }
    let mut values = [9; 5];
    Key::new(0).integers(0, 1, &mut values);
    assert_eq!(values, [0; 5], "below 1 there is only 0");
    Key::new(0).integers(0, usize::MAX, &mut values);
    assert!(values.iter().all(|&value| value < usize::MAX));
}

#[test]
#[should_panic(expected = "the bound is 0")]
fn integers_below_zero_do_not_exist() {
    Key::new(0).integers(0, 0, &mut [0]);
}

#[test]
fn permutations_are_uniform() {
    for len in [0, 1, 2, 5, 100] {
        let mut order = Key::new(0).permutation(len);
        order.sort_unstable();
        assert_eq!(order, (0..len).collect::<Vec<_>>(), "each number once");
    }
    // Each number is at each place equally often; and so is each of the 24 orders of four.
    let draws: Vec<Vec<usize>> = (0..20_000).map(|child| Key::new(1).split(child).permutation(4)).collect();
    for place in 0..4 {
        for number in 0..4 {
            let hits: Vec<f64> = draws.iter().map(|order| f64::from(u8::from(order[place] == number))).collect();
            assert_mean(&format!("{number} at {place}"), &hits, 0.25, 0.25 * 0.75);
        }
    }
    let orders: HashSet<&Vec<usize>> = draws.iter().collect();
    assert_eq!(orders.len(), 24);
    for order in orders {
        let hits: Vec<f64> = draws.iter().map(|draw| f64::from(u8::from(draw == order))).collect();
        assert_mean(&format!("{order:?}"), &hits, 1.0 / 24.0, 23.0 / 576.0);
    }
}

fn spheres<T: Scalar>() {
    for dim in [1, 2, 3, 10, 1001] {
        let mut values = vec![T::zero(); dim];
        Key::new(0).sphere(&mut values);
        // Both the length divided by and the length measured are sums of so many rounded squares.
        let tolerance = 2.0 * T::EPSILON.f64() + (dim as f64).sqrt() * f64::EPSILON;
        assert!((norm(&values) - 1.0).abs() <= tolerance, "{dim}: length {}", norm(&values));
    }
    Key::new(0).sphere::<T>(&mut []);
    // No direction is preferred: coordinates have mean 0 and mean square 1/3.
    let points: Vec<[T; 3]> = (0..10_000)
        .map(|child| {
            let mut point = [T::zero(); 3];
            Key::new(2).split(child).sphere(&mut point);
            point
        })
        .collect();
    for axis in 0..3 {
        let coordinates: Vec<f64> = points.iter().map(|point| point[axis].f64()).collect();
        assert_mean("coordinate of a sphere", &coordinates, 0.0, 1.0 / 3.0);
        let squares: Vec<f64> = coordinates.iter().map(|x| x * x).collect();
        // E x^4 = 3 / (3 * 5)
        assert_mean("square of a coordinate", &squares, 1.0 / 3.0, 1.0 / 5.0 - 1.0 / 9.0);
    }
}

#[test]
fn spheres_are_uniform() {
    spheres::<f32>();
    spheres::<f64>();
}

#[test]
fn nothing_is_drawn_into_nothing() {
    all_seekable::<f64>(Key::new(0), 0, 0);
    all_seekable::<f64>(Key::new(0), 1, 1);
    all_seekable::<f64>(Key::new(0), 31, 1);
    all_seekable::<f64>(Key::new(0), 0, 1);
}
