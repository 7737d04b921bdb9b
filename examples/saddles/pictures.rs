//! The picture: index over energy of a spin glass and of a network, final losses over width.

#[allow(dead_code)]
#[path = "../emergent/pictures/axis.rs"]
mod axis;
#[allow(dead_code)]
#[path = "../emergent/pictures/panel.rs"]
mod panel;
#[allow(dead_code)]
#[path = "../emergent/pictures/theme.rs"]
mod theme;

use eigenscape::landscape::{KacRice, SpinGlassComplexity};

use crate::network::{self, Finals, Found};
use crate::spins::{INTERACTIONS, Spins, mean_share};
use axis::Axis;
use panel::Panel;
pub use theme::Drawn;
use theme::{BLUE, Dash, GREEN, GREY, Heading, Look, ORANGE, SKY, Sign, VERMILLION, figure};

/// Theory, point by point over an axis.
fn curve(low: f64, high: f64, share: impl Fn(f64) -> eigenscape::Result<f64>) -> Vec<(f64, f64)> {
    let place = |i: i32| low + (high - low) * f64::from(i) / 120.0;
    (0..=120).map(|i| (place(i), share(place(i)).unwrap_or(f64::NAN))).collect()
}

pub fn draw(spins: &[Spins], found: &Found, finals: &[Finals]) -> Drawn<String> {
    let signs = [(BLUE, Sign::Circle), (GREEN, Sign::Triangle)];
    let mut legend: Vec<(Look, String)> = spins
        .iter()
        .zip(signs)
        .map(|(spins, (color, sign))| (Look::Signed(color, sign), format!("3-spin, N = {}", spins.spins)))
        .collect();
    legend.extend([
        (Look::Line(GREY, Dash::Solid), "large N".to_string()),
        (Look::Line(SKY, Dash::Dashed), format!("Kac-Rice, N = {}", spins[0].spins)),
        (Look::Signed(VERMILLION, Sign::Diamond), "network".to_string()),
        (Look::Line(ORANGE, Dash::Dashed), "Gaussian landscape, fitted".to_string()),
    ]);
    let heading = Heading {
        title: "Critical points: the lower, the fewer ways down".to_string(),
        subtitle: format!(
            "3-spin model on the sphere, {} points; tanh network of {} parameters on {} digits, {} points",
            spins.iter().map(|spins| spins.points.len()).sum::<usize>(),
            found.parameters,
            found.examples,
            found.points.len()
        ),
        legend,
    };
    figure((1200, 460), &heading, |area, frame| {
        let [left, middle, right] = frame.columns([1, 1, 1]);
        let share = "share of negative eigenvalues";
        let (low, high) = (-1.75, -0.75);
        let panel = Panel::draw(
            area,
            left,
            "Spherical 3-spin model",
            Axis::linear("energy per spin", low, high),
            Axis::linear(share, -0.01, 0.25),
        )?;
        let complexity = SpinGlassComplexity::new(INTERACTIONS).expect("a model");
        let tangent = spins[0].spins - 1;
        panel.line(&curve(low, high, |energy| complexity.index_share(energy)), GREY, 16, Dash::Solid)?;
        if let Ok(kac_rice) = KacRice::new(INTERACTIONS, spins[0].spins) {
            panel.line(&curve(low, high, |u| mean_share(&kac_rice, u, tangent)), SKY, 16, Dash::Dashed)?;
        }
        panel.vertical(complexity.threshold(), GREY, Dash::Dotted)?;
        for (spins, (color, sign)) in spins.iter().zip(signs) {
            panel.signs(&spins.points, color, sign)?;
        }

        let losses = found.points.iter().map(|point| point.0);
        let (low, high) = losses.fold((f64::MAX, f64::MIN), |(low, high), x| (low.min(x), high.max(x)));
        let margin = 0.05 * (high - low);
        let top = found.points.iter().map(|point| point.1).fold(0.0, f64::max);
        let panel = Panel::draw(
            area,
            middle,
            "Network with weight decay",
            Axis::linear("loss", low - margin, high + margin),
            Axis::linear(share, -0.04 * top, 1.15 * top),
        )?;
        if let (Some((mean, unit)), Ok(landscape)) = (found.fit, network::landscape()) {
            let share = |loss: f64| landscape.index_share((loss - mean) / unit);
            panel.line(&curve(low - margin, high + margin, share), ORANGE, 16, Dash::Dashed)?;
        }
        panel.signs(&found.points, VERMILLION, Sign::Diamond)?;

        let all = || finals.iter().flat_map(|finals| finals.losses.iter().copied());
        let (low, high) = all().fold((f64::MAX, f64::MIN), |(low, high), x| (low.min(x), high.max(x)));
        let margin = 0.08 * (high - low);
        let widths: Vec<f64> = finals.iter().map(|finals| finals.width as f64).collect();
        let panel = Panel::draw(
            area,
            right,
            "Where training ends, over keys",
            Axis::values("width of the hidden layer", &widths),
            Axis::linear("final loss", low - margin, high + margin),
        )?;
        for finals in finals {
            let points: Vec<(f64, f64)> = finals.losses.iter().map(|&loss| (finals.width as f64, loss)).collect();
            panel.signs(&points, VERMILLION, Sign::Diamond)?;
        }
        Ok(())
    })
}
