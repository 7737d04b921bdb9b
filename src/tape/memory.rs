//! Stretches of a workspace, given to values and taken back.

use std::collections::{BTreeMap, BTreeSet};

/// Free stretches of the workspace.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// Their lengths by their starts.
    by_start: BTreeMap<usize, usize>,
    /// The same as (length, start).
    by_len: BTreeSet<(usize, usize)>,
    /// The number of entries that have been needed at once.
    pub(super) len: usize,
}

impl Memory {
    /// The start of the smallest free stretch that is long enough, or of new memory.
    pub(super) fn allocate(&mut self, len: usize) -> usize {
        if len == 0 {
            return 0;
        }
        let Some(&(room, start)) = self.by_len.range((len, 0)..).next() else {
            self.len += len;
            return self.len - len;
        };
        self.remove(start, room);
        if room > len {
            self.insert(start + len, room - len);
        }
        start
    }

    /// Takes a stretch back, and joins it with those that it touches.
    pub(super) fn free(&mut self, mut start: usize, mut len: usize) {
        if len == 0 {
            return;
        }
        if let Some((&before, &room)) = self.by_start.range(..start).next_back()
            && before + room == start
        {
            self.remove(before, room);
            (start, len) = (before, len + room);
        }
        if let Some(&room) = self.by_start.get(&(start + len)) {
            self.remove(start + len, room);
            len += room;
        }
        self.insert(start, len);
    }

    fn insert(&mut self, start: usize, len: usize) {
        self.by_start.insert(start, len);
        self.by_len.insert((len, start));
    }

    fn remove(&mut self, start: usize, len: usize) {
        self.by_start.remove(&start);
        self.by_len.remove(&(len, start));
    }
}
