//! Something of each kind that objectives, networks, optimizers and subspaces can save.

use eigenscape::Error;
use eigenscape::check;
use eigenscape::curvature::{ClassPart, Examples, LogitCurvature, Loss, Risk};
use eigenscape::network::{
    Activation, Attention, Block, Convolution, Initialization, Network, Perceptron, Pool, Role, Sequential,
};
use eigenscape::objective::{Objective, Point, Recorded};
use eigenscape::optimize::*;
use eigenscape::plot::{IntrinsicPlot, Picture, SuccessPlot};
use eigenscape::random::Key;
use eigenscape::subspace::{
    Criterion, IntrinsicDimension, IntrinsicReport, IntrinsicSearch, Level, QuadraticWell, SuccessCurve,
    SuccessProbability, SuccessRun, Successes,
};
use eigenscape::tape::{Program, Shape};

use super::sample::{Sample, seen};

pub fn valley() -> Recorded<f64> {
    Recorded::<f64>::new(2, |x| (1.0 - x.at(0)).powi(2) + (x.at(1) - x.at(0).powi(2)).powi(2) * 100.0).unwrap()
}

pub fn risk(labels: &[usize]) -> (Risk<f64>, Vec<f64>) {
    let network = Perceptron::new(&[4, 5, 3], Activation::Tanh).unwrap();
    let mut inputs = vec![0.0; 4 * labels.len()];
    Key::new(1).normal(0, &mut inputs);
    let examples = Examples::labelled(inputs, 4, labels, 3).unwrap();
    let theta = Initialization::lecun().draw(&network, Key::new(2));
    (Risk::new(&network, Loss::SoftmaxCrossEntropy, examples).unwrap(), theta)
}

pub fn functions() -> Vec<Sample> {
    let (risk, theta) = risk(&[0, 1, 2, 0, 1, 2]);
    let perceptron = Perceptron::new(&[4, 5, 3], Activation::Gelu).unwrap();
    let point = risk.at(&theta).unwrap();
    let root = Program::<f64>::record([Shape::vector(2)], |[x]| x.sqrt()).unwrap();
    let checked = check::gradient(&valley(), &[0.1, 0.2], Key::new(0)).unwrap();
    let Err(error) = Criterion::share_of(2.0, 1.0) else { panic!("a share is at most 1") };
    vec![
        Sample::new(&Key::new(3).split(2)),
        Sample::new(&checked),
        Sample::used(&Shape::new(&[2, 0, 3]).unwrap(), |read: Shape| {
            seen((read.axes(), read.extents().len(), read.size()))
        }),
        Sample::new(&root.cost()),
        Sample::new(&root.first_non_finite(&[&[1.0, -1.0]]).unwrap().unwrap()),
        Sample::new(&eigenscape::objective::Taylor {
            value: 0.1,
            slope: f64::NAN,
            curvature: 2.0,
            third: f64::INFINITY,
        }),
        Sample::new(&ClassPart::Pairs),
        Sample::new(&Loss::Poisson),
        Sample::new(&LogitCurvature::Dense),
        Sample::new(&point.hessian().memory()),
        Sample::new(&Activation::Silu),
        Sample::new(&Role::Gain),
        Sample::new(&Attention::new(2).causal()),
        Sample::new(&Convolution::new(3, [2, 2]).same().stride([2, 1])),
        Sample::new(&Pool::new([2, 3])),
        Sample::new(&Initialization::he().uniform().radius(0.3).unwrap()),
        Sample::used(&perceptron, |read: Perceptron| seen((read.parameters(), read.blocks().len()))),
        Sample::used(&Sequential::new(&[4]).unwrap().dense(3).unwrap().blocks()[0], |read: Block| seen(read.range())),
        // Of an error the sentence is left.
        Sample::new(&error).with_buffers(),
        Sample::new(&Error::Saved { sentence: "it was so".to_string() }),
    ]
}

/// A few steps of a run from settings that were read.
fn tried<M: for<'o> Method<'o, f64, Recorded<f64>>>(begun: eigenscape::Result<Minimization<f64, M>>) {
    let Ok(mut run) = begun else { return };
    for _ in 0..9 {
        if !run.advance(&valley()).is_ok_and(|goes_on| goes_on) {
            break;
        }
    }
    seen(run.finish());
}

pub fn optimizers() -> Vec<Sample> {
    let valley = valley();
    let stopping = Stopping::steps(9).gradient_below(1e-9).unwrap().value_below(f64::NEG_INFINITY).unwrap();
    let schedule = Schedule::cosine(20).unwrap().warm_up(3);
    let rule = Scheduled::new(GradientDescent::new(1e-3).unwrap().momentum(0.5).unwrap(), schedule);
    let mut run = DescentRun::new(&[-0.5, 0.5], rule.clone(), stopping).unwrap();
    (0..4).for_each(|_| assert!(run.advance(&valley).unwrap()));
    let mut adam = DescentRun::new(&[-0.5, 0.5], Adam::<f64>::new(1e-3).unwrap(), stopping).unwrap();
    (0..4).for_each(|_| assert!(adam.advance(&valley).unwrap()));
    let used_run = |mut read: DescentRun<f64, Scheduled<GradientDescent<f64>, Schedule>>| {
        for _ in 0..20 {
            if !read.advance(&super::descent_samples::valley()).is_ok_and(|goes_on| goes_on) {
                break;
            }
        }
        seen(read.finish());
    };
    let used_adam = |mut read: DescentRun<f64, Adam<f64>>| {
        for _ in 0..20 {
            if !read.advance(&super::descent_samples::valley()).is_ok_and(|goes_on| goes_on) {
                break;
            }
        }
        seen(read.finish());
    };
    let diverged = DescentRun::new(&[30.0, 3.0], GradientDescent::<f64>::new(1.0).unwrap(), Stopping::steps(99));
    let mut diverged = diverged.unwrap();
    while diverged.advance(&valley).unwrap() {}
    let end = diverged.clone().finish();
    assert!(matches!(end.stop, Stop::Diverged(_)));

    let quasi = LimitedMemoryBfgs::<f64>::new().memory(3);
    let mut quasi_run = quasi.begin(&[-1.2, 1.0]).unwrap();
    (0..6).for_each(|_| assert!(quasi_run.advance(&valley).unwrap()));
    let newton = TrustRegion::new().escape(Key::new(1));
    let mut newton_run = newton.begin::<f64>(&[-1.2, 1.0]).unwrap();
    (0..6).for_each(|_| assert!(newton_run.advance(&valley).unwrap()));
    let cubic = CubicNewton::new();
    let mut cubic_run = cubic.begin::<f64>(&[-1.2, 1.0]).unwrap();
    (0..6).for_each(|_| assert!(cubic_run.advance(&valley).unwrap()));
    let minimum = quasi_run.clone().finish();
    vec![
        Sample::new(&stopping),
        Sample::new(&schedule),
        Sample::new(&rule),
        Sample::new(&GradientDescent::<f32>::new(0.1).unwrap().nesterov()),
        Sample::new(&Adam::<f32>::new(0.1).unwrap()),
        Sample::used(&run, used_run).with_buffers(),
        Sample::used(&adam, used_adam).with_buffers(),
        Sample::new(&diverged).with_buffers(),
        Sample::new(&end).with_buffers(),
        Sample::new(&adam.finish()),
        Sample::new(&Stop::Rounding),
        Sample::used(&quasi, |read: LimitedMemoryBfgs<f64>| tried(read.begin(&[-1.2, 1.0]))),
        Sample::used(&newton, |read: TrustRegion| tried(read.begin(&[-1.2, 1.0]))),
        Sample::new(&TrustRegion::gauss_newton()),
        Sample::used(&cubic, |read: CubicNewton| tried(read.begin(&[-1.2, 1.0]))),
        Sample::used(&quasi_run, |read: Minimization<f64, LimitedMemoryBfgs<f64>>| tried(Ok(read))),
        Sample::used(&newton_run, |read: Minimization<f64, TrustRegion>| tried(Ok(read))),
        Sample::used(&cubic_run, |read: Minimization<f64, CubicNewton>| tried(Ok(read))),
        Sample::new(&minimum.history[1]),
        Sample::new(&minimum.evaluations),
        Sample::new(&minimum),
    ]
}

pub fn subspaces() -> Vec<Sample> {
    let criterion = Criterion::share_of(0.9, 1.0).unwrap();
    let settings = IntrinsicDimension::new(criterion, 64, Key::new(0)).keys(2);
    let mut search = settings.begin().unwrap();
    let outcome = |dim: usize| if dim == 2 { f64::NAN } else { 1.0 - 1.0 / dim as f64 };
    (0..7).for_each(|_| search.advance(|dim, _| Ok(outcome(dim))).unwrap());
    let report = search.report();
    let used_search = move |mut read: IntrinsicSearch| {
        (0..9).for_each(|_| seen(read.advance(|dim, _| Ok(outcome(dim)))));
        seen(read.report());
    };
    let used_report = |read: IntrinsicReport| {
        let _ = (read.dimension(), read.estimate(), read.log_standard_error(), read.interval(0.9), read.best());
        seen(IntrinsicPlot::new(&read).svg());
        let _ = (read.successes(), read.curve.iter().map(|level| level.mean()).collect::<Vec<_>>());
    };
    let probability = SuccessProbability::new(&[1, 2, 4], Key::new(0)).trials(5);
    let mut run = probability.begin().unwrap();
    (0..8).for_each(|_| run.advance(|dim, _| Ok(dim > 1)).unwrap());
    let used_run = |mut read: SuccessRun| {
        (0..9).for_each(|_| seen(read.advance(|dim, _| Ok(dim > 1))));
        seen(read.curve());
    };
    let curve = run.curve().unwrap();
    let used_curve = |read: SuccessCurve| {
        let _ = (read.fit(), read.crossing(0.5), read.threshold(0.9), SuccessPlot::new(&read).svg());
        read.rows().iter().for_each(|row| seen((row.share(), row.interval(0.9))));
    };
    let well = QuadraticWell::new(&[1.0, 4.0, 0.0, 9.0], &[0.1, 0.5, 3.0, 0.7]).unwrap();
    let used_well = |read: QuadraticWell| {
        let _ = (read.least_excess(2), read.threshold(0.3), read.success(2, 0.3), read.larsen(0.3), read.rank());
    };
    vec![
        Sample::used(&criterion, |read: Criterion| seen(read.threshold())),
        Sample::used(&settings, |read: IntrinsicDimension| seen(read.begin().map(|search| search.proposal()))),
        Sample::new(&search.proposal().unwrap()),
        Sample::used(&search, used_search).with_buffers(),
        Sample::used(&report, used_report),
        Sample::new(&report.stop),
        Sample::new(&search.runs()[0]),
        Sample::used(&report.curve[0], |read: Level| seen(read.mean())),
        Sample::used(&probability, |read: SuccessProbability| seen(read.begin().is_ok())),
        Sample::used(&run, used_run),
        Sample::used(&curve, used_curve),
        Sample::used(&curve.rows()[0], |read: Successes| seen((read.share(), read.interval(0.9)))),
        Sample::used(&well, used_well),
        Sample::new(&well.threshold(0.3).unwrap()),
    ]
}
