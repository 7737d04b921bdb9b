//! Where title, legend and panels stand.

use super::color::Color;
use super::figure::{Figure, Panel};
use super::frame::Prepared;
use super::marks;
use super::scene::{Anchor, Frame, Item, Scene, Words};
use super::series::{Kind, Series};
use super::style::{Style, Styles, legend};
use super::text;
use crate::error::{Error, Result};

const TITLE: f64 = 19.0;
const SUBTITLE: f64 = 13.0;
/// Of legends and the names of axes.
pub(super) const NAME: f64 = 13.0;
pub(super) const TICK: f64 = 12.0;
/// Of titles of panels.
pub(super) const HEAD: f64 = 14.0;
const SIDE: f64 = 18.0;
const LEGEND_ROW: f64 = 21.0;

/// The least that a panel is drawn in, between its axes.
const LEAST: f64 = 24.0;

pub(super) fn scene(figure: &Figure) -> Result<Scene> {
    let (width, height) = figure.size;
    let title = text::clean(&figure.title);
    let mut scene = Scene { width, height, title: title.clone(), items: Vec::new() };
    let styles = Styles::of(figure);
    let right = f64::from(width) - SIDE;
    let mut top = 12.0;
    for line in text::wrap(&title, TITLE, right - SIDE, 2) {
        let at = [SIDE, top + 0.6 * TITLE];
        let words =
            Words { at, words: line, size: TITLE, color: Color::INK, anchor: Anchor::Left, upwards: false, bold: true };
        scene.items.push(Item::Words(words));
        top += 1.3 * TITLE;
    }
    for line in text::wrap(&text::clean(&figure.subtitle), SUBTITLE, right - SIDE, 3) {
        scene.words([SIDE, top + 0.6 * SUBTITLE], &line, SUBTITLE, Color::GREY, Anchor::Left);
        top += 1.4 * SUBTITLE;
    }
    if figure.legend {
        top += draw_legend(&mut scene, &legend(figure, &styles), top + 4.0, right);
    }
    let area = Frame { left: 10.0, top: top + 4.0, right: f64::from(width) - 8.0, bottom: f64::from(height) - 8.0 };
    rows(&mut scene, figure, &styles, area)?;
    Ok(scene)
}

/// Draws panels in their rows.
fn rows(scene: &mut Scene, figure: &Figure, styles: &Styles, area: Frame) -> Result<()> {
    let mut prepared: Vec<Vec<Prepared<'_>>> = Vec::new();
    for row in &figure.rows {
        prepared.push(row.1.iter().map(|(_, panel)| Prepared::new(panel)).collect::<Result<_>>()?);
    }
    let total: f64 = figure.rows.iter().map(|row| row.0).sum();
    let mut top = area.top;
    for (index, (weight, panels)) in figure.rows.iter().enumerate() {
        let bottom = if index + 1 == figure.rows.len() { area.bottom } else { top + area.height() * weight / total };
        let across: f64 = panels.iter().map(|panel| panel.0).sum();
        let mut left = area.left;
        let upper = prepared[index].iter().map(|panel| panel.margins.top).fold(0.0, f64::max);
        let lower = prepared[index].iter().map(|panel| panel.margins.bottom).fold(0.0, f64::max);
        for (column, (share, panel)) in panels.iter().enumerate() {
            let right = if column + 1 == panels.len() { area.right } else { left + area.width() * share / across };
            // Axes that stand below each other begin and end at the same place.
            let aligned = (figure.rows.iter().zip(&prepared))
                .filter(|(row, _)| row.1.len() == panels.len() && row.1.iter().zip(panels).all(|(a, b)| a.0 == b.0));
            let own = aligned.fold((0.0f64, 0.0f64), |margins, (_, row)| {
                let own = &row[column].margins;
                (margins.0.max(own.left), margins.1.max(own.right))
            });
            let outer = Frame { left, top, right, bottom };
            let inside = Frame { left: left + own.0, top: top + upper, right: right - own.1, bottom: bottom - lower };
            for side in [inside.width(), inside.height()] {
                if side.is_nan() || side < LEAST {
                    let limits = "must be at least 24 pixels: make the figure larger, or its names shorter";
                    return Err(Error::OutOfRange {
                        what: "what is left between the axes of a panel",
                        value: side.round(),
                        limits,
                    });
                }
            }
            match panel {
                Panel::Chart(_) | Panel::Relief(_) => prepared[index][column].draw(scene, styles, outer, inside)?,
            }
            left = right;
        }
        top = bottom;
    }
    Ok(())
}

/// Draws the legend in as many rows as it needs, and returns their height.
fn draw_legend(scene: &mut Scene, entries: &[(Series, Style)], top: f64, right: f64) -> f64 {
    let (mut left, mut row) = (SIDE, 0.0);
    for (series, style) in entries {
        let words = text::fit(&text::clean(&series.name), NAME, right - SIDE - 34.0);
        let needed = 34.0 + text::width(&words, NAME);
        if left > SIDE && left + needed > right {
            (left, row) = (SIDE, row + 1.0);
        }
        let middle = top + LEGEND_ROW * (row + 0.5);
        sample(scene, series.kind, style, left, middle);
        scene.words([left + 33.0, middle], &words, NAME, Color::INK, Anchor::Left);
        left += needed + 20.0;
    }
    if entries.is_empty() { 0.0 } else { LEGEND_ROW * (row + 1.0) }
}

fn sample(scene: &mut Scene, kind: Kind, style: &Style, left: f64, middle: f64) {
    let line = |scene: &mut Scene| {
        marks::dashed(scene, &[[left, middle], [left + 26.0, middle]], style.width.min(4.0), style.color, style.dash)
    };
    let band = Frame { left, top: middle - 6.0, right: left + 26.0, bottom: middle + 6.0 };
    let center = [left + 13.0, middle];
    match kind {
        Kind::Band => scene.rectangle(band, style.color, marks::BAND),
        Kind::Banded => {
            scene.rectangle(band, style.color, marks::BAND);
            line(scene);
        }
        Kind::Stems(_) => {
            scene.line(vec![[center[0], middle + 8.0], [center[0], middle - 5.0]], style.width, style.color);
            scene.disc([center[0], middle - 5.0], 3.0, style.color);
        }
        Kind::Points => {}
        Kind::Arrows => marks::arrow(scene, [left, middle], [left + 26.0, middle], style.width, style.color),
        Kind::Line | Kind::Vertical | Kind::Horizontal => line(scene),
    }
    if let Some(mark) = style.mark {
        marks::mark(scene, center, mark, style.color, style.radius.min(6.0));
    }
}
