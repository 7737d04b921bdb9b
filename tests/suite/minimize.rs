//! Methods by curvature: their steps against dense formulas, where they end, and what ends them.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};

use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::data::Idx;
use eigenscape::network::{Activation, Initialization, Perceptron};
use eigenscape::objective::{GaussNewtonPoint, Objective, Outside, Penalized, Point, Recorded, Stochastic};
use eigenscape::operator::to_dense;
use eigenscape::optimize::{
    CubicNewton, Evaluations, LimitedMemoryBfgs, Method, Minimization, Minimum, NaturalGradient, Stop, Stopping,
    TrustRegion,
};
use eigenscape::projection::Gaussian;
use eigenscape::random::Key;
use eigenscape::subspace::Restricted;
use eigenscape::{Error, Scalar, check};

use crate::oracle::{assert_close, numbers, symmetric_eigenvalues};
use crate::support::{Table, dot, norm, normal};

/// Rosenbrock's function, the sum over neighbours.
fn valley<T: Scalar>(dim: usize) -> Recorded<T> {
    Recorded::new(dim, |x| {
        let (x, y) = (x.slice(0, 0..dim - 1), x.slice(0, 1..dim));
        (-x + T::one()).powi(2).sum() + (y - x * x).powi(2).sum() * T::of(100.0)
    })
    .unwrap()
}

fn valley_start<T: Scalar>(dim: usize) -> Vec<T> {
    (0..dim).map(|i| T::of(if i % 2 == 0 { -1.2 } else { 1.0 })).collect()
}

/// A random smooth function, bounded from below, with many saddles.
fn landscape<T: Scalar>(dim: usize, key: Key) -> Recorded<T> {
    let [a, b] = [0, 1].map(|child| normal::<T>(dim * dim, key.split(child)));
    Recorded::new(dim, move |x| {
        let tape = x.tape();
        let (a, b) = (tape.constant([dim, dim], &a), tape.constant([dim, dim], &b));
        a.matmul(x).sin().sum() + b.matmul(x).cos().sum() * T::of(0.5) + (x * x).sum() * T::of(0.25)
    })
    .unwrap()
}

/// g'x + x'Bx / 2, in loops.
fn quadratic(b: Table, g: Vec<f64>) -> Outside<impl Fn(&[f64], &mut [f64]) -> f64 + Sync> {
    Outside::new(g.len(), move |x: &[f64], gradient: &mut [f64]| {
        let product = b.product(x);
        gradient.iter_mut().zip(&product).zip(&g).for_each(|((out, bx), g)| *out = bx + g);
        0.5 * dot(x, &product) + dot(&g, x)
    })
}

/// A symmetric matrix with eigenvalues of both signs, or semidefinite.
fn symmetric(dim: usize, definite: bool, key: Key) -> Table {
    let a = Table { rows: dim, cols: dim, entries: normal(dim * dim, key) };
    if definite { a.t().times(&a) } else { a.plus(1.0, &a.t()) }
}

fn gradient_at<T: Scalar>(objective: &impl Objective<T>, theta: &[T]) -> (f64, Vec<T>) {
    let mut gradient = vec![T::zero(); theta.len()];
    (objective.value_and_gradient(theta, &mut gradient).unwrap(), gradient)
}

fn budget(steps: u64, gradient: f64) -> Stopping {
    Stopping::steps(steps).gradient_below(gradient).unwrap()
}

fn difference<T: Scalar>(x: &[T], y: &[T]) -> Vec<f64> {
    x.iter().zip(y).map(|(x, y)| x.f64() - y.f64()).collect()
}

/// Of every step: less by c1 of what the slope promised, and a slope of at most c2 of that before.
fn steps_satisfy_the_wolfe_conditions(objective: &impl Objective<f64>, start: &[f64], c1: f64, c2: f64) {
    let settings = LimitedMemoryBfgs::new().wolfe(c1, c2).unwrap().stopping(budget(200, 1e-6));
    let mut run = settings.begin(start).unwrap();
    let mut before = start.to_vec();
    let mut steps = 0;
    while run.advance(objective).unwrap() || run.history().len() > steps {
        if run.history().len() == steps {
            continue;
        }
        steps = run.history().len();
        let step = difference(run.theta(), &before);
        let ((old, old_gradient), (new, new_gradient)) =
            (gradient_at(objective, &before), gradient_at(objective, run.theta()));
        let (slope, after) = (dot(&old_gradient, &step), dot(&new_gradient, &step));
        let rounding = 1e-14 * old.abs();
        assert!(slope < 0.0, "step {steps} goes up");
        assert!(new <= old + c1 * slope + rounding, "step {steps}: {old} to {new} for a slope of {slope}");
        assert!(after.abs() <= c2 * slope.abs() * (1.0 + 1e-9) + rounding, "step {steps}: slope {slope} to {after}");
        let last = run.history()[steps - 1];
        assert!(last.value == old && (last.gradient_norm / norm(&old_gradient) - 1.0).abs() < 1e-12);
        assert!((last.length - norm(&step)).abs() <= 1e-12 * last.length);
        before = run.theta().to_vec();
    }
    assert!(steps > 3, "only {steps} steps");
}

#[test]
fn line_searches_satisfy_the_strong_wolfe_conditions() {
    for key in (0..12).map(Key::new) {
        for (c1, c2) in [(1e-4, 0.9), (1e-3, 0.1), (0.3, 0.5)] {
            let start = normal::<f64>(6, key.split(9)).iter().map(|x| 3.0 * x).collect::<Vec<_>>();
            steps_satisfy_the_wolfe_conditions(&landscape(6, key), &start, c1, c2);
        }
    }
    steps_satisfy_the_wolfe_conditions(&valley(10), &valley_start(10), 1e-4, 0.9);
    steps_satisfy_the_wolfe_conditions(&valley(2), &[1e3, -1e3], 1e-4, 0.9);
}

/// H' = (I - s y'/y's) H (I - y s'/y's) + s s'/y's, densely, from the last pairs.
fn dense_inverse(pairs: &[(Vec<f64>, Vec<f64>)], dim: usize) -> Table {
    let (s, y) = pairs.last().unwrap();
    let mut h = Table::new(dim, dim, |i, j| if i == j { dot(s, y) / dot(y, y) } else { 0.0 });
    for (s, y) in pairs {
        let product = dot(s, y);
        let left = Table::new(dim, dim, |i, j| f64::from(i == j) - s[i] * y[j] / product);
        h = left.times(&h).times(&left.t()).plus(1.0, &Table::new(dim, dim, |i, j| s[i] * s[j] / product));
    }
    h
}

#[test]
fn two_loops_are_the_dense_update() {
    for (dim, memory, key) in [(5, 3, 0), (8, 10, 1), (8, 1, 2), (4, 20, 3)] {
        let objective = landscape::<f64>(dim, Key::new(key));
        let start = normal::<f64>(dim, Key::new(key).split(5));
        let settings = LimitedMemoryBfgs::new().memory(memory).stopping(budget(25, 1e-3));
        let mut run = settings.begin(&start).unwrap();
        let (mut theta, mut pairs) = (start.clone(), Vec::new());
        while run.advance(&objective).unwrap() {
            let (_, old) = gradient_at(&objective, &theta);
            let (step, multiple) = (difference(run.theta(), &theta), run.history().last().unwrap().control);
            if !pairs.is_empty() {
                let first = pairs.len() - memory.min(pairs.len());
                let expected: Vec<f64> = dense_inverse(&pairs[first..], dim).product(&old).iter().map(|x| -x).collect();
                let direction: Vec<f64> = step.iter().map(|x| x / multiple).collect();
                assert_close(&format!("direction {} in {dim}", pairs.len()), &direction, &expected, 1e-6);
            }
            let (_, new) = gradient_at(&objective, run.theta());
            pairs.push((step, difference(&new, &old)));
            theta = run.theta().to_vec();
        }
        assert!(pairs.len() > 4, "{} pairs", pairs.len());
    }
}

/// The least value of g's + s'Bs / 2 over |s| <= radius, from all eigenpairs, by bisection on the shift.
fn exact_model_minimum(b: &Table, g: &[f64], radius: f64) -> f64 {
    let dim = g.len();
    let matrix = faer::MatRef::from_row_major_slice(&b.entries, dim, dim);
    let eigen = matrix.self_adjoint_eigen(faer::Side::Lower).unwrap();
    let values: Vec<f64> = (0..dim).map(|i| eigen.S()[i]).collect();
    let shares: Vec<f64> = (0..dim).map(|i| (0..dim).map(|j| eigen.U()[(j, i)] * g[j]).sum()).collect();
    let length = |shift: f64| values.iter().zip(&shares).map(|(l, c)| (c / (l + shift)).powi(2)).sum::<f64>().sqrt();
    let (mut low, mut high) = ((-values[0]).max(0.0), (-values[0]).max(0.0) + norm(g) / radius + 1.0);
    if values[0] <= 0.0 || length(0.0) > radius {
        for _ in 0..200 {
            let middle = 0.5 * (low + high);
            if length(middle) > radius { low = middle } else { high = middle }
        }
    } else {
        high = 0.0;
    }
    let s = |i: usize| -shares[i] / (values[i] + high);
    (0..dim).map(|i| s(i) * (shares[i] + 0.5 * values[i] * s(i))).sum()
}

/// The path of conjugate gradients, in loops over dense matrices: the first point at which one of the ends is met.
fn steihaug_by_hand(b: &Table, g: &[f64], radius: f64) -> Vec<f64> {
    let dim = g.len();
    let (mut z, mut r) = (vec![0.0; dim], g.to_vec());
    let mut p: Vec<f64> = r.iter().map(|x| -x).collect();
    for _ in 0..10 * dim {
        let bp = b.product(&p);
        let curvature = dot(&p, &bp);
        let alpha = dot(&r, &r) / curvature;
        let next: Vec<f64> = z.iter().zip(&p).map(|(z, p)| z + alpha * p).collect();
        if curvature <= 0.0 || norm(&next) >= radius {
            let (a, half, c) = (dot(&p, &p), dot(&z, &p), dot(&z, &z) - radius * radius);
            let t = (-half + (half * half - a * c).sqrt()) / a;
            return z.iter().zip(&p).map(|(z, p)| z + t * p).collect();
        }
        z = next;
        let square = dot(&r, &r);
        r.iter_mut().zip(&bp).for_each(|(r, bp)| *r += alpha * bp);
        if norm(&r) <= 0.5 * norm(g) {
            return z;
        }
        let beta = dot(&r, &r) / square;
        p.iter_mut().zip(&r).for_each(|(p, r)| *p = beta * *p - r);
    }
    z
}

#[test]
fn steps_of_trust_regions_are_those_of_the_dense_path() {
    let (mut inside, mut outside) = (0, 0);
    for key in 0..40 {
        let (dim, definite) = (2 + key as usize % 7, key % 2 == 0);
        let b = symmetric(dim, definite, Key::new(key));
        let g = normal::<f64>(dim, Key::new(key).split(1));
        for radius in [0.01, 0.3, 1.0, 30.0] {
            let objective = quadratic(b.clone(), g.clone());
            let region = TrustRegion::new().radius(radius).unwrap().stopping(budget(1, 1e-12));
            let first = region.run(&objective, &vec![0.0; dim]).unwrap();
            let (step, length) = (&first.theta, norm(&first.theta));
            assert_close("step", step, &steihaug_by_hand(&b, &g, radius), 1e-6);
            assert!(length <= radius * (1.0 + 1e-12));
            assert_eq!((first.history.len(), first.history[0].control), (1, radius));
            // At least as good as the best along the gradient; for definite matrices half as good as the best of all (Yuan 2000).
            let (model, square) = (0.5 * dot(step, &b.product(step)) + dot(&g, step), dot(&g, &g));
            let curvature = dot(&g, &b.product(&g));
            let whole = if curvature > 0.0 { square / curvature } else { f64::INFINITY };
            let t = whole.min(radius / square.sqrt());
            let cauchy = -t * square + 0.5 * t * t * curvature;
            assert!(model <= cauchy + 1e-10 * cauchy.abs(), "{model} is above {cauchy}");
            let exact = exact_model_minimum(&b, &g, radius);
            assert!(exact <= model + 1e-9 * exact.abs());
            // An early end costs a quarter of what is left of the gradient, in the matrix's inverse: only at the boundary.
            if length < radius * (1.0 - 1e-9) {
                inside += 1;
                let residual: Vec<f64> = b.product(step).iter().zip(&g).map(|(x, g)| x + g).collect();
                assert!(norm(&residual) <= 0.5 * norm(&g) * (1.0 + 1e-6));
            } else {
                outside += 1;
                assert!(!definite || model <= 0.5 * exact + 1e-10, "{model} for {exact}");
            }
        }
    }
    assert!(inside > 20 && outside > 60, "{inside} and {outside}");
}

#[test]
fn steps_of_cubic_models_satisfy_their_conditions() {
    for key in 0..40 {
        let dim = 2 + key as usize % 6;
        let b = symmetric(dim, key % 2 == 0, Key::new(key));
        let g = normal::<f64>(dim, Key::new(key).split(1));
        for sigma in [1e-3, 1.0, 1e3] {
            let objective = quadratic(b.clone(), g.clone());
            let settings = CubicNewton::new().weight(sigma).unwrap().stopping(budget(1, 1e-12));
            let first = settings.run(&objective, &vec![0.0; dim]).unwrap();
            let (s, length) = (&first.theta, norm(&first.theta));
            assert_eq!((first.history.len(), first.history[0].control), (1, sigma));
            let bs = b.product(s);
            let model = |t: f64| t * dot(&g, s) + 0.5 * t * t * dot(s, &bs) + sigma / 3.0 * (t.abs() * length).powi(3);
            // The gradient of the model is small, none along s itself, and s is the best multiple of itself.
            let slope: Vec<f64> = (0..dim).map(|i| g[i] + bs[i] + sigma * length * s[i]).collect();
            assert!(norm(&slope) <= 0.5 * norm(&g) + 1e-6, "{} of {}", norm(&slope), norm(&g));
            let scale = norm(&g) * length + norm(&bs) * length;
            assert!(dot(&slope, s).abs() <= 1e-6 * scale, "{} along s", dot(&slope, s));
            assert!([0.5, 0.9, 1.1, 2.0, -1.0].iter().all(|&t| model(t) >= model(1.0) - 1e-9 * scale));
            // At least as good as the best along the gradient.
            let gbg = dot(&g, &b.product(&g));
            let best = (0..=4000)
                .map(|i| 10f64.powf(f64::from(i) / 500.0 - 4.0) / norm(&g))
                .map(|t| -t * dot(&g, &g) + 0.5 * t * t * gbg + sigma / 3.0 * (t * norm(&g)).powi(3));
            let best = best.fold(0.0, f64::min);
            assert!(model(1.0) <= best * (1.0 - 1e-6), "{} is above {best}", model(1.0));
        }
    }
}

/// Every method ends at the minimum of Rosenbrock's function.
fn valleys_lead_to_their_ends<T: Scalar>(dim: usize) {
    let (objective, start) = (valley::<T>(dim), valley_start::<T>(dim));
    let ends = [
        LimitedMemoryBfgs::new().run(&objective, &start).unwrap(),
        TrustRegion::new().run(&objective, &start).unwrap(),
        CubicNewton::new().run(&objective, &start).unwrap(),
    ];
    for (method, end) in ends.iter().enumerate() {
        // In f32 rounding may be met before the tolerance is.
        assert!(matches!(end.stop, Stop::Gradient | Stop::Rounding), "method {method}: {:?}", end.stop);
        assert!(end.converged() || T::EPSILON.f64() > 1e-10);
        let far = end.theta.iter().map(|x| (x.f64() - 1.0).abs()).fold(0.0, f64::max);
        // Along the valley the curvature is 0.5 or less, so a gradient g is a distance of 2 g or more.
        let reached = 16.0 * T::EPSILON.f64().sqrt();
        assert!(far <= reached, "method {method} in {dim} dimensions ends {far} away");
        let (value, gradient) = gradient_at(&objective, &end.theta);
        assert!(end.value == value && (end.gradient_norm / norm(&gradient) - 1.0).abs() < 1e-12);
        let Evaluations { values, gradients, matvecs } = end.evaluations;
        let steps = end.history.len() as u64;
        assert!(gradients > steps && (method == 0) == (matvecs == 0));
        assert!(values >= if method == 0 { 0 } else { steps });
        assert!(end.history.windows(2).all(|pair| pair[1].value <= pair[0].value * (1.0 + 1e3 * T::EPSILON.f64())));
    }
}

#[test]
fn every_method_follows_rosenbrocks_valley() {
    valleys_lead_to_their_ends::<f64>(2);
    valleys_lead_to_their_ends::<f64>(100);
    valleys_lead_to_their_ends::<f32>(2);
}

#[test]
fn ill_conditioned_quadratics_are_solved() {
    let scales: Vec<f64> = (0..50).map(|i| 10f64.powf(6.0 * f64::from(i) / 49.0)).collect();
    let bowl = Recorded::<f64>::new(50, |x| {
        let x = x - 1.0;
        (x * x * x.tape().constant([50], &scales)).sum() * 0.5
    })
    .unwrap();
    let stopping = budget(20000, 1e-5);
    for end in [
        LimitedMemoryBfgs::new().stopping(stopping).run(&bowl, &[0.0; 50]).unwrap(),
        TrustRegion::new().stopping(stopping).run(&bowl, &[0.0; 50]).unwrap(),
        CubicNewton::new().stopping(stopping).run(&bowl, &[0.0; 50]).unwrap(),
    ] {
        assert_eq!(end.stop, Stop::Gradient);
        assert!(end.theta.iter().all(|x| (x - 1.0).abs() <= 1e-5));
        assert!(end.value <= 0.5e-10);
    }
}

fn digits() -> Risk<f64> {
    let images = Idx::parse(include_bytes!("../../examples/data/digits-images-idx3-ubyte.gz")).unwrap();
    let labels = Idx::parse(include_bytes!("../../examples/data/digits-labels-idx1-ubyte.gz")).unwrap();
    let pixels = images.standardized(images.moments()).unwrap();
    let examples = Examples::labelled(pixels, 64, &labels.labels().unwrap(), 10).unwrap();
    Risk::new(&Perceptron::new(&[64, 10], Activation::Identity).unwrap(), Loss::SoftmaxCrossEntropy, examples).unwrap()
}

/// Softmax regression on the digits, against the optimum that SciPy found from dense Hessians.
#[test]
fn regression_on_digits_ends_where_scipy_ends() {
    let table: serde_json::Value = serde_json::from_str(include_str!("../data/optimum.json")).unwrap();
    let risk = digits();
    for case in table.as_array().unwrap() {
        let number = |key: &str| case[key].as_f64().unwrap();
        let objective = Penalized::new(&risk, number("strength")).unwrap();
        // The curvature is at least the strength, so this is a distance of 5e-9.
        let stopping = budget(5000, 5e-9 * number("strength"));
        let start = vec![0.0; 650];
        for (method, end) in [
            LimitedMemoryBfgs::new().stopping(stopping).run(&objective, &start).unwrap(),
            TrustRegion::new().stopping(stopping).run(&objective, &start).unwrap(),
            CubicNewton::new().stopping(stopping).run(&objective, &start).unwrap(),
            NaturalGradient::gauss_newton().stopping(stopping).run(&objective, &start).unwrap(),
        ]
        .iter()
        .enumerate()
        {
            assert_eq!(end.stop, Stop::Gradient, "method {method}: {:e}", end.gradient_norm);
            assert!((end.value - number("value")).abs() <= 1e-12 * number("value"), "method {method}: {}", end.value);
            assert!((norm(&end.theta) - number("norm")).abs() <= 1e-8);
            let cubes: f64 = end.theta.iter().map(|x| x.powi(3)).sum();
            assert!((cubes - number("sum_of_cubes")).abs() <= 1e-6);
            let entries: Vec<f64> = end.theta.iter().step_by(37).copied().collect();
            let expected = numbers(&case["entries"]);
            assert!(difference(&entries, &expected).iter().all(|x| x.abs() <= 1e-8), "method {method}");
        }
    }
}

/// A saddle or a flat point, and the values of the minima around it.
fn escapes(objective: &Recorded<f64>, start: &[f64], least: f64) {
    for end in [
        TrustRegion::new().run(objective, start).unwrap(),
        CubicNewton::new().run(objective, start).unwrap(),
        TrustRegion::new().radius(1e-6).unwrap().run(objective, start).unwrap(),
        CubicNewton::new().weight(1e6).unwrap().run(objective, start).unwrap(),
    ] {
        assert_eq!(end.stop, Stop::Gradient);
        assert!((end.value - least).abs() < 1e-12, "{} instead of {least}", end.value);
    }
}

#[test]
fn saddles_are_left() {
    let double = Recorded::new(2, |x| x.at(0).powi(2) - x.at(1).powi(2) + x.at(1).powi(4)).unwrap();
    let monkey = Recorded::new(2, |x| {
        let (x, y) = (x.at(0), x.at(1));
        x.powi(3) - x * y * y * 3.0 + (x * x + y * y).powi(2)
    })
    .unwrap();
    for start in [[1.0, 1e-3], [0.0, 1e-6], [3.0, -1e-4]] {
        escapes(&double, &start, -0.25);
    }
    for start in [[1e-3, 1e-3], [-0.01, 0.0], [1e-3, -0.02]] {
        escapes(&monkey, &start, -27.0 / 256.0);
    }
    // From the axis the gradient never points to where it goes down: it takes a random vector to see that.
    let trapped = TrustRegion::new().run(&double, &[1.0, 0.0]).unwrap();
    assert_eq!((trapped.stop, trapped.value), (Stop::Gradient, 0.0));
    for key in (0..8).map(Key::new) {
        for start in [[1.0, 0.0], [0.0, 0.0]] {
            let region = TrustRegion::new().escape(key).run(&double, &start).unwrap();
            let cubic = CubicNewton::new().escape(key).run(&double, &start).unwrap();
            for end in [region, cubic] {
                assert_eq!(end.stop, Stop::Gradient);
                assert!((end.value + 0.25).abs() < 1e-12, "{}", end.value);
            }
        }
    }
    // A point without curvature is no saddle that second derivatives show.
    let end = TrustRegion::new().escape(Key::new(0)).run(&monkey, &[0.0, 0.0]).unwrap();
    assert_eq!((end.stop, end.history.len()), (Stop::Gradient, 0));
    // Nor is there a step to take where none is allowed.
    let none = TrustRegion::new().escape(Key::new(0)).stopping(budget(0, 1.0)).run(&double, &[0.0, 0.0]).unwrap();
    assert_eq!((none.stop, none.history.len()), (Stop::Gradient, 0));
}

/// x - log x with a wall at 0: not a number beyond it.
fn walled() -> Recorded<f64> {
    Recorded::new(2, |x| (x - x.ln()).sum()).unwrap()
}

#[test]
fn walls_shorten_steps() {
    let mut ends = Vec::new();
    for start in [[50.0, 0.9], [1e-3, 2.0], [3.0, 200.0]] {
        ends.push(LimitedMemoryBfgs::new().stopping(budget(3000, 1e-6)).run(&walled(), &start).unwrap());
        ends.push(TrustRegion::new().stopping(budget(3000, 1e-6)).run(&walled(), &start).unwrap());
        let first = TrustRegion::new().radius(1e5).unwrap();
        ends.push(first.stopping(budget(3000, 1e-6)).run(&walled(), &start).unwrap());
        ends.push(CubicNewton::new().stopping(budget(3000, 1e-6)).run(&walled(), &start).unwrap());
    }
    for (run, end) in ends.iter().enumerate() {
        assert_eq!(end.stop, Stop::Gradient, "run {run}: {end:?}");
        assert!(end.theta.iter().all(|x| (x - 1.0).abs() < 1e-5), "{:?}", end.theta);
    }
}

/// A function that fails after so many calls.
struct Failing<'a> {
    inner: &'a Recorded<f64>,
    calls: AtomicU64,
    limit: u64,
}

impl Failing<'_> {
    fn call(&self) -> eigenscape::Result<()> {
        let value = f64::NAN;
        if self.calls.fetch_add(1, Ordering::Relaxed) < self.limit {
            return Ok(());
        }
        Err(Error::NotFiniteValue { what: "a test", value, remedy: "none" })
    }
}

impl Stochastic<f64> for Failing<'_> {
    fn dim(&self) -> usize {
        self.inner.dim()
    }
    fn sample(&self, step: u64, theta: &[f64], gradient: &mut [f64]) -> eigenscape::Result<f64> {
        self.call()?;
        self.inner.sample(step, theta, gradient)
    }
}

impl Objective<f64> for Failing<'_> {
    type Point<'a>
        = <Recorded<f64> as Objective<f64>>::Point<'a>
    where
        Self: 'a;
    fn value(&self, theta: &[f64]) -> eigenscape::Result<f64> {
        self.call()?;
        self.inner.value(theta)
    }
    fn at(&self, theta: &[f64]) -> eigenscape::Result<Self::Point<'_>> {
        self.call()?;
        self.inner.at(theta)
    }
}

#[test]
fn failures_on_the_way_keep_the_last_good_point() {
    let inner = valley::<f64>(2);
    let start = valley_start::<f64>(2);
    for limit in [1, 2, 3, 8, 9] {
        let failing = || Failing { inner: &inner, calls: AtomicU64::new(0), limit };
        let ends = [
            LimitedMemoryBfgs::new().run(&failing(), &start),
            TrustRegion::new().run(&failing(), &start),
            CubicNewton::new().run(&failing(), &start),
        ];
        for (method, end) in ends.into_iter().enumerate() {
            let end = end.unwrap();
            assert!(matches!(end.stop, Stop::Diverged(Error::NotFiniteValue { .. })), "{method}: {:?}", end.stop);
            assert_eq!(inner.value(&end.theta).unwrap(), end.value);
            assert!(end.value <= 24.2 + 1e-9);
        }
    }
}

#[test]
fn functions_without_a_minimum_end() {
    let hill = Recorded::<f64>::new(2, |x| -(x * x).sum()).unwrap();
    let slope = Recorded::<f64>::new(2, |x| x.sum()).unwrap();
    for objective in [&hill, &slope] {
        let start = [1.0, 2.0];
        for end in [
            LimitedMemoryBfgs::new().run(objective, &start).unwrap(),
            TrustRegion::new().run(objective, &start).unwrap(),
            CubicNewton::new().run(objective, &start).unwrap(),
        ] {
            assert!(matches!(end.stop, Stop::Diverged(_) | Stop::Rounding | Stop::Steps), "{:?}", end.stop);
            assert!(end.value < -1e3 && end.theta.iter().all(|x| x.is_finite()), "{}", end.value);
        }
    }
}

/// Curvatures 1, 10, 100 times `unit`, with the minimum at `length` in each coordinate.
fn in_units(unit: f64, length: f64) -> Outside<impl Fn(&[f64], &mut [f64]) -> f64 + Sync> {
    Outside::new(3, move |x, gradient| {
        let mut value = 0.0;
        for (i, (x, g)) in x.iter().zip(gradient).enumerate() {
            let (curvature, offset) = (unit * 10f64.powi(i as i32), x / length - 1.0);
            *g = curvature * offset / length;
            value += 0.5 * curvature * offset * offset;
        }
        value
    })
}

#[test]
fn units_of_the_objective_do_not_matter() {
    for unit in [1e-150, 1e-110, 1e-50, 1e50, 1e110, 1e150] {
        let stopping = budget(100, 1e-6 * unit);
        let objective = in_units(unit, 1.0);
        for end in [
            LimitedMemoryBfgs::new().stopping(stopping).run(&objective, &[0.0; 3]).unwrap(),
            TrustRegion::new().stopping(stopping).run(&objective, &[0.0; 3]).unwrap(),
        ] {
            assert_eq!(end.stop, Stop::Gradient, "{unit:e}");
            assert!(end.theta.iter().all(|x| (x - 1.0).abs() < 1e-6), "{unit:e}: {:?}", end.theta);
        }
    }
    // Nor those of parameters to the line search.
    for length in [1e-50, 1e50, 1e150] {
        let stopping = Stopping::steps(100).value_below(1e-12).unwrap();
        let end = LimitedMemoryBfgs::new().stopping(stopping).run(&in_units(1.0, length), &[0.0; 3]).unwrap();
        assert_eq!(end.stop, Stop::Value, "{length:e}");
    }
    for unit in [1e-25f32, 1e25] {
        let bowl = Recorded::<f32>::new(3, |x| (x - 1.0).powi(2).sum() * unit).unwrap();
        let (stopping, start) = (budget(100, 1e-4 * f64::from(unit)), [0.0, 2.0, 3.0]);
        assert_eq!(LimitedMemoryBfgs::new().stopping(stopping).run(&bowl, &start).unwrap().stop, Stop::Gradient);
        assert_eq!(TrustRegion::new().stopping(stopping).run(&bowl, &start).unwrap().stop, Stop::Gradient);
    }
}

#[test]
fn regions_too_small_to_square_end_a_run() {
    // A logarithm falls without end towards its wall at 0.
    let log = Outside::new(1, |x: &[f64], gradient: &mut [f64]| {
        gradient[0] = 1.0 / x[0];
        x[0].ln()
    });
    let end = TrustRegion::new().run(&log, &[4.0]).unwrap();
    assert!(end.value < -300.0 && matches!(end.stop, Stop::Rounding | Stop::Diverged(_)), "{:?}", end.stop);
    // No parameters have no saddle.
    let nothing = Outside::new(0, |_: &[f64], _: &mut [f64]| 0.0);
    assert_eq!(TrustRegion::new().escape(Key::new(0)).run(&nothing, &[]).unwrap().stop, Stop::Gradient);
    assert_eq!(CubicNewton::new().escape(Key::new(0)).run(&nothing, &[]).unwrap().stop, Stop::Gradient);
}

#[test]
fn bad_requests_are_refused() {
    let bowl = Recorded::<f64>::new(2, |x| (x * x).sum()).unwrap();
    let log = Recorded::<f64>::new(2, |x| x.ln().sum()).unwrap();
    fn refused<T: std::fmt::Debug>(result: eigenscape::Result<T>) -> String {
        result.unwrap_err().to_string()
    }
    for start in [&[1.0][..], &[1.0; 3]] {
        let expected = format!("the point of a minimization has {} entries; it must have 2", start.len());
        assert_eq!(refused(LimitedMemoryBfgs::new().run(&bowl, start)), expected);
        assert_eq!(refused(TrustRegion::new().run(&bowl, start)), expected);
        assert_eq!(refused(CubicNewton::new().run(&bowl, start)), expected);
    }
    let infinite = [0.0, f64::INFINITY];
    assert!(refused(LimitedMemoryBfgs::new().begin(&infinite)).starts_with("entry 1 of the start of a minimization"));
    assert!(refused(TrustRegion::new().run(&bowl, &infinite)).contains("start from finite parameters"));
    assert!(CubicNewton::new().begin(&infinite).is_err());
    for start in [[0.0, 1.0], [-1.0, 1.0]] {
        assert!(LimitedMemoryBfgs::new().run(&log, &start).is_err());
        assert!(TrustRegion::new().run(&log, &start).is_err());
        assert!(CubicNewton::new().run(&log, &start).is_err());
    }
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(TrustRegion::new().radius(bad).is_err() && CubicNewton::new().weight(bad).is_err());
    }
    assert!(TrustRegion::new().products(0).is_err() && CubicNewton::new().dimensions(0).is_err());
    for (c1, c2) in [(0.0, 0.9), (0.5, 0.5), (0.9, 0.1), (1e-4, 1.0), (f64::NAN, 0.9), (1e-4, f64::NAN)] {
        assert!(LimitedMemoryBfgs::<f64>::new().wolfe(c1, c2).is_err(), "{c1} {c2}");
    }
    // A product that is not finite, from a gradient that is.
    let cusp = Recorded::<f64>::new(2, |x| (x * x).sum().powf(0.75)).unwrap();
    assert!(TrustRegion::new().run(&cusp, &[0.0, 0.0]).is_err() || cusp.at(&[0.0, 0.0]).is_ok());
}

#[test]
fn degenerate_problems_end_at_once() {
    let constant = Recorded::<f64>::new(3, |x| (x * 0.0).sum() + 2.0).unwrap();
    let line = Recorded::<f64>::new(1, |x| (x - 3.0).powi(2).sum()).unwrap();
    for end in [
        LimitedMemoryBfgs::new().run(&constant, &[1.0; 3]).unwrap(),
        TrustRegion::new().escape(Key::new(0)).run(&constant, &[1.0; 3]).unwrap(),
        CubicNewton::new().run(&constant, &[1.0; 3]).unwrap(),
        // Without any criterion a gradient of zero is the end.
        LimitedMemoryBfgs::new().stopping(Stopping::steps(9)).run(&constant, &[1.0; 3]).unwrap(),
    ] {
        assert_eq!((end.stop, end.value, end.history.len()), (Stop::Gradient, 2.0, 0));
    }
    for end in [
        LimitedMemoryBfgs::new().run(&line, &[1.0]).unwrap(),
        TrustRegion::new().run(&line, &[1.0]).unwrap(),
        CubicNewton::new().run(&line, &[1.0]).unwrap(),
    ] {
        assert!((end.theta[0] - 3.0).abs() < 1e-7);
    }
    // Steepest descent, and no steps at all.
    let end = LimitedMemoryBfgs::new().memory(0).run(&valley::<f64>(2), &[1.1, 1.2]).unwrap();
    assert_eq!((end.stop, end.history.len()), (Stop::Steps, 1000));
    let end = TrustRegion::new().stopping(Stopping::steps(0)).run(&line, &[1.0]).unwrap();
    assert_eq!((end.stop, end.value, end.gradient_norm), (Stop::Steps, 4.0, 4.0));
}

#[test]
fn other_criteria_stop_minimizations() {
    // Values that end at 1, and not at 0, stop changing.
    let rosenbrock = valley::<f64>(10);
    let objective =
        Outside::new(10, |x: &[f64], gradient: &mut [f64]| 1.0 + rosenbrock.value_and_gradient(x, gradient).unwrap());
    let start = valley_start::<f64>(10);
    let value = Stopping::steps(1000).value_below(5.0).unwrap();
    let change = Stopping::steps(1000).change_below(1e-3, 2).unwrap();
    for (stopping, stop) in [(value, Stop::Value), (change, Stop::Change), (Stopping::steps(7), Stop::Steps)] {
        for end in [
            LimitedMemoryBfgs::new().stopping(stopping).run(&objective, &start).unwrap(),
            TrustRegion::new().stopping(stopping).run(&objective, &start).unwrap(),
            CubicNewton::new().stopping(stopping).run(&objective, &start).unwrap(),
        ] {
            assert_eq!(end.stop, stop);
            assert!(stop != Stop::Value || (end.value <= 5.0 && end.history.iter().all(|i| i.value > 5.0)));
            assert!(stop != Stop::Steps || end.history.len() == 7);
        }
    }
    // An observer stops it, and what is known is returned.
    let run = TrustRegion::new().begin(&start).unwrap();
    let enough = |run: &Minimization<f64, TrustRegion>| match run.history().len() {
        5 => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    };
    let end = run.observe(&objective, enough).unwrap();
    assert_eq!((end.stop, end.history.len()), (Stop::Observer, 5));
    assert_eq!(objective.value(&end.theta).unwrap(), end.value);
}

#[test]
fn more_than_rounding_allows_is_not_asked_for_forever() {
    let hilly = landscape::<f64>(6, Key::new(3));
    let start = normal::<f64>(6, Key::new(4));
    let never = budget(100_000, 0.0);
    for end in [
        LimitedMemoryBfgs::new().stopping(never).run(&hilly, &start).unwrap(),
        TrustRegion::new().stopping(never).run(&hilly, &start).unwrap(),
        CubicNewton::new().stopping(never).run(&hilly, &start).unwrap(),
    ] {
        assert!(matches!(end.stop, Stop::Rounding | Stop::Gradient), "{:?} after {}", end.stop, end.history.len());
        assert!(end.gradient_norm < 1e-7 && end.history.len() < 300, "{:e}", end.gradient_norm);
    }
}

/// Bits of everything in a result.
fn bits(end: &Minimum<f64>) -> (Vec<u64>, Vec<u64>, Evaluations, Stop) {
    let theta = end.theta.iter().map(|x| x.to_bits()).collect();
    let of = |i: &eigenscape::optimize::Iteration| [i.value, i.gradient_norm, i.length, i.control].map(f64::to_bits);
    let history = end.history.iter().flat_map(of).chain([end.value.to_bits(), end.gradient_norm.to_bits()]);
    (theta, history.collect(), end.evaluations, end.stop.clone())
}

/// Cut after each iteration, put through `pass`, and resumed: the same bits.
fn resumes<M>(begin: impl Fn() -> Minimization<f64, M>, pass: impl Fn(Minimization<f64, M>) -> Minimization<f64, M>)
where
    M: for<'o> Method<'o, f64, Recorded<f64>>,
{
    let objective = valley::<f64>(6);
    let whole = begin().observe(&objective, |_| ControlFlow::Continue(())).unwrap();
    let mut run = pass(begin());
    let mut at_once = begin();
    while run.advance(&objective).unwrap() {
        assert!(at_once.advance(&objective).unwrap());
        run = pass(run);
        assert_eq!(run.theta(), at_once.theta());
    }
    assert!(whole.history.len() > 10);
    assert_eq!(bits(&pass(run).finish()), bits(&whole));
}

#[test]
fn minimizations_resume_to_the_same_bits() {
    let start = valley_start::<f64>(6);
    resumes(|| LimitedMemoryBfgs::new().memory(3).begin(&start).unwrap(), |run| run.clone());
    resumes(|| TrustRegion::new().begin(&start).unwrap(), |run| run.clone());
    #[cfg(feature = "serde")]
    {
        fn pass<M>(run: Minimization<f64, M>) -> Minimization<f64, M>
        where
            Minimization<f64, M>: serde::Serialize + serde::de::DeserializeOwned,
        {
            serde_json::from_str(&serde_json::to_string(&run).unwrap()).unwrap()
        }
        resumes(|| LimitedMemoryBfgs::new().memory(3).begin(&start).unwrap(), pass);
        resumes(|| TrustRegion::new().escape(Key::new(1)).begin(&start).unwrap(), pass);
        resumes(|| CubicNewton::new().begin(&start).unwrap(), pass);
    }
}

#[cfg(feature = "serde")]
#[test]
fn damaged_minimizations_are_refused() {
    use serde_json::{Value, json};
    let objective = valley::<f64>(4);
    let mut run = LimitedMemoryBfgs::<f64>::new().memory(4).begin(&valley_start(4)).unwrap();
    (0..6).for_each(|_| assert!(run.advance(&objective).unwrap()));
    let saved = serde_json::to_value(&run).unwrap();
    let read = |value: Value| serde_json::from_value::<Minimization<f64, LimitedMemoryBfgs<f64>>>(value);
    assert!(read(saved.clone()).is_ok());
    for (path, value) in [
        ("/path/theta", json!([1.0])),
        ("/path/previous", json!([1.0])),
        ("/path/started", json!(false)),
        ("/path/value", json!(null)),
        ("/path/stopping/steps", json!(2)),
        ("/path/stopping/gradient", json!(-1.0)),
        ("/path/stop", json!("Nonsense")),
        ("/method/memory", json!(1)),
        ("/method/wolfe/curvature", json!(2.0)),
        ("/method/gradient", json!([1.0])),
        ("/method/pairs/0/step", json!([1.0])),
        ("/method/pairs/0/product", json!(-1.0)),
    ] {
        let mut damaged = saved.clone();
        *damaged.pointer_mut(path).unwrap_or_else(|| panic!("{path} is there")) = value;
        assert!(read(damaged).is_err(), "{path}");
    }
    let region = TrustRegion::new().begin::<f64>(&[1.0; 2]).unwrap();
    for (path, value) in [("/method/radius", json!(0.0)), ("/method/products", json!(0))] {
        let mut damaged = serde_json::to_value(&region).unwrap();
        *damaged.pointer_mut(path).unwrap() = value;
        assert!(serde_json::from_value::<Minimization<f64, TrustRegion>>(damaged).is_err(), "{path}");
    }
    let mut damaged = serde_json::to_value(CubicNewton::new().begin::<f64>(&[1.0; 2]).unwrap()).unwrap();
    *damaged.pointer_mut("/method/weight").unwrap() = json!(-1.0);
    assert!(serde_json::from_value::<Minimization<f64, CubicNewton>>(damaged).is_err());
}

/// A small risk whose Gauss-Newton matrix is not its Hessian.
fn small_risk<T: Scalar>() -> (Risk<T>, Vec<T>) {
    let network = Perceptron::new(&[3, 4, 3], Activation::Tanh).unwrap();
    let labels: Vec<usize> = (0..20).map(|example| example * example % 3).collect();
    let examples = Examples::labelled(normal(60, Key::new(1)), 3, &labels, 3).unwrap();
    let theta = Initialization::glorot().draw(&network, Key::new(2));
    (Risk::new(&network, Loss::SoftmaxCrossEntropy, examples).unwrap(), theta)
}

fn penalties<T: Scalar>() {
    let (risk, theta) = small_risk::<T>();
    let strength = 0.25;
    let objective = Penalized::new(&risk, strength).unwrap();
    for key in (0..3).map(Key::new) {
        assert!(check::gradient(&objective, &theta, key).unwrap().holds());
        assert!(check::hessian(&objective, &theta, key).unwrap().holds());
    }
    let (bare, point) = (risk.at(&theta).unwrap(), objective.at(&theta).unwrap());
    assert_eq!(point.bare().value(), bare.value());
    assert_eq!(objective.value(&theta).unwrap(), risk.value(&theta).unwrap() + 0.5 * strength * dot(&theta, &theta));
    let dim = theta.len();
    let shifted = |entries: &[T]| -> Vec<f64> {
        entries.iter().enumerate().map(|(i, x)| x.f64() + if i % (dim + 1) == 0 { strength } else { 0.0 }).collect()
    };
    let tolerance = 64.0 * T::EPSILON.f64();
    let hessian = shifted(to_dense(&bare.hessian()).entries());
    assert_close("hessian", to_dense(&point.hessian()).entries(), &hessian, tolerance);
    let gauss_newton = shifted(to_dense(&bare.gauss_newton()).entries());
    assert_close("gauss-newton", to_dense(&point.gauss_newton()).entries(), &gauss_newton, tolerance);
    let mut gradient = vec![T::nan(); dim];
    assert_eq!(objective.value_and_gradient(&theta, &mut gradient).unwrap(), point.value());
    assert_eq!(gradient, point.gradient());
    // Restricted, P'GP; and penalized within the subspace.
    let projection = Gaussian::<T>::new(dim, 5, Key::new(3)).unwrap();
    let restricted = Restricted::new(&risk, &projection, &theta).unwrap();
    let cut = restricted.at(&[T::zero(); 5]).unwrap();
    let p = Table { rows: dim, cols: 5, entries: to_dense(&projection).entries().iter().map(|x| x.f64()).collect() };
    let g = Table {
        rows: dim,
        cols: dim,
        entries: to_dense(&bare.gauss_newton()).entries().iter().map(|x| x.f64()).collect(),
    };
    let expected = p.t().times(&g).times(&p).entries;
    assert_close("restricted", to_dense(&cut.gauss_newton()).entries(), &expected, 4.0 * tolerance);
    let both = Penalized::new(&restricted, strength).unwrap();
    let expected: Vec<f64> =
        expected.iter().enumerate().map(|(i, x)| x + if i % 6 == 0 { strength } else { 0.0 }).collect();
    let point = both.at(&[T::zero(); 5]).unwrap();
    assert_close("both", to_dense(&point.gauss_newton()).entries(), &expected, 4.0 * tolerance);
    let least = symmetric_eigenvalues(
        &to_dense(&point.gauss_newton()).entries().iter().map(|x| x.f64()).collect::<Vec<_>>(),
        5,
    )[0];
    assert!(least >= strength * (1.0 - tolerance));
}

#[test]
fn penalized_objectives_follow_their_formulas() {
    penalties::<f32>();
    penalties::<f64>();
    let (risk, _) = small_risk::<f64>();
    for bad in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(Penalized::new(&risk, bad).is_err());
    }
}

/// Every method on every kind of objective, among them those that borrow.
fn networks_train<T: Scalar>() {
    let (risk, theta) = small_risk::<T>();
    let objective = Penalized::new(&risk, 1e-2).unwrap();
    let projection = Gaussian::<T>::new(theta.len(), 12, Key::new(3)).unwrap();
    let restricted = Restricted::new(&objective, &projection, &theta).unwrap();
    let (before, zero) = (objective.value(&theta).unwrap(), vec![T::zero(); 12]);
    let stopping = budget(500, 32.0 * T::EPSILON.f64().sqrt());
    let full = [
        LimitedMemoryBfgs::new().stopping(stopping).run(&objective, &theta).unwrap(),
        TrustRegion::new().stopping(stopping).run(&objective, &theta).unwrap(),
        CubicNewton::new().stopping(stopping).run(&objective, &theta).unwrap(),
        NaturalGradient::gauss_newton().stopping(stopping).run(&objective, &theta).unwrap(),
    ];
    let cut = [
        LimitedMemoryBfgs::new().stopping(stopping).run(&restricted, &zero).unwrap(),
        TrustRegion::new().stopping(stopping).run(&restricted, &zero).unwrap(),
        CubicNewton::new().stopping(stopping).run(&restricted, &zero).unwrap(),
        NaturalGradient::gauss_newton().stopping(stopping).run(&restricted, &zero).unwrap(),
    ];
    for (run, end) in full.iter().chain(&cut).enumerate() {
        // Residuals here are large, where the Gauss-Newton matrix is a rough guide: it converges, but linearly.
        let slow = run % 4 == 3 && end.stop == Stop::Steps && end.gradient_norm < 1e-3;
        assert!(slow || end.stop == Stop::Gradient, "run {run}: {:?} at {:e}", end.stop, end.gradient_norm);
        assert!(end.value < 0.8 * before, "{before} to {}", end.value);
    }
    let best = |ends: &[Minimum<T>]| ends.iter().map(|end| end.value).fold(f64::INFINITY, f64::min);
    assert!(best(&full) < best(&cut), "a subspace holds no better point");
}

#[test]
fn networks_train_in_full_and_in_subspaces() {
    networks_train::<f32>();
    networks_train::<f64>();
}
