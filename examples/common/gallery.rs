//! Where a numbered example puts its picture.

use std::io;
use std::path::PathBuf;

/// The place of a file: in the folder that the first argument names, which is made if needed, or in `target/gallery`.
pub fn place(file: &str) -> io::Result<PathBuf> {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "target/gallery".to_string()));
    std::fs::create_dir_all(&folder)?;
    let place = folder.join(file);
    println!("picture: {}", place.display());
    Ok(place)
}
