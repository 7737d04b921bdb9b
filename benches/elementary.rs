//! Nanoseconds per element of the elementary functions, 4096 elements in the first cache, beside the standard library's.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use eigenscape::Scalar;
use eigenscape::random::Key;
use eigenscape::tape::{Plan, Program, Shape, Var};

const ELEMENTS: usize = 4096;

/// A function of the tape, its counterpart in the standard library, and where arguments are drawn from.
struct Case<T: Scalar> {
    name: &'static str,
    ours: for<'t> fn(Var<'t, T>) -> Var<'t, T>,
    standard: fn(T) -> T,
    range: (f64, f64),
}

fn cases<T: Scalar>() -> Vec<Case<T>> {
    macro_rules! case {
        ($name:ident, $range:expr) => {
            case!(stringify!($name), |x| x.$name(), |x| x.$name(), $range)
        };
        ($name:expr, $ours:expr, $standard:expr, $range:expr) => {
            Case { name: $name, ours: $ours, standard: $standard, range: $range }
        };
    }
    vec![
        case!(exp, (-10.0, 10.0)),
        case!(exp_m1, (-10.0, 10.0)),
        case!("ln", |x| x.ln(), |x| x.ln(), (0.001, 100.0)),
        case!(ln_1p, (-0.9, 10.0)),
        case!(sin, (-10.0, 10.0)),
        case!(cos, (-10.0, 10.0)),
        case!(tan, (-10.0, 10.0)),
        case!(atan, (-10.0, 10.0)),
        case!(sinh, (-10.0, 10.0)),
        case!(cosh, (-10.0, 10.0)),
        case!(tanh, (-10.0, 10.0)),
        case!("sigmoid", |x| x.sigmoid(), |x| T::one() / (T::one() + (-x).exp()), (-10.0, 10.0)),
        case!("softplus", |x| x.softplus(), |x| x.max(T::zero()) + (-x.abs()).exp().ln_1p(), (-10.0, 10.0)),
        // The standard library has none.
        case!("erf", |x| x.erf(), |x| T::of(libm::erf(x.f64())), (-4.0, 4.0)),
        case!("powi_2", |x| x.powi(2), |x| x.powi(std::hint::black_box(2)), (-4.0, 4.0)),
        case!("powi_7", |x| x.powi(7), |x| x.powi(std::hint::black_box(7)), (-4.0, 4.0)),
        case!("powf", |x| x.powf(T::of(1.7)), |x| x.powf(T::of(1.7)), (0.001, 100.0)),
        case!(sqrt, (0.001, 100.0)),
        case!(recip, (0.001, 100.0)),
    ]
}

fn bench<T: Scalar>(criterion: &mut Criterion) {
    for case in cases::<T>() {
        let mut group = criterion.benchmark_group(case.name);
        group.throughput(Throughput::Elements(ELEMENTS as u64));
        let mut x = vec![T::zero(); ELEMENTS];
        Key::new(0).uniform(0, &mut x);
        let (low, high) = case.range;
        x.iter_mut().for_each(|x| *x = T::of(low + (high - low) * x.f64()));
        let program = Program::record([Shape::vector(ELEMENTS)], |[x]| (case.ours)(x)).unwrap();
        let plan = Plan::new(&program);
        let (mut out, mut workspace) = (vec![T::zero(); ELEMENTS], plan.workspace());
        plan.run(&[&x], &mut [&mut out], &mut workspace);
        for (&out, &x) in out.iter().zip(&x) {
            let expected = (case.standard)(x);
            let error = (out - expected).abs().f64();
            assert!(error <= 16.0 * T::EPSILON.f64() * expected.abs().f64(), "{} of {x} is {out}", case.name);
        }
        group.bench_function(BenchmarkId::new("tape", T::NAME), |bencher| {
            bencher.iter(|| plan.run(&[&x], &mut [&mut out], &mut workspace));
        });
        group.bench_function(BenchmarkId::new("standard", T::NAME), |bencher| {
            bencher.iter(|| out.iter_mut().zip(&x).for_each(|(out, &x)| *out = (case.standard)(x)));
        });
    }
}

fn elementary(criterion: &mut Criterion) {
    bench::<f32>(criterion);
    bench::<f64>(criterion);
}

criterion_group!(benches, elementary);
criterion_main!(benches);
