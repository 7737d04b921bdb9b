//! What was measured, as JSON: directions beside values, so that all can be drawn again.

use eigenscape::landscape::Slice;
use serde_json::{Value, json};

use crate::measure::Measured;

fn slice(slice: &Slice<f32>) -> Value {
    let frame = slice.frame();
    let axes = 0..frame.axes();
    let samples = slice.samples();
    json!({
        "origin": frame.origin(),
        "directions": axes.clone().map(|axis| frame.direction(axis)).collect::<Vec<_>>(),
        "axes": axes.map(|axis| slice.axis(axis)).collect::<Vec<_>>(),
        "losses": slice.values(),
        "accuracies": samples.iter().map(|sample| sample.accuracy).collect::<Vec<_>>(),
        "slopes": samples.iter().map(|sample| sample.slopes.clone()).collect::<Vec<_>>(),
    })
}

/// The whole, with holes as null.
pub fn json(measured: &Measured) -> String {
    let lines: Vec<Value> = measured
        .lines
        .iter()
        .map(|line| {
            json!({
                "name": line.name,
                "slice": slice(&line.slice),
                "value": line.expansion.value,
                "slope": line.expansion.slopes[0],
                "curvature": line.expansion.hessian[0],
                "third": line.expansion.third[0],
                "quadratic_radius": line.quadratic.radius,
                "cubic_radius": line.cubic.radius,
            })
        })
        .collect();
    let whole = json!({
        "surface": slice(&measured.surface),
        "trajectory": {
            "steps": measured.trajectory,
            "coordinates": measured.principal.coordinates,
            "off_the_plane": measured.off,
            "shares": measured.principal.shares,
        },
        "plane": slice(&measured.plane),
        "field": slice(&measured.field),
        "flows": measured.flows,
        "free_flow": measured.free_flow,
        "lines": lines,
    });
    format!("{whole}\n")
}
