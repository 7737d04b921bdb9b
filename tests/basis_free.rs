//! What Lanczos without a basis holds. In a binary of its own, because its allocator counts for the whole process.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use eigenscape::krylov::{Lanczos, Orthogonalization, Storage};
use eigenscape::operator::Diagonal;
use eigenscape::random::Key;
use eigenscape::spectrum::{Probe, StochasticLanczos};

struct Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: hands everything to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        PEAK.fetch_max(LIVE.fetch_add(layout.size(), Relaxed) + layout.size(), Relaxed);
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

#[test]
fn ten_million_parameters_take_six_vectors_at_any_depth() {
    let dim = 10_000_000;
    // All that there is: the operator's entries, the start, and what the run takes.
    let operator = Diagonal::new((0..dim).map(|i| (i % 1000) as f32).collect());
    let start = vec![1.0f32; dim];
    let lanczos = Lanczos::new(2).orthogonalization(Orthogonalization::Local).storage(Storage::None);
    let mut factorization = lanczos.run(&operator, &start).unwrap();
    let shallow = PEAK.load(Relaxed);
    factorization.expand(&operator, 12).unwrap();
    let (peak, vector) = (PEAK.load(Relaxed), 4 * dim);
    assert_eq!(factorization.steps(), 12);
    assert!(peak <= 6 * vector + vector / 10, "{} vectors", peak as f64 / vector as f64);
    assert!(peak > 5 * vector, "the count has missed vectors: {peak} bytes");
    assert!(peak - shallow < vector / 10, "depth has cost {} bytes", peak - shallow);
    println!("{:.3} vectors", peak as f64 / vector as f64);

    // A density takes five beside its operator, one probe after the other.
    drop((factorization, start));
    let before = LIVE.load(Relaxed);
    PEAK.store(before, Relaxed);
    let settings = StochasticLanczos::new(Key::new(0)).probes(2).steps(6).width(1).probe(Probe::Signs);
    let settings = settings.orthogonalization(Orthogonalization::Local).storage(Storage::None);
    let measure = settings.run(&operator).unwrap();
    let peak = PEAK.load(Relaxed) - before;
    assert_eq!((measure.rules().len(), measure.report().matvecs), (2, 12));
    assert!(peak <= 5 * vector + vector / 10, "{} vectors", peak as f64 / vector as f64);
    assert!(peak > 4 * vector, "the count has missed vectors: {peak} bytes");
}
