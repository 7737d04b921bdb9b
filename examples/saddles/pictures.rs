//! The picture: index over energy of a spin glass and of a network, final losses over width.

use eigenscape::landscape::{KacRice, SpinGlassComplexity};
use eigenscape::plot::{Axis, Chart, Color, Dash, Figure, Mark, Series};

use crate::network::{self, Finals, Found};
use crate::spins::{INTERACTIONS, Spins, mean_share};

const SHARE: &str = "share of negative eigenvalues";

/// Theory, point by point over an axis.
fn curve(low: f64, high: f64, share: impl Fn(f64) -> eigenscape::Result<f64>) -> Vec<(f64, f64)> {
    let place = |i: i32| low + (high - low) * f64::from(i) / 120.0;
    (0..=120).map(|i| (place(i), share(place(i)).unwrap_or(f64::NAN))).collect()
}

pub fn draw(spins: &[Spins], found: &Found, finals: &[Finals]) -> eigenscape::Result<Figure> {
    let subtitle = format!(
        "3-spin model on the sphere, {} points; tanh network of {} parameters on {} digits, {} points",
        spins.iter().map(|spins| spins.points.len()).sum::<usize>(),
        found.parameters,
        found.examples,
        found.points.len()
    );
    Ok(Figure::new("Critical points: the lower, the fewer ways down").subtitle(subtitle).size(1200, 480).row([
        glass(spins)?,
        trained(found),
        ends(finals),
    ]))
}

fn glass(spins: &[Spins]) -> eigenscape::Result<Chart> {
    let (low, high) = (-1.75, -0.75);
    let complexity = SpinGlassComplexity::new(INTERACTIONS)?;
    let large = curve(low, high, |energy| complexity.index_share(energy));
    let x = Axis::linear("energy per spin").range(low, high);
    let mut chart = Chart::new(x, Axis::linear(SHARE).range(-0.01, 0.25))
        .title("Spherical 3-spin model")
        .with(Series::line("large N", large).color(Color::GREY).dash(Dash::Solid).width(1.6));
    if let Ok(kac_rice) = KacRice::new(INTERACTIONS, spins[0].spins) {
        let tangent = spins[0].spins - 1;
        let exact = curve(low, high, |u| mean_share(&kac_rice, u, tangent));
        let name = format!("Kac-Rice, N = {}", spins[0].spins);
        chart = chart.with(Series::line(name, exact).color(Color::SKY).dash(Dash::Dashed).width(1.6));
    }
    chart = chart.with(Series::vertical("", complexity.threshold()).dash(Dash::Dotted));
    let looks = [(Color::BLUE, Mark::Circle), (Color::GREEN, Mark::Triangle)];
    Ok(chart.with_all(spins.iter().zip(looks).map(|(spins, (color, mark))| {
        let name = format!("3-spin, N = {}", spins.spins);
        Series::points(name, spins.points.iter().copied()).color(color).mark(mark)
    })))
}

fn trained(found: &Found) -> Chart {
    let mut chart = Chart::new(Axis::linear("loss"), Axis::linear(SHARE)).title("Network with weight decay");
    let losses = found.points.iter().map(|point| point.0);
    let (low, high) = losses.fold((f64::MAX, f64::MIN), |(low, high), x| (low.min(x), high.max(x)));
    if let (Some((mean, unit)), Ok(landscape), true) = (found.fit, network::landscape(), low < high) {
        let share = |loss: f64| landscape.index_share((loss - mean) / unit);
        let fit = Series::line("Gaussian landscape, fitted", curve(low, high, share));
        chart = chart.with(fit.color(Color::ORANGE).dash(Dash::Dashed).width(1.6).beside());
    }
    chart.with(Series::points("network", found.points.iter().copied()).color(Color::VERMILLION).mark(Mark::Diamond))
}

fn ends(finals: &[Finals]) -> Chart {
    let widths: Vec<f64> = finals.iter().map(|finals| finals.width as f64).collect();
    let x = Axis::logarithmic("width of the hidden layer").ticks_at(&widths);
    let points = finals.iter().flat_map(|finals| finals.losses.iter().map(|&loss| (finals.width as f64, loss)));
    Chart::new(x, Axis::linear("final loss"))
        .title("Where training ends, over keys")
        .with(Series::points("network", points).color(Color::VERMILLION).mark(Mark::Diamond))
}
