//! The `straykey` program: its command line. All that it does, the library does.

mod cli;

fn main() -> std::process::ExitCode {
    cli::main()
}
