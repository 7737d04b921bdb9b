//! Critical points: closed forms, published coordinates, degenerate points, and what is refused.

use std::ops::ControlFlow;

use eigenscape::Scalar;
use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::landscape::{
    Classifier, CountedBy, CriticalKind, CriticalPoints, CriticalSearch, CriticalSurvey, GradientNorm, KacRice,
    SearchStop, SphericalSpinGlass,
};
use eigenscape::network::{Activation, Network, Perceptron};
use eigenscape::objective::{GaussNewtonPoint, Objective, Outside, Penalized, Point, Recorded, Stochastic};
use eigenscape::operator::to_dense;
use eigenscape::optimize::{Stopping, TrustRegion};
use eigenscape::random::Key;
use eigenscape::spectrum::Sylvester;
use eigenscape::subspace::Spherical;

use crate::support::{norm, normal, product, with_threads};

/// (x^2 + y - 11)^2 + (x + y^2 - 7)^2
fn himmelblau<T: Scalar>() -> Recorded<T> {
    let number = |x: f64| T::of(x);
    Recorded::new(2, |x| {
        let (x, y) = (x.at(0), x.at(1));
        (x * x + y - number(11.0)).powi(2) + (x + y * y - number(7.0)).powi(2)
    })
    .unwrap()
}

/// All nine, which is as many as two cubics can have in common (Bezout): x, y, value, index. Zeros of the gradient by Newton's method in 50
/// decimal digits from a grid of starts.
const HIMMELBLAU: [(f64, f64, f64, usize); 9] = [
    (-3.77931025337775, -3.28318599128617, 0.0, 0),
    (-3.07302575076439, -0.08135304428797, 104.0151629176, 1),
    (-2.80511808695274, 3.13131251825057, 0.0, 0),
    (-0.27084459066735, -0.92303855647998, 181.6165215226, 2),
    (-0.12796134673068, -1.95371498024458, 178.3372392019, 1),
    (0.08667750455540, 2.88425470117478, 67.7191500875, 1),
    (3.0, 2.0, 0.0, 0),
    (3.38515418360702, 0.07385187983775, 13.3119262704, 1),
    (3.58442834033049, -1.84812652696440, 0.0, 0),
];

/// Müller and Brown's surface: four Gaussians.
fn muller_brown() -> Recorded<f64> {
    let terms = [
        (-200.0, -1.0, 0.0, -10.0, 1.0, 0.0),
        (-100.0, -1.0, 0.0, -10.0, 0.0, 0.5),
        (-170.0, -6.5, 11.0, -6.5, -0.5, 1.5),
        (15.0, 0.7, 0.6, 0.7, -1.0, 1.0),
    ];
    Recorded::new(2, |point| {
        let term = |(amplitude, a, b, c, x, y): (f64, f64, f64, f64, f64, f64)| {
            let (dx, dy) = (point.at(0) - x, point.at(1) - y);
            (dx * dx * a + dx * dy * b + dy * dy * c).exp() * amplitude
        };
        term(terms[0]) + term(terms[1]) + term(terms[2]) + term(terms[3])
    })
    .unwrap()
}

/// Its five: Müller & Brown 1979 (doi:10.1007/BF00547608), table, to three digits; the further ones by Newton's method in 50 decimal digits.
const MULLER_BROWN: [(f64, f64, f64, usize); 5] = [
    (-0.558223634633024, 1.441725841804669, -146.699517209954, 0),
    (-0.050010822998206, 0.466694104871972, -80.767818129659, 0),
    (0.623499404930877, 0.028037758528686, -108.166724116852, 0),
    (-0.822001558732732, 0.624312802814871, -40.664843508657, 1),
    (0.212486582000662, 0.292988325107368, -72.248940112325, 1),
];

/// A start in a box.
fn within<T: Scalar>(low: [f64; 2], high: [f64; 2]) -> impl Fn(Key) -> Vec<T> + Sync {
    move |key| {
        let mut unit = [0.0f64; 2];
        key.uniform(0, &mut unit);
        (0..2).map(|axis| T::of(low[axis] + (high[axis] - low[axis]) * unit[axis])).collect()
    }
}

/// Every point of the table is among those found, with its index, and nothing else is within the box.
fn are_all_found<T: Scalar>(found: &CriticalPoints<T>, table: &[(f64, f64, f64, usize)], tolerance: f64, box_: f64) {
    let inside: Vec<_> = found.within(|theta| theta.iter().all(|x| x.f64().abs() < box_)).collect();
    assert_eq!(inside.len(), table.len(), "{:?}", inside.iter().map(|f| &f.point.theta).collect::<Vec<_>>());
    for &(x, y, value, index) in table {
        let near = |theta: &[T]| (theta[0].f64() - x).hypot(theta[1].f64() - y) < tolerance;
        let point = &inside.iter().find(|found| near(&found.point.theta)).expect("found").point;
        let kind = [CriticalKind::Minimum, CriticalKind::Saddle, CriticalKind::Maximum][index];
        assert_eq!((point.kind, point.index()), (kind, Some(index)), "{point:?}");
        assert!((point.value - value).abs() < tolerance * (1.0 + value.abs()), "{point:?}");
        assert!(point.certificate.kantorovich < 0.25 && point.certificate.zeros == 0);
    }
}

#[test]
fn himmelblau_has_nine_whatever_the_approach() {
    let surface = himmelblau::<f64>();
    let searches = [CriticalSearch::newton(), CriticalSearch::levenberg_marquardt(), CriticalSearch::gradient_norm()];
    for search in searches {
        let survey = CriticalSurvey::new(search, 160, Key::new(0)).unwrap();
        let found = survey.run(&surface, within([-5.0; 2], [5.0; 2])).unwrap();
        are_all_found(&found, &HIMMELBLAU, 1e-9, 10.0);
        let converged = found.starts().iter().filter(|start| start.stop == SearchStop::Gradient).count();
        println!("{search:?}: {converged} of 160");
        assert!(converged > 120);
    }
}

#[test]
fn single_precision_finds_them_too() {
    let survey = CriticalSurvey::new(CriticalSearch::newton().tolerance(2e-3).unwrap(), 160, Key::new(0)).unwrap();
    let found = survey.run(&himmelblau::<f32>(), within([-5.0; 2], [5.0; 2])).unwrap();
    are_all_found(&found, &HIMMELBLAU, 1e-3, 10.0);
}

#[test]
fn eigenvector_following_finds_each_index_and_no_other() {
    let surface = himmelblau::<f64>();
    for (index, count) in [(0, 4), (1, 4), (2, 1)] {
        let survey = CriticalSurvey::new(CriticalSearch::of_index(index, Key::new(1)), 80, Key::new(0)).unwrap();
        let found = survey.run(&surface, within([-5.0; 2], [5.0; 2])).unwrap();
        let of_index: Vec<_> = HIMMELBLAU.iter().filter(|point| point.3 == index).copied().collect();
        assert_eq!(of_index.len(), count);
        are_all_found(&found, &of_index, 1e-9, 10.0);
        let converged = found.starts().iter().filter(|start| start.stop == SearchStop::Gradient).count();
        println!("index {index}: {converged} of 80");
    }
}

#[test]
fn muller_browns_five_are_found_to_published_digits() {
    let surface = muller_brown();
    let survey = CriticalSurvey::new(CriticalSearch::newton(), 200, Key::new(0)).unwrap();
    let found = survey.run(&surface, within([-1.3, -0.3], [1.0, 1.9])).unwrap();
    let low = |theta: &[f64]| theta[0] > -1.5 && theta[0] < 1.2 && theta[1] > -0.5 && theta[1] < 2.0;
    assert_eq!(found.within(low).count(), 5);
    are_all_found(&found, &MULLER_BROWN, 1e-9, 2.0);
    // Up along the softest direction of the two shallower minima. From the deepest one that way ends on the outer slopes, even in short steps:
    // the valley bends away from it.
    for minimum in &MULLER_BROWN[1..3] {
        let climbed = CriticalSearch::of_index(1, Key::new(0)).run(&surface, &[minimum.0, minimum.1]).unwrap();
        assert!(climbed.converged(), "{climbed:?}");
        let away =
            |saddle: &&(f64, f64, f64, usize)| (climbed.theta[0] - saddle.0).hypot(climbed.theta[1] - saddle.1) < 1e-9;
        assert_eq!(MULLER_BROWN[3..].iter().filter(away).count(), 1, "{climbed:?}");
    }
}

/// sum over i of 100 (x_{i+1} - x_i^2)^2 + (1 - x_i)^2.
fn rosenbrock(dim: usize) -> Recorded<f64> {
    Recorded::scalars(dim, |x| {
        let term = |i: usize| (x[i + 1] - x[i] * x[i]).powi(2) * 100.0 + (x[i] - 1.0).powi(2);
        (1..dim - 1).fold(term(0), |sum, i| sum + term(i))
    })
    .unwrap()
}

#[test]
fn rosenbrock_has_one_point_in_two_dimensions_and_three_in_four() {
    let survey = |count| CriticalSurvey::new(CriticalSearch::newton(), count, Key::new(0)).unwrap();
    let start = |dim: usize| move |key: Key| normal::<f64>(dim, key);
    let plane = survey(40).run(&rosenbrock(2), start(2)).unwrap();
    assert_eq!(plane.points().len(), 1);
    let point = &plane.points()[0].point;
    assert!(point.kind == CriticalKind::Minimum && point.theta.iter().all(|x| (x - 1.0).abs() < 1e-9));

    // The gradient's entries give each coordinate from those before it; the last one is then a function of the first alone, with as many
    // zeros as there are critical points.
    let last = |first: f64| {
        let mut x = vec![first, first * first - (1.0 - first) / (200.0 * first)];
        for i in 1..3 {
            x.push(x[i] * x[i] + (200.0 * (x[i] - x[i - 1] * x[i - 1]) - 2.0 * (1.0 - x[i])) / (400.0 * x[i]));
        }
        (x[3] - x[2] * x[2], x)
    };
    let mut zeros: Vec<Vec<f64>> = Vec::new();
    let place = |k: i32| -3.0 + 6.0 * (f64::from(k) + 0.37) / 1e6;
    for k in 0..1_000_000 {
        let (mut low, mut high) = (place(k), place(k + 1));
        let sign = last(low).0 > 0.0;
        if (last(high).0 > 0.0) != sign {
            for _ in 0..60 {
                let middle = 0.5 * (low + high);
                if (last(middle).0 > 0.0) == sign { low = middle } else { high = middle }
            }
            let (rest, x) = last(low);
            // Poles change the sign too.
            if rest.abs() < 1e-3 {
                zeros.push(x);
            }
        }
    }
    let found = survey(200).run(&rosenbrock(4), start(4)).unwrap();
    assert_eq!((zeros.len(), found.points().len()), (3, 3));
    for zero in &zeros {
        let near = |theta: &[f64]| theta.iter().zip(zero).all(|(x, y)| (x - y).abs() < 1e-6);
        assert_eq!(found.within(near).count(), 1, "{zero:?}");
    }
    // A second minimum (Shang & Qiu 2006, doi:10.1162/evco.2006.14.1.119) and a saddle between.
    let kind = |of: CriticalKind| found.points().iter().filter(|found| found.point.kind == of).count();
    assert_eq!((kind(CriticalKind::Minimum), kind(CriticalKind::Saddle)), (2, 1));
}

#[test]
fn quadratics_take_a_step_and_all_ways_of_counting_agree() {
    for (n, index) in [(1, 0), (1, 1), (7, 3), (40, 1), (40, 40)] {
        let rotation = Outside::new(n, move |theta: &[f64], gradient: &mut [f64]| {
            // A reflection I - 2 u u' of a diagonal matrix, about theta = 1.
            let u = 1.0 / (n as f64).sqrt();
            let reflect = |x: &[f64]| {
                let sum: f64 = x.iter().map(|x| x * u).sum();
                x.iter().map(|x| x - 2.0 * sum * u).collect::<Vec<f64>>()
            };
            let away: Vec<f64> = theta.iter().map(|x| x - 1.0).collect();
            let turned = reflect(&away);
            let value = |i: usize| if i < index { -1.0 - i as f64 } else { 1.0 + i as f64 };
            let scaled: Vec<f64> = turned.iter().enumerate().map(|(i, x)| value(i) * x).collect();
            gradient.copy_from_slice(&reflect(&scaled));
            0.5 * turned.iter().zip(&scaled).map(|(x, y)| x * y).sum::<f64>()
        });
        let start = normal::<f64>(n, Key::new(3));
        let end = CriticalSearch::newton().tolerance(1e-8).unwrap().run(&rotation, &start).unwrap();
        assert!(end.converged() && end.steps <= 5, "{end:?}");
        assert!(end.theta.iter().all(|x| (x - 1.0).abs() < 1e-8));
        let dense = Classifier::new().run(&rotation, &end.theta).unwrap();
        let krylov = Classifier::new().dense(0).run(&rotation, &end.theta).unwrap();
        let counted = Classifier::new().dense(0).pairs(1).run(&rotation, &end.theta).unwrap();
        assert_eq!(
            (dense.certificate.counted_by, krylov.certificate.counted_by),
            (CountedBy::Dense, CountedBy::Krylov)
        );
        let kind = match index {
            0 => CriticalKind::Minimum,
            _ if index == n => CriticalKind::Maximum,
            _ => CriticalKind::Saddle,
        };
        assert_eq!((dense.kind, dense.index()), (kind, Some(index)), "{n} {index}");
        assert_eq!((krylov.kind, krylov.index()), (kind, Some(index)), "{n} {index}");
        let interval = counted.certificate.least_index..=counted.certificate.most_index;
        assert!(interval.contains(&index), "{n} {index} {interval:?}");
        assert!(
            counted.kind == kind || counted.certificate.counted_by == CountedBy::Quadrature,
            "{n} {index} {counted:?}"
        );
        let inertia = Sylvester::new().threshold(1e-9).run(&rotation.at(&end.theta).unwrap().hessian());
        // Differences of gradients are symmetric to their error alone.
        if let Ok(inertia) = inertia {
            assert_eq!((inertia.negative, inertia.zero), (index, 0));
        }
    }
}

#[test]
fn degenerate_points_are_recognised_however_close() {
    // x^m + y^2: the gradient vanishes to order m - 1 along x, and what the search reaches is a distance that depends on m.
    for m in [3, 4, 5, 6] {
        let surface = Recorded::<f64>::new(2, |x| x.at(0).powi(m) + x.at(1).powi(2)).unwrap();
        for search in [CriticalSearch::newton(), CriticalSearch::levenberg_marquardt()] {
            for start in [[0.7, 0.3], [1e-3, 0.0], [0.0, 0.0]] {
                let end = search.run(&surface, &start).unwrap();
                assert!(end.converged(), "{m} {end:?}");
                let point = Classifier::new().run(&surface, &end.theta).unwrap();
                assert_eq!(point.kind, CriticalKind::Degenerate, "{m} {point:?}");
                assert_eq!((point.certificate.least_index, point.certificate.most_index), (0, 1));
                let null = &point.null_directions[0];
                assert!(null.direction[0].abs() > 1.0 - 1e-9);
                let sign = null.direction[0].signum();
                let x = end.theta[0];
                let third = sign * f64::from(m * (m - 1) * (m - 2)) * x.powi(m - 3);
                let fourth = f64::from(m * (m - 1) * (m - 2) * (m - 3)) * if m == 3 { 0.0 } else { x.powi(m - 4) };
                assert!((null.third - third).abs() <= null.third_error + 1e-9, "{m} {null:?}");
                assert!((null.fourth - fourth).abs() <= null.fourth_error + 1e-6, "{m} {null:?}");
            }
        }
    }
    // The monkey saddle is left along its third derivative, until it falls below the walls of a quartic.
    let monkey = Recorded::<f64>::new(2, |x| {
        let (x, y) = (x.at(0), x.at(1));
        x.powi(3) - x * y * y * 3.0 + (x * x + y * y).powi(2)
    })
    .unwrap();
    let point = Classifier::new().run(&monkey, &[0.0, 0.0]).unwrap();
    assert_eq!((point.kind, point.certificate.zeros), (CriticalKind::Degenerate, 2));
    let bottom = point.escape(&monkey, Key::new(0)).unwrap().unwrap();
    // Minima at distance 3/4 in three directions, of value -27/256.
    assert!((bottom.value + 27.0 / 256.0).abs() < 1e-12 && (norm(&bottom.theta) - 0.75).abs() < 1e-7);
    let point = Classifier::new().run(&monkey, &bottom.theta).unwrap();
    assert_eq!(point.kind, CriticalKind::Minimum);
    assert!(point.escape(&monkey, Key::new(0)).unwrap().is_none());

    // A maximum along x to fourth order is left to either side, for the minima at x^2 = 2/3 of value -4/27.
    let flat_top = Recorded::<f64>::new(2, |x| x.at(0).powi(6) - x.at(0).powi(4) + x.at(1).powi(2)).unwrap();
    let point = Classifier::new().run(&flat_top, &[0.0, 0.0]).unwrap();
    assert_eq!((point.kind, point.index()), (CriticalKind::Degenerate, None));
    let bottom = point.escape(&flat_top, Key::new(0)).unwrap().unwrap();
    assert!((bottom.value + 4.0 / 27.0).abs() < 1e-12, "{bottom:?}");

    // A symmetry that is known is no degeneracy: a ring of minima.
    let ring = Recorded::<f64>::new(2, |x| ((x * x).sum() - 1.0).powi(2)).unwrap();
    let end = CriticalSearch::newton().run(&ring, &[0.9, 0.7]).unwrap();
    let kind = |classifier: Classifier| classifier.run(&ring, &end.theta).unwrap().kind;
    assert_eq!(kind(Classifier::new()), CriticalKind::Degenerate);
    assert_eq!(kind(Classifier::new().symmetries(1)), CriticalKind::Minimum);

    // Nothing but zeros; one dimension.
    let constant = Recorded::<f64>::new(3, |x| (x * 0.0).sum()).unwrap();
    let end = CriticalSearch::newton().run(&constant, &[1.0, 2.0, 3.0]).unwrap();
    assert_eq!((end.stop, end.steps, end.theta.as_slice()), (SearchStop::Gradient, 0, &[1.0, 2.0, 3.0][..]));
    let point = Classifier::new().run(&constant, &end.theta).unwrap();
    assert_eq!((point.kind, point.certificate.zeros, point.null_directions.len()), (CriticalKind::Degenerate, 3, 3));
    assert!(point.escape(&constant, Key::new(0)).unwrap().is_none());
}

#[test]
fn saddles_are_escaped_from_to_lower_minima() {
    let surface = himmelblau::<f64>();
    for saddle in HIMMELBLAU.iter().filter(|point| point.3 > 0) {
        let point = CriticalSearch::newton().run(&surface, &[saddle.0, saddle.1]).unwrap();
        let point = Classifier::new().run(&surface, &point.theta).unwrap();
        let bottom = point.escape(&surface, Key::new(0)).unwrap().unwrap();
        assert!(bottom.value < 1e-12 && point.value > 10.0);
    }
}

#[test]
fn gradient_norm_has_the_derivatives_it_says() {
    let surface = himmelblau::<f64>();
    let gradient_norm = GradientNorm::new(&surface);
    let at = [1.3, -0.4];
    let point = gradient_norm.at(&at).unwrap();
    let full = surface.at(&at).unwrap();
    assert!((gradient_norm.value(&at).unwrap() - 0.5 * norm(full.gradient()).powi(2)).abs() < 1e-9);
    let h = 1e-5;
    let hessian = to_dense(&point.hessian());
    let mut beside = [vec![0.0; 2], vec![0.0; 2]];
    for axis in 0..2 {
        for (side, gradient) in [h, -h].into_iter().zip(&mut beside) {
            let mut moved = at;
            moved[axis] += side;
            gradient_norm.value_and_gradient(&moved, gradient).unwrap();
        }
        let slope = {
            let value = |side: f64| {
                let mut moved = at;
                moved[axis] += side;
                gradient_norm.value(&moved).unwrap()
            };
            (value(h) - value(-h)) / (2.0 * h)
        };
        let size = norm(point.gradient());
        assert!((slope - point.gradient()[axis]).abs() < 1e-7 * size);
        for (row, (ahead, behind)) in beside[0].iter().zip(&beside[1]).enumerate() {
            let second = (ahead - behind) / (2.0 * h);
            let entry = hessian.entries()[row * 2 + axis];
            assert!((second - entry).abs() < 1e-6 * size, "{second} {entry}");
        }
    }
    let product_twice = product(&full.hessian(), &product(&full.hessian(), &[1.0, 2.0]));
    assert_eq!(product(&point.gauss_newton(), &[1.0, 2.0]), product_twice);
    // Newton's method on it ends at critical points too.
    let stopping = Stopping::steps(200).value_below(1e-20).unwrap();
    let end = TrustRegion::new().stopping(stopping).run(&gradient_norm, &at).unwrap();
    let near = |point: &&(f64, f64, f64, usize)| (end.theta[0] - point.0).hypot(end.theta[1] - point.1) < 1e-9;
    assert_eq!(HIMMELBLAU.iter().filter(near).count(), 1);
}

#[test]
fn gradient_flat_points_are_not_called_critical() {
    // x + x^3 has no critical point, and |g| its least value at 0, where the second derivative vanishes; y^2 beside it.
    let flat = Recorded::<f64>::new(2, |x| x.at(0) + x.at(0).powi(3) + x.at(1).powi(2)).unwrap();
    for search in [CriticalSearch::newton(), CriticalSearch::levenberg_marquardt(), CriticalSearch::gradient_norm()] {
        let end = search.run(&flat, &[0.5, 1.0]).unwrap();
        assert!(!end.converged(), "{end:?}");
        assert!((end.gradient_norm - 1.0).abs() < 1e-3 && end.flatness < 0.1, "{search:?} {end:?}");
        println!("{search:?} {:?} after {} steps, |H g|/|g| {:.1e}", end.stop, end.steps, end.flatness);
        let point = Classifier::new().run(&flat, &end.theta).unwrap();
        assert_eq!(point.kind, CriticalKind::NotCritical);
    }
    let end = CriticalSearch::newton().run(&flat, &[0.0, 0.0]).unwrap();
    assert_eq!((end.stop, end.steps), (SearchStop::Flat, 0));
}

#[test]
fn surveys_are_the_same_on_any_threads_and_resumed() {
    let surface = himmelblau::<f64>();
    let survey = CriticalSurvey::new(CriticalSearch::newton(), 40, Key::new(0)).unwrap();
    let start = within::<f64>([-5.0; 2], [5.0; 2]);
    let whole = with_threads(1, || survey.run(&surface, &start).unwrap());
    let parallel = with_threads(3, || survey.run(&surface, &start).unwrap());
    assert_eq!(whole, parallel);
    assert!(whole.is_complete() && whole.starts().len() == 40);
    assert_eq!(whole.points().iter().map(|found| found.found).sum::<usize>(), 40);
    let mut part = survey.observe(&surface, &start, |_| ControlFlow::Break(())).unwrap();
    assert_eq!((part.is_complete(), part.starts().len()), (false, 16));
    #[cfg(feature = "serde")]
    {
        let saved = serde_json::to_string(&part).unwrap();
        part = serde_json::from_str(&saved).unwrap();
        let damaged = saved.replace("\"parameters\":2", "\"parameters\":3");
        assert!(serde_json::from_str::<CriticalPoints<f64>>(&damaged).unwrap_err().to_string().contains("must have 3"));
        let damaged = saved.replacen("\"found\":", "\"found\":1", 1);
        assert!(serde_json::from_str::<CriticalPoints<f64>>(&damaged).unwrap_err().to_string().contains("damaged"));
    }
    while part.advance(&surface, &start).unwrap() {}
    assert_eq!(part, whole);
}

#[test]
fn bad_requests_are_refused_and_numbers_that_are_not_finite_reported() {
    let surface = himmelblau::<f64>();
    let newton = CriticalSearch::newton();
    let message = |error: eigenscape::Error| error.to_string();
    assert!(message(newton.run(&surface, &[1.0]).unwrap_err()).contains("must have 2"));
    assert!(message(newton.run(&surface, &[1.0, f64::NAN]).unwrap_err()).contains("entry 1"));
    assert!(newton.run(&surface, &[1e200, 0.0]).is_err());
    assert!(message(newton.tolerance(0.0).unwrap_err()).contains("positive") && newton.radius(f64::INFINITY).is_err());
    let above = CriticalSearch::of_index(3, Key::new(0)).run(&surface, &[0.0, 0.0]).unwrap_err();
    assert!(message(above).contains("at most 2"));
    assert!(Classifier::new().tolerance(-1.0).is_err() && Classifier::new().run(&surface, &[0.0]).is_err());
    assert!(CriticalSurvey::new(newton, 0, Key::new(0)).is_err());
    let survey = CriticalSurvey::new(newton, 3, Key::new(0)).unwrap();
    assert!(survey.apart(0.0).is_err());
    assert!(survey.begin::<f64>(3).advance(&surface, |_| vec![0.0; 3]).is_err());
    assert!(survey.run(&surface, |_| vec![0.0; 1]).is_err());
    // Starts that cannot begin are counted, the others go on.
    let found = survey.run(&surface, |key| if key == Key::new(0).split(1) { vec![1e200; 2] } else { vec![3.0, 2.1] });
    let found = found.unwrap();
    let stops: Vec<SearchStop> = found.starts().iter().map(|start| start.stop).collect();
    assert_eq!(stops, [SearchStop::Gradient, SearchStop::NotFinite, SearchStop::Gradient]);
    assert_eq!((found.starts()[1].value, found.points().len()), (None, 1));
    // No parameters, no point.
    let nothing = Outside::new(0, |_: &[f64], _: &mut [f64]| 0.0);
    assert!(newton.run(&nothing, &[]).is_err() && Classifier::new().run(&nothing, &[]).is_err());
    // A wall of numbers that are not finite on the way: -ln x + x has its minimum at 1, and the first step from 5 goes below 0.
    let wall = Outside::new(1, |x: &[f64], gradient: &mut [f64]| {
        gradient[0] = if x[0] > 0.0 { 1.0 - 1.0 / x[0] } else { f64::NAN };
        x[0] - x[0].ln()
    });
    let end = newton.tolerance(1e-9).unwrap().run(&wall, &[5.0]).unwrap();
    assert!(end.converged() && (end.theta[0] - 1.0).abs() < 1e-8, "{end:?}");
    let end = CriticalSearch::of_index(0, Key::new(0)).tolerance(1e-9).unwrap().run(&wall, &[5.0]).unwrap();
    assert!(end.converged() && (end.theta[0] - 1.0).abs() < 1e-8, "{end:?}");
    assert_eq!(Stochastic::<f64>::dim(&wall), 1);
}

#[test]
fn critical_points_of_a_spin_glass_are_those_that_kac_and_rice_expect() {
    const SPINS: usize = 20;
    // H + c |s|^2 / 2: the critical points of negative energy on the sphere, each scaled, and one negative eigenvalue more.
    let model = SphericalSpinGlass::<f64>::new(3, SPINS, Key::new(0)).unwrap();
    let penalized = Penalized::new(&model, 4.0).unwrap();
    let survey = CriticalSurvey::new(CriticalSearch::newton(), 64, Key::new(1)).unwrap();
    let found = survey.run(&penalized, |key| model.start(key)).unwrap();
    let kac_rice = KacRice::new(3, SPINS).unwrap();
    let sphere = Spherical::new(&model, model.radius()).unwrap();
    let mut differences = Vec::new();
    for surveyed in found.within(|s| norm(s) > 1e-3) {
        let point = &surveyed.point;
        let value = model.value(&point.theta).unwrap();
        // Euler: s.grad H = 3 H, and grad H = -4 s.
        assert!((4.0 * norm(&point.theta).powi(2) + 3.0 * value).abs() < 1e-8 * value.abs());
        let on_sphere = sphere.lift(&point.theta).unwrap();
        let tangential = Classifier::new().symmetries(1).run(&sphere, &on_sphere).unwrap();
        assert_eq!(tangential.index().map(|index| index + 1), point.index());
        assert_eq!(tangential.certificate.zeros, 1);
        let energy = tangential.value / SPINS as f64;
        let densities = kac_rice.densities(energy).unwrap();
        let weighted: f64 = densities.iter().enumerate().map(|(index, density)| index as f64 * density).sum();
        differences.push(tangential.index().unwrap() as f64 - weighted / densities.iter().sum::<f64>());
    }
    let count = differences.len() as f64;
    let mean = differences.iter().sum::<f64>() / count;
    let error = (differences.iter().map(|x| (x - mean).powi(2)).sum::<f64>()).sqrt() / count;
    println!("{count} points, index less its expectation {mean:.3} +- {error:.3}");
    assert!(count > 10.0 && mean.abs() < 4.0 * error);
}

#[test]
fn a_network_has_saddles_that_following_reaches() {
    let network = Perceptron::new(&[4, 3, 3], Activation::Tanh).unwrap();
    let labels: Vec<usize> = (0..30).map(|example| example % 3).collect();
    let data = Examples::labelled(normal::<f64>(30 * 4, Key::new(0)), 4, &labels, 3).unwrap();
    let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, data).unwrap();
    let objective = Penalized::new(&risk, 1e-2).unwrap();
    let mut of_index: Vec<f64> = Vec::new();
    for index in 0..3 {
        let survey = CriticalSurvey::new(CriticalSearch::of_index(index, Key::new(1)), 8, Key::new(2)).unwrap();
        let found = survey.run(&objective, |key| normal(network.parameters(), key)).unwrap();
        let of = |kind| found.points().iter().filter(move |found| found.point.kind == kind);
        let kind = if index == 0 { CriticalKind::Minimum } else { CriticalKind::Saddle };
        println!("index {index}: {} points", of(kind).count());
        assert!(of(kind).all(|found| found.point.index() == Some(index)) && of(kind).count() > 0);
        let least = of(kind).map(|found| found.point.value).fold(f64::INFINITY, f64::min);
        of_index.push(least);
        // The Hessian of the certificate is that of the inertia.
        for found in of(kind).take(2) {
            let inertia = Sylvester::new().run(&objective.at(&found.point.theta).unwrap().hessian()).unwrap();
            assert_eq!((inertia.negative, inertia.zero), (index, 0));
        }
    }
    // The lowest saddle lies above the lowest minimum.
    assert!(of_index[0] < of_index[1] && of_index[0] < of_index[2], "{of_index:?}");
}

/// What a search ends at is critical, also where the whole Hessian vanishes with the gradient.
#[test]
fn points_without_second_derivatives_are_found_and_called_degenerate() {
    let monkey = Recorded::<f64>::new(2, |x| x.at(0).powi(3) - x.at(0) * x.at(1).powi(2) * 3.0).unwrap();
    let fourth = Recorded::<f64>::new(2, |x| x.powi(4).sum()).unwrap();
    let sixth = Recorded::<f64>::new(2, |x| x.powi(6).sum()).unwrap();
    for (surface, reach) in [(&monkey, 1e-5), (&fourth, 1e-3), (&sixth, 1e-1)] {
        for search in [CriticalSearch::newton(), CriticalSearch::levenberg_marquardt(), CriticalSearch::gradient_norm()]
        {
            let end = search.run(surface, &[0.5, 0.3]).unwrap();
            assert!(end.converged() && norm(&end.theta) > 0.0, "{end:?}");
            let point = Classifier::new().run(surface, &end.theta).unwrap();
            assert_eq!((point.kind, point.certificate.zeros), (CriticalKind::Degenerate, 2), "{point:?}");
        }
        // A survey goes by the tolerance of its search.
        for search in [CriticalSearch::newton(), CriticalSearch::newton().tolerance(1e-6).unwrap()] {
            let survey = CriticalSurvey::new(search, 20, Key::new(0)).unwrap().apart(reach).unwrap();
            let found = survey.run(surface, |key| normal(2, key)).unwrap();
            assert!(!found.points().is_empty());
            assert!(found.points().iter().all(|found| found.point.kind == CriticalKind::Degenerate));
        }
    }
    // Signs do not depend on the scale of the objective.
    for scale in [1e-180, 1e-100, 1e100, 1e150] {
        let saddle = Recorded::<f64>::new(2, |x| (x.at(0).powi(2) - x.at(1).powi(2)) * scale).unwrap();
        let point = Classifier::new().run(&saddle, &[0.0, 0.0]).unwrap();
        assert_eq!((point.kind, point.index()), (CriticalKind::Saddle, Some(1)), "{scale:e}: {point:?}");
    }
    let steep = Recorded::<f64>::new(2, |x| (x * x).sum() * 1e180).unwrap();
    for search in [CriticalSearch::newton(), CriticalSearch::of_index(0, Key::new(0))] {
        let refused = search.run(&steep, &[1.0, 2.0]).unwrap_err().to_string();
        assert!(refused.contains("out of range"), "{refused}");
    }
}

#[cfg(feature = "serde")]
#[test]
fn damaged_settings_of_surveys_are_refused_or_mended() {
    let survey = CriticalSurvey::new(CriticalSearch::newton(), 3, Key::new(0)).unwrap().apart(0.1).unwrap();
    let saved = serde_json::to_value(survey).unwrap();
    let read = |saved: &serde_json::Value| serde_json::from_value::<CriticalSurvey>(saved.clone());
    assert_eq!(read(&saved).unwrap(), survey);
    let damaged = |place: &str, value: serde_json::Value| {
        let mut damaged = saved.clone();
        *damaged.pointer_mut(place).unwrap() = value;
        read(&damaged)
    };
    assert!(damaged("/starts", 0.into()).is_err() && damaged("/apart", (-1.0).into()).is_err());
    assert!(damaged("/classifier/tolerance", 0.0.into()).is_err());
    // A batch of none would never end, pairs of none could not be asked for: both are 1.
    assert_eq!(damaged("/batch", 0.into()).unwrap(), survey.batch(1));
    assert_eq!(damaged("/classifier/pairs", 0.into()).unwrap(), survey.classifier(Classifier::new().pairs(1)));
}
