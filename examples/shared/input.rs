//! What a program reads: the file that its command line names, or one of testdata.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use clap::Parser;

/// Runs on a file of testdata unless another one is named.
#[derive(Parser)]
struct Arguments {
    /// The file to read instead.
    file: Option<PathBuf>,
}

/// The content of the file that the command line names, or of `default`, a file in `testdata/`.
/// Ends the program where the command line has anything else.
///
/// # Errors
///
/// Where the file can not be read; the text begins with its path.
pub fn input(default: &str) -> io::Result<Vec<u8>> {
    let path = path(default);
    fs::read(&path).map_err(|error| naming(&path, &error))
}

/// The same, opened and not read.
///
/// # Errors
///
/// Where the file can not be opened; the text begins with its path.
pub fn input_file(default: &str) -> io::Result<File> {
    let path = path(default);
    File::open(&path).map_err(|error| naming(&path, &error))
}

fn path(default: &str) -> PathBuf {
    let Arguments { file } = Arguments::parse();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    file.unwrap_or_else(|| root.with_file_name("testdata").join(default))
}

fn naming(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
