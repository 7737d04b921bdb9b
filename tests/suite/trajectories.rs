//! Trajectories against dense decompositions and closed forms.

use std::ops::ControlFlow;

use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::landscape::{
    RungeKutta, Slice, SliceFrame, Trajectory, TrajectoryCenter, gradient_flow, gradient_flow_on, read_value,
};
use eigenscape::network::{Activation, Initialization, Perceptron};
use eigenscape::objective::{Objective, Recorded};
use eigenscape::optimize::{DescentRun, GradientDescent, Stopping};
use eigenscape::projection::Gaussian;
use eigenscape::random::Key;
use eigenscape::tape::Shape;

use crate::oracle::symmetric_eigenvalues;
use crate::support::{dot, norm, normal, with_threads};

/// A random walk of 9 points in 7 dimensions.
fn walk() -> Trajectory<f64> {
    let mut trajectory = Trajectory::new(7, 5, 1 << 12).unwrap();
    let mut point = vec![0.0; 7];
    for step in 0..9 {
        let add: Vec<f64> = normal(7, Key::new(0).split(step));
        point.iter_mut().zip(add).for_each(|(x, add)| *x += add);
        trajectory.record(5 * step, &point).unwrap();
    }
    trajectory
}

#[test]
fn principal_components_are_those_of_the_dense_decomposition() {
    let trajectory = walk();
    let points: Vec<Vec<f64>> = trajectory.points().map(|(_, point)| point.to_vec()).collect();
    for center in [TrajectoryCenter::Last, TrajectoryCenter::Mean] {
        let principal = trajectory.principal(center, 3).unwrap();
        let mean = |i: usize| points.iter().map(|point| point[i]).sum::<f64>() / 9.0;
        let expected: Vec<f64> = match center {
            TrajectoryCenter::Last => points[8].clone(),
            TrajectoryCenter::Mean => (0..7).map(mean).collect(),
        };
        assert!(principal.center.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-14));
        // The scatter matrix, P x P, by plain loops; its eigenvalues by another method.
        let centred: Vec<Vec<f64>> =
            points.iter().map(|point| point.iter().zip(&expected).map(|(x, c)| x - c).collect()).collect();
        let mut scatter = vec![0.0; 49];
        for (i, entry) in scatter.iter_mut().enumerate() {
            *entry = centred.iter().map(|point| point[i / 7] * point[i % 7]).sum();
        }
        let values = symmetric_eigenvalues(&scatter, 7);
        let total: f64 = values.iter().sum();
        for (rank, direction) in principal.directions.iter().enumerate() {
            let value = values[6 - rank];
            assert!((principal.shares[rank] - value / total).abs() < 1e-12);
            // S u = s^2 u, and |u| = 1.
            let product: Vec<f64> = (0..7).map(|i| dot(&scatter[7 * i..7 * i + 7], direction)).collect();
            let rest: Vec<f64> = product.iter().zip(direction).map(|(p, u)| p - value * u).collect();
            assert!(norm(&rest) < 1e-10 * total && (norm(direction) - 1.0).abs() < 1e-13);
            for (point, coordinates) in centred.iter().zip(&principal.coordinates) {
                assert!((dot(point, direction) - coordinates[rank]).abs() < 1e-12);
            }
            assert!(principal.coordinates[0][rank] >= 0.0);
        }
        // The plane is one of coordinates as they were told, with what is left off it.
        let plane = principal.plane().unwrap();
        for (point, told) in points.iter().zip(&principal.coordinates) {
            let (coordinates, distance) = plane.coordinates(point).unwrap();
            assert!((coordinates[0] - told[0]).abs() < 1e-12 && (coordinates[1] - told[1]).abs() < 1e-12);
            let square = norm(&point.iter().zip(&expected).map(|(x, c)| x - c).collect::<Vec<f64>>()).powi(2);
            assert!((distance.powi(2) + told[0].powi(2) + told[1].powi(2) - square).abs() < 1e-10);
        }
    }
}

/// A random walk in many dimensions: 6 / (pi k)^2 of its variance lie in direction k.
#[test]
fn walks_have_their_known_shares() {
    let (dim, steps) = (20_000, 60);
    let mut trajectory = Trajectory::new(dim, 1, 1 << 24).unwrap();
    let mut point = vec![0.0f32; dim];
    for step in 0..steps {
        trajectory.record(step, &point).unwrap();
        let add: Vec<f32> = normal(dim, Key::new(1).split(step));
        point.iter_mut().zip(add).for_each(|(x, add)| *x += add);
    }
    let principal = trajectory.principal(TrajectoryCenter::Mean, 2).unwrap();
    for (rank, share) in principal.shares.iter().enumerate() {
        // The limit for n points: eigenvalues 1 / (4 sin^2(pi k / 2n)) of the walk's covariance, over (n^2 - 1) / 6.
        let (n, k) = (steps as f64, rank as f64 + 1.0);
        let sine = (std::f64::consts::PI * k / (2.0 * n)).sin();
        let expected = 6.0 / (n * n - 1.0) / (4.0 * sine * sine);
        // The mean of dim independent draws each: a relative deviation of sqrt(2 / dim) at most.
        assert!((share / expected - 1.0).abs() < 4.0 * (2.0 / dim as f64).sqrt(), "{rank}: {share} {expected}");
    }
    // Through a projection it is the same plane, nearly: shares move by some 1 / sqrt(d).
    let projection = Gaussian::unit_columns(dim, 400, Key::new(2)).unwrap();
    let mut small = Trajectory::new(400, 1, 1 << 20).unwrap();
    trajectory.points().for_each(|(step, point)| small.record_through(step, point, &projection).unwrap());
    let projected = small.principal(TrajectoryCenter::Mean, 2).unwrap();
    let bound = 4.0 * (2.0f64 / 400.0).sqrt();
    assert!((projected.shares[0] / principal.shares[0] - 1.0).abs() < bound);
    assert!(small.record_through(99, &point[1..], &projection).is_err());
}

#[test]
fn a_full_trajectory_keeps_even_distances_and_its_end() {
    let mut trajectory = Trajectory::<f64>::new(3, 2, 8 * 3 * 8).unwrap();
    for step in 0..=1001u64 {
        trajectory.record(step, &[step as f64, 0.0, 1.0]).unwrap();
        let steps: Vec<u64> = trajectory.points().map(|(step, _)| step).collect();
        assert!(steps.len() <= 9 && steps[0] == 0 && steps[steps.len() - 1] == step);
        let stride = trajectory.stride();
        assert!(steps[..steps.len() - 1].iter().enumerate().all(|(i, &s)| s == i as u64 * stride), "{steps:?}");
        // At least half full, once it was full.
        assert!(step < 16 || steps.len() >= 4);
    }
    assert!(trajectory.points().all(|(step, point)| point[0] == step as f64));
    assert_eq!((trajectory.stride(), trajectory.len()), (128, 9)); // 0, 128, ... 896, and 1001
}

#[test]
fn saved_trajectories_go_on_to_the_same_bits() {
    let network = Perceptron::new(&[4, 6, 3], Activation::Tanh).unwrap();
    let labels: Vec<usize> = (0..30).map(|example| example % 3).collect();
    let examples = Examples::labelled(normal::<f64>(120, Key::new(3)), 4, &labels, 3).unwrap();
    let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, examples).unwrap();
    let start = Initialization::lecun().draw(&network, Key::new(4));
    let record = |stop: Option<u64>| {
        let rule = GradientDescent::new(0.3).unwrap();
        let mut run = DescentRun::new(&start, rule, Stopping::steps(90)).unwrap();
        let mut trajectory = Trajectory::new(start.len(), 1, 20 * start.len() * 8).unwrap();
        loop {
            trajectory.record(run.step(), run.theta()).unwrap();
            if stop == Some(run.step()) {
                #[cfg(feature = "serde")]
                {
                    let text = serde_json::to_string(&trajectory).unwrap();
                    trajectory = serde_json::from_str(&text).unwrap();
                }
            }
            if run.is_done() {
                break;
            }
            run.advance(&risk).unwrap();
        }
        trajectory
    };
    let whole = record(None);
    assert_eq!(whole, record(Some(37)));
    let principal = |threads| with_threads(threads, || whole.principal(TrajectoryCenter::Last, 2).unwrap());
    assert_eq!(principal(1), principal(3));
    // The surface that it is drawn on has its loss at the end of training, which lies on the plane.
    let principal = principal(1);
    let mut slice = Slice::new(principal.plane().unwrap(), &[&[0.0], &[0.0]]).unwrap();
    slice.run(read_value(&risk), |_| ControlFlow::Continue(())).unwrap();
    let (_, end) = whole.points().last().unwrap();
    assert_eq!(slice.values()[0], Some(risk.value(end).unwrap()));
}

/// x'A x / 2 in four dimensions, with its flow known by the eigenvectors.
fn bowl() -> (Recorded<f64>, [f64; 4]) {
    let curvatures = [4.0, 1.0, 0.5, 0.1];
    let bowl = Recorded::new(4, |x| {
        let curvatures = x.tape().constant(Shape::vector(4), &curvatures);
        (x * x * curvatures).sum() * 0.5
    });
    (bowl.unwrap(), curvatures)
}

#[test]
fn flows_have_their_closed_forms() {
    let (bowl, curvatures) = bowl();
    let method = RungeKutta::new(1e-10).unwrap();
    let start = [1.0, -2.0, 0.5, 3.0];
    let exact = |time: f64| -> Vec<f64> { start.iter().zip(curvatures).map(|(x, c)| x * (-c * time).exp()).collect() };
    let mut trajectory = Trajectory::new(4, 1, 1 << 20).unwrap();
    let mut step = 0;
    let end = gradient_flow(&bowl, &start, 3.0, &method, |time, theta| {
        trajectory.record(step, theta).unwrap();
        step += 1;
        assert!(theta.iter().zip(exact(time)).all(|(a, b)| (a - b).abs() < 1e-8));
        true
    })
    .unwrap();
    assert!(end.arrived && trajectory.len() == end.steps + 1);
    // On a plane at an angle: c' = -G^-1 D'A D c, whose flow is known along the generalized eigenvectors.
    let (first, second) = ([1.0, 0.0, 0.0, 0.0], [1.0, 1.0, 0.0, 0.0]);
    let frame = SliceFrame::plane(&[0.0; 4], &first, &second).unwrap();
    let line = gradient_flow_on(&bowl, &frame, &[2.0, -1.0], 0.7, &method, |_| true).unwrap();
    let last = line.points.last().unwrap();
    // In the space: (c_1 + c_2, c_2) flow by themselves.
    let expected = [1.0 * (-4.0f64 * 0.7).exp(), -((-0.7f64).exp())];
    assert!((last[0] + last[1] - expected[0]).abs() < 1e-8 && (last[1] - expected[1]).abs() < 1e-8);
    assert!(line.arrived && line.times.len() == line.points.len());
    // It ends at the bounds, and the loss never rises on its way.
    let bounded = gradient_flow_on(&bowl, &frame, &[2.0, -1.0], 9.0, &method, |c| c[1] < -0.5).unwrap();
    assert!(!bounded.arrived && bounded.points.last().unwrap()[1] >= -0.5);
    let losses: Vec<f64> = line
        .points
        .iter()
        .map(|c| {
            let mut theta = [0.0; 4];
            frame.at(c, &mut theta);
            bowl.value(&theta).unwrap()
        })
        .collect();
    assert!(losses.windows(2).all(|pair| pair[1] < pair[0]));
}

#[test]
fn bad_requests_for_trajectories_are_refused() {
    assert!(Trajectory::<f64>::new(0, 1, 100).is_err() && Trajectory::<f64>::new(2, 0, 100).is_err());
    assert!(Trajectory::<f64>::new(100, 1, 1599).unwrap_err().to_string().contains("projection"));
    let mut trajectory = Trajectory::new(2, 1, 1600).unwrap();
    assert!(trajectory.is_empty() && trajectory.principal(TrajectoryCenter::Last, 1).is_err());
    trajectory.record(3, &[0.0, 1.0]).unwrap();
    let short = trajectory.principal(TrajectoryCenter::Last, 1).unwrap_err().to_string();
    assert!(short.contains("at least 2"), "{short}");
    assert!(trajectory.record(2, &[0.0, 1.0]).is_err() && trajectory.record(4, &[0.0]).is_err());
    assert!(trajectory.record(4, &[0.0, f64::NAN]).is_err());
    // Equal points have no direction; points on a line no plane.
    trajectory.record(4, &[0.0, 1.0]).unwrap();
    assert!(trajectory.principal(TrajectoryCenter::Mean, 1).is_err());
    trajectory.record(5, &[1.0, 2.0]).unwrap();
    let straight = trajectory.principal(TrajectoryCenter::Mean, 2).unwrap();
    assert!(straight.plane().unwrap_err().to_string().contains("straight"));
    assert!(trajectory.principal(TrajectoryCenter::Mean, 3).is_err());
    let (bowl, _) = bowl();
    let method = RungeKutta::new(1e-6).unwrap();
    assert!(gradient_flow(&bowl, &[1.0], 1.0, &method, |_, _| true).is_err());
    assert!(gradient_flow(&bowl, &[f64::NAN; 4], 1.0, &method, |_, _| true).is_err());
    let frame = SliceFrame::line(&[0.0; 4], &[1.0; 4]).unwrap();
    assert!(gradient_flow_on(&bowl, &frame, &[0.0, 1.0], 1.0, &method, |_| true).is_err());
}

#[cfg(feature = "serde")]
#[test]
fn damaged_files_of_trajectories_are_refused() {
    let saved = serde_json::to_value(walk()).unwrap();
    let read = |saved: &serde_json::Value| serde_json::from_value::<Trajectory<f64>>(saved.clone());
    assert_eq!(read(&saved).unwrap(), walk());
    let damage: [&dyn Fn(&mut serde_json::Value); 6] = [
        &|saved| _ = saved["points"].as_array_mut().unwrap().pop(),
        &|saved| saved["steps"][2] = serde_json::json!(1),
        &|saved| saved["stride"] = serde_json::json!(0),
        &|saved| saved["capacity"] = serde_json::json!(3),
        &|saved| saved["last"] = serde_json::json!(null),
        &|saved| saved["last"] = serde_json::json!([3, [0.0]]),
    ];
    for (number, damage) in damage.iter().enumerate() {
        let mut damaged = saved.clone();
        damage(&mut damaged);
        assert!(read(&damaged).is_err(), "damage {number}");
    }
}

#[test]
fn flows_beside_a_wall_take_shorter_steps() {
    // x - a ln x: the minimum at a is beside 0, where nothing is finite, and long trial steps go there.
    let a = 1e-4;
    let wall = Recorded::<f64>::new(1, |x| x.at(0) - x.at(0).ln() * a).unwrap();
    let end = gradient_flow(&wall, &[1.0], 3.0, &RungeKutta::new(1e-3).unwrap(), |_, _| true).unwrap();
    assert!(end.arrived && (end.end[0] - a).abs() < 0.1 * a, "{end:?}");
    // What flows into the wall itself is told.
    let drain = Recorded::<f64>::new(1, |x| x.at(0).ln()).unwrap();
    assert!(gradient_flow(&drain, &[1.0], 1.0, &RungeKutta::new(1e-6).unwrap(), |_, _| true).is_err());
}
