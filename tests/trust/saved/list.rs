//! Which public types can be saved, read off the sources: all but those on a list, each with its reason.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const BORROWS: &str = "it borrows, or tells an observer";
const OPERATOR: &str = "an operator, an objective or a point: make it again from what it was made of";
const TAPE: &str = "a recorded function or a part of one: record it again";
const NETWORK: &str = "a network is made by code: save its parameters";
const ANY_LAW: &str = "it holds a law of any type: save what it was made of";
const DERIVED: &str = "tables that follow from what it was made of, which can be saved";
const DATA: &str = "data, with a file format of its own";
const UNINHABITED: &str = "a name of a type, never a value";
const ENVELOPE: &str = "the envelope itself";
const PICTURE: &str = "a picture is drawn again from its result, and writes its numbers beside it";
const READER: &str = "how to read a file, given in code";

/// What cannot be saved, and why.
const EXCEPTIONS: &[(&str, &[&str])] = &[
    (
        PICTURE,
        &[
            "plot::Axis",
            "plot::Chart",
            "plot::ClusteringPlot",
            "plot::Color",
            "plot::Dash",
            "plot::DensityPlot",
            "plot::EigenvaluePlot",
            "plot::Figure",
            "plot::GoldilocksPlot",
            "plot::IntrinsicPlot",
            "plot::Map",
            "plot::Mark",
            "plot::NumberRow",
            "plot::Numbers",
            "plot::Palette",
            "plot::Panel",
            "plot::Provenance",
            "plot::Relief",
            "plot::Series",
            "plot::SlicePlot",
            "plot::SuccessPlot",
        ],
    ),
    (READER, &["network::Stored"]),
    (
        BORROWS,
        &[
            "curvature::ClassMoment",
            "curvature::ClassStructure",
            "emergent::ComparisonProgress",
            "emergent::ScanProgress",
            "krylov::ConjugateGradients",
            "krylov::LeastSquares",
            "krylov::Metric",
            "krylov::MinimalResiduals",
            "landscape::SliceProgress",
            "optimize::Progress",
            "random_matrix::GradientSpectrum",
            "spectrum::StochasticLanczos",
        ],
    ),
    (
        OPERATOR,
        &[
            "curvature::GaussNewton",
            "curvature::Gradients",
            "curvature::Hessian",
            "curvature::Jacobian",
            "curvature::MiniBatches",
            "curvature::Remainder",
            "curvature::Risk",
            "curvature::RiskPoint",
            "emergent::LogitSample",
            "emergent::PairMeans",
            "emergent::PairResidue",
            "emergent::SampledHessian",
            "emergent::SampledJacobian",
            "landscape::CurveObjective",
            "landscape::GradientNorm",
            "landscape::GradientNormHessian",
            "landscape::GradientNormPoint",
            "landscape::ObjectiveMetric",
            "landscape::RecordedMetric",
            "landscape::SphericalSpinGlass",
            "objective::DifferenceHessian",
            "objective::Outside",
            "objective::OutsidePoint",
            "objective::Penalized",
            "objective::PenalizedPoint",
            "objective::Recorded",
            "objective::RecordedHessian",
            "objective::RecordedPoint",
            "operator::AssumePositiveSemidefinite",
            "operator::AssumeSymmetric",
            "operator::BlockDiagonal",
            "operator::Closure",
            "operator::Compressed",
            "operator::Counted",
            "operator::Deflated",
            "operator::Dense",
            "operator::Diagonal",
            "operator::FromFaer",
            "operator::Gram",
            "operator::Normal",
            "operator::Product",
            "operator::Scaled",
            "operator::Selection",
            "operator::Shifted",
            "operator::Sum",
            "operator::ToFaer",
            "optimize::SharpnessAware",
            "projection::Basis",
            "projection::Coordinates",
            "projection::Fastfood",
            "projection::Gaussian",
            "projection::LayerWise",
            "projection::Signs",
            "projection::Sparse",
            "projection::SubsampledHadamard",
            "subspace::Restricted",
            "subspace::RestrictedPoint",
            "subspace::Spherical",
            "subspace::SphericalHessian",
            "subspace::SphericalPoint",
        ],
    ),
    (
        TAPE,
        &[
            "tape::Axes",
            "tape::Binary",
            "tape::LinearOp",
            "tape::LinearProgram",
            "tape::Linearization",
            "tape::Op",
            "tape::Part",
            "tape::Plan",
            "tape::Program",
            "tape::Tangent",
            "tape::Tape",
            "tape::Unary",
            "tape::Value",
            "tape::Var",
            "tape::Window",
            "tape::Workspace",
        ],
    ),
    (NETWORK, &["landscape::HiddenUnits", "network::Sequential"]),
    (
        ANY_LAW,
        &[
            "random_matrix::AdditiveSpike",
            "random_matrix::Affine",
            "random_matrix::Companion",
            "random_matrix::DeformedWigner",
            "random_matrix::FreeCompression",
            "random_matrix::FreeProduct",
            "random_matrix::FreeSum",
            "random_matrix::GeneralizedMarchenkoPastur",
            "random_matrix::MultiplicativeSpike",
            "random_matrix::RectangularSpike",
            "random_matrix::SeparableCovariance",
        ],
    ),
    (
        DERIVED,
        &[
            "emergent::Calibration",
            "emergent::RefinedModel",
            "random_matrix::FullPopulation",
            "random_matrix::LogitMeans",
            "random_matrix::LogitSpectrum",
            "random_matrix::SeparableSignal",
            "random_matrix::SoftmaxBlocks",
        ],
    ),
    (DATA, &["curvature::Examples", "data::Cifar10", "data::Idx"]),
    (UNINHABITED, &["optimize::GaussNewtonModel", "optimize::HessianModel"]),
    (ENVELOPE, &["saved::Saved"]),
];

/// Names of items that stand after `pub use` in the text of a folder's root.
fn exported(text: &str) -> BTreeSet<String> {
    let statements = text.split("pub use ").skip(1).filter_map(|rest| rest.split(';').next());
    let words = statements.flat_map(|statement| statement.split(|c: char| !(c.is_alphanumeric() || c == '_')));
    words.filter(|word| word.starts_with(char::is_uppercase)).map(str::to_string).collect()
}

/// The public types of a file, and whether each can be saved.
fn types(text: &str) -> Vec<(String, bool)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let Some(rest) = line.strip_prefix("pub struct ").or_else(|| line.strip_prefix("pub enum ")) else { continue };
        let name: String = rest.chars().take_while(|c| c.is_alphanumeric()).collect();
        let before = lines[..index].iter().rev().take_while(|line| line.starts_with(['#', '/', ' ', ')']));
        let derived = before.filter(|line| !line.starts_with("//")).any(|line| line.contains("serde::Serialize"));
        let by_macro = ["checked", "rebuilt"].iter().any(|way| {
            let start = format!("saved::{way}!({name}");
            text.match_indices(&start).any(|(at, _)| !text[at + start.len()..].starts_with(char::is_alphanumeric))
        });
        // Errors have their sentence.
        found.push((name.clone(), derived || by_macro || name == "Error"));
    }
    found
}

/// Entries of a folder and the text of its root: "krylov::Report" and whether it can be saved.
fn of_entry(entry: &str, root: &str, texts: &[String]) -> Vec<(String, bool)> {
    let exported = exported(root);
    let public =
        |name: &str| texts.len() == 1 || exported.contains(name) || types(root).iter().any(|(own, _)| own == name);
    let all = texts.iter().flat_map(|text| types(text));
    all.filter(|(name, _)| public(name)).map(|(name, saved)| (format!("{entry}::{name}"), saved)).collect()
}

fn texts(path: &Path, found: &mut Vec<String>) {
    if path.is_dir() {
        let mut entries: Vec<_> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        entries.iter().for_each(|entry| texts(entry, found));
    } else if path.extension().is_some_and(|extension| extension == "rs") {
        found.push(fs::read_to_string(path).unwrap());
    }
}

/// All public types, and the text of all sources.
fn public() -> (Vec<(String, bool)>, String) {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut all, mut whole) = (Vec::new(), String::new());
    for entry in fs::read_dir(&source).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_string();
        let mut found = Vec::new();
        texts(&path, &mut found);
        let root = if path.is_dir() { path.join("mod.rs") } else { path };
        all.extend(of_entry(&name, &fs::read_to_string(root).unwrap(), &found));
        whole.extend(found);
    }
    all.retain(|(name, _)| !["linalg::", "elementary::"].iter().any(|private| name.starts_with(private)));
    (all, whole)
}

/// What is wrong with the list, given all types.
fn violations(all: &[(String, bool)], exceptions: &[(&str, &[&str])]) -> Vec<String> {
    let excepted: Vec<&str> = exceptions.iter().flat_map(|(_, names)| names.iter().copied()).collect();
    let mut found = Vec::new();
    for (name, saved) in all {
        match (saved, excepted.contains(&name.as_str())) {
            (false, false) => found.push(format!("{name} cannot be saved: derive it, or say why not in the list")),
            (true, true) => found.push(format!("{name} can be saved, and the list says that it cannot")),
            _ => {}
        }
    }
    let unknown = excepted.iter().filter(|name| !all.iter().any(|(other, _)| other == *name));
    found.extend(unknown.map(|name| format!("{name} is in the list, and there is no such type")));
    found
}

#[test]
fn every_public_type_can_be_saved_or_says_why_not() {
    let (all, _) = public();
    assert!(all.len() > 300, "only {} types found", all.len());
    let found = violations(&all, EXCEPTIONS);
    assert!(found.is_empty(), "\n{}", found.join("\n"));
    println!("{} public types, {} of them can be saved", all.len(), all.iter().filter(|(_, saved)| *saved).count());
}

#[test]
fn every_type_that_can_be_saved_has_a_sample() {
    let samples = super::samples();
    // Parameters are types of their own.
    let seen: BTreeSet<&str> = samples.iter().map(|sample| sample.kind.split('<').next().unwrap()).collect();
    let (all, _) = public();
    let missing: Vec<&String> =
        all.iter().filter(|(name, saved)| *saved && !seen.contains(name.as_str())).map(|(name, _)| name).collect();
    assert!(missing.is_empty(), "no sample of {missing:?}");
}

#[test]
fn violations_are_found() {
    let root = "mod a;\npub use a::{Known, Secret as _};\n";
    let text = "#[derive(Debug)]\n#[cfg_attr(feature = \"serde\", derive(serde::Serialize))]\npub struct Known {}\n\
        pub struct Plain<T> {}\npub struct Checked {}\ncrate::saved::checked!(Checked { a: f64 } by f);\n\
        pub struct Check {}\n";
    let types = types(text);
    let expected = [("Known", true), ("Plain", false), ("Checked", true), ("Check", false)];
    assert_eq!(types, expected.map(|(name, saved)| (name.to_string(), saved)));
    let public = of_entry("folder", root, &[root.to_string(), text.to_string()]);
    assert_eq!(public, [("folder::Known".to_string(), true)]);
    let all = [("a::B".to_string(), false), ("a::C".to_string(), true)];
    assert_eq!(violations(&all, &[("reason", &["a::B"])]), Vec::<String>::new());
    assert!(violations(&all, &[])[0].contains("a::B cannot be saved"));
    assert!(violations(&all, &[("reason", &["a::B", "a::C"])])[0].contains("a::C can be saved"));
    assert!(violations(&all, &[("reason", &["a::B", "a::D"])])[0].contains("no such type"));
}
