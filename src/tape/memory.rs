//! Stretches of a workspace, given to values and taken back.

/// Free stretches of the workspace, in order of their start.
#[derive(Debug, Default)]
pub(super) struct Memory {
    free: Vec<(usize, usize)>,
    /// The number of entries that have been needed at once.
    pub(super) len: usize,
}

impl Memory {
    /// The start of the smallest free stretch that is long enough, or of new memory.
    pub(super) fn allocate(&mut self, len: usize) -> usize {
        if len == 0 {
            return 0;
        }
        let fits = self.free.iter().enumerate().filter(|(_, stretch)| stretch.1 >= len);
        match fits.min_by_key(|(_, stretch)| stretch.1).map(|(index, _)| index) {
            Some(index) => {
                let (start, room) = self.free[index];
                if room == len {
                    self.free.remove(index);
                } else {
                    self.free[index] = (start + len, room - len);
                }
                start
            }
            None => {
                self.len += len;
                self.len - len
            }
        }
    }

    pub(super) fn free(&mut self, start: usize, len: usize) {
        if len == 0 {
            return;
        }
        let index = self.free.partition_point(|stretch| stretch.0 < start);
        self.free.insert(index, (start, len));
        if self.free.get(index + 1).is_some_and(|next| start + len == next.0) {
            self.free[index].1 += self.free.remove(index + 1).1;
        }
        if index > 0 && self.free[index - 1].0 + self.free[index - 1].1 == start {
            self.free[index - 1].1 += self.free.remove(index).1;
        }
    }
}
