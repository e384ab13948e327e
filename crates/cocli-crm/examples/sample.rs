//! Writes a data folder of the original tool: `sample FOLDER [COMPANIES [ROUNDS_BEHIND]]`.

use std::error::Error;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Instant;

use cocli_crm::sample::{Age, Sample};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("sample FOLDER [COMPANIES [ROUNDS_BEHIND]]")?);
    let companies = arguments.next().map_or(Ok(200), |count| count.parse())?;
    let behind = arguments.next().map_or(Ok(0), |rounds| rounds.parse())?;
    let started = Instant::now();
    let truth = Sample { age: Age::behind(behind), ..Sample::of(companies) }.write(&folder)?;
    let mut out = std::io::stdout();
    writeln!(out, "{truth:#?}")?;
    let seconds = started.elapsed().as_secs_f64();
    writeln!(out, "{} files, {} bytes, {seconds:.2} s", truth.files, truth.bytes)?;
    if let Ok(status) = std::fs::read_to_string("/proc/self/status") {
        status.lines().filter(|line| line.starts_with("VmHWM")).try_for_each(|line| writeln!(out, "{line}"))?;
    }
    Ok(())
}
