//! Everything a logic crate must not do. Never compiled into anything: see `bites.rs`.

pub fn clock() -> bool {
    let a = std::time::Instant::now(); // refused
    let b = std::time::SystemTime::now(); // refused
    let c = jiff::Timestamp::now(); // refused
    let d = jiff::Zoned::now(); // refused
    a.elapsed().is_zero() || b.elapsed().is_err() || c < d.timestamp() // refused
}

pub fn sleep() {
    std::thread::sleep(std::time::Duration::from_millis(1)); // refused
    std::thread::spawn(|| ()).join().ok(); // refused
}

pub fn disk() -> usize {
    let a = std::fs::read("a").map_or(0, |bytes| bytes.len()); // refused
    let b = std::fs::write("b", "c").is_ok(); // refused
    let c = std::fs::create_dir_all("d").is_ok() && std::fs::rename("e", "f").is_ok(); // refused
    let d = std::fs::File::open("g").is_ok(); // refused
    let e = std::path::Path::new("h").exists(); // refused
    a + usize::from(b && c && d && e)
}

pub fn sockets() -> bool {
    let a = std::net::TcpStream::connect("localhost:1").is_ok(); // refused
    let b = std::net::UdpSocket::bind("localhost:0").is_ok(); // refused
    let c = std::net::TcpListener::bind("localhost:0").is_ok(); // refused
    a && b && c
}

pub fn surroundings() -> bool {
    let a = std::env::var("HOME").is_ok(); // refused
    let b = std::process::Command::new("true").status().is_ok(); // refused
    a && b
}

/// Values of time and addresses are fine: they came in as arguments.
pub fn allowed(now: std::time::Duration, text: &str) -> Result<std::net::IpAddr, std::net::AddrParseError> {
    let _ = now + std::time::Duration::from_secs(1);
    text.parse()
}
