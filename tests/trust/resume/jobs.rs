//! The runs: each of some hundred steps of a few milliseconds, deterministic, on problems that are cheap to make.

use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::emergent::{GoldilocksScan, PlaneTraining, Tracker};
use eigenscape::krylov::{BlockLanczos, Eigensolver, Lanczos};
use eigenscape::landscape::{
    CriticalSearch, CriticalSurvey, EdgeOfStability, Slice, SliceFrame, Trajectory, evenly, read_gradient,
};
use eigenscape::network::{Activation, Initialization, Perceptron};
use eigenscape::objective::Recorded;
use eigenscape::operator::{Closure, Diagonal};
use eigenscape::optimize::{
    Adam, CubicNewton, DescentRun, GradientDescent, LimitedMemoryBfgs, Minimization, Schedule, Scheduled, Stopping,
    TrustRegion,
};
use eigenscape::random::Key;
use eigenscape::spectrum::{Hutchinson, HutchinsonDiagonal, StochasticLanczos};
use eigenscape::subspace::{Criterion, IntrinsicDimension, SuccessProbability};

use super::Visitor;

const DIM: usize = 1500;

/// Eigenvalues that spread over several decades; a product takes a millisecond, as if there was a network behind it.
fn operator() -> impl eigenscape::operator::Symmetric<f64> {
    let entries: Vec<f64> =
        (0..DIM).map(|i| libm::exp(-(i as f64) / 150.0) * if i % 3 == 0 { -1.0 } else { 1.0 }).collect();
    let diagonal = Diagonal::new(entries);
    eigenscape::operator::AssumeSymmetric::new(Closure::new(DIM, DIM, move |x: &[f64], y: &mut [f64]| {
        work();
        eigenscape::operator::LinearOperator::apply(&diagonal, x, y);
    }))
}

/// Half a millisecond or so.
fn work() {
    let mut sum = 0.0f64;
    for i in 0..20_000 {
        sum += (f64::from(i) + sum).sqrt();
    }
    std::hint::black_box(sum);
}

fn start() -> Vec<f64> {
    let mut start = vec![0.0; DIM];
    Key::new(7).normal(0, &mut start);
    start
}

/// A network on data that has a slow way down.
fn risk() -> (Risk<f64>, Vec<f64>) {
    let network = Perceptron::new(&[12, 16, 4], Activation::Tanh).unwrap();
    let mut inputs = vec![0.0; 12 * 200];
    Key::new(1).normal(0, &mut inputs);
    let mut labels = vec![0; 200];
    Key::new(2).integers(0, 4, &mut labels);
    let examples = Examples::labelled(inputs, 12, &labels, 4).unwrap();
    let theta = Initialization::lecun().draw(&network, Key::new(3));
    (Risk::new(&network, Loss::SoftmaxCrossEntropy, examples).unwrap(), theta)
}

fn valley() -> Recorded<f64> {
    Recorded::<f64>::new(30, |x| {
        let (front, back) = (x.slice(0, 0..29), x.slice(0, 1..30));
        ((back - front * front).powi(2) * 100.0 + (1.0 - front).powi(2)).sum()
    })
    .unwrap()
}

fn minimize<'o, M>(visitor: &mut impl Visitor, begin: Minimization<f64, M>, objective: &'o Recorded<f64>)
where
    M: eigenscape::optimize::Method<'o, f64, Recorded<f64>>
        + serde::Serialize
        + serde::de::DeserializeOwned
        + eigenscape::saved::Kind,
{
    visitor.visit(
        || begin,
        |run| {
            work();
            run.advance(objective).unwrap()
        },
    );
}

pub fn visit(name: &str, visitor: &mut impl Visitor) {
    let operator = operator();
    let go_on = Stopping::steps(400);
    match name {
        "factorization" => visitor.visit(
            || Lanczos::new(1).run(&operator, &start()).unwrap(),
            |state| {
                state.expand(&operator, state.steps() + 1).unwrap();
                state.steps() < 120
            },
        ),
        "block_factorization" => visitor.visit(
            || BlockLanczos::new(2).run(&operator, &[start(), start().into_iter().rev().collect()].concat()).unwrap(),
            |state| {
                state.expand(&operator, state.size() + 2).unwrap();
                state.size() < 140
            },
        ),
        "eigen_search" => visitor.visit(
            || Eigensolver::new(12, Key::new(0)).basis(40).begin(&operator).unwrap(),
            |state| state.advance(&operator).unwrap(),
        ),
        "spectral_run" => visitor.visit(
            || StochasticLanczos::new(Key::new(0)).probes(6).steps(40).width(2).begin(&operator).unwrap(),
            |state| {
                state.advance(&operator).unwrap();
                !state.is_done()
            },
        ),
        "trace_run" => visitor.visit(
            || Hutchinson::new(3000, Key::new(0)).begin(&operator).unwrap(),
            |state| {
                state.advance(&operator).unwrap();
                !state.is_done()
            },
        ),
        "diagonal_run" => visitor.visit(
            || HutchinsonDiagonal::new(2000, Key::new(0)).begin(&operator).unwrap(),
            |state| {
                state.advance(&operator).unwrap();
                !state.is_done()
            },
        ),
        "gradient_descent" => {
            let (risk, theta) = risk();
            let batches = risk.mini_batches(20, Key::new(4)).unwrap();
            let rule = GradientDescent::new(0.05).unwrap().momentum(0.9).unwrap().nesterov();
            visitor.visit(
                || DescentRun::new(&theta, rule, go_on).unwrap(),
                |run| {
                    work();
                    run.advance(&batches).unwrap()
                },
            );
        }
        "scheduled_adam" => {
            let (risk, theta) = risk();
            let rule = Scheduled::new(Adam::new(0.01).unwrap(), Schedule::cosine(400).unwrap().warm_up(20));
            visitor.visit(|| DescentRun::new(&theta, rule, go_on).unwrap(), |run| run.advance(&risk).unwrap());
        }
        "limited_memory_bfgs" => {
            let valley = valley();
            minimize(visitor, LimitedMemoryBfgs::new().begin(&[-1.2; 30]).unwrap(), &valley);
        }
        "trust_region" => {
            let valley = valley();
            minimize(visitor, TrustRegion::new().radius(0.05).unwrap().begin(&[-1.2; 30]).unwrap(), &valley);
        }
        "natural_gradient" => {
            let (risk, theta) = risk();
            let begin = TrustRegion::gauss_newton().radius(1e-3).unwrap().stopping(Stopping::steps(60)).begin(&theta);
            visitor.visit(|| begin.unwrap(), |run| run.advance(&risk).unwrap());
        }
        "cubic_newton" => {
            let valley = valley();
            minimize(visitor, CubicNewton::new().weight(1e4).unwrap().begin(&[-1.2; 30]).unwrap(), &valley);
        }
        "intrinsic_search" => visitor.visit(
            || {
                let criterion = Criterion::share_of(0.9, 1.0).unwrap();
                IntrinsicDimension::new(criterion, 1 << 20, Key::new(0)).keys(20).begin().unwrap()
            },
            |search| {
                search
                    .advance(|dim, key| {
                        work();
                        let mut noise = [0.0];
                        key.normal(0, &mut noise);
                        Ok(1.0 - 30.0 / dim as f64 + 0.05 * noise[0])
                    })
                    .unwrap();
                search.proposal().is_some()
            },
        ),
        "success_run" => visitor.visit(
            || SuccessProbability::new(&[1, 2, 4, 8, 16], Key::new(0)).trials(80).begin().unwrap(),
            |run| {
                run.advance(|dim, key| {
                    work();
                    let mut share = [0.0];
                    key.uniform(0, &mut share);
                    Ok(share[0] < dim as f64 / 16.0)
                })
                .unwrap();
                !run.is_done()
            },
        ),
        "goldilocks_run" => {
            let (risk, theta) = risk();
            let training = PlaneTraining { steps: 4, rate: 0.05, batch: Some(20) };
            let radii: Vec<f64> = (1..12).map(f64::from).collect();
            let scan = GoldilocksScan::new(&radii, &[2, 4, 6], Key::new(0)).unwrap();
            let scan = scan.keys(3).unwrap().train(training).unwrap();
            let dim = theta.len();
            let start = |key: Key| {
                let mut theta = vec![0.0; dim];
                key.sphere(&mut theta);
                theta
            };
            visitor.visit(
                || scan.begin(dim).unwrap(),
                |run| {
                    run.advance(&risk, &risk, start).unwrap();
                    !run.is_complete()
                },
            );
        }
        "tracker_run" => {
            let (risk, theta) = risk();
            let tracker = Tracker::new(Key::new(0)).examples(60).unwrap().probes(4).unwrap().clustering(3);
            let watched = tracker.watched(&risk).unwrap();
            let stopping = Stopping::steps(120);
            visitor.visit(
                || (DescentRun::new(&theta, Adam::new(0.01).unwrap(), stopping).unwrap(), tracker.begin()),
                |(run, tracker)| {
                    let more = run.advance(&risk).unwrap();
                    if run.step().is_multiple_of(4) {
                        tracker.record(&watched, run.step(), run.theta()).unwrap();
                    }
                    more
                },
            );
        }
        "edge_of_stability" => {
            let (risk, theta) = risk();
            let stopping = Stopping::steps(150);
            visitor.visit(
                || {
                    let run = DescentRun::new(&theta, Adam::new(0.01).unwrap(), stopping).unwrap();
                    (run, EdgeOfStability::new(5, Key::new(0)).unwrap())
                },
                |(run, record)| {
                    let more = run.advance(&risk).unwrap();
                    record.observe(&risk, run).unwrap();
                    more
                },
            );
        }
        "critical_points" => {
            let wells =
                Recorded::<f64>::new(4, |x| ((x * x - 1.0).powi(2)).sum() + x.at(0) * x.at(1) * x.at(2) * 0.3).unwrap();
            let survey = CriticalSurvey::new(CriticalSearch::newton(), 300, Key::new(0)).unwrap().batch(2);
            let start = |key: Key| {
                let mut theta = vec![0.0; 4];
                key.normal(0, &mut theta);
                theta
            };
            visitor.visit(|| survey.begin::<f64>(4), |points| points.advance(&wells, start).unwrap());
        }
        "slice" => {
            let (risk, theta) = risk();
            let mut directions = vec![0.0; 2 * theta.len()];
            Key::new(5).normal(0, &mut directions);
            let frame = SliceFrame::plane(&theta, &directions[..theta.len()], &directions[theta.len()..]).unwrap();
            let axis = evenly(-1.0, 1.0, 60).unwrap();
            visitor.visit(
                || Slice::new(frame, &[&axis, &axis]).unwrap(),
                |slice| slice.advance(read_gradient(&risk)).unwrap(),
            );
        }
        "trajectory" => {
            let (risk, theta) = risk();
            let rule = GradientDescent::new(0.2).unwrap();
            visitor.visit(
                || {
                    let run = DescentRun::new(&theta, rule, go_on).unwrap();
                    (run, Trajectory::new(theta.len(), 1, 40 * theta.len() * 8).unwrap())
                },
                |(run, trajectory)| {
                    trajectory.record(run.step(), run.theta()).unwrap();
                    run.advance(&risk).unwrap()
                },
            );
        }
        // Counts in a place that is not saved.
        "forgetful" => {
            let mut count = 0;
            visitor.visit(Vec::new, |numbers: &mut Vec<u64>| {
                work();
                count += 1;
                numbers.push(count);
                numbers.len() < 300
            });
        }
        other => panic!("there is no job {other}"),
    }
}
