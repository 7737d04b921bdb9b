//! Tells the crate whether it is optimised: what is compiled once here for all crates that use it (`scalar::compiled_once`) is
//! much code, and without optimisation it would make the first build longer and gain nothing.

fn main() {
    println!("cargo::rerun-if-changed=src/build.rs");
    println!("cargo::rustc-check-cfg=cfg(optimized)");
    if std::env::var("OPT_LEVEL").is_ok_and(|level| level != "0") {
        println!("cargo::rustc-cfg=optimized");
    }
}
