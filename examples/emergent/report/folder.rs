//! A folder that is replaced as a whole: an interrupt leaves the older report, never half of a new one.
//!
//! The files go into a fresh folder beside the target, which then takes its place by renaming. Whoever is interrupted
//! leaves that folder behind; the next run tells it from one still being written by the lock on its report.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

const REPORT: &str = "report.json";
const PAGE: &str = "index.html";

/// Makes sure, before the long work, that a report can replace what stands at `directory`; removes what interrupted
/// runs have left beside it. Returns the folder's full path.
///
/// # Errors
/// If `directory` is a file, holds anything that is not a report's, or the place is not writable.
pub fn prepare(directory: &Path) -> io::Result<PathBuf> {
    let target = resolve(directory)?;
    remove_leftovers(&target)?;
    refuse_strangers(&target)?;
    let trial = sibling(&target, "new")?;
    fs::create_dir(&trial)
        .and_then(|()| fs::remove_dir(&trial))
        .map_err(|error| explain("write beside", &target, error))?;
    Ok(target)
}

/// Puts `files` (name and content) in the place of whatever report stands at `directory`.
pub fn replace(directory: &Path, files: &[(String, String)]) -> io::Result<()> {
    let target = prepare(directory)?;
    let (fresh, old) = (sibling(&target, "new")?, sibling(&target, "old")?);
    let result = fill(&fresh, files).and_then(|()| swap(&fresh, &target, &old));
    if result.is_err() {
        // The first error is the one to tell; leftovers are removed by the next run at the latest.
        let _ = fs::remove_dir_all(&fresh);
    }
    result.map_err(|error| explain("replace", &target, error))
}

fn resolve(directory: &Path) -> io::Result<PathBuf> {
    if directory.exists() {
        return directory.canonicalize().map_err(|error| explain("find", directory, error));
    }
    let Some(name) = directory.file_name() else {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("`{}` does not end in a name; --output must name a directory", directory.display()),
        ));
    };
    let parent = match directory.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(parent).map_err(|error| explain("create", parent, error))?;
    Ok(parent.canonicalize().map_err(|error| explain("find", parent, error))?.join(name))
}

fn sibling(target: &Path, kind: &str) -> io::Result<PathBuf> {
    Ok(target.with_file_name(format!("{}{kind}-{}", prefix(target)?, std::process::id())))
}

fn prefix(target: &Path) -> io::Result<String> {
    match target.file_name() {
        Some(name) => Ok(format!(".{}.", name.display())),
        None => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("`{}` cannot be replaced; choose another --output", target.display()),
        )),
    }
}

fn remove_leftovers(target: &Path) -> io::Result<()> {
    let parent = target.parent().unwrap_or(Path::new("."));
    let (new, old) = (format!("{}new-", prefix(target)?), format!("{}old-", prefix(target)?));
    for entry in fs::read_dir(parent).map_err(|error| explain("read", parent, error))? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        if name.strip_prefix(&old).is_some_and(is_number) {
            // Between its two renames an interrupted run had no report in place: the older one comes back.
            if !target.exists() {
                fs::rename(entry.path(), target)?;
            } else {
                fs::remove_dir_all(entry.path())?;
            }
        } else if name.strip_prefix(&new).is_some_and(is_number) && abandoned(&entry.path()) {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A run that still writes holds the lock of its report, and loses it when it ends in whatever way.
fn abandoned(folder: &Path) -> bool {
    match File::open(folder.join(REPORT)) {
        Ok(file) => file.try_lock().is_ok(),
        Err(_) => true,
    }
}

fn refuse_strangers(target: &Path) -> io::Result<()> {
    if !target.exists() {
        return Ok(());
    }
    let refuse = |what: String| {
        let text = format!("`{}` {what}; choose another --output, or an empty directory", target.display());
        Err(io::Error::new(io::ErrorKind::AlreadyExists, text))
    };
    if !target.is_dir() {
        return refuse("is not a directory".to_string());
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(target).map_err(|error| explain("read", target, error))? {
        let entry = entry?;
        let name = entry.file_name().display().to_string();
        let ours = entry.file_type()?.is_file() && (name == REPORT || name == PAGE || name.ends_with(".svg"));
        if !ours {
            return refuse(format!("holds `{name}`, which is not part of a report"));
        }
        names.push(name);
    }
    let whole = [REPORT, PAGE].iter().all(|name| names.iter().any(|other| other == name));
    if !whole && !names.is_empty() {
        return refuse("holds files, but no report".to_string());
    }
    Ok(())
}

fn fill(fresh: &Path, files: &[(String, String)]) -> io::Result<()> {
    fs::create_dir(fresh)?;
    let lock = File::create(fresh.join(REPORT))?;
    // Where a file system has no locks, a run may at worst see the leftovers of another one as its own.
    let _ = lock.try_lock();
    for (name, content) in files {
        match name.as_str() {
            REPORT => (&lock).write_all(content.as_bytes())?,
            _ => fs::write(fresh.join(name), content)?,
        }
    }
    lock.sync_all()
}

fn swap(fresh: &Path, target: &Path, old: &Path) -> io::Result<()> {
    if !target.exists() {
        return fs::rename(fresh, target);
    }
    fs::rename(target, old)?;
    if let Err(error) = fs::rename(fresh, target) {
        fs::rename(old, target)?;
        return Err(error);
    }
    fs::remove_dir_all(old)
}

fn explain(action: &str, path: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("cannot {action} `{}`: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of its own for each test, under the build directory.
    fn place(name: &str) -> PathBuf {
        let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tmp/folder").join(name);
        let _ = fs::remove_dir_all(&place);
        fs::create_dir_all(&place).unwrap();
        place
    }

    fn files(content: &str) -> Vec<(String, String)> {
        [REPORT, PAGE, "one.svg"].map(|name| (name.to_string(), content.to_string())).to_vec()
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_new_report_takes_the_place_of_the_old_one_and_nothing_else_remains() {
        let place = place("replaced");
        let target = place.join("deep/report");
        replace(&target, &files("first")).unwrap();
        fs::write(target.join("retired.svg"), "a picture that the new version no longer draws").unwrap();
        replace(&target, &files("second")).unwrap();
        assert_eq!(names(&target), ["index.html", "one.svg", "report.json"]);
        assert_eq!(fs::read_to_string(target.join(REPORT)).unwrap(), "second");
        assert_eq!(names(&place.join("deep")), ["report"]);
    }

    #[test]
    fn leftovers_of_interrupted_runs_are_removed_and_a_running_one_is_left_alone() {
        let place = place("leftovers");
        let target = place.join("report");
        for leftover in [".report.new-1", ".report.old-1", ".report.new-2", ".report.new-x", ".other.new-1"] {
            fs::create_dir(place.join(leftover)).unwrap();
        }
        for file in [REPORT, PAGE] {
            fs::write(place.join(".report.old-1").join(file), "older").unwrap();
        }
        let writing = File::create(place.join(".report.new-2").join(REPORT)).unwrap();
        writing.lock().unwrap();
        let resolved = prepare(&target).unwrap();
        assert_eq!(resolved.file_name().unwrap(), "report");
        assert_eq!(names(&place), [".other.new-1", ".report.new-2", ".report.new-x", "report"]);
        assert_eq!(fs::read_to_string(target.join(REPORT)).unwrap(), "older", "an interrupted swap is undone");
        drop(writing);
        prepare(&target).unwrap();
        assert_eq!(names(&place), [".other.new-1", ".report.new-x", "report"]);
    }

    #[test]
    fn what_is_not_a_report_is_never_touched() {
        let place = place("strangers");
        fs::write(place.join("thesis.tex"), "years of work").unwrap();
        let error = replace(&place, &files("new")).unwrap_err().to_string();
        assert!(error.contains("thesis.tex") && error.contains("--output"), "{error}");
        let error = replace(&place.join("thesis.tex"), &files("new")).unwrap_err().to_string();
        assert!(error.contains("not a directory"), "{error}");
        assert_eq!(names(&place), ["thesis.tex"]);
        fs::rename(place.join("thesis.tex"), place.join("lone.svg")).unwrap();
        let error = replace(&place, &files("new")).unwrap_err().to_string();
        assert!(error.contains("no report"), "{error}");
        assert!(replace(Path::new("/"), &files("new")).is_err());
        assert!(replace(&place.join("lone.svg/below"), &files("new")).is_err());
    }
}
