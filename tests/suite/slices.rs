//! Slices against closed forms: expansions, filters, contours, holes, and the same bits however they are run.

use std::ops::ControlFlow;

use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::landscape::{
    FilterNormalization, Slice, SliceFrame, SliceProgress, contours, evenly, linear_levels, logarithmic_levels,
    read_accuracy, read_gradient, read_value,
};
use eigenscape::network::{Activation, Convolution, Initialization, Network, Perceptron, Role, Sequential};
use eigenscape::objective::{Objective, Point, Recorded};
use eigenscape::random::Key;
use eigenscape::{Error, Scalar};

use crate::support::{dot, norm, normal, with_threads};

fn go_on(_: SliceProgress<'_>) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// A network on random inputs in three classes.
fn risk<T: Scalar>(activation: Activation, sizes: &[usize], key: Key) -> (Perceptron, Risk<T>, Vec<T>) {
    let network = Perceptron::new(sizes, activation).unwrap();
    let inputs = normal(60 * sizes[0], key.split(0));
    let labels: Vec<usize> = (0..60).map(|example| example % 3).collect();
    let examples = Examples::labelled(inputs, sizes[0], &labels, 3).unwrap();
    let theta = Initialization::lecun().draw(&network, key.split(1));
    (network.clone(), Risk::new(&network, Loss::SoftmaxCrossEntropy, examples).unwrap(), theta)
}

/// x'A x / 2 + b'x with a full symmetric A, and a cubic (u'x)^3 + (u'x)(w'x)^2 if wanted.
fn polynomial<T: Scalar>(cubic: bool) -> Recorded<T> {
    let n = 6;
    let entries: Vec<T> = normal(n * n, Key::new(3));
    let (b, u, w): (Vec<T>, Vec<T>, Vec<T>) = (normal(n, Key::new(4)), normal(n, Key::new(5)), normal(n, Key::new(6)));
    Recorded::new(n, |x| {
        let constant =
            |shape: &[usize], entries: &[T]| x.tape().constant(eigenscape::tape::Shape::new(shape).unwrap(), entries);
        let row = x.reshape([1, n]);
        let quadratic = (row.matmul(constant(&[n, n], &entries)) * row).sum() * T::of(0.5);
        let [u, w] = [&u, &w].map(|v| (x * constant(&[n], v)).sum());
        let linear = (x * constant(&[n], &b)).sum();
        let third = u.powi(3) + u * w * w;
        quadratic + linear + third * T::of(if cubic { 1.0 } else { 0.0 })
    })
    .unwrap()
}

fn expansions_of_polynomials_are_exact<T: Scalar>() {
    let tolerance = 400.0 * T::EPSILON.f64();
    for cubic in [false, true] {
        let objective = polynomial::<T>(cubic);
        let origin: Vec<T> = normal(6, Key::new(0));
        // Of different lengths and at an angle.
        let first: Vec<T> = normal(6, Key::new(1)).iter().map(|&x: &T| x * T::of(0.3)).collect();
        let second: Vec<T> =
            normal::<T>(6, Key::new(2)).iter().zip(&first).map(|(&x, &y)| x + y * T::of(2.0)).collect();
        for frame in [SliceFrame::line(&origin, &first).unwrap(), SliceFrame::plane(&origin, &first, &second).unwrap()]
        {
            let expansion = frame.expand(&objective).unwrap();
            let axis = evenly(-1.5, 1.5, 9).unwrap();
            let axes = [&axis[..], &axis[..]];
            let mut slice = Slice::new(frame.clone(), &axes[..frame.axes()]).unwrap();
            slice.run(read_value(&objective), go_on).unwrap();
            assert!(slice.is_complete());
            let values: Vec<f64> = slice.values().into_iter().flatten().collect();
            let size = values.iter().fold(1.0f64, |size, value| size.max(value.abs()));
            let mut off = 0.0f64;
            for (index, value) in values.iter().enumerate() {
                let point = slice.point(index);
                let cubic_error = (expansion.cubic(&point) - value).abs();
                assert!(cubic_error <= tolerance * size, "{} {cubic} {point:?}: {cubic_error}", T::NAME);
                off = off.max((expansion.quadratic(&point) - value).abs());
            }
            // To second order exact without the cubic part, and not with it.
            assert_eq!(off <= tolerance * size, !cubic, "{off}");
            let validity =
                |predicted: &dyn Fn(&[f64]) -> f64| slice.validity(expansion.value, predicted, 0.01).unwrap();
            assert_eq!(validity(&|c| expansion.cubic(c)).beyond, None);
            let quadratic = validity(&|c| expansion.quadratic(c));
            assert_eq!(quadratic.beyond.is_none(), !cubic);
            // Against the dense derivatives.
            let point = objective.at(&origin).unwrap();
            for axis in 0..frame.axes() {
                let slope = dot(point.gradient(), frame.direction(axis));
                assert!((slope - expansion.slopes[axis]).abs() <= tolerance * size);
            }
            if frame.axes() == 2 {
                let product = crate::support::product(&point.hessian(), &second);
                assert!((dot(&product, &first) - expansion.hessian[1]).abs() <= tolerance * size);
            }
        }
    }
}

#[test]
fn expansions_of_polynomials_are_exact_f32() {
    expansions_of_polynomials_are_exact::<f32>();
}

#[test]
fn expansions_of_polynomials_are_exact_f64() {
    expansions_of_polynomials_are_exact::<f64>();
}

#[test]
fn each_filter_has_the_norm_of_its_weights() {
    let layers = || {
        let network = Sequential::new(&[2, 6, 6])?.convolution(Convolution::new(4, [3, 3]))?.group_norm(2)?;
        network.activation(Activation::Relu).flatten().dense(5)
    };
    let network: Sequential = layers().unwrap();
    let theta: Vec<f64> = Initialization::he().draw(&network, Key::new(0));
    let blocks = network.blocks();
    let plain = FilterNormalization::filters();
    let direction = plain.random(&theta, blocks, Key::new(1)).unwrap();
    let mut filters = 0;
    for block in blocks {
        let (own, weights) = (&direction[block.range()], &theta[block.range()]);
        if block.role != Role::Weight {
            assert!(own.iter().all(|&x| x == 0.0), "{} moves", block.name);
            continue;
        }
        let outputs = block.shape.extents()[0];
        let len = own.len() / outputs;
        for (filter, (own, weights)) in own.chunks_exact(len).zip(weights.chunks_exact(len)).enumerate() {
            assert!((norm(own) / norm(weights) - 1.0).abs() < 1e-13, "{} {filter}", block.name);
            filters += 1;
        }
    }
    assert_eq!(plain.units(blocks).len(), filters);
    // By layers, and with biases and gains as filters of their own.
    let layers = FilterNormalization::layers().random(&theta, blocks, Key::new(1)).unwrap();
    for block in blocks.iter().filter(|block| block.role == Role::Weight) {
        assert!((norm(&layers[block.range()]) / norm(&theta[block.range()]) - 1.0).abs() < 1e-13);
    }
    assert_ne!(layers, direction);
    let all = plain.with_biases().random(&theta, blocks, Key::new(1)).unwrap();
    for block in blocks.iter().filter(|block| block.role != Role::Weight) {
        let (own, weights) = (norm(&all[block.range()]), norm(&theta[block.range()]));
        assert!((own - weights).abs() <= 1e-12 * weights, "{}: {own} {weights}", block.name);
    }
}

/// With relu, a layer times c and the next over c are the same function: so is the surface along filter-normalised directions.
#[test]
fn surfaces_do_not_see_how_layers_are_scaled() {
    let (network, risk, mut theta) = risk::<f64>(Activation::Relu, &[5, 8, 6, 3], Key::new(0));
    for block in network.blocks().iter().filter(|block| block.role == Role::Bias) {
        theta[block.range()].fill(0.0);
    }
    let mut scaled = theta.clone();
    let weights = network.blocks().iter().filter(|block| block.role == Role::Weight);
    for (block, factor) in weights.zip([7.0, 0.5, 2.0 / 7.0]) {
        scaled[block.range()].iter_mut().for_each(|w| *w *= factor);
    }
    let surface = |theta: &[f64], normalized: bool| {
        let direction = |child: u64| {
            let key = Key::new(1).split(child);
            match normalized {
                true => FilterNormalization::filters().random(theta, network.blocks(), key).unwrap(),
                false => normal(theta.len(), key),
            }
        };
        let axis = evenly(-1.0, 1.0, 7).unwrap();
        let frame = SliceFrame::plane(theta, &direction(0), &direction(1)).unwrap();
        let mut slice = Slice::new(frame, &[&axis, &axis]).unwrap();
        slice.run(read_value(&risk), go_on).unwrap();
        slice.values().into_iter().map(Option::unwrap).collect::<Vec<f64>>()
    };
    let furthest = |normalized: bool| {
        let pairs = surface(&theta, normalized).into_iter().zip(surface(&scaled, normalized));
        pairs.map(|(a, b)| (a - b).abs() / b).fold(0.0, f64::max)
    };
    assert!(furthest(true) < 1e-12, "{}", furthest(true));
    // Directions that are not normalised do see it.
    assert!(furthest(false) > 0.1);
}

#[test]
fn contours_have_the_lengths_of_their_curves() {
    let (x, y) = (evenly(-2.0, 2.0, 101).unwrap(), evenly(-1.6, 1.6, 81).unwrap());
    let on_grid = |f: &dyn Fn(f64, f64) -> Option<f64>| -> Vec<Option<f64>> {
        y.iter().flat_map(|&y| x.iter().map(move |&x| f(x, y))).collect()
    };
    let circles = on_grid(&|x, y| Some(x * x + y * y));
    let found = contours(&x, &y, &circles, &[0.25, 1.0, 2.25, 9.0]).unwrap();
    assert_eq!(found.holes, 0);
    for (level, radius) in found.levels.iter().zip([0.5f64, 1.0, 1.5]) {
        assert_eq!(level.lines.len(), 1);
        let line = &level.lines[0];
        assert!(line.closed);
        // Vertices lie on chords: within h^2 / 8 over the radius of the circle, and the polygon is shorter by its square.
        for point in &line.points {
            assert!((point[0].hypot(point[1]) - radius).abs() < 0.04 * 0.04 / radius);
        }
        let length = std::f64::consts::TAU * radius;
        assert!((line.length() / length - 1.0).abs() < 0.04 * 0.04 / (radius * radius), "{} {length}", line.length());
    }
    assert!(found.levels[3].lines.is_empty());
    // A straight line is met exactly, and ends at the edges.
    let plane = on_grid(&|x, y| Some(x + 0.5 * y));
    let found = contours(&x, &y, &plane, &[0.1]).unwrap();
    let [line] = &found.levels[0].lines[..] else { panic!("{} lines", found.levels[0].lines.len()) };
    assert!(!line.closed && (line.length() - 3.2 * 1.25f64.sqrt()).abs() < 1e-12);
    // The saddle's two lines; at its own level, through the middle of a cell, they stay lines and do not cross.
    let saddle = on_grid(&|x, y| Some((x + 0.01) * (y + 0.01)));
    for level in [0.2, 0.0, -0.2] {
        let lines = &contours(&x, &y, &saddle, &[level]).unwrap().levels[0].lines;
        assert_eq!(lines.len(), 2, "{level}");
        assert!(lines.iter().all(|line| !line.closed));
    }
}

#[test]
fn holes_are_counted_and_nothing_is_drawn_through_them() {
    // ln(1 - x) has no value from x = 1 on.
    let objective = Recorded::<f64>::new(2, |x| (1.0 - x.at(0)).ln() + x.at(1).powi(2)).unwrap();
    let frame = SliceFrame::plane(&[0.0; 2], &[1.0, 0.0], &[0.0, 1.0]).unwrap();
    let (x, y) = (evenly(-2.0, 2.0, 21).unwrap(), evenly(-1.0, 1.0, 11).unwrap());
    let mut slice = Slice::new(frame, &[&x, &y]).unwrap();
    slice.run(read_gradient(&objective), go_on).unwrap();
    let missing = x.iter().filter(|&&x| x >= 1.0).count();
    assert_eq!(slice.holes(), missing * 11);
    let found = slice.contours(&[0.0, 0.5]).unwrap();
    assert_eq!(found.holes, missing * 10);
    let edge = x.iter().copied().filter(|&x| x < 1.0).fold(f64::MIN, f64::max);
    for line in found.levels.iter().flat_map(|level| &level.lines) {
        assert!(line.points.iter().all(|point| point[0] <= edge && point.iter().all(|x| x.is_finite())));
    }
    // No prediction holds at a hole.
    let exact = |c: &[f64]| (1.0 - c[0]).ln() + c[1] * c[1];
    let validity = slice.validity(0.0, exact, 0.1).unwrap();
    // The nearest is at (1, 0); the points before it end at (0.8, 0.4).
    assert!((validity.beyond.unwrap() - 1.0).abs() < 1e-12 && (validity.radius - 0.8f64.hypot(0.4)).abs() < 1e-12);
    // What is wrong for another reason ends the run.
    let broken = |_: &[f64]| Err(Error::Empty { what: "this", remedy: "none" });
    let frame = slice.frame().clone();
    assert!(Slice::new(frame, &[&x, &y]).unwrap().run(broken, go_on).is_err());
}

#[test]
fn slopes_are_the_gradient_by_the_coordinates() {
    let (network, risk, theta) = risk::<f64>(Activation::Tanh, &[4, 6, 3], Key::new(2));
    let direction =
        |child: u64| FilterNormalization::filters().random(&theta, network.blocks(), Key::new(3).split(child)).unwrap();
    let frame = SliceFrame::plane(&theta, &direction(0), &direction(1)).unwrap();
    let mut slice = Slice::new(frame.clone(), &[&[0.2, 0.5], &[-0.3]]).unwrap();
    slice.run(read_gradient(&risk), go_on).unwrap();
    let value = |c: [f64; 2]| {
        let mut at = theta.clone();
        frame.at(&c, &mut at);
        risk.value(&at).unwrap()
    };
    let h = 1e-5;
    let sample = &slice.samples()[1];
    let slopes = sample.slopes.clone().unwrap();
    let differences = [
        (value([0.5 + h, -0.3]) - value([0.5 - h, -0.3])) / (2.0 * h),
        (value([0.5, -0.3 + h]) - value([0.5, -0.3 - h])) / (2.0 * h),
    ];
    assert!(slopes.iter().zip(differences).all(|(a, b)| (a - b).abs() < 1e-8), "{slopes:?} {differences:?}");
    // The projection of the gradient is no longer than the gradient.
    let along = frame.raise(&slopes);
    assert!(frame.distance(&along) <= sample.gradient_norm.unwrap());
    // Coordinates are found again, with what stands off the plane.
    let mut point = theta.clone();
    frame.at(&[0.7, -0.4], &mut point);
    let (coordinates, distance) = frame.coordinates(&point).unwrap();
    assert!((coordinates[0] - 0.7).abs() < 1e-13 && (coordinates[1] + 0.4).abs() < 1e-13 && distance < 1e-13);
}

#[test]
fn lines_between_solutions_begin_and_end_there() {
    let (_, risk, a) = risk::<f32>(Activation::Tanh, &[4, 6, 3], Key::new(4));
    let b: Vec<f32> = normal(a.len(), Key::new(5));
    let c: Vec<f32> = normal(a.len(), Key::new(6));
    let mut slice = Slice::new(SliceFrame::between(&a, &b).unwrap(), &[&evenly(0.0, 1.0, 11).unwrap()]).unwrap();
    slice.run(read_accuracy(&risk), go_on).unwrap();
    let samples = slice.samples();
    assert_eq!(
        (samples[0].value, samples[0].accuracy),
        (Some(risk.value(&a).unwrap()), Some(risk.accuracy(&a).unwrap()))
    );
    let end = risk.value(&b).unwrap();
    assert!((samples[10].value.unwrap() - end).abs() < 1e-5 * end);
    let plane = SliceFrame::through(&a, &b, &c).unwrap();
    let mut corner = a.clone();
    plane.at(&[0.0, 1.0], &mut corner);
    assert!(corner.iter().zip(&c).all(|(x, y)| (x - y).abs() < 1e-6));
}

#[test]
fn slices_have_the_same_bits_however_they_are_run() {
    let (network, risk, theta) = risk::<f32>(Activation::Tanh, &[5, 8, 3], Key::new(7));
    let direction =
        |child: u64| FilterNormalization::filters().random(&theta, network.blocks(), Key::new(8).split(child)).unwrap();
    let axis = evenly(-1.0, 1.0, 13).unwrap();
    let fresh = || {
        let frame = SliceFrame::plane(&theta, &direction(0), &direction(1)).unwrap();
        Slice::new(frame, &[&axis, &axis]).unwrap()
    };
    let whole = |threads: usize| {
        with_threads(threads, || {
            let mut slice = fresh();
            slice.run(read_gradient(&risk), go_on).unwrap();
            slice
        })
    };
    let one = whole(1);
    assert_eq!(one.samples().len(), 169);
    assert_eq!(one, whole(2));
    assert_eq!(one, whole(5));
    // Stopped by its observer, who sees all that is found, and gone on with.
    let mut stopped = fresh();
    let mut seen = Vec::new();
    stopped
        .run(read_gradient(&risk), |progress| {
            assert_eq!((progress.done % 64 == 0 || progress.done == 169, progress.total), (true, 169));
            seen.extend_from_slice(progress.latest);
            ControlFlow::Break(())
        })
        .unwrap();
    assert_eq!((stopped.samples(), stopped.is_complete()), (&seen[..], false));
    assert!(stopped.contours(&[1.0]).is_err());
    #[cfg(feature = "serde")]
    let mut stopped: Slice<f32> = serde_json::from_str(&serde_json::to_string(&stopped).unwrap()).unwrap();
    stopped.run(read_gradient(&risk), go_on).unwrap();
    assert_eq!(stopped, one);
}

#[cfg(feature = "serde")]
#[test]
fn damaged_files_of_slices_are_refused() {
    let bowl = Recorded::<f64>::new(2, |x| (x * x).sum()).unwrap();
    let frame = SliceFrame::plane(&[0.0; 2], &[1.0, 0.0], &[0.5, 1.0]).unwrap();
    let axis = evenly(-1.0, 1.0, 10).unwrap();
    let mut slice = Slice::new(frame, &[&axis, &axis]).unwrap();
    slice.advance(read_gradient(&bowl)).unwrap();
    let saved = serde_json::to_value(&slice).unwrap();
    let read = |saved: &serde_json::Value| serde_json::from_value::<Slice<f64>>(saved.clone());
    assert_eq!(read(&saved).unwrap(), slice);
    let damage: [&dyn Fn(&mut serde_json::Value); 5] = [
        &|saved| _ = saved["samples"].as_array_mut().unwrap().pop(),
        &|saved| saved["frame"]["directions"][1] = serde_json::json!([2.0, 0.0]),
        &|saved| saved["frame"]["origin"] = serde_json::json!([0.0]),
        &|saved| saved["axes"][0][3] = serde_json::json!(-5.0),
        &|saved| saved["samples"][0]["slopes"] = serde_json::json!([1.0]),
    ];
    for (number, damage) in damage.iter().enumerate() {
        let mut damaged = saved.clone();
        damage(&mut damaged);
        assert!(read(&damaged).is_err(), "damage {number}");
    }
}

#[test]
fn bad_requests_for_slices_are_refused() {
    let message = |result: Result<SliceFrame<f64>, Error>| result.unwrap_err().to_string();
    assert!(message(SliceFrame::line(&[0.0, 1.0], &[0.0, 0.0])).contains("length of a direction"));
    assert!(message(SliceFrame::line(&[0.0, f64::NAN], &[0.0, 1.0])).contains("origin"));
    assert!(message(SliceFrame::line(&[0.0, 1.0], &[1.0])).contains("direction"));
    assert!(message(SliceFrame::plane(&[0.0; 2], &[1.0, 2.0], &[-0.3, -0.6])).contains("parallel"));
    assert!(message(SliceFrame::between(&[1.0, 2.0], &[1.0, 2.0])).contains("length of a direction"));
    assert!(message(SliceFrame::through(&[0.0, 0.0], &[1.0, 1.0], &[2.0, 2.0])).contains("parallel"));
    let line = SliceFrame::line(&[0.0; 2], &[1.0, 0.0]).unwrap();
    assert!(Slice::new(line.clone(), &[&[]]).unwrap_err().to_string().contains("axis"));
    assert!(Slice::new(line.clone(), &[&[0.0, 0.0]]).unwrap_err().to_string().contains("sort"));
    assert!(Slice::new(line.clone(), &[&[0.0], &[0.0]]).is_err());
    assert!(evenly(1.0, 1.0, 3).is_err() && evenly(0.0, 1.0, 1).is_err() && evenly(0.0, f64::INFINITY, 3).is_err());
    assert!(linear_levels(0.0, 1.0, 1).is_err() && logarithmic_levels(0.0, 1.0, 3).is_err());
    let levels = logarithmic_levels(0.1, 10.0, 3).unwrap();
    assert!(levels.iter().zip([0.1, 1.0, 10.0]).all(|(a, b)| (a / b - 1.0).abs() < 1e-14));
    assert!(contours(&[0.0, 1.0], &[0.0], &[Some(0.0); 2], &[1.0]).is_err());
    assert!(contours(&[0.0, 1.0], &[0.0, 1.0], &[Some(0.0); 3], &[1.0]).is_err());
    assert!(contours(&[0.0, 1.0], &[0.0, 1.0], &[Some(f64::NAN); 4], &[1.0]).is_err());
    let network = Perceptron::new(&[2, 2], Activation::Tanh).unwrap();
    let filters = FilterNormalization::filters();
    let apply = |direction: &[f64], theta: &[f64]| filters.apply(direction, theta, network.blocks());
    let theta = [1.0, 2.0, 3.0, 4.0, 0.0, 0.0];
    assert!(apply(&[1.0, 1.0, 0.0, 0.0, 0.0, 0.0], &theta).unwrap_err().to_string().contains("filter"));
    assert!(apply(&[1.0; 6], &[0.0; 6]).unwrap_err().to_string().contains("filters that move"));
    assert!(apply(&[1.0; 5], &theta).is_err());
    // A filter of zeros stays where it is.
    assert_eq!(apply(&[3.0; 6], &[0.0, 0.0, 3.0, 4.0, 0.0, 0.0]).unwrap()[..2], [0.0, 0.0]);
    let bowl = Recorded::<f64>::new(2, |x| (x * x).sum()).unwrap();
    let mut slice = Slice::new(line, &[&[0.0, 1.0]]).unwrap();
    assert!(slice.validity(0.0, |_| 0.0, 0.1).is_err());
    slice.run(read_value(&bowl), go_on).unwrap();
    assert!(slice.validity(0.0, |_| 0.0, 0.0).is_err() && slice.contours(&[1.0]).is_err());
}

#[test]
fn scales_at_the_ends_of_the_range_are_right_or_refused() {
    // Squared lengths within the range, their products not.
    for size in [1e-150, 1e-100, 1e80, 1e150] {
        let frame = SliceFrame::plane(&[0.0f64; 3], &[size, 0.0, 0.0], &[size, size, 0.0]).unwrap();
        let (coordinates, distance) = frame.coordinates(&[3.0 * size, size, size]).unwrap();
        assert!((coordinates[0] - 2.0).abs() < 1e-14 && (coordinates[1] - 1.0).abs() < 1e-14, "{size:e}");
        assert!(
            (distance / size - 1.0).abs() < 1e-14 && (frame.distance(&[0.0, 2.0]) / size - 8f64.sqrt()).abs() < 1e-14
        );
    }
    for size in [1e-200, 1e-160, 1e160, 1e200] {
        let line = SliceFrame::line(&[0.0f64; 2], &[size, 0.0]).unwrap_err().to_string();
        assert!(line.contains("scale the direction"), "{line}");
        assert!(SliceFrame::plane(&[0.0f64; 2], &[size, 0.0], &[0.0, 1.0]).is_err());
    }
    let axis = evenly(-1e308, 0.5e308, 4).unwrap();
    assert_eq!((axis[0], axis[3]), (-1e308, 0.5e308));
    assert!((axis[1] / -0.5e308 - 1.0).abs() < 1e-14 && axis[2].abs() < 1e293);
    let levels = logarithmic_levels(0.1, 10.0, 4).unwrap();
    assert_eq!((levels[0], levels[3]), (0.1, 10.0));
    let steep = [Some(-1.5e308), Some(0.5e308), Some(-1.5e308), Some(0.5e308)];
    let line = &contours(&[0.0, 1.0], &[0.0, 1.0], &steep, &[0.0]).unwrap().levels[0].lines[0];
    assert!(line.points.iter().all(|point| (point[0] - 0.75).abs() < 1e-15), "{line:?}");
}
