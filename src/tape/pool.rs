//! Buffers to be used again, so that calls allocate nothing once each thread has had its turn.

use std::sync::Mutex;

use super::plan::{Plan, Workspace};
use crate::scalar::Scalar;

/// Buffers to be used again: as many as have ever been in use at once.
#[derive(Debug)]
pub(crate) struct Pool<B> {
    idle: Mutex<Vec<B>>,
}

impl<B> Default for Pool<B> {
    fn default() -> Self {
        Pool { idle: Mutex::new(Vec::new()) }
    }
}

impl<B> Pool<B> {
    pub(crate) fn take(&self, make: impl FnOnce() -> B) -> B {
        // The lock is held for a pop alone; a buffer carries no state, so a poisoned pool is as good as any.
        let idle = self.idle.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).pop();
        idle.unwrap_or_else(make)
    }

    pub(crate) fn give(&self, buffer: B) {
        self.idle.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).push(buffer);
    }
}

/// Runs a plan with a workspace from a pool.
#[track_caller]
pub(crate) fn run_pooled<T: Scalar>(
    plan: &Plan<T>,
    pool: &Pool<Workspace<T>>,
    arguments: &[&[T]],
    results: &mut [&mut [T]],
) {
    let mut workspace = pool.take(|| plan.workspace());
    plan.run(arguments, results, &mut workspace);
    pool.give(workspace);
}
