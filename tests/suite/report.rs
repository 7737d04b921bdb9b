//! The report that the main example wrote: complete, consistent, and, for a full run, showing what it is there to show.

use std::path::PathBuf;

use serde_json::Value;

use crate::oracle::numbers;

fn rows<'a>(report: &'a Value, key: &str) -> &'a Vec<Value> {
    report[key].as_array().unwrap_or_else(|| panic!("`{key}` is a list"))
}

fn number(row: &Value, key: &str) -> f64 {
    row[key].as_f64().unwrap_or_else(|| panic!("`{key}` is a number in {row}"))
}

/// Mean over the runs of one method of a column at a step.
fn mean(report: &Value, method: &str, step: u64, column: &str) -> f64 {
    let runs = rows(report, "runs").iter().filter(|run| run["method"] == method);
    let at_step = runs.flat_map(|run| run["rows"].as_array().unwrap()).filter(|row| row["step"] == step);
    let values: Vec<f64> = at_step.map(|row| number(row, column)).collect();
    assert!(!values.is_empty(), "no {method} run was looked at in step {step}");
    values.iter().sum::<f64>() / values.len() as f64
}

fn integral(spectrum: &Value) -> f64 {
    let (grid, density) = (numbers(&spectrum["grid"]), numbers(&spectrum["density"]));
    assert_eq!(numbers(&spectrum["standard_error"]).len(), grid.len());
    assert!(grid.is_sorted() && density.iter().all(|&value| value >= 0.0));
    grid.windows(2).zip(density.windows(2)).map(|(x, y)| (x[1] - x[0]) * (y[0] + y[1]) / 2.0).sum()
}

#[test]
#[ignore = "reads what the main example wrote: run that first, or name a report in EMERGENT_REPORT"]
fn report_of_the_main_example() {
    let named = std::env::var_os("EMERGENT_REPORT").map(PathBuf::from);
    let path = named.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/emergent/report.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let report: Value = serde_json::from_str(&text).unwrap();

    let classes = number(&report, "classes") as usize;
    assert!(number(&report, "parameters") >= 8970.0 && number(&report, "seconds") > 0.0);
    assert!(report["data"].is_string() && report["seed"].is_u64());
    for key in ["training", "training_full_batch"] {
        for row in rows(&report, key) {
            let values = numbers(&row["largest_eigenvalues"]);
            assert!(values.len() >= classes && values.is_sorted_by(|a, b| a >= b), "{values:?}");
            for share in ["gradient_share_top_classes", "mini_batch_share_top_classes", "test_accuracy"] {
                assert!((0.0..=1.0 + 1e-9).contains(&number(row, share)), "{share} in {row}");
            }
            assert!(number(row, "train_loss") > 0.0 && number(row, "trace_standard_error") > 0.0);
        }
    }
    assert_eq!(rows(&report, "spectrum").len(), 3);
    for spectrum in rows(&report, "spectrum") {
        let total = integral(spectrum);
        assert!((total - 1.0).abs() < 0.01, "a density integrates to {total}");
        let (outliers, eigenvalues) = (numbers(&spectrum["outliers"]), numbers(&spectrum["eigenvalues"]));
        assert!(eigenvalues.len() == 20 && eigenvalues.starts_with(&outliers));
        assert!(numbers(&spectrum["eigenvalue_residuals"]).iter().all(|&norm| norm <= 1e-3 * eigenvalues[0]));
    }
    models_beside_the_network(&report, classes);
    assert!(rows(&report, "subspace").len() >= 6);
    let folder = std::fs::read_dir(path.parent().unwrap()).unwrap();
    let names: Vec<String> = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let page = std::fs::read_to_string(path.with_file_name("index.html")).unwrap();
    let pictures: Vec<&String> = names.iter().filter(|name| name.ends_with(".svg")).collect();
    assert!(pictures.len() >= 4 && pictures.iter().all(|name| page.contains(name.as_str())), "{names:?}");

    if report["settings"]["quick"] == false && report["data"] == "digits" {
        shows_the_four_properties(&report);
    }
}

/// The sections of the random model have numbers that fit together.
fn models_beside_the_network(report: &Value, classes: usize) {
    for section in ["clustering", "model", "prediction", "comparison"] {
        let steps: Vec<&Value> = rows(report, section).iter().map(|row| &row["step"]).collect();
        assert_eq!(steps, rows(report, "spectrum").iter().map(|row| &row["step"]).collect::<Vec<_>>(), "{section}");
    }
    for row in rows(report, "clustering") {
        let cosines = ["same_logit_and_class", "same_logit", "different_logits"].map(|key| number(row, key));
        assert!(cosines.is_sorted_by(|a, b| a >= b) && cosines[0] <= 1.0 && cosines[2] > -0.5, "{cosines:?}");
    }
    for row in rows(report, "model") {
        for key in ["sigma_c", "sigma_E", "sigma_z", "Y_2"] {
            assert!(number(&row[key], "value") > number(&row[key], "standard_error"), "{key} in {row}");
        }
    }
    for row in rows(report, "prediction") {
        for model in ["paper", "refined"] {
            let (outliers, overlaps) = (numbers(&row[model]["outliers"]), numbers(&row[model]["overlaps"]));
            assert!(outliers.is_sorted_by(|a, b| a >= b) && outliers.len() == overlaps.len());
            assert!(outliers.iter().all(|&outlier| outlier > number(&row[model], "edge")), "{model} in {row}");
            assert!(overlaps.iter().all(|overlap| (0.0..=1.0 + 1e-9).contains(overlap)));
        }
    }
    let compared = |stage: usize, property: &str, column: &str| {
        let rows = rows(&rows(report, "comparison")[stage], "rows");
        rows.iter().find(|row| row["property"] == property).and_then(|row| row[column].as_f64())
    };
    for stage in 0..3 {
        let of = |column| compared(stage, "eigenvalue 1", column).unwrap();
        assert!((of("refined") / of("gauss_newton") - 1.0).abs() < 0.25, "the refined model in stage {stage}");
        assert!(compared(stage, "trace", "refined").unwrap() > 0.0);
    }
    // The paper's model holds at the start, its draws scatter about it.
    for rank in 1..classes {
        let of = |column| compared(0, &format!("eigenvalue {rank}"), column).unwrap();
        assert!((of("paper") / of("gauss_newton") - 1.0).abs() < 0.15, "outlier {rank}");
        assert!((of("sampled") / of("paper") - 1.0).abs() < 0.6, "outlier {rank} of a draw");
    }
    assert!(rows(report, "account").iter().all(|row| number(row, "largest_eigenvalue") > 0.0));
}

/// Means over keys, within the ranges that independent computations of this network and these data gave.
fn shows_the_four_properties(report: &Value) {
    let sgd = |step, column| mean(report, "sgd", step, column);
    let share = "gradient_share_top_classes";
    let (start, end) = (sgd(0, "largest_eigenvalue"), sgd(1000, "largest_eigenvalue"));
    assert!((3.5..5.3).contains(&start) && end < 1.0, "lambda_1 goes from {start} to {end}");
    let peak = [1, 2, 3, 5, 7, 10].map(|step| sgd(step, "largest_eigenvalue")).into_iter().fold(0.0, f64::max);
    assert!(peak > 1.08 * start, "lambda_1 peaks at {peak} after {start}");
    let apart = sgd(20, "gap_ratio").max(sgd(30, "gap_ratio"));
    assert!((1.3..1.7).contains(&apart), "lambda_9 / lambda_10 is {apart} in the middle");
    assert!((1.0..1.2).contains(&sgd(300, "gap_ratio")) && (1.0..1.2).contains(&sgd(1000, "gap_ratio")));
    for (step, low, high) in
        [(0, 0.11, 0.24), (10, 0.4, 0.8), (30, 0.4, 0.8), (100, 0.75, 0.95), (300, 0.75, 0.95), (1000, 0.5, 0.95)]
    {
        let value = sgd(step, share);
        assert!((low..high).contains(&value), "the share is {value} at step {step}");
    }
    assert!(mean(report, "full_batch", 1000, share) < 0.01);
    assert!(sgd(1000, "test_accuracy") >= 0.95);
}
