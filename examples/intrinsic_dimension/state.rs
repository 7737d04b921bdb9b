//! What is known of a run, on disk: a run that was killed goes on from there.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use eigenscape::subspace::IntrinsicSearch;
use serde_json::{Value, json};

/// The accuracies of the full model, one for each key that is done, and the search.
#[derive(Debug, Default)]
pub struct State {
    pub full: Vec<f64>,
    pub search: Option<IntrinsicSearch>,
}

/// A place for the state of one run.
#[derive(Debug)]
pub struct Place {
    path: PathBuf,
    about: String,
}

impl Place {
    /// The place in a directory for the run that `about` tells everything of; another run has another place.
    pub fn new(directory: &Path, name: &str, about: &str) -> io::Result<Self> {
        fs::create_dir_all(directory)?;
        // FNV-1a: a short name for a long description, which is compared in full when it is read.
        let hash = about
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
        Ok(Place { path: directory.join(format!("{name}-{hash:016x}.json")), about: about.to_string() })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What stands there; nothing if there is none, or it is that of another run or damaged.
    pub fn load(&self) -> State {
        let read = || -> Option<State> {
            let value: Value = serde_json::from_str(&fs::read_to_string(&self.path).ok()?).ok()?;
            if value["about"] != self.about.as_str() {
                return None;
            }
            let full = value["full"].as_array()?.iter().map(Value::as_f64).collect::<Option<Vec<f64>>>()?;
            let search = match &value["search"] {
                Value::Null => None,
                saved => Some(serde_json::from_value(saved.clone()).ok()?),
            };
            Some(State { full, search })
        };
        read().unwrap_or_default()
    }

    /// Puts a state there, whole or not at all.
    pub fn save(&self, full: &[f64], search: Option<&IntrinsicSearch>) -> io::Result<()> {
        let value = json!({ "about": self.about, "full": full, "search": search });
        let beside = self.path.with_extension("json.part");
        fs::write(&beside, serde_json::to_vec(&value)?)?;
        fs::rename(&beside, &self.path)
    }
}

#[cfg(test)]
mod tests {
    use eigenscape::random::Key;
    use eigenscape::subspace::{Criterion, IntrinsicDimension};

    use super::*;

    #[test]
    fn states_come_back_and_nothing_else_does() {
        let directory = std::env::temp_dir().join(format!("eigenscape-intrinsic-{}", std::process::id()));
        let place = Place::new(&directory, "test", "one run").unwrap();
        assert!(place.load().full.is_empty());
        let mut search = IntrinsicDimension::new(Criterion::AtLeast(0.5), 100, Key::new(0)).begin().unwrap();
        search.record(0.25).unwrap();
        place.save(&[0.5, 0.75], Some(&search)).unwrap();
        let state = place.load();
        assert_eq!((state.full, state.search), (vec![0.5, 0.75], Some(search)));
        let other = Place { about: "another".to_string(), path: place.path.clone() };
        assert!(other.load().search.is_none());
        fs::write(place.path(), "{").unwrap();
        assert!(place.load().full.is_empty());
        fs::remove_dir_all(directory).unwrap();
    }
}
