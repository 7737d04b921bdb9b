//! Trains, and takes the slices.

use std::ops::ControlFlow;

use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::data::Idx;
use eigenscape::krylov::Eigensolver;
use eigenscape::landscape::{
    FilterNormalization, PrincipalComponents, Reading, RungeKutta, Slice, SliceExpansion, SliceFrame, Trajectory,
    TrajectoryCenter, Validity, evenly, gradient_flow, gradient_flow_on, read_accuracy, read_gradient, read_value,
};
use eigenscape::network::{Activation, Initialization, Network, Perceptron};
use eigenscape::objective::{Objective, Point};
use eigenscape::optimize::{DescentRun, GradientDescent, Stopping};
use eigenscape::random::Key;

use crate::arguments::Arguments;

/// Images for training.
pub const EXAMPLES: usize = 1500;
/// Size of mini-batches.
pub const BATCH: usize = 128;
/// The relative error up to which a prediction counts as valid.
pub const TOLERANCE: f64 = 0.1;

/// A slice along a line, with what derivatives at its origin say.
#[derive(Debug)]
pub struct Line {
    pub name: &'static str,
    pub slice: Slice<f32>,
    pub expansion: SliceExpansion,
    pub quadratic: Validity,
    pub cubic: Validity,
}

/// All that is drawn and written.
#[derive(Debug)]
pub struct Measured {
    pub parameters: usize,
    pub surface: Slice<f32>,
    pub trajectory: Vec<u64>,
    pub principal: PrincipalComponents<f32>,
    /// How far each point of the trajectory is off its plane.
    pub off: Vec<f64>,
    pub plane: Slice<f32>,
    pub field: Slice<f32>,
    /// Flow lines on the plane.
    pub flows: Vec<Vec<Vec<f64>>>,
    /// The flow in the whole space from where training began, on the plane.
    pub free_flow: Vec<Vec<f64>>,
    pub lines: Vec<Line>,
}

fn digits() -> eigenscape::Result<Examples<f32>> {
    let images = Idx::parse(include_bytes!("../data/digits-images-idx3-ubyte.gz"))?;
    let labels = Idx::parse(include_bytes!("../data/digits-labels-idx1-ubyte.gz"))?;
    let first: Vec<usize> = (0..EXAMPLES).collect();
    let (images, labels) = (images.select(&first)?, labels.select(&first)?);
    Examples::labelled(images.standardized(images.moments())?, 64, &labels.labels()?, 10)
}

/// Middle and width of numbers, with a margin.
fn extent(numbers: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = numbers.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
    ((low + high) / 2.0, (high - low) * 1.3)
}

/// `aspect`: width over height of the picture of the principal plane, for equal axes.
pub fn measure(arguments: &Arguments, aspect: f64) -> eigenscape::Result<Measured> {
    let network = Perceptron::new(&[64, 64, 64, 10], Activation::Tanh)?;
    let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, digits()?)?;
    let key = Key::new(arguments.seed);
    let start: Vec<f32> = Initialization::lecun().draw(&network, key.split(0));

    let batches = risk.mini_batches(BATCH, key.split(1))?;
    let rule = GradientDescent::new(arguments.rate)?;
    let mut run = DescentRun::new(&start, rule, Stopping::steps(arguments.steps))?;
    let mut trajectory = Trajectory::new(start.len(), 1, 1 << 23)?;
    trajectory.record(run.step(), run.theta())?;
    while run.advance(&batches)? {
        trajectory.record(run.step(), run.theta())?;
    }
    trajectory.record(run.step(), run.theta())?;
    let end = run.theta().to_vec();
    println!(
        "{} parameters, {EXAMPLES} digits, {} steps: loss {:.3} -> {:.3}, accuracy {:.3}",
        network.parameters(),
        run.step(),
        risk.value(&start)?,
        risk.value(&end)?,
        risk.accuracy(&end)?
    );

    let filters = FilterNormalization::filters();
    let direction = |child| filters.random(&end, network.blocks(), key.split(2).split(child));
    let surface = taken(
        SliceFrame::plane(&end, &direction(0)?, &direction(1)?)?,
        &[&evenly(-1.0, 1.0, arguments.points)?, &evenly(-1.0, 1.0, arguments.points)?],
        read_accuracy(&risk),
    )?;

    let principal = trajectory.principal(TrajectoryCenter::Last, 5)?;
    let frame = principal.plane()?;
    let off = trajectory.points().map(|(_, point)| Ok(frame.coordinates(point)?.1));
    let off = off.collect::<eigenscape::Result<Vec<f64>>>()?;
    let coordinates = |axis: usize| principal.coordinates.iter().map(move |c| c[axis]);
    let (x, y) = (extent(coordinates(0)), extent(coordinates(1)));
    let width = x.1.max(y.1 * aspect);
    let around = |middle: f64, width: f64| (middle - width / 2.0, middle + width / 2.0);
    let (x, y) = (around(x.0, width), around(y.0, width / aspect));
    let rows = ((arguments.points as f64 / aspect) as usize).max(5);
    let grid = |columns: usize, rows: usize| -> eigenscape::Result<[Vec<f64>; 2]> {
        Ok([evenly(x.0, x.1, columns)?, evenly(y.0, y.1, rows)?])
    };
    let [columns, lines] = grid(arguments.points, rows)?;
    let plane = taken(frame.clone(), &[&columns, &lines], read_value(&risk))?;
    let [columns, lines] = grid(15, 11)?;
    let field = taken(frame.clone(), &[&columns[1..14], &lines[1..10]], read_gradient(&risk))?;

    // Flow for as long as training went on, if it is not too stiff for that.
    let time = arguments.rate * arguments.steps as f64;
    let method = RungeKutta::new(1e-4)?.steps(500);
    let inside = |c: &[f64]| (x.0..=x.1).contains(&c[0]) && (y.0..=y.1).contains(&c[1]);
    let mut flows = Vec::new();
    for (right, up) in [(0.06, 0.08), (0.06, 0.92), (0.5, 0.94), (0.94, 0.92), (0.94, 0.08), (0.5, 0.06)] {
        let begin = [x.0 + right * (x.1 - x.0), y.0 + up * (y.1 - y.0)];
        flows.push(gradient_flow_on(&risk, &frame, &begin, time, &method, inside)?.points);
    }
    let mut free_flow = Vec::new();
    let _end = gradient_flow(&risk, &start, time, &method, |_, theta| {
        free_flow.extend(frame.coordinates(theta).map(|place| place.0));
        true
    })?;

    let point = risk.at(&end)?;
    let top = Eigensolver::new(1, key.split(3)).run(&point.hessian())?;
    let mut lines = Vec::new();
    let gradient = point.gradient().to_vec();
    for (name, direction, reach) in [
        ("random, filter-normalised", direction(0)?, 1.0),
        ("gradient", unit(&gradient), 2.0),
        ("top eigenvector", unit(&top.vectors[..end.len()]), 1.0),
    ] {
        let frame = SliceFrame::line(&end, &direction)?;
        let expansion = frame.expand(&risk)?;
        let slice = taken(frame, &[&evenly(-reach, reach, 2 * arguments.points - 1)?], read_value(&risk))?;
        let quadratic = slice.validity(expansion.value, |c| expansion.quadratic(c), TOLERANCE)?;
        let cubic = slice.validity(expansion.value, |c| expansion.cubic(c), TOLERANCE)?;
        lines.push(Line { name, slice, expansion, quadratic, cubic });
    }
    let steps = trajectory.points().map(|(step, _)| step).collect();
    let parameters = network.parameters();
    Ok(Measured { parameters, surface, trajectory: steps, principal, off, plane, field, flows, free_flow, lines })
}

fn unit(v: &[f32]) -> Vec<f32> {
    let norm = v.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
    v.iter().map(|x| (f64::from(*x) / norm) as f32).collect()
}

/// A whole slice.
fn taken(
    frame: SliceFrame<f32>,
    axes: &[&[f64]],
    read: impl Fn(&[f32]) -> eigenscape::Result<Reading<f32>> + Sync,
) -> eigenscape::Result<Slice<f32>> {
    let mut slice = Slice::new(frame, axes)?;
    slice.run(read, |_| ControlFlow::Continue(()))?;
    Ok(slice)
}
