//! Buckets as people meet them: a folder, and a real server that speaks S3.

#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use cocli_bucket::{Address, Credentials, Settings, Store};
use cocli_crm::roster;
use cocli_journal::segment::{SegmentName, unpack};
use cocli_model::Epoch;
use common::Machine;

/// How long a server may take to answer; far beyond what it needs.
const PATIENCE: Duration = Duration::from_secs(120);

/// A moto server with one bucket, in memory, on loopback.
struct Moto {
    process: Child,
    port: u16,
}

impl Moto {
    fn start() -> Moto {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new(server());
        command.args(["-H", "127.0.0.1", "-p", &port.to_string()]).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().expect("make tools installs moto");
        let moto = Moto { process, port };
        let started = Instant::now();
        while moto.ask("PUT /acme-data").is_none_or(|answer| !answer.starts_with("HTTP/1.1 200")) {
            assert!(started.elapsed() < PATIENCE, "moto does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
        moto
    }

    fn ask(&self, what: &str) -> Option<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        let request = format!("{what} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        Some(answer)
    }

    fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Where `make tools` puts it: beside what cargo builds.
fn server() -> PathBuf {
    let binary = Path::new(env!("CARGO_BIN_EXE_cocli"));
    binary.parent().unwrap().parent().unwrap().join("tools/moto/bin/moto_server")
}

#[test]
fn a_folder_is_probed_and_what_is_no_bucket_is_told_precisely() {
    let machine = Machine::bare();
    let folder = machine.path().join("backup");
    std::fs::create_dir(&folder).unwrap();
    let url = format!("file://{}", folder.display());
    let verdict = machine.json(&["bucket", "probe", &url]);
    assert_eq!((&verdict["durable"], &verdict["leases"]), (&true.into(), &"this machine".into()), "{verdict}");
    let left: Vec<PathBuf> = files(&folder);
    assert!(left.is_empty(), "the probe left {left:?}");

    let gone = machine.run(&["bucket", "probe", &format!("{url}/not-mounted")]);
    assert_eq!(gone.exit, 4, "{}", gone.err);
    assert!(gone.err.contains("E0620") && gone.err.contains("not mounted"), "{}", gone.err);
    assert!(!folder.join("not-mounted").exists());
    let nobody =
        machine.command(&["bucket", "probe", "s3://acme-data"]).env_remove("AWS_ACCESS_KEY_ID").output().unwrap();
    let words = String::from_utf8_lossy(&nobody.stderr);
    assert_eq!(nobody.status.code(), Some(4), "{words}");
    assert!(words.contains("AWS_ACCESS_KEY_ID"), "{words}");
    assert_eq!(machine.run(&["bucket", "probe", "https://acme-data"]).exit, 2);
}

#[test]
fn r64_moto_passes_the_race_and_a_bucket_that_is_not_there_is_told() {
    let moto = Moto::start();
    let machine = Machine::bare();
    let probe = |url: &str| {
        machine.command(&["bucket", "probe", url, "--endpoint", &moto.endpoint(), "--json"]).output().unwrap()
    };
    let passed = probe("s3://acme-data/crm");
    let verdict: serde_json::Value = serde_json::from_slice(&passed.stdout).unwrap();
    assert_eq!((&verdict["durable"], &verdict["leases"]), (&true.into(), &"everybody".into()), "{verdict}");
    let missing = probe("s3://no-such-bucket");
    assert_eq!(missing.status.code(), Some(6));
    let verdict: serde_json::Value = serde_json::from_slice(&missing.stdout).unwrap();
    let seen = verdict["capabilities"][0]["seen"].as_str().unwrap();
    assert!(seen.starts_with("there is no such bucket"), "{seen}");
}

/// What a node wrote, from its bucket alone: believed only as far as it is signed.
fn journals_in(settings: &Settings, machine: &Machine) -> BTreeMap<Epoch, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let store = Store::open(settings).unwrap();
    let roster = roster::Roster::read(&roster::path(&machine.data())).unwrap();
    let mut journals: BTreeMap<Epoch, (u64, Vec<u8>)> = BTreeMap::new();
    for member in roster.members() {
        let listed = runtime.block_on(store.list(&format!("wal/{}", member.id()), None, 10_000)).unwrap();
        for object in listed {
            let name: SegmentName = object.key.parse().unwrap();
            let bytes = runtime.block_on(store.get(&object.key)).unwrap().unwrap();
            let (last, text) = journals.entry(name.epoch).or_default();
            for datagram in unpack(&name, &bytes, &member.key).unwrap() {
                // Segments may overlap after a kill; nothing may be missing.
                assert!(datagram.first() <= *last + 1, "{name} leaves a hole behind row {last}");
                if datagram.last() > *last {
                    datagram.write_usv(text);
                    *last = datagram.last();
                }
            }
        }
    }
    journals.into_iter().map(|(epoch, (_, text))| (epoch, told(&text))).collect()
}

/// What its own journals hold, epoch by epoch.
fn journals_of(machine: &Machine) -> BTreeMap<Epoch, String> {
    let mut journals: BTreeMap<Epoch, Vec<u8>> = BTreeMap::new();
    let mut paths = files(&machine.data().join("wal"));
    paths.sort();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|end| end == "usv")) {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let epoch = name.rsplit('.').next().unwrap().parse().unwrap();
        journals.entry(epoch).or_default().extend(std::fs::read(path).unwrap());
    }
    journals.into_iter().map(|(epoch, text)| (epoch, told(&text))).collect()
}

/// A text in a few words, for a failure that can be read.
fn told(text: &[u8]) -> String {
    format!("{} bytes, {}", text.len(), blake3::hash(text).to_hex())
}

fn wait_up_to_date(machine: &Machine) {
    let started = Instant::now();
    loop {
        let status = machine.json(&["status"]);
        if status["bucket"].as_str().is_some_and(|bucket| bucket.ends_with(": up to date")) {
            return;
        }
        assert!(started.elapsed() < PATIENCE, "{status}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A node writes, its daemon is killed between and in the middle, and everything is found in
/// its bucket.
fn what_is_written_is_in(settings: &Settings) {
    let mut machine = Machine::new("laptop");
    let url = settings.address.to_string();
    let mut add = vec!["bucket", "add", &url];
    add.extend(settings.endpoint.iter().flat_map(|endpoint| ["--endpoint", endpoint]));
    machine.ok(&add);
    for round in 0..3 {
        machine.start(machine.data().to_str().unwrap());
        machine.ok(&["company", "add", &format!("Acme {round}"), "--city", "Brea"]);
        if round == 1 {
            wait_up_to_date(&machine);
        }
        machine.kill_daemon();
        machine.ok(&["note", "add", &format!("acme-{round}"), "written while no daemon ran"]);
    }
    machine.start(machine.data().to_str().unwrap());
    wait_up_to_date(&machine);
    assert_eq!(journals_in(settings, &machine), journals_of(&machine));
    machine.ok(&["note", "add", "acme-1", "found by a daemon that runs"]);
    let started = Instant::now();
    while journals_in(settings, &machine) != journals_of(&machine) {
        assert!(started.elapsed() < PATIENCE, "the last note never came");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn r63_everything_written_is_in_a_folder_bucket_whatever_was_killed() {
    let folder = tempfile::tempdir().unwrap();
    let address = Address::Folder(folder.path().to_owned());
    what_is_written_is_in(&Settings { address, endpoint: None, region: None, credentials: None });
}

#[test]
fn r63_everything_written_is_in_an_s3_bucket_whatever_was_killed() {
    let moto = Moto::start();
    let credentials = Credentials { key_id: "test".to_owned(), secret: "test".to_owned(), token: None };
    let (endpoint, credentials) = (Some(moto.endpoint()), Some(credentials));
    let address = "s3://acme-data/crm".parse().unwrap();
    what_is_written_is_in(&Settings { address, endpoint, region: None, credentials });
}

#[test]
fn r61_while_the_bucket_is_away_writing_goes_on_and_it_is_told_and_made_up_for() {
    let folder = tempfile::tempdir().unwrap();
    let (here, away) = (folder.path().join("bucket"), folder.path().join("away"));
    std::fs::create_dir(&here).unwrap();
    let settings = Settings { address: Address::Folder(here.clone()), endpoint: None, region: None, credentials: None };
    let mut machine = Machine::new("laptop");
    machine.ok(&["bucket", "add", &settings.address.to_string()]);
    std::fs::rename(&here, &away).unwrap();
    machine.start(machine.data().to_str().unwrap());
    machine.ok(&["company", "add", "Acme Roofing"]);
    let started = Instant::now();
    while !machine.json(&["status"])["bucket"].as_str().unwrap().contains("cannot be reached") {
        assert!(started.elapsed() < PATIENCE, "nobody says that the bucket is away");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(!here.exists(), "an absent folder is never made");
    assert_eq!(machine.ok(&["show", "acme-roofing", "--field", "name"]), "Acme Roofing\n");
    std::fs::rename(&away, &here).unwrap();
    wait_up_to_date(&machine);
    assert_eq!(journals_in(&settings, &machine), journals_of(&machine));
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}
