//! What W1's Hessian adds to the memory of the process, beside what it must hold.
//!
//! Each measurement runs in a process of its own: in one that has done other work, what the allocator kept from it would
//! hide what is new.

mod common;

use std::process::{Command, ExitCode};

use eigenscape::curvature::Risk;
use eigenscape::objective::{Objective, Point};
use eigenscape::operator::LinearOperator;
use eigenscape::tape::{Linearization, Plan, embed, linearize};

/// Products in each measurement: the first pays, the others must not add anything.
const PRODUCTS: usize = 5;

/// Bytes of a number.
const F32: usize = size_of::<f32>();

/// Current and largest resident set in bytes, from the kernel's account of this process.
fn resident() -> Option<(usize, usize)> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name))?;
        Some(line.split_whitespace().nth(1)?.parse::<usize>().ok()? * 1024)
    };
    Some((field("VmRSS:")?, field("VmHWM:")?))
}

/// What a call adds to the resident set at its largest, and what of it stays; in bytes.
fn growth(call: impl FnOnce()) -> (usize, usize) {
    // 5 sets the largest resident set back to the current one.
    std::fs::write("/proc/self/clear_refs", "5").expect("a process may reset its own account");
    let (before, _) = resident().expect("it was there before");
    call();
    let (after, largest) = resident().expect("it was there before");
    (largest.saturating_sub(before), after.saturating_sub(before))
}

/// Products of the sizes of W1's on every thread, so that the packing buffers, which belong to the threads and are sized
/// by their caches, are there before anything is measured.
fn pack(sizes: &[usize], rows: usize) {
    use faer::linalg::matmul::matmul;
    use faer::{Accum, Mat, Par};
    rayon::broadcast(|_| {
        for pair in sizes.windows(2) {
            let shapes = [(rows, pair[0], pair[1]), (rows, pair[1], pair[0]), (pair[1], rows, pair[0])];
            for (left, inner, right) in shapes {
                let mut out = Mat::<f32>::zeros(left, right);
                let (a, b) = (Mat::<f32>::zeros(left, inner), Mat::<f32>::zeros(inner, right));
                matmul(out.as_mut(), Accum::Replace, a.as_ref(), b.as_ref(), 1.0, Par::Seq);
                // Row-major operands are packed otherwise.
                matmul(out.as_mut().transpose_mut(), Accum::Replace, b.transpose(), a.transpose(), 1.0, Par::Seq);
            }
        }
    });
}

/// Numbers that products with the Hessian need of each example, written by hand: for each hidden layer its activations
/// a, its cotangents d and -2 a e; for the logits probabilities and cotangents. The first layer's d meets no tangent.
fn needed_of_an_example(sizes: &[usize]) -> usize {
    let hidden: usize = sizes[1..sizes.len() - 1].iter().sum();
    3 * hidden - sizes[1] + 2 * sizes[sizes.len() - 1]
}

/// Bytes of one running thread's workspaces for the gradient, the residuals and the products.
fn workspaces(risk: &Risk<f32>) -> usize {
    let gradient = risk.program().gradient(0).expect("a risk is one number");
    let Linearization { primal, linear } =
        linearize(&gradient.select(&[1]), &[0]).expect("the parameters are the first argument");
    let workspaces = [gradient, primal.select(&[1]), embed(&linear)].map(|program| Plan::new(&program).workspace_len());
    workspaces.iter().sum::<usize>() * F32
}

fn product(risk: &Risk<f32>, theta: &[f32]) -> Vec<f32> {
    let point = risk.at(theta).unwrap();
    let hessian = point.hessian();
    let v = common::normal(theta.len(), 4);
    let mut out = vec![0.0; theta.len()];
    for _ in 0..PRODUCTS {
        hessian.apply(&v, &mut out);
    }
    out
}

fn report(title: &str, (largest, stays): (usize, usize)) {
    println!("| {title} | {:.1} | {:.1} |", mebibytes(largest), mebibytes(stays));
}

fn mebibytes(bytes: usize) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

/// One measurement: with residuals kept, or recomputed within half of what must be held.
fn measure(kept: bool) {
    let (sizes, examples) = common::W1;
    let (risk, theta) = common::work::<f32>(sizes, examples);
    let rows = risk.program().arguments()[1][0].extents()[0];
    let (chunks, threads) = (examples.div_ceil(rows), rayon::current_num_threads());
    let needed = needed_of_an_example(sizes) * examples * F32;
    let vector = theta.len() * F32;
    let packing = growth(|| pack(sizes, rows));
    let mut out = Vec::new();
    if kept {
        println!("| W1, {threads} threads, {chunks} chunks of {rows} | MiB |\n| --- | --- |");
        let row = |title: &str, bytes: usize| println!("| {title} | {:.1} |", mebibytes(bytes));
        row("must hold: the parameters", vector);
        row("must hold: residuals, the least by hand", needed);
        row("holds beside it: workspaces of all threads", threads * workspaces(&risk));
        row("holds beside it: gradient, vector and product", 3 * vector);
        row("holds beside it: sums of lanes of chunks, one to a thread", threads * vector);
        println!("\n| measured growth of the resident set | at most, MiB | stays, MiB |\n| --- | --- | --- |");
        report("packing buffers of matmul, filled before the rest", packing);
        let added = growth(|| out = product(&risk, &theta));
        report("the point, its Hessian and products; residuals kept", added);
        // A lower line than this would be a mistake of the measurement.
        assert!(added.0 >= needed, "the resident set grew by less than the residuals");
        println!("\nat most / must hold: {:.2}\n", added.0 as f64 / (needed + vector) as f64);
    } else {
        let risk = risk.memory_budget(needed / 2);
        println!("| measured within a budget of {:.1} MiB | at most, MiB | stays, MiB |", mebibytes(needed / 2));
        println!("| --- | --- | --- |");
        let added = growth(|| out = product(&risk, &theta));
        report("the same; residuals recomputed for each product", added);
        let whole = product(&risk.memory_budget(usize::MAX), &theta);
        let bits = |x: &[f32]| x.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert!(bits(&out) == bits(&whole), "kept and recomputed residuals give other bits");
        println!("\nkept and recomputed residuals gave the same bits");
    }
}

/// Budgets in MiB, and the work that is done within each: its residuals are beyond the smaller ones.
const BUDGETS: [usize; 6] = [64, 128, 256, 512, 1024, 2048];
const LARGE: (&[usize], usize) = (&[784, 1024, 1024, 10], 60_000);

/// What one product within a budget adds, beside the budget. The vector and the product are the caller's.
fn within(budget: usize) {
    let (sizes, examples) = LARGE;
    let (risk, theta) = common::work::<f32>(sizes, examples);
    let risk = risk.memory_budget(budget << 20);
    let _packing = growth(|| pack(sizes, risk.program().arguments()[1][0].extents()[0]));
    let v = common::normal(theta.len(), 4);
    let mut out = v.clone();
    // The point's own: parameters and gradient, and what its gradient ran with.
    let point = risk.at(&theta).unwrap();
    let mut memory = None;
    let added = growth(|| {
        let hessian = point.hessian();
        hessian.apply(&v, &mut out);
        hessian.apply(&v, &mut out);
        memory = Some(hessian.memory());
    });
    let memory = memory.expect("it was set above");
    let counted = memory.residuals + memory.running;
    println!(
        "| {budget} | {} of {} | {:.1} | {:.1} |",
        memory.kept,
        memory.chunks,
        mebibytes(counted),
        mebibytes(added.0)
    );
    assert!(counted <= memory.budget && added.0 <= memory.budget, "the budget is exceeded");
}

fn main() -> ExitCode {
    if resident().is_none() {
        println!("the resident set is read from /proc, which Linux alone has");
        return ExitCode::SUCCESS;
    }
    match std::env::var("MEASURE").as_deref() {
        Ok("kept") => measure(true),
        Ok("recomputed") => measure(false),
        Ok(budget) => within(budget.parse().expect("a number of MiB")),
        Err(_) => {
            let budgets = BUDGETS.map(|budget| budget.to_string());
            for measurement in ["kept", "recomputed"].into_iter().chain(budgets.iter().map(String::as_str)) {
                if measurement == budgets[0] {
                    println!("\n| budget, MiB | chunks kept | counted, MiB | measured growth at most, MiB |");
                    println!("| --- | --- | --- | --- |");
                }
                let child = Command::new(std::env::current_exe().expect("this program has a path"))
                    .env("MEASURE", measurement)
                    // Large blocks go back to the system when they are freed, so that what is counted is what is held.
                    .env("MALLOC_MMAP_THRESHOLD_", "65536")
                    .status();
                if !child.is_ok_and(|status| status.success()) {
                    return ExitCode::FAILURE;
                }
            }
        }
    }
    ExitCode::SUCCESS
}
