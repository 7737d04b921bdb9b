//! Tests of pictures: every kind is a sound document, keeps its numbers to the last bit, and does not fall over what is hostile.

use std::ops::ControlFlow;
use std::sync::OnceLock;

use eigenscape::Error;
use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::emergent::{Clustering, GoldilocksScan, Measurement, Tracker};
use eigenscape::landscape::{Slice, SliceFrame, Trajectory, TrajectoryCenter, evenly, read_value};
use eigenscape::network::{Activation, Initialization, Perceptron};
use eigenscape::objective::{Objective, Recorded};
use eigenscape::operator::Diagonal;
use eigenscape::optimize::{GradientDescent, descend};
use eigenscape::plot::{
    Axis, Chart, ClusteringPlot, Color, Dash, DensityPlot, EigenvaluePlot, Figure, GoldilocksPlot, IntrinsicPlot, Map,
    Mark, Numbers, Palette, Panel, Picture, Provenance, Relief, Series, SlicePlot, SuccessPlot,
};
use eigenscape::random::Key;
use eigenscape::random_matrix::{Affine, MarchenkoPastur, Semicircle};
use eigenscape::spectrum::{self, Smoothing, SpectralMeasure, StochasticLanczos};
use eigenscape::subspace::{Criterion, IntrinsicDimension, IntrinsicReport, SuccessCurve, Successes};

/// A bulk like a semicircle, and outliers.
fn measure() -> SpectralMeasure {
    let mut entries: Vec<f64> = (0..800).map(|i| ((f64::from(i) + 0.5) / 800.0 * 2.0 - 1.0).powi(3)).collect();
    entries[..4].copy_from_slice(&[3.1, 4.2, 4.4, 9.0]);
    StochasticLanczos::new(Key::new(0)).probes(6).steps(60).run(&Diagonal::new(entries)).unwrap()
}

fn classifier(classes: usize) -> (Perceptron, Risk<f64>) {
    let network = Perceptron::new(&[6, 12, classes], Activation::Tanh).unwrap();
    let mut inputs = vec![0.0f64; 8 * classes * 6];
    Key::new(0).normal(0, &mut inputs);
    let labels: Vec<usize> = (0..8 * classes).map(|example| example % classes).collect();
    inputs.chunks_exact_mut(6).zip(&labels).for_each(|(input, &label)| input[label % 6] += 2.0);
    let examples = Examples::labelled(inputs, 6, &labels, classes).unwrap();
    let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, examples).unwrap();
    (network, risk)
}

fn tracked() -> Figure {
    let (network, risk) = classifier(3);
    let tracker = Tracker::new(Key::new(2)).every(100).unwrap().also_at(&[3, 10, 30]).examples(24).unwrap();
    let (watched, mut run) = (tracker.watched(&risk).unwrap(), tracker.begin());
    let start = Initialization::lecun().draw(&network, Key::new(3));
    let mut rule = GradientDescent::new(0.3).unwrap();
    let _end = descend(&risk, &start, &mut rule, 400, |progress| run.visit(&watched, progress)).unwrap();
    run.require().unwrap();
    EigenvaluePlot::of(run.rows()).title("A tracker's rows").figure().unwrap()
}

fn clustering(classes: usize) -> ClusteringPlot {
    let (network, risk) = classifier(classes);
    let start = Initialization::lecun().draw(&network, Key::new(3));
    ClusteringPlot::new(&Clustering::measure(&risk.at(&start).unwrap()).unwrap()).unwrap()
}

fn goldilocks(radii: &[f64], dimensions: &[usize], keys: usize) -> GoldilocksPlot {
    let (network, risk) = classifier(3);
    let scan = GoldilocksScan::new(radii, dimensions, Key::new(1)).unwrap().keys(keys).unwrap();
    let start = |key| Initialization::he().draw(&network, key);
    GoldilocksPlot::new(&scan.run(&risk, &risk, start, |_| ControlFlow::Continue(())).unwrap()).unwrap()
}

fn intrinsic(keys: usize, largest: usize) -> IntrinsicReport {
    let reach = |dim: usize, key: Key| {
        let mut noise = [0.0f64];
        key.split(dim as u64).normal(0, &mut noise);
        Ok(1.0 - (-(dim as f64) / 60.0).exp() + 0.02 * noise[0])
    };
    IntrinsicDimension::new(Criterion::AtLeast(0.9), largest, Key::new(0)).keys(keys).run(reach).unwrap()
}

fn valley(points: usize) -> Slice<f64> {
    let valley = Recorded::<f64>::new(2, |x| {
        ((x.at(0).powi(2) - x.at(1)).powi(2) + x.at(0).powi(2) * 0.1 + (x.at(0) * 3.0).sin() * 0.2 + 0.3) * 0.5
    })
    .unwrap();
    let plane = SliceFrame::plane(&[0.0; 2], &[1.0, 0.0], &[0.0, 1.0]).unwrap();
    let (x, y) = (evenly(-1.6, 1.6, points).unwrap(), evenly(-0.8, 2.2, points + 3).unwrap());
    let mut slice = Slice::new(plane, &[&x, &y]).unwrap();
    slice.run(read_value(&valley), |_| ControlFlow::Continue(())).unwrap();
    slice
}

/// A descent on a bowl of six dimensions, and the plane of its principal directions.
fn principal() -> SlicePlot {
    let bowl = Recorded::<f64>::new(6, |x| (x.slice(0, 0..3).powi(2).sum() * 5.0 + x.powi(2).sum()) * 0.5).unwrap();
    let mut trajectory = Trajectory::new(6, 1, 1 << 16).unwrap();
    let start = [1.0, 0.8, -0.6, 1.5, 1.0, -2.0];
    let mut rule = GradientDescent::new(0.05).unwrap();
    let _end = descend(&bowl, &start, &mut rule, 60, |progress| {
        trajectory.record(progress.step, progress.theta).unwrap();
        ControlFlow::Continue(())
    })
    .unwrap();
    let components = trajectory.principal(TrajectoryCenter::Last, 2).unwrap();
    let axes = [evenly(-1.0, 4.0, 40).unwrap(), evenly(-1.5, 1.5, 30).unwrap()];
    let mut slice = Slice::new(components.plane().unwrap(), &[&axes[0], &axes[1]]).unwrap();
    slice.run(read_value(&bowl), |_| ControlFlow::Continue(())).unwrap();
    SlicePlot::new(&slice).logarithmic().principal(&components).unwrap()
}

fn line() -> SlicePlot {
    let wave = Recorded::<f64>::new(2, |x| ((x.at(0) * 5.0).sin() + x.at(0).powi(2)).sum()).unwrap();
    let mut slice =
        Slice::new(SliceFrame::line(&[0.0; 2], &[3.0, 4.0]).unwrap(), &[&evenly(-1.0, 1.0, 80).unwrap()]).unwrap();
    slice.run(read_value(&wave), |_| ControlFlow::Continue(())).unwrap();
    SlicePlot::new(&slice)
}

fn figure(picture: &dyn Picture) -> Figure {
    picture.figure().unwrap()
}

fn build() -> Vec<(&'static str, Figure)> {
    let measure = measure();
    let density = |axis| measure.density(&Smoothing::new().minimum(0.01).axis(axis)).unwrap();
    let linear = density(spectrum::Axis::Linear);
    let bulk = Affine::new(Semicircle::new(0.5).unwrap(), 0.6, 0.0).unwrap();
    let outliers = [9.0, 4.4, 4.2, 3.1];
    let run = |rate: f64, steps: u64| {
        let point = move |k: u64| {
            let value = 2.0 / rate * (1.0 - (-3.0 * k as f64 / steps as f64).exp());
            (10 * k, Measurement::new(value, Some(0.4 + 0.05 * value)))
        };
        (0..=steps).map(point)
    };
    let at = |dim, successes| Successes { dim, successes, trials: 20 };
    let success = |shift: usize| {
        let rows = vec![at(10 + shift, 0), at(20 + shift, 1), at(30 + shift, 9), at(50 + shift, 7), at(90 + shift, 20)];
        SuccessCurve::new(rows).unwrap()
    };
    let many = (0..9).map(|k| {
        Series::line(
            format!("curve {k}"),
            (0..40).map(move |i| (f64::from(i), f64::from(k) + (f64::from(i) / 6.0).sin())),
        )
    });
    let marks = (0..8).map(|k| {
        Series::points(format!("marks {k}"), (0..12).map(move |i| (f64::from(i), f64::from(k) - 0.1 * f64::from(i))))
    });
    vec![
        (
            "density",
            figure(
                &DensityPlot::new(&linear)
                    .outliers(&outliers)
                    .law("semicircle", &bulk, 0.995)
                    .unwrap()
                    .title("A bulk and its outliers")
                    .subtitle("800 eigenvalues, 6 probes of 60 steps"),
            ),
        ),
        (
            "density-log",
            figure(
                &DensityPlot::new(&linear)
                    .outliers(&outliers)
                    .law("semicircle", &bulk, 0.995)
                    .unwrap()
                    .law("Marchenko-Pastur", &MarchenkoPastur::new(0.5, 0.3).unwrap(), 1.0)
                    .unwrap()
                    .logarithmic(5.0),
            ),
        ),
        (
            "density-symmetric",
            figure(
                &DensityPlot::new(&density(spectrum::Axis::SymmetricLog { linear: 1e-3 }))
                    .outliers(&outliers)
                    .law("semicircle", &bulk, 0.995)
                    .unwrap()
                    .name("eigenvalue of the Hessian"),
            ),
        ),
        (
            "density-atoms",
            figure(
                &DensityPlot::new(&measure.density(&Smoothing::new().minimum(0.01).atom(0.0, 0.02)).unwrap())
                    .range(-1.2, 1.2),
            ),
        ),
        (
            "eigenvalues",
            figure(
                &EigenvaluePlot::new()
                    .with("rate 0.1", run(0.1, 12))
                    .with("rate 0.05", run(0.05, 12))
                    .threshold("2 / 0.1", 20.0)
                    .name("largest eigenvalue of the Hessian"),
            ),
        ),
        (
            "eigenvalues-dense",
            figure(
                &EigenvaluePlot::new()
                    .with("rate 0.1", run(0.1, 400))
                    .with("rate 0.02", run(0.02, 400))
                    .linear_steps()
                    .logarithmic(),
            ),
        ),
        ("tracked", tracked()),
        (
            "surface",
            figure(
                &SlicePlot::new(&valley(30))
                    .path("descent", &[[1.2, 1.6], [0.9, 0.8], [0.4, 0.15], [-0.3, 0.1]])
                    .title("A bent valley")
                    .name("loss", "nats"),
            ),
        ),
        ("surface-dense", figure(&SlicePlot::new(&valley(160)).flat().logarithmic())),
        ("principal", figure(&principal())),
        ("line", figure(&line())),
        ("clustering", figure(&clustering(3).classes(&["cat", "dog", "fox"]))),
        ("clustering-dense", figure(&clustering(10))),
        ("goldilocks", figure(&goldilocks(&[0.3, 1.0, 3.0, 10.0], &[2, 8], 2).unit(3.0).unwrap())),
        (
            "goldilocks-dense",
            figure(&goldilocks(
                &(0..16).map(|k| 0.1 * 1.6f64.powi(k)).collect::<Vec<_>>(),
                &[1, 2, 3, 5, 8, 13, 21, 34, 55],
                2,
            )),
        ),
        ("intrinsic", figure(&IntrinsicPlot::new(&intrinsic(3, 1000)).name("test accuracy").full(0.97))),
        ("intrinsic-dense", figure(&IntrinsicPlot::new(&intrinsic(15, 100_000)))),
        ("success", figure(&SuccessPlot::new(&success(0)))),
        (
            "success-several",
            figure(&SuccessPlot::several([
                ("radius 1", success(0)),
                ("radius 3", success(17)),
                ("radius 10", success(150)),
            ])),
        ),
        (
            "lines",
            figure(
                &Chart::new(Axis::linear("x").unit("m"), Axis::linear("height"))
                    .with_all(many)
                    .title("Nine curves")
                    .note("a note")
                    .note("and another, longer one"),
            ),
        ),
        ("marks", figure(&Chart::new(Axis::linear("x"), Axis::linear("y")).with_all(marks))),
        ("grid", grid()),
    ]
}

fn grid() -> Figure {
    let panel = |name: &str, scale: f64| {
        let rows = (1..=30).map(move |i| {
            (
                f64::from(i),
                scale * f64::from(i).sqrt(),
                scale * f64::from(i).sqrt() * 0.8,
                scale * f64::from(i).sqrt() * 1.2,
            )
        });
        Chart::new(Axis::logarithmic("dimension"), Axis::linear(name))
            .title(format!("panel {name}"))
            .with(Series::banded("mean and range", rows))
            .with(Series::vertical("edge", 7.0))
    };
    let arrows = (0..36).map(|i| {
        (f64::from(i % 6), f64::from(i / 6), f64::from(i % 6) + 0.6, f64::from(i / 6) + 0.1 * f64::from(i % 6))
    });
    let field = Chart::new(Axis::linear("first"), Axis::linear("second"))
        .equal_units()
        .with(Series::arrows("slope", arrows))
        .title("a field");
    let bars = Chart::new(
        Axis::names("measure", ["trace", "largest eigenvalue", "flatness, rescaled", "norm"]),
        Axis::linear("rank correlation"),
    )
    .with(Series::intervals(
        "within",
        (0..4).map(|i| (f64::from(i), 0.2 * f64::from(i), 0.2 * f64::from(i) - 0.1, 0.2 * f64::from(i) + 0.1)),
    ))
    .title("names across");
    Figure::new("Several panels under one title that is long enough to be wrapped into a second line, since it does not fit into the first one of them")
        .subtitle("a subtitle")
        .size(1000, 760)
        .row([panel("small", 1e-4), panel("large", 1e7)])
        .weighted_row(1.2, [(1.0, Panel::from(field)), (1.5, Panel::from(bars))])
}

/// Every kind of picture, of few numbers and of many.
pub fn gallery() -> Vec<(&'static str, Figure)> {
    static GALLERY: OnceLock<Vec<(&'static str, Figure)>> = OnceLock::new();
    GALLERY.get_or_init(build).clone()
}

/// What is hard to draw, and still a picture.
pub fn hostile() -> Vec<(&'static str, Figure)> {
    let linear = || (Axis::linear("x"), Axis::linear("y"));
    let chart = |(x, y): (Axis, Axis)| Chart::new(x, y);
    let nan = f64::NAN;
    let title = "<b>&amp; \"quotes\" 'n' \u{0}\u{7}\nnew line, Ünïcödé Ωμέγα λ₁ ≤ 10⁻³ ∇²L 漢字 🎉";
    let noise = |count: u64| {
        let mut draws = vec![0.0f64; count as usize];
        Key::new(5).normal(0, &mut draws);
        draws
    };
    let million = noise(1_000_000);
    let walk = million.iter().scan(0.0, |sum, x| {
        *sum += x;
        Some(*sum)
    });
    let cloud = million.chunks_exact(2).map(|pair| (pair[0], pair[1]));
    let constant = Map::surface("constant", &[0.0, 1.0, 2.0], &[0.0, 1.0], vec![Some(3.5); 6], 10).unwrap();
    let holes = vec![Some(1.0), None, Some(nan), Some(4.0), Some(2.0), Some(0.5), Some(9.0), Some(3.0), Some(2.0)];
    let holes = Map::surface("with holes", &[0.0, 1.0, 2.0], &[0.0, 1.0, 2.0], holes, 6).unwrap();
    let huge = Map::cells(
        "many cells",
        &(0..700).map(f64::from).collect::<Vec<_>>(),
        &(0..500).map(f64::from).collect::<Vec<_>>(),
        (0..350_000).map(|i| Some(f64::from(i % 700) * 0.01)).collect(),
    )
    .unwrap();
    vec![
        (
            "hostile-titles",
            figure(
                &chart((Axis::linear(title), Axis::linear(title.repeat(9))))
                    .title(title.repeat(12))
                    .with(Series::line(title.repeat(5), [(0.0, 1.0), (1.0, 2.0)]).labels([title, title]))
                    .note(title.repeat(4)),
            ),
        ),
        (
            "hostile-gaps",
            figure(&chart(linear()).with(Series::line(
                "gaps",
                [
                    (0.0, 1.0),
                    (1.0, nan),
                    (2.0, 2.0),
                    (f64::INFINITY, 3.0),
                    (4.0, 1.0),
                    (5.0, f64::NEG_INFINITY),
                    (6.0, 2.0),
                    (7.0, 3.0),
                ],
            ))),
        ),
        ("hostile-one-point", figure(&chart(linear()).with(Series::line("one", [(3.0, 0.0)])))),
        (
            "hostile-one-log",
            figure(
                &chart((Axis::logarithmic("x"), Axis::symmetric_log("y", 1.0)))
                    .with(Series::intervals("one", [(1e5, 0.0, -10.0, 10.0)])),
            ),
        ),
        (
            "hostile-constant",
            figure(&chart(linear()).with(Series::banded("constant", (0..50).map(|i| (f64::from(i), 7.0, 7.0, 7.0))))),
        ),
        (
            "hostile-nearly-constant",
            figure(
                &chart(linear())
                    .with(Series::line("nearly", (0..50).map(|i| (f64::from(i), 1.0 + 1e-14 * f64::from(i))))),
            ),
        ),
        (
            "hostile-far-from-zero",
            figure(&chart(linear()).with(Series::line(
                "far",
                (0..50).map(|i| (1e6 + 1e-3 * f64::from(i), -123_456.0 + 1e-2 * f64::from(i))),
            ))),
        ),
        (
            "hostile-range-linear",
            figure(&chart(linear()).with(Series::line("range", [(1e-300, 1e300), (1.0, -1e300), (2.0, 1e-300)]))),
        ),
        (
            "hostile-range-log",
            figure(
                &chart((Axis::logarithmic("x"), Axis::logarithmic("y")))
                    .with(Series::line("range", (-300..=300).step_by(20).map(|k| (10f64.powi(k), 10f64.powi(-k))))),
            ),
        ),
        (
            "hostile-range-symmetric",
            figure(&chart((Axis::linear("x"), Axis::symmetric_log("y", 1e-12))).with(Series::line(
                "range",
                (-30i32..=30).map(|k| (f64::from(k), 10f64.powi(k.abs()) * f64::from(k.signum()))),
            ))),
        ),
        (
            "hostile-subnormal",
            figure(&chart(linear()).with(Series::line("subnormal", [(0.0, 5e-324), (1.0, 1e-320), (2.0, 3e-320)]))),
        ),
        (
            "hostile-million-line",
            figure(
                &chart(linear())
                    .with(Series::line("noise", million.iter().enumerate().map(|(i, &y)| (i as f64, y))))
                    .with(Series::band(
                        "band",
                        million.iter().enumerate().map(|(i, &y)| (i as f64, 6.0 + y, 8.0 + y.abs())),
                    )),
            ),
        ),
        (
            "hostile-million-walk",
            figure(&chart(linear()).with(Series::line("walk", walk.zip(&million).map(|(x, &y)| (x, y)).take(50_000)))),
        ),
        ("hostile-million-points", figure(&chart(linear()).with(Series::points("cloud", cloud)))),
        ("hostile-constant-surface", figure(&chart(linear()).map(constant.clone()))),
        ("hostile-constant-relief", figure(&Relief::new(Axis::linear("x"), Axis::linear("y"), constant))),
        (
            "hostile-holes",
            figure(&Figure::new("Holes").row([
                Panel::from(chart(linear()).map(holes.clone())),
                Panel::from(Relief::new(Axis::linear("x"), Axis::linear("y"), holes)),
            ])),
        ),
        ("hostile-many-cells", figure(&chart(linear()).map(huge))),
        (
            "hostile-small",
            figure(
                &Figure::new("Small")
                    .size(160, 140)
                    .row([chart(linear()).with(Series::line("a", [(0.0, 1.0), (1.0, 2.0)]))]),
            ),
        ),
    ]
}
