//! Runs whose process is killed at random moments, fifty times each, go on to the same bits.
//!
//! The child is this binary once more: it reads the state from a file, or begins, takes a step, writes the state beside the file
//! and renames it, and so on. The parent kills it (SIGKILL) a random time after it has begun to work, and starts the next; a run
//! that ends before is begun anew. In the end the state is compared, byte by byte, with that of a run in one piece.

mod jobs;

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use eigenscape::random::Key;
use eigenscape::saved::{Kind, Saved};
use serde::Serialize;
use serde::de::DeserializeOwned;

const KILLS: usize = 50;

/// A run is begun anew this often at most; more are not needed unless kills come too late, and then the test must fail.
const ROUNDS: usize = 60;

const JOB: &str = "EIGENSCAPE_RESUME_JOB";
const STATE: &str = "EIGENSCAPE_RESUME_STATE";

/// What is done with a job.
pub trait Visitor {
    /// `step` returns whether there is more to do.
    fn visit<S: Serialize + DeserializeOwned + Kind>(
        &mut self,
        begin: impl FnOnce() -> S,
        step: impl FnMut(&mut S) -> bool,
    );
}

fn bytes<S: Serialize + Kind>(state: &S) -> Vec<u8> {
    postcard::to_stdvec(&Saved::new(state)).unwrap()
}

/// A run in one piece, never written.
#[derive(Default)]
struct InOnePiece {
    steps: usize,
    end: Vec<u8>,
}

impl Visitor for InOnePiece {
    fn visit<S: Serialize + DeserializeOwned + Kind>(
        &mut self,
        begin: impl FnOnce() -> S,
        mut step: impl FnMut(&mut S) -> bool,
    ) {
        let mut state = begin();
        self.steps = 1;
        while step(&mut state) {
            self.steps += 1;
        }
        self.end = bytes(&state);
    }
}

/// A run that is saved after each step.
struct Saving {
    path: PathBuf,
}

impl Visitor for Saving {
    fn visit<S: Serialize + DeserializeOwned + Kind>(
        &mut self,
        begin: impl FnOnce() -> S,
        mut step: impl FnMut(&mut S) -> bool,
    ) {
        let mut state = match fs::read(&self.path) {
            Ok(bytes) => postcard::from_bytes::<Saved<S>>(&bytes).expect("a state is whole").into_content(),
            Err(_) => begin(),
        };
        println!("{}", at_work(self.path.as_path()));
        std::io::stdout().flush().unwrap();
        loop {
            let more = step(&mut state);
            save(&self.path, &bytes(&state));
            if !more {
                break;
            }
        }
        save(&done(&self.path), b"");
    }
}

/// What the child says when it has read its state.
fn at_work(path: &Path) -> String {
    format!("at work on {}", path.display())
}

/// Where the child says that its run has ended.
fn done(path: &Path) -> PathBuf {
    path.with_extension("done")
}

fn save(path: &Path, bytes: &[u8]) {
    let beside = path.with_extension("new");
    fs::write(&beside, bytes).unwrap();
    fs::rename(&beside, path).unwrap();
}

/// The other side of the tests below: without a parent it does nothing.
#[test]
#[ignore = "the child of the tests of killed runs"]
fn child() {
    let (Ok(job), Ok(path)) = (std::env::var(JOB), std::env::var(STATE)) else { return };
    jobs::visit(&job, &mut Saving { path: path.into() });
}

fn spawn(job: &str, path: &Path) -> Child {
    let place = format!("{}::child", module_path!().split_once("::").unwrap().1);
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([&place, "--exact", "--ignored", "--nocapture", "--test-threads=1"])
        .env(JOB, job)
        .env(STATE, path)
        .env("RAYON_NUM_THREADS", "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // Until it is at work, or has ended before.
    let (expected, mut said) = (at_work(path), Vec::new());
    let mut letter = [0];
    let stdout = child.stdout.as_mut().unwrap();
    while !String::from_utf8_lossy(&said).contains(&expected) && stdout.read(&mut letter).unwrap() == 1 {
        said.push(letter[0]);
    }
    child
}

/// Kills a job fifty times.
fn survives(job: &str) {
    let mut whole = InOnePiece::default();
    let begin = Instant::now();
    jobs::visit(job, &mut whole);
    // A few steps, however slow the machine.
    let most = (5 * begin.elapsed() / whole.steps as u32).clamp(Duration::from_millis(4), Duration::from_millis(400));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("resume-{job}-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join("state");
    // Times are drawn from a fixed key; what they hit depends on the machine.
    let key = Key::new(0);
    let (mut kills, mut within, mut children, mut rounds) = (0, 0, 0u64, 0);
    while kills < KILLS {
        rounds += 1;
        assert!(rounds <= ROUNDS, "{job}: {kills} kills in {rounds} runs: the job is too short");
        let _ = (fs::remove_file(&path), fs::remove_file(done(&path)));
        while !done(&path).exists() {
            let mut child = spawn(job, &path);
            let ended = if kills < KILLS {
                let mut share = [0.0];
                key.split(children).uniform(0, &mut share);
                std::thread::sleep(most.mul_f64(share[0]));
                let _ = child.kill();
                child.wait().unwrap().success()
            } else {
                child.wait().unwrap().success()
            };
            children += 1;
            match ended {
                true => assert!(done(&path).exists(), "{job}: a run that ends says so"),
                // It may have been killed while it said that it has ended.
                false if done(&path).exists() => {}
                false => {
                    kills += 1;
                    within += usize::from(path.exists());
                }
            }
        }
        assert!(
            fs::read(&path).unwrap() == whole.end,
            "{job}: the end of a killed run differs from that of one in one piece"
        );
    }
    println!(
        "{job}: {} steps, {} bytes; {kills} kills, {within} of them after a state was there, in {children} processes and {rounds} runs",
        whole.steps,
        whole.end.len()
    );
    assert!(within >= KILLS / 2, "{job}: {within} of {kills} kills came after the first state");
    fs::remove_dir_all(&folder).unwrap();
}

macro_rules! jobs {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            survives(stringify!($name));
        })*
    };
}

jobs! {
    factorization
    block_factorization
    eigen_search
    spectral_run
    trace_run
    diagonal_run
    gradient_descent
    scheduled_adam
    limited_memory_bfgs
    trust_region
    natural_gradient
    cubic_newton
    intrinsic_search
    success_run
    goldilocks_run
    tracker_run
    edge_of_stability
    critical_points
    slice
    trajectory
}

/// The comparison can fail: a state whose step depends on what is not saved.
#[test]
#[should_panic(expected = "differs from that of one in one piece")]
fn what_is_not_saved_is_missed() {
    survives("forgetful");
}
