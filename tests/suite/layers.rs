//! The order of the layers, read off the sources: who may name whom.

use std::fs;
use std::path::Path;

/// Lower layers first; within a layer, an entry may use those before it.
const LAYERS: [&[&str]; 7] = [
    &["error", "scalar", "saved", "parallel"],
    &["random", "data", "elementary", "linalg"],
    &["tape", "operator", "projection", "random_matrix"],
    &["krylov", "spectrum", "objective", "network"],
    &["curvature", "optimize"],
    &["check", "subspace", "landscape", "emergent"],
    &["plot", "guide", "prelude"],
];

/// Where an entry stands: layers are ordered, and entries within them.
fn rank(entry: &str) -> Option<usize> {
    LAYERS.concat().iter().position(|&other| other == entry)
}

/// The code of a line: documentation may point anywhere.
fn code(line: &str) -> &str {
    line.split("//").next().unwrap_or_default()
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// What breaks the rules in a file, given its path within `src` and its text.
fn violations(path: &str, text: &str) -> Vec<String> {
    let entry = path.split('/').next().unwrap_or_default().trim_end_matches(".rs");
    let mut found = Vec::new();
    if text.lines().count() > 600 {
        found.push(format!("{path} has {} lines; split it at 600", text.lines().count()));
    }
    let own = rank(entry);
    if own.is_none() {
        found.push(format!("{path}: `{entry}` stands in no layer"));
    }
    for (index, line) in text.lines().enumerate() {
        let (place, line) = (format!("{path}:{}", index + 1), code(line));
        for (start, name) in line.match_indices("crate::") {
            let used: String = line[start + name.len()..].chars().take_while(|&c| is_word(c)).collect();
            match (rank(&used), own) {
                (Some(used), Some(own)) if used <= own => {}
                (Some(_), _) => found.push(format!("{place}: `{entry}` must not use `{used}`, which stands above it")),
                (None, _) => found.push(format!("{place}: name one entry of one layer after `crate::`, not `{used}`")),
            }
        }
        if line.contains("super::super") {
            found.push(format!("{place}: a path out of a folder starts with `crate::`"));
        }
        let names_faer = line.split(|c| !is_word(c)).any(|word| word == "faer");
        // The kernels, the numbers that they are for, and the operators on their way out and in.
        if names_faer && !["linalg.rs", "scalar.rs", "operator/interoperation.rs"].contains(&path) {
            found.push(format!("{place}: only linalg.rs, scalar.rs and operator/interoperation.rs may name faer"));
        }
    }
    found
}

/// Path within `src` and text of each source file.
fn sources(folder: &Path, prefix: &str, files: &mut Vec<(String, String)>) {
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        let name = format!("{prefix}{}", path.file_name().unwrap().to_str().unwrap());
        if path.is_dir() {
            sources(&path, &format!("{name}/"), files);
        } else if name.ends_with(".rs") {
            files.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
}

#[test]
fn each_file_uses_lower_layers_only() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "", &mut files);
    // It runs before the crate is compiled, and is no part of it.
    files.retain(|(name, _)| name != "build.rs");
    assert!(files.len() > 50, "only {} files found", files.len());
    let found: Vec<String> = files
        .iter()
        // The root only names its modules.
        .filter(|(path, _)| path != "lib.rs")
        .flat_map(|(path, text)| violations(path, text))
        .collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
    for entry in LAYERS.concat() {
        let (file, folder) = (format!("{entry}.rs"), format!("{entry}/mod.rs"));
        assert!(files.iter().any(|(path, _)| *path == file || *path == folder), "`{entry}` has no file");
    }
}

#[test]
fn violations_are_found() {
    let one = |path: &str, text: &str| {
        let found = violations(path, text);
        assert_eq!(found.len(), 1, "{path}: {found:?}");
        found.into_iter().next().unwrap()
    };
    let upwards = one("operator/mod.rs", "use crate::scalar::Scalar;\nuse crate::krylov::Lanczos;\n");
    assert_eq!(upwards, "operator/mod.rs:2: `operator` must not use `krylov`, which stands above it");
    assert!(one("linalg.rs", "    crate::tape::Shape::scalar()").contains("must not use `tape`"));
    assert!(one("tape/plan.rs", "use crate::operator::Dense;").contains("must not use `operator`"));
    assert!(one("error.rs", "use crate::scalar::Scalar;").contains("must not use `scalar`"));
    assert!(one("check.rs", "use crate::{error, subspace};").contains("name one entry"));
    assert!(one("check.rs", "use crate::Scalar;").contains("not `Scalar`"));
    assert!(one("tape/plan.rs", "use super::super::operator::Dense;").contains("crate::"));
    assert!(one("krylov/basis.rs", "use faer::Mat;").contains("may name faer"));
    assert!(one("utilities.rs", "").contains("in no layer"));
    assert!(one("tape/plan.rs", &"\n".repeat(601)).contains("601 lines"));

    assert!(violations("spectrum/trace.rs", "use crate::krylov::Report; // not crate::curvature\n").is_empty());
    assert!(violations("tape/plan.rs", "use crate::tape::Shape;\n//! [`Risk`](crate::curvature::Risk)").is_empty());
    assert!(violations("linalg.rs", "use faer::Mat;\n").is_empty());
    assert!(violations("operator/interoperation.rs", "use faer::Mat;\n").is_empty());
    assert!(violations("random.rs", &"\n".repeat(600)).is_empty());
}
