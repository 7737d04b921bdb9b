//! The tape's larger instructions against naive loops in double precision, at shapes drawn at random, in both precisions.
//!
//! What is bilinear (convolutions, products of matrices) or linear (pools, gathers, concatenations) is a list of terms:
//! which entry of the result each product of two entries is added to. The same list, read the other ways, says what both
//! transposes are.

use eigenscape::Scalar;
use eigenscape::random::Key;
use eigenscape::tape::{Shape, Tape, Var};
use proptest::prelude::*;

/// An array of numbers that both precisions hold exactly.
#[derive(Clone, Debug)]
struct Array {
    extents: Vec<usize>,
    entries: Vec<f64>,
}

impl Array {
    fn new(extents: &[usize], entries: Vec<f64>) -> Self {
        assert_eq!(entries.len(), extents.iter().product::<usize>());
        Array { extents: extents.to_vec(), entries }
    }

    fn normal(extents: &[usize], key: Key) -> Self {
        let mut entries = vec![0.0f32; extents.iter().product()];
        key.normal(0, &mut entries);
        Array::new(extents, entries.into_iter().map(f64::from).collect())
    }

    /// -1, 0 and 1, so that many tie.
    fn tying(extents: &[usize], key: Key) -> Self {
        let mut entries = vec![0; extents.iter().product()];
        key.integers(0, 3, &mut entries);
        Array::new(extents, entries.into_iter().map(|entry| entry as f64 - 1.0).collect())
    }

    /// As it is, but NaN at about one place of `every`.
    fn pierced(mut self, every: usize, key: Key) -> Self {
        let mut dice = vec![0; self.entries.len()];
        key.integers(0, every, &mut dice);
        self.entries.iter_mut().zip(dice).filter(|(_, dice)| *dice == 0).for_each(|(entry, _)| *entry = f64::NAN);
        self
    }

    fn cast<T: Scalar>(&self) -> Vec<T> {
        self.entries.iter().map(|&entry| T::of(entry)).collect()
    }
}

/// The place of an index in an array, row by row.
fn place(extents: &[usize], index: &[usize]) -> usize {
    assert!(index.iter().zip(extents).all(|(i, extent)| i < extent) && index.len() == extents.len());
    index.iter().zip(extents).fold(0, |place, (i, extent)| place * extent + i)
}

/// All indices of an array, row by row.
fn indices(extents: &[usize]) -> Vec<Vec<usize>> {
    extents.iter().fold(vec![vec![]], |all, &extent| {
        let longer = |index: Vec<usize>| (0..extent).map(move |i| [index.as_slice(), &[i]].concat());
        all.into_iter().flat_map(longer).collect()
    })
}

/// An entry for each place of a result, with the sum of its terms' sizes and their number.
#[derive(Clone, Copy, Default)]
struct Entry {
    value: f64,
    size: f64,
    terms: usize,
}

/// Adds up the terms: for each, entry `to` of the result gets the product of those that the other two places name.
fn add_up(terms: &[[usize; 3]], to: usize, from: [(usize, &Array); 2], len: usize) -> Vec<Entry> {
    let mut result = vec![Entry::default(); len];
    for term in terms {
        let product: f64 = from.iter().map(|&(which, array)| array.entries[term[which]]).product();
        let entry = &mut result[term[to]];
        *entry = Entry { value: entry.value + product, size: entry.size + product.abs(), terms: entry.terms + 1 };
    }
    result
}

/// Panics unless each entry is off by no more than its terms' rounding, or NaN where one of them is.
#[track_caller]
fn assert_sums<T: Scalar>(what: &str, actual: &[T], expected: &[Entry]) {
    assert_eq!(actual.len(), expected.len(), "{what}: length");
    for (place, (actual, expected)) in actual.iter().zip(expected).enumerate() {
        let bound = T::EPSILON.f64() * (expected.terms + 2) as f64 * expected.size;
        let close = (actual.f64() - expected.value).abs() <= bound || actual.is_nan() && expected.value.is_nan();
        assert!(close, "{}: {what}: entry {place} is {actual}, expected {}", T::NAME, expected.value);
    }
}

/// Panics unless all entries are equal, NaN where NaN is expected.
#[track_caller]
fn assert_same<T: Scalar>(what: &str, actual: &[T], expected: &[f64]) {
    let same = |a: &T, e: &f64| a.f64() == *e || a.is_nan() && e.is_nan();
    let all = actual.len() == expected.len() && actual.iter().zip(expected).all(|(a, e)| same(a, e));
    assert!(all, "{}: {what}: {actual:?}, expected {expected:?}", T::NAME);
}

fn value<T: Scalar>(arguments: &[&Array], function: impl for<'t> Fn(&[Var<'t, T>]) -> Var<'t, T>) -> Vec<T> {
    let tape = Tape::new();
    let vars: Vec<_> = arguments.iter().map(|array| tape.argument(Shape::new(&array.extents).unwrap())).collect();
    let program = tape.finish(&[&[function(&vars)]]).unwrap();
    let values: Vec<Vec<T>> = arguments.iter().map(|array| array.cast()).collect();
    program.evaluate(&values.iter().map(Vec::as_slice).collect::<Vec<_>>()).remove(0)
}

/// The transposed derivative of a function by each of its arguments, applied to `u`.
fn cotangents<T: Scalar>(
    arguments: &[&Array],
    u: &Array,
    function: impl for<'t> Fn(&[Var<'t, T>]) -> Var<'t, T>,
) -> Vec<Vec<T>> {
    let tape = Tape::new();
    let vars: Vec<_> = arguments.iter().map(|array| tape.argument(Shape::new(&array.extents).unwrap())).collect();
    let result = function(&vars);
    assert_eq!(result.shape().extents(), u.extents);
    let program = tape.finish(&[&[result.dot(tape.constant(result.shape(), &u.cast::<T>()))]]).unwrap();
    let values: Vec<Vec<T>> = arguments.iter().map(|array| array.cast()).collect();
    let values: Vec<&[T]> = values.iter().map(Vec::as_slice).collect();
    (0..values.len()).map(|argument| program.gradient(argument).unwrap().evaluate(&values).remove(1)).collect()
}

/// A bilinear function by its terms (result, left, right), and both of its transposes.
fn assert_bilinear<T: Scalar>(
    terms: &[[usize; 3]],
    [left, right, u]: [&Array; 3],
    function: impl for<'t> Fn(&[Var<'t, T>]) -> Var<'t, T>,
) {
    let expected = add_up(terms, 0, [(1, left), (2, right)], u.entries.len());
    assert_sums("value", &value(&[left, right], &function), &expected);
    let transposed = cotangents(&[left, right], u, &function);
    let expected = add_up(terms, 1, [(0, u), (2, right)], left.entries.len());
    assert_sums("transposed by the left", &transposed[0], &expected);
    let expected = add_up(terms, 2, [(0, u), (1, left)], right.entries.len());
    assert_sums("transposed by the right", &transposed[1], &expected);
}

/// A linear function by its terms, each times one factor, and its transpose.
fn assert_linear<T: Scalar>(
    pairs: &[[usize; 2]],
    factor: f64,
    [x, u]: [&Array; 2],
    function: impl for<'t> Fn(Var<'t, T>) -> Var<'t, T>,
) {
    let terms: Vec<[usize; 3]> = pairs.iter().map(|&[to, from]| [to, from, 0]).collect();
    let factor = Array::new(&[1], vec![factor]);
    let expected = add_up(&terms, 0, [(1, x), (2, &factor)], u.entries.len());
    assert_sums("value", &value(&[x], |x| function(x[0])), &expected);
    let expected = add_up(&terms, 1, [(0, u), (2, &factor)], x.entries.len());
    assert_sums("transposed", &cotangents(&[x], u, |x| function(x[0]))[0], &expected);
}

/// Images, and a window that slides over them.
#[derive(Clone, Debug)]
struct Geometry {
    images: usize,
    channels: usize,
    outputs: usize,
    image: [usize; 2],
    size: [usize; 2],
    stride: [usize; 2],
    padding: [usize; 2],
}

impl Geometry {
    fn positions(&self) -> [usize; 2] {
        [0, 1].map(|axis| (self.image[axis] + 2 * self.padding[axis] - self.size[axis]) / self.stride[axis] + 1)
    }

    /// The pixel under a place of the window at a position, unless it lies in the padding.
    fn pixel(&self, position: &[usize], place: &[usize]) -> Option<[usize; 2]> {
        let along = |axis: usize| {
            let at = (position[axis] * self.stride[axis] + place[axis]).checked_sub(self.padding[axis])?;
            (at < self.image[axis]).then_some(at)
        };
        Some([along(0)?, along(1)?])
    }

    /// For each position over each plane of images, the places of the pixels that the window sees.
    fn windows(&self) -> Vec<Vec<usize>> {
        let [height, width] = self.image;
        let [down, across] = self.positions();
        let planes = [self.images, self.channels, down, across];
        let extents = [self.images, self.channels, height, width];
        let seen = |index: Vec<usize>| {
            let pixels = indices(&self.size).into_iter().filter_map(|place| self.pixel(&index[2..], &place));
            pixels.map(|[row, col]| place(&extents, &[index[0], index[1], row, col])).collect()
        };
        indices(&planes).into_iter().map(seen).collect()
    }

    fn convolution_terms(&self) -> Vec<[usize; 3]> {
        let ([height, width], [rows, cols], [down, across]) = (self.image, self.size, self.positions());
        let mut terms = Vec::new();
        for index in indices(&[self.images, self.outputs, down, across]) {
            for weight in indices(&[self.channels, rows, cols]) {
                let Some([row, col]) = self.pixel(&index[2..], &weight[1..]) else { continue };
                terms.push([
                    place(&[self.images, self.outputs, down, across], &index),
                    place(&[self.images, self.channels, height, width], &[index[0], weight[0], row, col]),
                    place(&[self.outputs, self.channels, rows, cols], &[&[index[1]], weight.as_slice()].concat()),
                ]);
            }
        }
        terms
    }
}

fn geometries(padding: std::ops::Range<usize>) -> impl Strategy<Value = Geometry> {
    let pair = |range: std::ops::Range<usize>| (range.clone(), range).prop_map(|(down, across)| [down, across]);
    let counts = (0usize..3, 1usize..4, 1usize..4);
    (counts, pair(1..5), pair(1..4), pair(padding), pair(0..6)).prop_map(|(counts, size, stride, padding, more)| {
        let (images, channels, outputs) = counts;
        // At least as large as the window without the padding, and at least one pixel.
        let image = [0, 1].map(|axis| size[axis].saturating_sub(2 * padding[axis]).max(1) + more[axis]);
        Geometry { images, channels, outputs, image, size, stride, padding }
    })
}

/// What networks take most, and the library has loops of its own for: stride 1 and the padding that keeps the size.
fn same_geometries() -> impl Strategy<Value = Geometry> {
    (geometries(0..1), prop::array::uniform2(0usize..3)).prop_map(|(geometry, half)| Geometry {
        size: half.map(|half| 2 * half + 1),
        stride: [1, 1],
        padding: half,
        ..geometry
    })
}

/// Windows two columns wide, side by side, which leave a column over where the width is odd.
fn paired_geometries() -> impl Strategy<Value = Geometry> {
    geometries(0..1).prop_map(|geometry| Geometry {
        image: [geometry.image[0], geometry.image[1].max(2)],
        size: [geometry.size[0], 2],
        stride: [geometry.stride[0], 2],
        ..geometry
    })
}

fn convolutions<T: Scalar>(geometry: &Geometry, key: Key) {
    let Geometry { images, channels, outputs, image, size, stride, padding } = *geometry;
    let [down, across] = geometry.positions();
    let x = Array::normal(&[images, channels, image[0], image[1]], key.split(0));
    let w = Array::normal(&[outputs, channels, size[0], size[1]], key.split(1));
    let y = Array::normal(&[images, outputs, down, across], key.split(2));
    let terms = geometry.convolution_terms();
    assert_bilinear::<T>(&terms, [&x, &w, &y], |v| v[0].convolution(v[1], stride, padding));
    // The transpose by the images, as a function of its own.
    let turned: Vec<[usize; 3]> = terms.iter().map(|&[y, x, w]| [x, y, w]).collect();
    assert_bilinear::<T>(&turned, [&y, &w, &x], |v| v[0].convolution_transposed(v[1], image, stride, padding));
    // A pixel that is not a number shows where it is looked at, and nowhere else.
    let pierced = x.pierced(6, key.split(3));
    let expected = add_up(&terms, 0, [(1, &pierced), (2, &w)], y.entries.len());
    assert_sums("with NaN", &value::<T>(&[&pierced, &w], |v| v[0].convolution(v[1], stride, padding)), &expected);
}

fn average_pools<T: Scalar>(geometry: &Geometry, key: Key) {
    let Geometry { images, channels, image, size, stride, padding, .. } = *geometry;
    let [down, across] = geometry.positions();
    let x = Array::normal(&[images, channels, image[0], image[1]], key.split(0));
    let u = Array::normal(&[images, channels, down, across], key.split(1));
    let windows = geometry.windows();
    let pairs = windows.iter().enumerate().flat_map(|(to, window)| window.iter().map(move |&from| [to, from]));
    let factor = 1.0 / (size[0] * size[1]) as f64;
    assert_linear::<T>(&pairs.collect::<Vec<_>>(), factor, [&x, &u], |x| x.average_pool(size, stride, padding));
}

/// Maxima over groups of entries: NaN if one is; the derivative is shared equally by those that tie.
fn assert_maxima<T: Scalar>(
    groups: &[Vec<usize>],
    result: &[usize],
    x: &Array,
    key: Key,
    function: impl for<'t> Fn(Var<'t, T>) -> Var<'t, T>,
) {
    let maximum = |x: &Array, group: &[usize]| {
        let entries = group.iter().map(|&from| x.entries[from]);
        entries.fold(f64::NEG_INFINITY, |top, entry| if entry.is_nan() || entry > top { entry } else { top })
    };
    let largest = |x: &Array, group: &[usize]| match group.iter().any(|&from| x.entries[from].is_nan()) {
        true => f64::NAN,
        false => maximum(x, group),
    };
    let pierced = x.clone().pierced(6, key.split(10));
    let expected: Vec<f64> = groups.iter().map(|group| largest(&pierced, group)).collect();
    assert_same("with NaN", &value::<T>(&[&pierced], |x| function(x[0])), &expected);
    let expected: Vec<f64> = groups.iter().map(|group| largest(x, group)).collect();
    assert_same("value", &value::<T>(&[x], |x| function(x[0])), &expected);

    let u = Array::normal(result, key.split(11));
    let mut shares = vec![Entry::default(); x.entries.len()];
    for ((group, &top), &u) in groups.iter().zip(&expected).zip(&u.entries) {
        let tied: Vec<usize> = group.iter().copied().filter(|&from| x.entries[from] == top).collect();
        for &from in &tied {
            let share = u / tied.len() as f64;
            shares[from].value += share;
            shares[from].size += share.abs();
            shares[from].terms += 1;
        }
    }
    assert_sums("shares", &cotangents::<T>(&[x], &u, |x| function(x[0]))[0], &shares);
}

fn max_pools<T: Scalar>(geometry: &Geometry, key: Key) {
    let Geometry { images, channels, image, size, stride, padding, .. } = *geometry;
    let [down, across] = geometry.positions();
    for x in [Array::normal, Array::tying] {
        let x = x(&[images, channels, image[0], image[1]], key);
        let result = [images, channels, down, across];
        assert_maxima::<T>(&geometry.windows(), &result, &x, key, |x| x.max_pool(size, stride, padding));
    }
}

fn max_over_axes<T: Scalar>(extents: &[usize], axes: &[usize], key: Key) {
    let kept: Vec<usize> = (0..extents.len()).filter(|axis| !axes.contains(axis)).collect();
    let of_kept = |index: &[usize]| kept.iter().map(|&axis| index[axis]).collect::<Vec<_>>();
    let result = of_kept(extents);
    let mut groups = vec![Vec::new(); result.iter().product()];
    for index in indices(extents) {
        groups[place(&result, &of_kept(&index))].push(place(extents, &index));
    }
    for x in [Array::normal, Array::tying] {
        assert_maxima::<T>(&groups, &result, &x(extents, key), key, |x| x.max_axes(axes));
    }
}

fn gathers<T: Scalar>(extents: &[usize], axis: usize, positions: &[usize], key: Key) {
    let mut part = extents.to_vec();
    part[axis] = positions.len();
    let moved = |index: &Vec<usize>| {
        let mut from = index.clone();
        from[axis] = positions[index[axis]];
        [place(&part, index), place(extents, &from)]
    };
    let gathered: Vec<[usize; 2]> = indices(&part).iter().map(moved).collect();
    let scattered: Vec<[usize; 2]> = gathered.iter().map(|&[to, from]| [from, to]).collect();
    let [whole, part] = [extents, &part].map(|extents| Array::normal(extents, key));
    assert_linear::<T>(&gathered, 1.0, [&whole, &part], |x| x.gather(axis, positions));
    assert_linear::<T>(&scattered, 1.0, [&part, &whole], |x| x.scatter(axis, positions, extents[axis]));
}

fn concatenations<T: Scalar>(extents: &[usize], axis: usize, lengths: &[usize], key: Key) {
    let with = |length: usize| {
        let mut own = extents.to_vec();
        own[axis] = length;
        own
    };
    let draw = |(number, &length): (usize, &usize)| Array::normal(&with(length), key.split(number as u64));
    let parts: Vec<Array> = lengths.iter().enumerate().map(draw).collect();
    let whole = with(lengths.iter().sum());
    let u = Array::normal(&whole, key.split(100));
    let (mut expected, mut taken) = (Vec::new(), vec![Vec::new(); parts.len()]);
    for index in indices(&whole) {
        let (mut number, mut own) = (0, index.clone());
        while own[axis] >= lengths[number] {
            own[axis] -= lengths[number];
            number += 1;
        }
        expected.push(parts[number].entries[place(&parts[number].extents, &own)]);
        // Row by row in the whole is row by row in each part.
        taken[number].push(u.entries[place(&whole, &index)]);
    }
    let parts: Vec<&Array> = parts.iter().collect();
    assert_same("value", &value::<T>(&parts, |parts| parts[0].concatenate(axis, &parts[1..])), &expected);
    let transposed = cotangents::<T>(&parts, &u, |parts| parts[0].concatenate(axis, &parts[1..]));
    for (transposed, taken) in transposed.iter().zip(&taken) {
        assert_same("transposed", transposed, taken);
    }
}

/// The index of an operand that meets an index of the result: aligned at the last axis, 0 where the extent is 1.
fn met(stack: &[usize], index: &[usize]) -> Vec<usize> {
    let own = &index[index.len() - stack.len()..];
    stack.iter().zip(own).map(|(&extent, &i)| if extent == 1 { 0 } else { i }).collect()
}

fn products<T: Scalar>(stacks: [&[usize]; 2], [rows, inner, cols]: [usize; 3], transposed: bool, key: Key) {
    let longest = stacks[0].len().max(stacks[1].len());
    let extent = |axis: usize| {
        let of = |stack: &[usize]| (axis + stack.len()).checked_sub(longest).map_or(1, |axis| stack[axis]);
        of(stacks[0]).max(of(stacks[1]))
    };
    let common: Vec<usize> = (0..longest).map(extent).collect();
    let left = [stacks[0], &[rows, inner]].concat();
    let right = [stacks[1], &if transposed { [cols, inner] } else { [inner, cols] }].concat();
    let result = [common.as_slice(), &[rows, cols]].concat();
    let mut terms = Vec::new();
    for index in indices(&result) {
        let (stack, &[row, col]) = index.split_at(longest) else { unreachable!() };
        for middle in 0..inner {
            let on_right = if transposed { [col, middle] } else { [middle, col] };
            let on_left = [met(stacks[0], stack), vec![row, middle]].concat();
            let on_right = [met(stacks[1], stack), on_right.to_vec()].concat();
            terms.push([place(&result, &index), place(&left, &on_left), place(&right, &on_right)]);
        }
    }
    let [left, right, result] = [left, right, result].map(|extents| Array::normal(&extents, key));
    assert_bilinear::<T>(&terms, [&left, &right, &result], |v| match transposed {
        true => v[0].matmul_transposed(v[1]),
        false => v[0].matmul(v[1]),
    });
    if !transposed && stacks[0].is_empty() && rows == 1 {
        // A vector on the left is a row.
        let vector = Array::new(&[inner], left.entries.clone());
        let u = Array::new(&[common.as_slice(), &[cols]].concat(), result.entries.clone());
        assert_bilinear::<T>(&terms, [&vector, &right, &u], |v| v[0].matmul(v[1]));
    }
    if stacks[1].is_empty() && cols == 1 {
        let vector = Array::new(&[inner], right.entries.clone());
        let u = Array::new(&[common.as_slice(), &[rows]].concat(), result.entries.clone());
        assert_bilinear::<T>(&terms, [&left, &vector, &u], |v| v[0].matmul(v[1]));
    }
}

proptest! {
    #![proptest_config(crate::oracle::cases(48))]

    #[test]
    fn convolutions_are_their_loops(drawn in geometries(0..4), same in same_geometries(), key in 0u64..1000) {
        for geometry in [drawn, same] {
            convolutions::<f64>(&geometry, Key::new(key));
            convolutions::<f32>(&geometry, Key::new(key));
        }
    }

    #[test]
    fn average_pools_are_their_loops(drawn in geometries(0..4), pairs in paired_geometries(), key in 0u64..1000) {
        for geometry in [drawn, pairs] {
            average_pools::<f64>(&geometry, Key::new(key));
            average_pools::<f32>(&geometry, Key::new(key));
        }
    }

    #[test]
    fn max_pools_are_their_loops(mut geometry in geometries(0..4), key in 0u64..1000) {
        for axis in 0..2 {
            // A window must see a pixel at least; what the padding loses, the image gains.
            let padding = geometry.padding[axis].min(geometry.size[axis] - 1);
            geometry.image[axis] += 2 * (geometry.padding[axis] - padding);
            geometry.padding[axis] = padding;
        }
        max_pools::<f64>(&geometry, Key::new(key));
        max_pools::<f32>(&geometry, Key::new(key));
    }

    #[test]
    fn maxima_over_axes_are_their_loops(
        extents in prop::collection::vec(1usize..5, 1..5),
        chosen in prop::collection::vec(any::<bool>(), 4),
        key in 0u64..1000,
    ) {
        let axes: Vec<usize> = (0..extents.len()).filter(|&axis| chosen[axis]).collect();
        max_over_axes::<f64>(&extents, &axes, Key::new(key));
        max_over_axes::<f32>(&extents, &axes, Key::new(key));
    }

    #[test]
    fn gathers_are_their_loops(
        extents in prop::collection::vec(1usize..5, 1..5),
        axis in 0usize..4,
        positions in prop::collection::vec(0usize..12, 0..7),
        key in 0u64..1000,
    ) {
        let axis = axis % extents.len();
        let positions: Vec<usize> = positions.iter().map(|position| position % extents[axis]).collect();
        gathers::<f64>(&extents, axis, &positions, Key::new(key));
        gathers::<f32>(&extents, axis, &positions, Key::new(key));
    }

    #[test]
    fn concatenations_are_their_loops(
        extents in prop::collection::vec(1usize..4, 1..5),
        axis in 0usize..4,
        lengths in prop::collection::vec(0usize..4, 1..8),
        key in 0u64..1000,
    ) {
        let axis = axis % extents.len();
        concatenations::<f64>(&extents, axis, &lengths, Key::new(key));
        concatenations::<f32>(&extents, axis, &lengths, Key::new(key));
    }

    #[test]
    fn products_of_stacks_are_their_loops(
        stack in prop::collection::vec(1usize..4, 0..4),
        dropped in (0usize..4, 0usize..4),
        single in prop::collection::vec((any::<bool>(), any::<bool>()), 4),
        sizes in prop::array::uniform3(1usize..5),
        transposed in any::<bool>(),
        key in 0u64..1000,
    ) {
        // Either operand may lack leading axes, and have a single matrix along any other.
        let one_if = |(&extent, single): (&usize, bool)| if single { 1 } else { extent };
        let left: Vec<usize> = stack.iter().zip(single.iter().map(|s| s.0)).map(one_if).skip(dropped.0).collect();
        let right: Vec<usize> = stack.iter().zip(single.iter().map(|s| s.1)).map(one_if).skip(dropped.1).collect();
        products::<f64>([&left, &right], sizes, transposed, Key::new(key));
        products::<f32>([&left, &right], sizes, transposed, Key::new(key));
    }
}

#[test]
#[should_panic(expected = "entry 1 is 2")]
fn sums_can_disagree() {
    let entry = |value| Entry { value, size: 2.0, terms: 2 };
    assert_sums("two numbers", &[1.0, 2.0], &[entry(1.0), entry(2.0 + 1e-14)]);
}
