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
use proptest::prelude::*;

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
                    .size(220, 180)
                    .row([chart(linear()).with(Series::line("a", [(0.0, 1.0), (1.0, 2.0)]))]),
            ),
        ),
    ]
}

/// Whether a text is well-formed XML: tags close in order, attributes are quoted, and no sign stands bare. None if it is.
fn malformed(xml: &str) -> Option<String> {
    let mut open: Vec<String> = Vec::new();
    let mut rest = xml;
    let mut roots = 0;
    let bare = |text: &str| {
        let entity =
            |rest: &str| ["&amp;", "&lt;", "&gt;", "&quot;", "&apos;"].iter().any(|name| rest.starts_with(name));
        text.char_indices().any(|(at, letter)| match letter {
            '<' | '>' => true,
            '&' => !entity(&text[at..]),
            letter => (letter.is_control() && letter != '\n') || matches!(letter, '\u{fffe}' | '\u{ffff}'),
        })
    };
    while let Some(start) = rest.find('<') {
        if bare(&rest[..start]) {
            return Some(format!("bare text {:?}", &rest[..start]));
        }
        let Some(length) = rest[start..].find('>') else { return Some("a tag without an end".to_string()) };
        let tag = &rest[start + 1..start + length];
        rest = &rest[start + length + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop().as_deref() != Some(name) {
                return Some(format!("</{name}> closes nothing"));
            }
            continue;
        }
        let own = tag.trim_end_matches('/');
        let name = own.split_whitespace().next().unwrap_or_default().to_string();
        let quoted: Vec<&str> = own.split('"').collect();
        if quoted.len().is_multiple_of(2) || quoted.iter().skip(1).step_by(2).any(|value| bare(value)) {
            return Some(format!("attributes of {tag:?}"));
        }
        roots += usize::from(open.is_empty());
        if !tag.ends_with('/') {
            open.push(name);
        }
    }
    match (open.is_empty(), roots, rest.trim().is_empty()) {
        (true, 1, true) => None,
        _ => Some(format!("{open:?} stay open, {roots} roots, {:?} is left", rest.trim())),
    }
}

/// Width, height and the samples of each row of a PNG of three colours.
fn decode(png: &[u8]) -> (u32, u32, Vec<u8>) {
    use std::io::Read;
    assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
    let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    let (mut at, mut packed, mut size, mut ended) = (8, Vec::new(), (0, 0), false);
    while at < png.len() {
        let (length, kind) = (number(at) as usize, &png[at + 4..at + 8]);
        let data = &png[at + 8..at + 8 + length];
        // The sum of kind and data, bit by bit.
        let mut sum = u32::MAX;
        for byte in &png[at + 4..at + 8 + length] {
            sum ^= u32::from(*byte);
            (0..8).for_each(|_| sum = if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 });
        }
        assert_eq!(!sum, number(at + 8 + length), "the sum of {kind:?}");
        match kind {
            b"IHDR" => {
                size = (number(at + 8), number(at + 12));
                assert_eq!(data[8..], [8, 2, 0, 0, 0]);
            }
            b"IDAT" => packed.extend_from_slice(data),
            b"IEND" => ended = true,
            _ => panic!("chunk {kind:?}"),
        }
        at += length + 12;
    }
    assert!(ended);
    let mut rows = Vec::new();
    flate2::read::ZlibDecoder::new(&packed[..]).read_to_end(&mut rows).unwrap();
    assert_eq!(rows.len(), (size.1 * (3 * size.0 + 1)) as usize);
    (size.0, size.1, rows)
}

/// The share of samples that are not white.
fn inked(rows: &[u8]) -> f64 {
    rows.iter().filter(|sample| **sample < 250).count() as f64 / rows.len() as f64
}

#[test]
fn all_pictures_are_sound_documents() {
    for (name, figure) in gallery().into_iter().chain(hostile()) {
        let svg = figure.svg().unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(malformed(&svg), None, "{name}");
        assert!(svg.starts_with("<svg width=\"") && svg.contains("role=\"img\"") && svg.contains("<title>"), "{name}");
        assert!(!svg.contains("NaN") && !svg.contains("inf\""), "{name}");
    }
}

#[test]
fn bitmaps_decode_at_their_size_and_show_something() {
    let names = ["density", "surface", "clustering", "goldilocks", "hostile-titles", "hostile-small", "hostile-holes"];
    for (name, figure) in gallery().into_iter().chain(hostile()).filter(|(name, _)| names.contains(name)) {
        let (width, height, rows) = decode(&figure.png().unwrap());
        let svg = figure.svg().unwrap();
        assert!(svg.contains(&format!("<svg width=\"{width}\" height=\"{height}\"")), "{name}");
        assert!((0.02..0.9).contains(&inked(&rows)), "{name}: {}", inked(&rows));
    }
}

#[test]
fn the_same_picture_has_the_same_bytes() {
    for (name, figure) in build().into_iter().filter(|(name, _)| ["density", "goldilocks", "surface"].contains(name)) {
        let again = gallery().into_iter().find(|(other, _)| *other == name).unwrap().1;
        assert_eq!(figure.svg().unwrap(), again.svg().unwrap(), "{name}");
        assert_eq!(figure.png().unwrap(), again.png().unwrap(), "{name}");
        assert_eq!(figure.numbers().unwrap().csv(), again.numbers().unwrap().csv(), "{name}");
    }
}

#[test]
fn numbers_read_back_to_the_last_bit() {
    let bits = |numbers: &Numbers| -> Vec<[Option<u64>; 5]> {
        let rows = numbers.rows.iter();
        rows.map(|row| [row.x, row.y, row.low, row.high, row.value].map(|cell| cell.map(f64::to_bits))).collect()
    };
    for (name, figure) in gallery().into_iter().chain(hostile()).filter(|(name, _)| !name.contains("million")) {
        let numbers = figure.numbers().unwrap();
        let read = Numbers::read(&numbers.csv()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(bits(&read), bits(&numbers), "{name}");
        let words = |numbers: &Numbers| -> Vec<(String, String)> {
            numbers.rows.iter().map(|row| (row.panel.clone(), row.series.clone())).collect()
        };
        assert_eq!(words(&read), words(&numbers), "{name}");
    }
    for (csv, part) in [
        ("", "panel,series"),
        ("panel,series,x,y,low,high,value\na,b,1,2\n", "seven cells"),
        ("panel,series,x,y,low,high,value\na,b,1,2,three,,\n", "a number"),
        ("panel,series,x,y,low,high,value\n\"a,b,1,2,,,\n", "quotation"),
    ] {
        let error = Numbers::read(csv).unwrap_err();
        assert!(matches!(error, Error::Format { .. }) && error.to_string().contains(part), "{error}");
    }
}

#[test]
fn pictures_draw_what_results_say() {
    // Every point of a density stands in its numbers, and its band reaches two standard errors.
    let density = measure().density(&Smoothing::new().minimum(0.01)).unwrap();
    let numbers = DensityPlot::new(&density).outliers(&[9.0]).numbers().unwrap();
    let of = |series: &str| numbers.rows.iter().filter(|row| row.series == series).collect::<Vec<_>>();
    let line = of("density");
    assert_eq!(line.len(), density.grid.len());
    let errors = density.standard_error.as_ref().unwrap();
    for (row, (index, x)) in line.iter().zip(density.grid.iter().enumerate()) {
        assert_eq!((row.x, row.y), (Some(*x), Some(density.density[index])));
        let band = of("± 2 standard errors")[index];
        assert_eq!(band.high, Some(density.density[index] + 2.0 * errors[index]));
    }
    assert_eq!(of("eigenvalues apart")[0].x, Some(9.0));

    // A law is drawn per unit of the axis: its integral over the axis is its mass, on each axis.
    for axis in [spectrum::Axis::Linear, spectrum::Axis::Logarithmic, spectrum::Axis::SymmetricLog { linear: 1e-2 }] {
        let smoothing = Smoothing::new().axis(axis).grid(axis.points(1e-3, 4.0, 50).unwrap());
        let density = measure().density(&smoothing).unwrap();
        let law = Affine::new(MarchenkoPastur::new(0.5, 1.0).unwrap(), 1.0, 0.0).unwrap();
        let numbers = DensityPlot::new(&density).law("law", &law, 0.7).unwrap().numbers().unwrap();
        let law = numbers.rows.iter().filter(|row| row.series == "law" && row.y.unwrap().is_finite());
        let points: Vec<(f64, f64)> = law.map(|row| (axis.coordinate(row.x.unwrap()), row.y.unwrap())).collect();
        let mass: f64 = points.windows(2).map(|pair| (pair[1].0 - pair[0].0) * (pair[0].1 + pair[1].1) / 2.0).sum();
        assert!((mass - 0.7).abs() < 1e-3, "{axis:?}: {mass}");
    }

    // A matrix by logit or by class is the same up to the order of its rows.
    let plot = clustering(3);
    let values = |plot: &ClusteringPlot| -> Vec<Option<u64>> {
        let rows = plot.numbers().unwrap().rows;
        let mut values: Vec<Option<u64>> = rows.iter().map(|row| row.value.map(f64::to_bits)).collect();
        values.sort_unstable();
        values
    };
    assert_eq!(values(&plot).len(), 81);
    assert_eq!(values(&plot), values(&plot.clone().by_class()));
    assert_ne!(plot.numbers().unwrap(), plot.clone().by_class().numbers().unwrap());

    // The dimension and its interval.
    let report = intrinsic(5, 1000);
    let numbers = IntrinsicPlot::new(&report).numbers().unwrap();
    let dimension = numbers.rows.iter().find(|row| row.series == "intrinsic dimension").unwrap();
    assert_eq!(dimension.x, report.dimension().map(|dimension| dimension as f64));
    let ends: Vec<f64> =
        (numbers.rows.iter()).filter(|row| row.series.starts_with("its interval")).filter_map(|row| row.x).collect();
    let interval = report.interval(0.95).unwrap();
    assert_eq!(ends, [interval.lower, interval.upper]);
}

#[test]
fn texts_are_there() {
    let gallery = gallery();
    let svg = |name: &str| gallery.iter().find(|(other, _)| *other == name).unwrap().1.svg().unwrap();
    for (name, words) in [
        (
            "density",
            &["A bulk and its outliers", "eigenvalue", "density", "± 2 standard errors", "semicircle", ">\n9\n<"][..],
        ),
        ("density-symmetric", &["density per decade", "10⁻²", "−10⁻²", ">\n0\n<"]),
        ("density-atoms", &[" %"]),
        ("eigenvalues", &["training step", "rate 0.05", "2 / 0.1", "largest eigenvalue of the Hessian"]),
        ("tracked", &["largest eigenvalue", "eigenvalues 2 to 3", "predicted from means and probabilities"]),
        ("surface", &["A bent valley", "loss (nats)", "along the first direction", "descent"]),
        ("principal", &["first principal direction", "% of the variance", "trajectory"]),
        ("clustering", &["logit cat, class dog", "mean cosine", "same logit and class"]),
        ("clustering-dense", &["logit 9", "within a block by class"]),
        ("goldilocks", &["dimension 8", "share of √d", "distance from the origin over that of a usual start"]),
        (
            "intrinsic",
            &[
                "test accuracy",
                "threshold, 0.9",
                "full space, 0.97",
                "intrinsic dimension",
                "dimension of the subspace",
            ],
        ),
        ("success", &["half reach it: interval at 0.95", "share of keys"]),
        ("grid", &["panel small", "×10⁻⁴", "×10⁷", "flatness, rescaled"]),
    ] {
        let svg = svg(name);
        for words in words {
            assert!(svg.contains(words), "{name} has no {words:?}");
        }
    }
}

#[test]
fn ticks_are_round() {
    let words = |axis: Axis, low: f64, high: f64| -> Vec<String> {
        let y = Axis::linear("").range(0.0, 1.0).ticks([]);
        let svg = Chart::new(axis.range(low, high), y).with(Series::horizontal("", 0.5)).svg().unwrap();
        let texts = svg.split("<text").skip(1).map(|text| text.split(">\n").nth(1).unwrap());
        texts.map(|text| text.split("\n<").next().unwrap().to_string()).collect()
    };
    let linear = || Axis::linear("");
    assert_eq!(words(linear(), -0.6, 1.1), ["−0.5", "0", "0.5", "1.0"]);
    assert_eq!(words(linear(), 0.0, 0.7), ["0", "0.2", "0.4", "0.6"]);
    assert_eq!(words(Axis::logarithmic(""), 1e-5, 1e2), ["10⁻⁵", "10⁻⁴", "10⁻³", "10⁻²", "10⁻¹", "10⁰", "10¹", "10²"]);
    assert_eq!(words(Axis::logarithmic(""), 0.3, 6.0), ["0.5", "1", "2", "5"]);
    assert_eq!(words(Axis::steps(""), 0.0, 1000.0), ["0", "1", "3", "10", "30", "100", "300", "1000"]);
    assert_eq!(
        words(Axis::symmetric_log("", 0.1), -10.0, 100.0),
        ["−10¹", "−10⁰", "−10⁻¹", "0", "10⁻¹", "10⁰", "10¹", "10²"]
    );
    assert_eq!(words(linear(), 0.0, 3e7), ["0", "0.5×10⁷", "1.0×10⁷", "1.5×10⁷", "2.0×10⁷", "2.5×10⁷", "3.0×10⁷"]);
}

#[test]
fn what_cannot_be_drawn_is_refused() {
    let linear = || Chart::new(Axis::linear("x"), Axis::linear("y"));
    let nan = f64::NAN;
    let refused = |picture: &dyn Picture, part: &str| {
        let error = picture.svg().unwrap_err().to_string();
        assert!(error.contains(part), "{error} does not say {part:?}");
        assert_eq!(picture.png().unwrap_err().to_string(), error);
    };
    refused(&linear(), "give at least one");
    refused(&linear().with(Series::line("", [])), "give at least one");
    refused(&linear().with(Series::line("", [(nan, nan), (1.0, nan)])), "give at least one");
    refused(&linear().with(Series::line("", [(0.0, 1e308)])), "below 1e307");
    let logarithmic = Chart::new(Axis::linear("x"), Axis::logarithmic("y"));
    refused(&logarithmic.clone().with(Series::line("", [(0.0, -1.0), (1.0, 0.0)])), "positive on a logarithmic axis");
    let ranged = |low, high| Chart::new(Axis::linear("x").range(low, high), Axis::linear("y"));
    let some = || Series::line("", [(0.0, 1.0), (1.0, 2.0)]);
    refused(&ranged(1.0, 1.0).with(some()), "must be above the low end");
    refused(&ranged(nan, 1.0).with(some()), "give finite ends");
    // The ends of a symmetric axis whose linear part is the least number there is are 600 decades apart, and end.
    let least = Axis::symmetric_log("x", 5e-324).range(-1e300, 1e300);
    assert!(Chart::new(least, Axis::linear("y")).with(some()).svg().unwrap().contains("10²⁰⁰"));
    refused(&Chart::new(Axis::symmetric_log("x", 0.0), Axis::linear("y")).with(some()), "the linear part");
    refused(&Figure::new("no panels"), "at least one panel");
    refused(&Figure::new("a row of none").row(Vec::<Chart>::new()), "at least one panel");
    refused(&Figure::new("small").size(20, 400).row([linear().with(some())]), "from 100 to 8192");
    refused(&Figure::new("weight").weighted_row(nan, [(1.0, linear().with(some()))]), "the share of a row");
    let crowded = (0..40).map(|_| linear().with(some()));
    refused(&Figure::new("crowded").row(crowded), "make the figure larger");
    let none = Map::cells("none", &[0.0, 1.0], &[0.0], vec![None, Some(nan)]).unwrap();
    refused(&linear().map(none), "that have a colour");
    assert!(matches!(Map::cells("", &[], &[0.0], vec![]), Err(Error::Empty { .. })));
    assert!(matches!(Map::cells("", &[1.0, 0.0], &[0.0], vec![None; 2]), Err(Error::OutOfRange { .. })));
    assert!(matches!(Map::cells("", &[0.0, 1.0], &[0.0], vec![None; 3]), Err(Error::Length { .. })));
    assert!(matches!(Map::surface("", &[0.0], &[0.0, 1.0], vec![None; 2], 5), Err(Error::OutOfRange { .. })));
    let slice = Slice::new(SliceFrame::line(&[0.0; 2], &[3.0, 4.0]).unwrap(), &[&[0.0, 1.0]]).unwrap();
    refused(&SlicePlot::new(&slice), "run it before");
    assert!(matches!(GoldilocksPlot::of(&[]), Err(Error::Empty { .. })));
    let (network, risk) = classifier(3);
    let start = Initialization::lecun().draw(&network, Key::new(3));
    let mut left_out = Clustering::measure(&risk.at(&start).unwrap()).unwrap();
    left_out.cosines = None;
    assert!(matches!(ClusteringPlot::new(&left_out), Err(Error::Missing { .. })));
    assert!(IntrinsicPlot::new(&intrinsic(3, 1000)).confidence(1.0).svg().is_err());
    // Nothing reaches: no dimension to mark, and still a picture.
    let failed = IntrinsicDimension::new(Criterion::AtLeast(0.9), 100, Key::new(0)).run(|_, _| Ok(0.1)).unwrap();
    assert!(IntrinsicPlot::new(&failed).svg().unwrap().contains("no dimension tried reaches"));
}

#[test]
fn files_are_whole_and_say_where_they_come_from() {
    let folder = std::env::temp_dir().join(format!("eigenscape-plot-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let title = "a \"title\"\nwith \\ signs";
    let chart = Chart::new(Axis::linear("x").unit("m"), Axis::logarithmic("y"))
        .with(Series::line("s", [(0.0, 1.0), (1.0, 1.0 / 3.0)]));
    let figure = chart.figure().unwrap().title(title);
    let provenance =
        Provenance::new().key("data", Key::new(3)).setting("rate", 0.1).setting("rate", 0.2).setting("tab", "\t");
    for ending in ["svg", "png"] {
        let path = folder.join(format!("picture.{ending}"));
        figure.write(&path, &provenance).unwrap();
        let expected = if ending == "svg" { figure.svg().unwrap().into_bytes() } else { figure.png().unwrap() };
        assert_eq!(std::fs::read(&path).unwrap(), expected);
        let csv = std::fs::read_to_string(folder.join("picture.csv")).unwrap();
        assert_eq!(Numbers::read(&csv).unwrap(), figure.numbers().unwrap());
        let json: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(folder.join("picture.json")).unwrap()).unwrap();
        assert_eq!(json["title"], title);
        assert_eq!(json["picture"], format!("picture.{ending}"));
        assert_eq!(json["settings"]["rate"], "0.2");
        assert_eq!(json["settings"]["tab"], "\t");
        assert_eq!(json["keys"][0]["key"], Key::new(3).hexadecimal());
        assert_eq!(json["panels"][0]["x"]["unit"], "m");
        assert_eq!(json["panels"][0]["y"]["scale"], "logarithmic");
        assert!(json["made_by"].as_str().unwrap().starts_with("eigenscape "));
        for column in csv.lines().next().unwrap().split(',') {
            assert!(json["columns"][column].is_string(), "{column}");
        }
    }
    let names = || {
        let mut names: Vec<String> = std::fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    assert_eq!(names(), ["picture.csv", "picture.json", "picture.png", "picture.svg"]);
    // Refusals leave nothing behind.
    let error = figure.write(folder.join("picture.gif"), &provenance).unwrap_err();
    assert!(matches!(&error, Error::Name { known, .. } if known.len() == 2), "{error}");
    let error = figure.write(folder.join("nowhere").join("picture.svg"), &provenance).unwrap_err();
    assert!(matches!(&error, Error::File { operation: "write", .. }), "{error}");
    assert!(figure.clone().size(1, 1).write(folder.join("picture.svg"), &provenance).is_err());
    assert_eq!(names().len(), 4);
    assert_eq!(std::fs::read_to_string(folder.join("picture.svg")).unwrap(), figure.svg().unwrap());
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn many_points_are_thinned_without_loss_for_the_eye() {
    let mut draws = vec![0.0f64; 200_000];
    Key::new(0).normal(0, &mut draws);
    draws[77_777] = 40.0;
    let chart = Chart::new(Axis::linear("x"), Axis::linear("y").range(-5.0, 41.0))
        .with(Series::line("", draws.iter().enumerate().map(|(i, &y)| (i as f64, y))));
    let svg = chart.svg().unwrap();
    assert!(svg.len() < 200_000, "{} bytes", svg.len());
    assert_eq!(chart.numbers().unwrap().rows.len(), 200_000);
    // The one point that stands out is still there: the highest vertex of the line is at its height.
    let vertex = |points: &str| -> Vec<f64> {
        let places = points.split_whitespace().map(|place| place.split_once(',').unwrap().1.parse().unwrap());
        places.collect()
    };
    let longest = svg
        .split("points=\"")
        .skip(1)
        .map(|part| part.split('"').next().unwrap())
        .max_by_key(|part| part.len())
        .unwrap();
    let heights = vertex(longest);
    let (top, rest) = heights
        .iter()
        .fold((f64::MAX, f64::MAX), |(top, next), &y| if y < top { (y, top) } else { (top, next.min(y)) });
    assert!(rest - top > 1000.0, "{top} {rest}");
}

#[test]
fn helpers_see_what_is_wrong() {
    assert!(malformed("<svg><g></svg></g>").is_some());
    assert!(malformed("<svg>a & b</svg>").is_some());
    assert!(malformed("<svg a=\"<\"/>").is_some());
    assert!(malformed("<svg>\u{7}</svg>").is_some());
    assert!(malformed("<svg/><svg/>").is_some());
    assert_eq!(malformed("<svg a=\"1 &lt; 2\"><g>a &amp; b</g><p/></svg>\n"), None);
}

#[test]
fn looks_follow_from_names_and_colours_do_not_repeat() {
    let panel = |names: &[&str]| {
        let line = |name: &&str| Series::line(*name, [(0.0, 1.0), (1.0, 2.0)]);
        Chart::new(Axis::linear("x"), Axis::linear("y")).with_all(names.iter().map(line))
    };
    let colors = |figure: &Figure| -> Vec<String> {
        let svg = figure.svg().unwrap();
        let lines = svg.split("<polyline").skip(1).map(|line| line.split("stroke=\"").nth(1).unwrap()[..7].to_string());
        lines.filter(|color| !["#222222", "#6E6E6E", "#E4E4E4"].contains(&color.as_str())).collect()
    };
    let both = colors(&Figure::new("").without_legend().row([panel(&["a", "b"]), panel(&["b", "a"])]));
    assert_eq!(both.first(), both.last());
    assert!(both.contains(&Color::BLUE.hexadecimal()) && both.contains(&Color::VERMILLION.hexadecimal()));
    // A colour that is asked for is not given to another.
    let taken = Figure::new("")
        .without_legend()
        .row([panel(&["a"]).with(Series::line("own", [(0.0, 0.0)]).color(Color::BLUE))]);
    assert!(!colors(&taken).contains(&Color::BLUE.hexadecimal()));
    let looks = [Dash::Solid, Dash::Dashed].map(|dash| {
        let line = Series::line("", [(0.0, 0.0), (1.0, 1.0)]).dash(dash).mark(Mark::Diamond);
        Chart::new(Axis::linear("x"), Axis::linear("y")).with(line).svg().unwrap().matches("<polyline").count()
    });
    assert!(looks[1] > looks[0] + 20, "{looks:?}");
    assert_eq!(Palette::Diverging.color(0.5), Color::new(247, 247, 247));
}

/// Numbers of all sizes, and what is none.
fn number() -> impl Strategy<Value = f64> {
    let special = [0.0, -0.0, 1.0, -1.0, 5e-324, -1e-310, 1e-300, 1e300, -1e300, 9e306, 1e308, f64::MAX, f64::MIN];
    let none = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
    prop_oneof![
        3 => -10.0f64..10.0,
        2 => (-300i32..300, 1.0f64..10.0).prop_map(|(power, digits)| digits * 10f64.powi(power)),
        2 => prop::sample::select(special.to_vec()),
        1 => prop::sample::select(none.to_vec()),
    ]
}

fn axis() -> impl Strategy<Value = Axis> {
    let kind = (0usize..5, number()).prop_map(|(kind, linear)| match kind {
        0 => Axis::linear("linear"),
        1 => Axis::logarithmic("logarithmic").unit("m"),
        2 => Axis::symmetric_log("symmetric", linear),
        3 => Axis::steps("steps"),
        _ => Axis::names("names", ["a", "b"]),
    });
    (kind, prop::option::weighted(0.3, (number(), number())), any::<bool>(), number()).prop_map(
        |(axis, range, zero, decades)| {
            let axis = if zero { axis.with_zero() } else { axis.decades(decades) };
            range.map_or(axis.clone(), |(low, high)| axis.range(low, high))
        },
    )
}

fn series() -> impl Strategy<Value = Series> {
    let rows = prop::collection::vec((number(), number(), number(), number()), 0..40);
    (0usize..8, rows, number(), any::<bool>()).prop_map(|(kind, rows, value, looks)| {
        let pairs = || rows.iter().map(|row| (row.0, row.1)).collect::<Vec<_>>();
        let series = match kind {
            0 => Series::line("line", pairs()),
            1 => Series::points("points", pairs()),
            2 => Series::intervals("intervals", rows),
            3 => Series::banded("banded", rows),
            4 => Series::band("band", rows.iter().map(|row| (row.0, row.1, row.2))),
            5 => Series::stems("stems", rows.iter().map(|row| row.0), value),
            6 => Series::arrows("arrows", rows),
            _ => Series::vertical("vertical", value),
        };
        if looks { series.width(value).size(value).dash(Dash::DashDotted).labels(["a", "b", "c"]) } else { series }
    })
}

proptest! {
    #![proptest_config(crate::oracle::cases(200))]

    /// Whatever is asked for is a sound picture or an error, and never a panic.
    #[test]
    fn nothing_panics(x in axis(), y in axis(), series in prop::collection::vec(series(), 0..4), equal in any::<bool>()) {
        let chart = Chart::new(x, y).with_all(series);
        let chart = if equal { chart.equal_units() } else { chart };
        let figure = chart.figure().unwrap().size(240, 200);
        if let Ok(svg) = figure.svg() {
            prop_assert_eq!(malformed(&svg), None);
            prop_assert!(figure.png().is_ok());
        }
        let numbers = figure.numbers().unwrap();
        prop_assert_eq!(Numbers::read(&numbers.csv()).unwrap().csv(), numbers.csv());
    }

    /// The same for maps, as cells, as surfaces and from aside.
    #[test]
    fn no_map_panics(
        x in axis(), y in axis(), steps in (1usize..8, 1usize..8), scale in number(), lines in 0usize..60,
        values in prop::collection::vec(prop::option::weighted(0.9, number()), 64), looks in 0usize..8,
    ) {
        let grid = |count: usize| (0..count).map(|i| scale * (i as f64 + 1.0)).collect::<Vec<_>>();
        let values = values[..steps.0 * steps.1].to_vec();
        let (across, up) = (grid(steps.0), grid(steps.1));
        let map = match looks % 2 {
            0 => Map::cells("cells", &across, &up, values),
            _ => Map::surface("surface", &across, &up, values, lines),
        };
        let Ok(map) = map else { return Ok(()) };
        let map = if looks & 2 == 0 { map.written(3) } else { map.logarithmic() };
        let map = if looks & 4 == 0 { map.palette(Palette::Diverging).blocks(2) } else { map.unfilled() };
        for picture in [
            figure(&Relief::new(x.clone(), y.clone(), map.clone())),
            figure(&Chart::new(x, y).map(map)),
        ] {
            let picture = picture.size(240, 200);
            if let Ok(svg) = picture.svg() {
                prop_assert_eq!(malformed(&svg), None);
                prop_assert!(picture.png().is_ok());
            }
        }
    }
}

/// A table that was not written by us, or that was changed by hand, is refused where it is wrong.
#[test]
fn tables_of_others_are_refused_where_they_are_wrong() {
    let header = "panel,series,x,y,low,high,value";
    let refused = |text: &str, parts: &[&str]| {
        let error = Numbers::read(text).unwrap_err().to_string();
        assert!(parts.iter().all(|part| error.contains(part)), "{text:?}: {error}");
    };
    refused("", &[header]);
    refused("panel,series", &[header]);
    refused(&format!("{header}\na,b,1\n"), &["seven cells"]);
    refused(&format!("{header}\n\n"), &["seven cells"]);
    refused(&format!("{header}\na,b,1,2,3,x,5\n"), &["found x", "a number"]);
    refused(&format!("{header}\n\"a,b,1,2,3,4,5\n"), &["a second quotation mark"]);
    // Letters of several bytes behind a quotation, in the header and in a row.
    refused(&format!("{}\"value\"é", header.trim_end_matches("value")), &["found é", "behind a quotation"]);
    refused(&format!("{header}\na,b,1,2,3,4,\"5\"é\n"), &["found é", "behind a quotation"]);
    refused(&format!("{header}\n\"a\"b,c,1,2,3,4,5\n"), &["found b,c,1", "behind a quotation"]);
    let quoted = format!("{header}\r\n\"a\"\"\r\n,\",\"\",\"1\",NaN,-inf,,1e-320\r\n");
    let row = &Numbers::read(&quoted).unwrap().rows[0];
    assert_eq!(
        (row.panel.as_str(), row.series.as_str(), row.x, row.low, row.high),
        ("a\"\r\n,", "", Some(1.0), Some(f64::NEG_INFINITY), None)
    );
}

proptest! {
    #![proptest_config(crate::oracle::cases(2000))]

    #[test]
    fn no_table_panics(pieces in prop::collection::vec(0usize..12, 0..60)) {
        const PIECES: [&str; 12] = ["\"", "\"\"", ",", "\n", "\r\n", "\r", "é", "1", "NaN", "a", "\"a\",b,1,2,3,4,", "\u{feff}"];
        let text: String = pieces.into_iter().map(|piece| PIECES[piece]).collect();
        let _ = Numbers::read(&text);
        let rows = Numbers::read(&format!("panel,series,x,y,low,high,value\n{text}"));
        if let Ok(rows) = rows {
            prop_assert_eq!(Numbers::read(&rows.csv()).unwrap().csv(), rows.csv());
        }
    }
}

/// Several threads that write one picture leave a whole one, and nothing else.
#[test]
fn pictures_written_at_once_are_whole() {
    let folder = std::env::temp_dir().join(format!("eigenscape-plot-at-once-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let charts: Vec<Chart> = (2..6)
        .map(|count| {
            let points = (0..1000 * count).map(|i| (f64::from(i), f64::from(i).sin()));
            Chart::new(Axis::linear("x"), Axis::linear("y")).with(Series::line("", points))
        })
        .collect();
    let path = folder.join("picture.svg");
    std::thread::scope(|scope| {
        for chart in &charts {
            scope.spawn(|| (0..20).for_each(|_| chart.write(&path, &Provenance::new()).unwrap()));
        }
    });
    let [svg, csv] = ["svg", "csv"].map(|ending| std::fs::read_to_string(path.with_extension(ending)).unwrap());
    assert!(charts.iter().any(|chart| chart.svg().unwrap() == svg));
    assert!(charts.iter().any(|chart| chart.numbers().unwrap().csv() == csv));
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 3);
    std::fs::remove_dir_all(&folder).unwrap();
}

/// Maps without a place on their axes are refused, as cells, as surfaces and from aside.
#[test]
fn maps_outside_of_their_axes_are_refused() {
    let values = vec![Some(1.0), Some(2.0), Some(3.0), Some(4.0)];
    for (axis, x, what) in [
        (Axis::logarithmic("x"), [0.0, 1.0], "positive on a logarithmic"),
        (Axis::logarithmic("x"), [-2.0, -1.0], "positive on a logarithmic"),
        (Axis::linear("x"), [-1e308, 1e308], "below 1e307"),
    ] {
        let cells = Map::cells("", &x, &[1.0, 2.0], values.clone()).unwrap();
        let surface = Map::surface("", &x, &[1.0, 2.0], values.clone(), 5).unwrap();
        for map in [cells, surface] {
            let chart = Chart::new(axis.clone(), Axis::linear("y")).map(map.clone());
            let relief = Relief::new(axis.clone(), Axis::linear("y"), map);
            for picture in [figure(&chart), figure(&relief)] {
                let error = picture.svg().unwrap_err().to_string();
                assert!(error.contains(what), "{error}");
            }
        }
    }
    let map = Map::cells("", &[0.0, 1.0], &[0.0, 1.0], values).unwrap();
    let axis = || Axis::linear("x").ticks([(0.0, "a\u{7}b\u{ffff}".to_string())]);
    assert_eq!(malformed(&Relief::new(axis(), axis(), map).svg().unwrap()), None);
}

#[test]
fn a_title_of_very_many_words_is_cut_at_once() {
    let line = Series::line("", [(0.0, 1.0), (1.0, 2.0)]);
    let chart = Chart::new(Axis::linear("x"), Axis::linear("y")).with(line).title("word ".repeat(300_000));
    let begin = std::time::Instant::now();
    let svg = chart.svg().unwrap();
    assert!(begin.elapsed().as_secs() < 10 && svg.matches('\u{2026}').count() == 1, "{:?}", begin.elapsed());
}

/// Any letters, many or none, and what markup would take for its own.
fn words() -> impl Strategy<Value = String> {
    let pieces =
        ["<", "&", "]]>", "\"", "\u{0}", "\u{1b}", "\u{fffe}", "\r\n", "e\u{301}", "\u{202e}", "\u{1f600}", "ﷺ"];
    prop_oneof![
        prop::collection::vec(any::<char>(), 0..40).prop_map(|letters| letters.into_iter().collect()),
        prop::collection::vec(prop::sample::select(pieces.to_vec()), 0..20).prop_map(|pieces| pieces.concat()),
        (0usize..3000).prop_map(|count| "long ".repeat(count)),
    ]
}

proptest! {
    #![proptest_config(crate::oracle::cases(60))]

    /// Any text at every place for one, at any size.
    #[test]
    fn no_text_breaks_a_picture(texts in prop::collection::vec(words(), 12), size in (100u32..500, 100u32..400)) {
        let text = |index: usize| texts[index].clone();
        let values = vec![Some(1.0), None, Some(2.0), Some(3.0)];
        let map = Map::cells(text(0), &[0.0, 1.0], &[0.0, 1.0], values).unwrap().unit(text(1));
        let axis = |first: usize| Axis::linear(text(first)).unit(text(first + 1)).ticks([(0.0, text(10)), (1.0, text(11))]);
        let lines = Chart::new(axis(2), Axis::names(text(4), [text(5), text(6)])).title(text(7)).note(text(8))
            .with(Series::line(text(9), [(0.0, 0.0), (1.0, 1.0)]).labels([text(10), text(11)]))
            .with(Series::stems(text(0), [0.5], 0.7).labels([text(1)]))
            .with(Series::horizontal(text(2), 0.5).labels([text(3)]));
        let maps = Chart::new(axis(5), axis(7)).map(map.clone()).title(text(1));
        let relief = Relief::new(axis(0), axis(3), map).title(text(4));
        let panels = [Panel::from(lines), Panel::from(maps), Panel::from(relief)];
        for (size, rows) in [(size, 1), ((2 * size.0, 4 * size.1), 2)] {
            let figure = Figure::new(text(6)).subtitle(text(9)).size(size.0, size.1);
            let figure = (0..rows).fold(figure, |figure, _| figure.row(panels.clone()));
            if let Ok(svg) = figure.svg() {
                prop_assert_eq!(malformed(&svg), None);
                let (width, height, _) = decode(&figure.png().unwrap());
                prop_assert_eq!((width, height), size);
            }
            let numbers = figure.numbers().unwrap();
            prop_assert_eq!(Numbers::read(&numbers.csv()).unwrap(), numbers);
        }
    }
}
