//! After a call that warms up, products and gradients allocate nothing. In a binary of its own, because its allocator
//! counts for the whole process.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::network::{Activation, Initialization, Perceptron};
use eigenscape::objective::{Objective, Point};
use eigenscape::operator::LinearOperator;
use eigenscape::random::Key;

struct Counting;

static COUNT: AtomicUsize = AtomicUsize::new(0);
static LARGEST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: hands everything to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.fetch_add(1, Relaxed);
        LARGEST.fetch_max(layout.size(), Relaxed);
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// The number of allocations of a call, and the size of the largest.
fn allocations(call: impl FnOnce()) -> (usize, usize) {
    COUNT.store(0, Relaxed);
    LARGEST.store(0, Relaxed);
    call();
    (COUNT.load(Relaxed), LARGEST.load(Relaxed))
}

#[test]
fn nothing_is_allocated_after_the_first_calls() {
    let network = Perceptron::new(&[64, 48, 10], Activation::Tanh).unwrap();
    let mut inputs = vec![0.0f32; 1000 * 64];
    Key::new(0).normal(0, &mut inputs);
    let mut labels = vec![0; 1000];
    Key::new(1).integers(0, 10, &mut labels);
    let examples = Examples::labelled(inputs, 64, &labels, 10).unwrap();
    let theta: Vec<f32> = Initialization::lecun().draw(&network, Key::new(2));
    // Within the budget residuals are kept; beyond it they are recomputed for each product.
    for budget in [1 << 30, 1] {
        let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, examples.clone()).unwrap().memory_budget(budget);
        let point = risk.at(&theta).unwrap();
        let (hessian, gauss_newton) = (point.hessian(), point.gauss_newton());
        let mut out = theta.clone();
        let mut all = || {
            hessian.apply(&theta, &mut out);
            gauss_newton.apply(&theta, &mut out);
            risk.value_and_gradient(&theta, &mut out).unwrap();
        };
        // On one thread, where it is certain how many buffers are in use at once: several threads may need one more,
        // once, at any time. The calls come from within the pool, whose queue for calls from outside allocates by itself.
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        pool.install(|| {
            all();
            let (count, largest) = allocations(|| (0..20).for_each(|_| all()));
            assert_eq!((count, largest), (0, 0), "budget {budget}: allocations, and bytes of the largest");
        });
    }
    // The count can see an allocation.
    assert_eq!(allocations(|| drop(std::hint::black_box(vec![0u8; 5000]))), (1, 5000));
}
