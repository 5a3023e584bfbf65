//! Holds the benchmarks of the crates; see `README.md` beside this file.
