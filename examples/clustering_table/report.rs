//! The tables as JSON, with where they come from.

use serde_json::{Value, json};

use eigenscape::emergent::KeyMean;

use crate::arguments::Arguments;
use crate::measure::{CLUSTERING, Look, Row};
use crate::table::{DIFFERENCES, STAGES, differences, over_keys};
use crate::transition::{Passage, Transition};
use crate::{DRAWS, Studied, training};

/// The file's text; numbers that are missing are null.
pub fn text<T>(arguments: &Arguments, studies: &[Studied], pictured: Value, seconds: f64) -> String {
    let value = json!({
        "provenance": {
            "program": format!("eigenscape {}, example clustering_table", env!("CARGO_PKG_VERSION")),
            "data": arguments.data.name(),
            "scalar": if size_of::<T>() == 4 { "f32" } else { "f64" },
            "keys": arguments.keys,
            "seed": arguments.seed,
            "quick": arguments.quick,
            "draws_of_noise": DRAWS,
            "seconds": seconds,
        },
        "networks": studies.iter().map(network).collect::<Vec<Value>>(),
        "transition": pictured,
    });
    // A tree of numbers and strings has no reason not to be written.
    serde_json::to_string_pretty(&value).unwrap_or_default() + "\n"
}

fn network(studied: &Studied) -> Value {
    let stage = |(index, looks): (usize, &Vec<Look>)| {
        let mut clustering = serde_json::Map::new();
        for (at, name) in CLUSTERING.iter().enumerate() {
            clustering.insert((*name).into(), mean(KeyMean::of(looks.iter().filter_map(|look| look.clustering[at]))));
        }
        let count = looks.first().map_or(0, |look| look.rows.len());
        json!({
            "stage": STAGES[index],
            "step": studied.schedule.looks[index],
            "clustering": clustering,
            "properties": (0..count).map(|at| row(looks, at)).collect::<Vec<Value>>(),
            "p_values": looks.first().and_then(|look| look.p_values.as_ref()),
            "neighbour_ratios": looks.first().map(|look| &look.ratios),
            "notes": looks.iter().flat_map(|look| &look.notes).collect::<Vec<_>>(),
        })
    };
    json!({
        "network": studied.network,
        "architecture": studied.architecture.name(),
        "activation": studied.activation.name(),
        "initialization": training::initialization(studied.activation).1,
        "parameters": studied.parameters,
        "classes": studied.classes,
        "halves": studied.halves,
        "rate": studied.schedule.rate,
        "batch": studied.schedule.batch,
        "stages": studied.looks.iter().enumerate().map(stage).collect::<Vec<Value>>(),
    })
}

fn row(looks: &[Look], at: usize) -> Value {
    let of = |column: &dyn Fn(&Row) -> Option<f64>| mean(over_keys(looks, at, column));
    let mut off = serde_json::Map::new();
    for (column, name) in DIFFERENCES.iter().enumerate() {
        off.insert((*name).into(), of(&|row| differences(row)[column]));
    }
    json!({
        "property": looks[0].rows[at].name,
        "gauss_newton": [of(&|row| row.gauss_newton[0]), of(&|row| row.gauss_newton[1])],
        "hessian": [of(&|row| row.hessian[0]), of(&|row| row.hessian[1])],
        "paper": of(&|row| row.paper),
        "refined": of(&|row| row.refined),
        "overlap_paper": of(&|row| row.overlaps[0]),
        "overlap_refined": of(&|row| row.overlaps[1]),
        "differences": off,
    })
}

fn mean(mean: Option<KeyMean>) -> Value {
    match mean {
        None => Value::Null,
        Some(KeyMean { mean, standard_error, keys, .. }) => {
            json!({ "mean": mean, "standard_error": standard_error, "keys": keys })
        }
    }
}

/// The numbers of the pictures.
pub fn pictured(transition: &Transition, passages: &[Passage]) -> Value {
    json!({
        "sampled": {
            "about": transition.about,
            "thresholds": transition.thresholds,
            "draws": transition.sampled.iter().map(|drawn| json!({
                "ratio": drawn.ratio,
                "eigenvalues": drawn.eigenvalues,
                "overlaps": drawn.overlaps,
            })).collect::<Vec<Value>>(),
            "theory": transition.theory.iter().map(|theory| json!({
                "ratio": theory.ratio,
                "outliers": theory.outliers,
                "edge": theory.edge,
            })).collect::<Vec<Value>>(),
        },
        "training": passages.iter().map(|passage| json!({
            "step": passage.step,
            "eigenvalues": passage.eigenvalues,
            "paper_edge": passage.paper_edge,
            "refined_edge": passage.refined_edge,
            "refined_outliers": passage.refined_outliers,
            "ratio": passage.ratio,
            "thresholds": passage.thresholds,
        })).collect::<Vec<Value>>(),
    })
}
