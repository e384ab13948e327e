//! Every command once as people use it, and as they get it wrong: exit, code, output.

#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

mod common;

use common::{Machine, carry, pair};
use serde_json::json;

fn acme() -> Machine {
    let machine = Machine::new("laptop");
    machine.ok(&["company", "add", "Acme Roofing", "--domain", "acme-roofing.example", "--phone", "(714) 555-0142"]);
    machine
}

#[test]
fn failures_have_an_exit_a_code_and_a_way_out() {
    let machine = acme();
    machine.ok(&["company", "add", "Acme Plumbing", "--domain", "acme-plumbing.example"]);
    let long = "a".repeat(300);
    let cases: Vec<(&str, Vec<&str>, i32, &str, &str)> = vec![
        ("a second folder", vec!["init"], 4, "E0205", "cocli status"),
        (
            "a domain twice",
            vec!["company", "add", "X", "--domain", "www.acme-roofing.example"],
            4,
            "E0410",
            "--allow-duplicate",
        ),
        ("a name twice", vec!["company", "add", "Acme Roofing"], 4, "E0411", "--slug"),
        ("a name of nothing", vec!["company", "add", " "], 4, "E0409", ""),
        ("an emptied name", vec!["company", "set", "acme-roofing", "name="], 4, "E0409", ""),
        ("an emptied domain", vec!["company", "set", "acme-roofing", "domain="], 4, "E0409", ""),
        ("an unknown company", vec!["show", "brea"], 3, "E0404", "cocli company ls"),
        ("an ambiguous word", vec!["company", "set", "acme", "city=Brea"], 2, "E0405", "acme-plumbing"),
        ("r82 a path", vec!["show", "../x"], 3, "E0404", "character '.'"),
        ("r82 a reserved slug", vec!["company", "add", "X", "--slug", "wal"], 2, "", "reserved name"),
        ("r82 a device's name", vec!["company", "add", "X", "--slug", "con"], 2, "", "reserved name"),
        ("r82 a path as slug", vec!["company", "add", "X", "--slug", "../x"], 2, "", "character '.'"),
        ("r82 one letter", vec!["company", "add", "X", "--slug", "x"], 2, "", "a slug of 1 bytes"),
        ("r82 300 letters", vec!["company", "add", "X", "--slug", &long], 2, "", "a slug of 300 bytes"),
        ("no assignment", vec!["company", "set", "acme-roofing", "city"], 2, "", "field=value"),
        ("the slug as a field", vec!["company", "set", "acme-roofing", "slug=x"], 2, "", "name of the folder"),
        ("an empty note", vec!["note", "add", "acme-roofing", " "], 2, "E0416", ""),
        ("no such field", vec!["show", "acme-roofing", "--field", "city"], 3, "E0404", ""),
        (
            "no conflict",
            vec!["conflicts", "resolve", "acme-roofing", "phone", "--keep", "A"],
            3,
            "E0415",
            "conflicts ls",
        ),
        ("no such commit", vec!["undo", "2020-01-01T00:00:00.000000Z"], 3, "E0406", "cocli log"),
        ("not deleted", vec!["restore", "acme-roofing"], 4, "E0414", ""),
        ("no list", vec!["company", "add", "--from", "no-such.csv"], 2, "E0420", "no-such.csv"),
        (
            "no daemon",
            vec!["company", "set", "acme-roofing", "city=Brea", "--ack", "cluster"],
            6,
            "E0601",
            "cocli node run",
        ),
        ("nobody else", vec!["sync", "now"], 6, "E0606", "cocli peer add"),
        ("no key", vec!["peer", "add", "pi", "--key", "AAAA"], 2, "E0204", "cocli node ls"),
        ("no error", vec!["explain", "E9999"], 3, "E0404", "cocli explain"),
        ("a typo", vec!["company", "ad"], 2, "", "'add'"),
        ("a typo at the top", vec!["hsitory", "acme"], 2, "", "'history'"),
    ];
    let before = machine.json(&["status"])["state"].clone();
    for (name, args, exit, code, words) in cases {
        let err = machine.fails(exit, &args);
        assert!(code.is_empty() || err.contains(&format!("error[{code}]: ")), "{name}: {err}");
        assert!(err.contains(words), "{name}: {err}");
    }
    assert_eq!(machine.json(&["status"])["state"], before, "nothing that failed wrote anything");
}

#[test]
fn a_folder_that_is_not_here_is_told_and_never_made() {
    let machine = Machine::bare();
    let err = machine.fails(3, &["company", "ls"]);
    assert!(err.contains("E0201") && err.contains("cocli init"), "{err}");
    assert!(!machine.data().exists());
    std::fs::create_dir_all(machine.data()).unwrap();
    let err = machine.fails(4, &["company", "add", "X"]);
    assert!(err.contains("E0202") && err.contains("not mounted"), "{err}");
    assert_eq!(std::fs::read_dir(machine.data()).unwrap().count(), 0, "an empty mount point stays empty");
}

#[test]
fn a_copy_of_the_data_folder_alone_is_a_new_node() {
    let machine = acme();
    let elsewhere = Machine::bare();
    let copied =
        std::process::Command::new("cp").arg("-a").arg(machine.data()).arg(elsewhere.path().join("copy")).status();
    assert!(copied.unwrap().success());
    let err = elsewhere.fails(4, &["--data-home", "copy", "show", "acme"]);
    assert!(err.contains("E0203") && err.contains("cocli node init"), "{err}");
    elsewhere.ok(&["--data-home", "copy", "node", "init", "--name", "second"]);
    assert_eq!(elsewhere.ok(&["--data-home", "copy", "show", "acme", "--field", "name"]), "Acme Roofing\n");
    elsewhere.ok(&["--data-home", "copy", "company", "set", "acme", "city=Brea"]);
    let nodes = elsewhere.json(&["--data-home", "copy", "node", "ls"]);
    assert_eq!(nodes.as_array().unwrap().len(), 2);
    assert_eq!(std::fs::read_dir(elsewhere.path().join("copy/wal")).unwrap().count(), 2, "a journal each");
}

#[test]
fn data_goes_to_stdout_in_the_format_asked_for_and_talk_to_stderr() {
    let machine = acme();
    machine.ok(&["company", "set", "acme", "city=Brea", "tags+=roofing,prospect"]);
    let plain = machine.ok(&["company", "ls", "--fields", "phone,tags"]);
    assert_eq!(plain, "acme-roofing\tAcme Roofing\tacme-roofing.example\t+17145550142\tprospect, roofing\n");
    let table = machine.ok(&["company", "ls", "-o", "table", "--fields", "city"]);
    assert_eq!(
        table,
        "SLUG          NAME          DOMAIN                CITY\nacme-roofing  Acme Roofing  acme-roofing.example  Brea\n"
    );
    let shown = machine.json(&["show", "acme-roofing.example"]);
    let want = json!({
        "schema": "cocli.company/1", "slug": "acme-roofing", "name": "Acme Roofing", "domain": "acme-roofing.example",
        "phone_number": "+17145550142", "city": "Brea", "tags": ["prospect", "roofing"], "notes": [], "meetings": [], "conflicts": 0,
    });
    assert_eq!(shown, want);
    assert_eq!(machine.ok(&["show", "acme", "-o", "name"]), "company/acme-roofing\n");
    assert_eq!(machine.ok(&["company", "ls", "--count"]), "1\n");
    assert_eq!(machine.ok(&["company", "set", "acme", "city=Yorba Linda", "-o", "name"]), "company/acme-roofing\n");
    let quiet = machine.run(&["company", "set", "acme", "city=Brea", "-q"]);
    assert_eq!((quiet.exit, quiet.out.as_str(), quiet.err.as_str()), (0, "", ""));
    let md = machine.ok(&["show", "acme", "-o", "md"]);
    let file = std::fs::read_to_string(machine.data().join("companies/acme-roofing/_index.md")).unwrap();
    assert_eq!(md, file, "what is printed is the file");
    for line in machine.ok(&["history", "acme", "-o", "jsonl"]).lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["schema"], "cocli.record/1");
    }
}

#[test]
fn a_dry_run_says_what_would_be_and_writes_nothing() {
    let machine = acme();
    let before = machine.json(&["status"])["state"].clone();
    let cases: [&[&str]; 7] = [
        &["company", "add", "Brea Wealth", "-n"],
        &["company", "set", "acme", "city=Brea", "-n"],
        &["company", "rm", "acme", "-n"],
        &["note", "add", "acme", "x", "-n"],
        &["undo", "-n"],
        &["peer", "add", "--from", "data/cocli/data/.cocli/cluster.toml", "-n"],
        &["init", "--data-home", "elsewhere", "-n"],
    ];
    for args in cases {
        machine.ok(args);
    }
    assert_eq!(machine.json(&["status"])["state"], before);
    assert!(!machine.path().join("elsewhere").exists());
    // A dry run refuses what a real one would.
    machine.fails(4, &["company", "add", "X", "--domain", "acme-roofing.example", "-n"]);
}

#[test]
fn a_company_lives_is_changed_deleted_and_brought_back() {
    let machine = acme();
    let file = machine.data().join("companies/acme-roofing/_index.md");
    let err = machine.run(&["company", "set", "acme", "phone+=714-555-0199", "tags+=roofing"]).err;
    assert_eq!(err, "acme-roofing: phone 1 -> 2 values, tags +roofing\n");
    let err = machine.run(&["company", "set", "acme", "phone-=+17145550142"]).err;
    assert_eq!(err, "acme-roofing: phone 2 -> 1 value\n");
    let err = machine.run(&["company", "set", "acme", "phone=", "tags-=roofing", "tags-=nothing"]).err;
    assert_eq!(err, "acme-roofing: phone emptied, tags -roofing\n");
    let err = machine.run(&["company", "set", "acme", "tags-=nothing"]).err;
    assert_eq!(err, "acme-roofing: no change\n");
    machine.ok(&["note", "add", "acme", "Call in January.", "--title", "Next", "--tag", "pricing"]);
    machine.ok(&["company", "rm", "acme"]);
    assert!(!file.exists(), "its folder is in the trash");
    machine.fails(3, &["show", "acme"]);
    assert!(machine.fails(4, &["show", "acme-roofing"]).contains("cocli restore acme-roofing"));
    assert!(machine.fails(4, &["company", "add", "Acme Roofing"]).contains("E0413"));
    assert!(machine.ok(&["history", "acme-roofing"]).contains("Acme Roofing"), "history outlives it");
    machine.ok(&["restore", "acme-roofing"]);
    assert!(file.exists());
    assert_eq!(machine.json(&["show", "acme"])["notes"].as_array().unwrap().len(), 1, "its notes came back");
    machine.ok(&["undo"]);
    machine.fails(3, &["show", "acme"]);
    machine.ok(&["undo"]);
    machine.ok(&["show", "acme"]);
}

#[test]
fn undo_takes_back_the_last_command_or_another_and_names_what_it_leaves() {
    let machine = acme();
    machine.ok(&["company", "set", "acme", "city=Brea", "state=CA"]);
    let commit = machine.json(&["history", "acme", "--field", "city"])[0]["commit"].as_str().unwrap().to_owned();
    machine.ok(&["company", "set", "acme", "city=Yorba Linda"]);
    let err = machine.fails(7, &["undo", &commit]);
    assert!(err.contains("city was changed since"), "{err}");
    assert_eq!(machine.ok(&["show", "acme", "--field", "city"]), "Yorba Linda\n");
    machine.fails(3, &["show", "acme", "--field", "state"]);
    machine.ok(&["undo"]);
    assert_eq!(machine.ok(&["show", "acme", "--field", "state"]), "CA\n", "undo of the undo");
}

#[test]
fn the_log_tells_commits_and_proves_journals() {
    let machine = acme();
    let log = machine.json(&["log"]);
    assert_eq!(log[0]["rows"], 4, "{log}");
    assert!(machine.run(&["log", "--verify"]).err.contains("every chain unbroken"));
    let proof = machine.json(&["log", "--verify", "acme"]);
    assert!(proof.as_array().unwrap().iter().all(|line| line["sound"] == true), "{proof}");
    // One flipped letter in a sealed row.
    let journal = std::fs::read_dir(machine.data().join("wal")).unwrap().next().unwrap().unwrap().path();
    let text = std::fs::read_to_string(&journal).unwrap().replacen("Acme Roofing", "Acne Roofing", 1);
    std::fs::write(&journal, text).unwrap();
    let err = machine.fails(1, &["log", "--verify"]);
    assert!(err.contains("E0701"), "{err}");
}

#[test]
fn journals_alone_make_the_same_state_and_the_same_files() {
    let machine = acme();
    machine.ok(&["note", "add", "acme", "Call in January."]);
    machine.ok(&["company", "set", "acme", "city=Brea", "tags+=roofing"]);
    let state = machine.json(&["status"])["state"].as_str().unwrap().to_owned();
    let scratch = machine.path().join("scratch");
    std::fs::create_dir_all(scratch.join("wal")).unwrap();
    carry(&machine.data(), &scratch);
    let ran = machine.run(&["--data-home", "scratch", "fold", "--from-scratch"]);
    assert_eq!((ran.exit, ran.out.trim()), (0, state.as_str()), "{}", ran.err);
    assert!(ran.err.contains("not the signatures"), "{}", ran.err);
    let listing = |root: &std::path::Path| {
        let find = std::process::Command::new("sh")
            .arg("-c")
            .arg("find companies -type f | sort | xargs cat")
            .current_dir(root)
            .output();
        find.unwrap().stdout
    };
    assert_eq!(listing(&scratch), listing(&machine.data()));
    // With the roster signatures are checked too, and a folder in use is refused.
    let roster = machine.data().join(".cocli/cluster.toml");
    let wal = machine.data().join("wal");
    let args = [
        "--data-home",
        "again",
        "fold",
        "--from-scratch",
        "--wal",
        wal.to_str().unwrap(),
        "--roster",
        roster.to_str().unwrap(),
    ];
    assert_eq!(machine.ok(&args).trim(), state);
    assert!(machine.fails(4, &["fold", "--from-scratch"]).contains("E0205"));
    assert_eq!(machine.ok(&["fold"]).trim(), state, "the folder itself folds to the same");
}

#[test]
fn r83_two_people_create_one_slug_apart_and_both_sides_see_the_collision() {
    let machine = Machine::bare();
    pair(&machine, "laptop", "pi-1");
    machine.ok(&["--data-home", "laptop", "company", "add", "Acme Roofing", "--domain", "acme-ca.example"]);
    machine.ok(&["--data-home", "pi-1", "company", "add", "Acme Roofing", "--domain", "acme-nm.example"]);
    let (laptop, pi) = (machine.path().join("laptop"), machine.path().join("pi-1"));
    carry(&laptop, &pi);
    carry(&pi, &laptop);
    let mut states = Vec::new();
    for node in ["laptop", "pi-1"] {
        let status = machine.json(&["--data-home", node, "status"]);
        assert_eq!((&status["collisions"], &status["conflicts"]), (&json!(1), &json!(1)), "{node}: {status}");
        states.push(status["state"].clone());
        let open = machine.json(&["--data-home", node, "conflicts", "ls"]);
        let kinds: Vec<&str> = open.as_array().unwrap().iter().map(|it| it["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["conflict", "collision"], "{node}: {open}");
        let text = machine.ok(&["--data-home", node, "conflicts", "ls"]);
        assert!(text.contains("acme-ca.example") && text.contains("acme-nm.example"), "{node}: {text}");
        assert!(text.contains("by laptop") && text.contains("by pi-1"), "{node}: {text}");
    }
    assert_eq!(states[0], states[1]);
}

#[test]
fn r83_two_machines_that_read_one_list_make_one_company_of_each_firm() {
    let machine = Machine::bare();
    pair(&machine, "laptop", "pi-1");
    let list = "name,domain\nAcme Roofing,acme-ca.example\nAcme Roofing,acme-nm.example\n";
    std::fs::write(machine.path().join("list.csv"), list).unwrap();
    for node in ["laptop", "pi-1"] {
        machine.ok(&["--data-home", node, "company", "add", "--from", "list.csv"]);
    }
    carry(&machine.path().join("laptop"), &machine.path().join("pi-1"));
    let slugs = machine.ok(&["--data-home", "pi-1", "company", "ls", "-o", "name"]);
    assert_eq!(slugs.lines().count(), 2, "{slugs}");
    assert!(slugs.lines().all(|slug| slug.starts_with("company/acme-roofing-")), "{slugs}");
    assert_eq!(machine.json(&["--data-home", "pi-1", "status"])["collisions"], 0);
}

#[test]
fn r79_a_state_that_is_gone_foreign_or_damaged_is_made_again() {
    let machine = acme();
    let db = || {
        let cache = machine.path().join("cache/cocli");
        let folder = std::fs::read_dir(cache).unwrap().next().unwrap().unwrap().path();
        folder.join("state.db")
    };
    let other = Machine::new("other");
    other.ok(&["company", "add", "Brea Wealth"]);
    let other_db =
        std::fs::read_dir(other.path().join("cache/cocli")).unwrap().next().unwrap().unwrap().path().join("state.db");
    type Harm<'a> = (&'a str, Box<dyn Fn() + 'a>);
    let harms: [Harm; 4] = [
        ("deleted", Box::new(|| std::fs::remove_file(db()).unwrap())),
        ("garbage", Box::new(|| std::fs::write(db(), vec![0x5a; 100_000]).unwrap())),
        ("empty", Box::new(|| std::fs::write(db(), "").unwrap())),
        ("another folder's", Box::new(|| std::fs::copy(&other_db, db()).map(drop).unwrap())),
    ];
    for (written, (name, harm)) in (1..).zip(harms) {
        let state = machine.json(&["status"])["state"].clone();
        for side in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{side}", db().display()));
        }
        harm();
        assert_eq!(machine.json(&["status"])["state"], state, "{name}");
        assert_eq!(machine.ok(&["show", "acme", "--field", "name"]), "Acme Roofing\n", "{name}");
        machine.ok(&["company", "set", "acme", &format!("city={name}")]);
        let history = machine.ok(&["history", "acme"]);
        assert_eq!(history.lines().count(), 4 + written, "only what was asked for was written: {name}: {history}");
    }
}

#[test]
fn r12_a_value_too_large_is_refused_with_its_size_and_nothing_is_written() {
    let machine = acme();
    let huge = "x".repeat(65_537);
    let err = machine.fails(2, &["company", "set", "acme", &format!("description={huge}")]);
    assert!(err.contains("E0407") && err.contains("65537 bytes"), "{err}");
    let err = machine.fails(2, &["note", "add", "acme", &huge]);
    assert!(err.contains("E0407") && err.contains("65537 bytes"), "{err}");
    let list = format!("name,description\nBig,{huge}\nSmall,x\n");
    std::fs::write(machine.path().join("list.csv"), list).unwrap();
    let err = machine.fails(7, &["company", "add", "--from", "list.csv"]);
    assert!(
        err.contains("list.csv:2: description: 65537 bytes")
            && err.contains("1 added, 0 updated, 0 unchanged, 1 refused"),
        "{err}"
    );
    // The largest value is taken, and an odd one comes back as it went in.
    machine.ok(&[
        "company",
        "set",
        "acme",
        &format!("description={}", "x".repeat(65_000)),
        "odd=a\u{1f}b\u{1e}c\nd 🦀",
    ]);
    assert_eq!(machine.json(&["show", "acme"])["odd"], "a\u{1f}b\u{1e}c\nd 🦀");
}

#[test]
fn a_list_is_read_its_bad_lines_are_told_and_all_of_it_is_undone() {
    let machine = Machine::new("laptop");
    let mut list = b"Name,Domain,Phone,Country,Lead Source\n".to_vec();
    for n in 0..1_500 {
        list.extend(format!("Firm {n},firm-{n}.example,(714) 555-{n:04},,fair\n").bytes());
    }
    list.extend(b",nameless.example,,,\nBad \xff,bad.example,,,\nToo,many,cells,in,this,line\nAbroad,abroad.example,2079460958,France,\n");
    std::fs::write(machine.path().join("list.csv"), list).unwrap();
    let ran = machine.run(&["company", "add", "--from", "list.csv", "--json"]);
    assert_eq!(ran.exit, 7, "{}", ran.err);
    let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(
        (&report["lines"], &report["added"], &report["refused"]),
        (&json!(1_504), &json!(1_501), &json!(3)),
        "{report}"
    );
    for told in
        ["list.csv:1502: no name", "list.csv:1503: column 1 is not UTF-8", "list.csv:1504: 6 cells in 5 columns"]
    {
        assert!(ran.err.contains(told), "{told}: {}", ran.err);
    }
    assert_eq!(
        machine.ok(&["show", "firm-7.example", "--field", "phone"]),
        "(714) 555-0007\n".replace("(714) 555-0007", "+17145550007")
    );
    assert_eq!(machine.ok(&["show", "abroad.example", "--field", "phone"]), "2079460958\n", "not read as US");
    assert_eq!(machine.ok(&["show", "firm-7.example", "--field", "lead_source"]), "fair\n");
    let again = machine.run(&["company", "add", "--from", "list.csv"]).err;
    assert!(again.contains("0 added, 0 updated, 1,501 unchanged, 3 refused"), "{again}");
    assert!(machine.json(&["log"])[0]["origin"].as_str().unwrap().starts_with("import:list.csv#"));
    machine.ok(&["undo"]);
    assert_eq!(machine.ok(&["company", "ls", "--count"]), "0\n", "several commits, one command");
    machine.ok(&["undo"]);
    assert_eq!(machine.ok(&["company", "ls", "--count"]), "1501\n");
}

/// The real list, where the machine has it beside the checkout.
#[test]
fn ten_thousand_real_institutions_go_in() {
    let list = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/universities.csv");
    if !list.is_file() {
        println!("skipped: the real list is not here");
        return;
    }
    let machine = Machine::new("laptop");
    let err = machine.run(&["company", "add", "--from", list.to_str().unwrap()]).err;
    assert!(err.contains("10,251 added, 0 updated, 0 unchanged, 0 refused"), "{err}");
    assert_eq!(machine.ok(&["company", "ls", "--count"]), "10251\n");
    let names = machine.ok(&["company", "ls", "--all", "--fields", "country"]);
    let mut count = std::collections::HashMap::new();
    for line in names.lines() {
        *count.entry(line.split('\t').nth(1).unwrap()).or_insert(0) += 1;
    }
    assert_eq!(count.values().filter(|n| **n > 1).count(), 73, "names of several institutions");
    assert_eq!(count.len(), 10_251 - count.values().filter(|n| **n > 1).map(|n| n - 1).sum::<usize>());
    assert_eq!(machine.ok(&["show", "fho.edu.br", "--field", "name"]), "Fundação Hermínio Ometto\n");
    let again = machine.run(&["company", "add", "--from", list.to_str().unwrap()]).err;
    assert!(again.contains("0 added, 0 updated, 10,251 unchanged, 0 refused"), "{again}");
}

#[test]
fn help_is_there_for_every_command_and_fits_a_page() {
    let machine = Machine::bare();
    let commands: [&[&str]; 14] = [
        &[],
        &["init"],
        &["company"],
        &["company", "add"],
        &["company", "set"],
        &["note", "add"],
        &["show"],
        &["history"],
        &["conflicts"],
        &["undo"],
        &["log"],
        &["fold"],
        &["node"],
        &["sync"],
    ];
    for command in commands {
        let mut args = command.to_vec();
        args.push("--help");
        let help = machine.ok(&args);
        assert!(help.contains("Usage: cocli"), "{command:?}: {help}");
    }
    assert_eq!(machine.run(&[]).exit, 2);
    assert!(machine.ok(&["--version"]).starts_with("cocli "));
    assert!(machine.ok(&["explain"]).lines().count() > 25);
    assert!(machine.ok(&["explain", "e0410"]).contains("--allow-duplicate"));
}

#[test]
fn r82_names_that_fold_together_stay_distinct_and_no_path_leaves_the_root() {
    let machine = Machine::new("laptop");
    let names = ["Con", "CON.", "Aux", "Straße", "Strasse", "STRASSE", "東京", "../../etc/passwd", "..", "wal", "."];
    for (n, name) in names.iter().enumerate() {
        machine.ok(&["company", "add", name, "--domain", &format!("firm-{n}.example")]);
    }
    let long = "Very Long Name ".repeat(40);
    machine.ok(&["company", "add", &long, "--domain", "long.example"]);
    let folders: Vec<String> = std::fs::read_dir(machine.data().join("companies"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(folders.len(), names.len() + 1, "a folder for each firm: {folders:?}");
    let folded: std::collections::HashSet<String> = folders.iter().map(|name| name.to_lowercase()).collect();
    assert_eq!(folded.len(), folders.len(), "also where case is ignored");
    for folder in &folders {
        assert!(
            folder.len() <= 128 && folder.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-')),
            "{folder}"
        );
        assert!(!["con", "aux", "wal", "nul"].contains(&folder.as_str()), "{folder}");
    }
    machine.ok(&["note", "add", "firm-3.example", "x", "--title", "../../../outside"]);
    let outside = machine.data().join("outside.md");
    assert!(!outside.exists() && !machine.path().join("outside.md").exists());
    let found: Vec<String> = ["data", "cache", "state"].iter().map(ToString::to_string).collect();
    for entry in std::fs::read_dir(machine.path()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(found.contains(&name), "{name} lies outside");
    }
}
