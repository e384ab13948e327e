//! What people and their editors do to journal files.

use cocli_journal::{Branch, Config, Disk, Doubt, Proof, Standing};

use super::common::*;
use super::*;

#[test]
fn r07_a_truncated_journal_goes_on_under_a_new_epoch_and_peers_give_the_rest_back() {
    let (disk, path, bytes, datagrams) = written(5);
    disk.put(&path, &bytes[..bytes.len() / 2]);
    let mut journal = open(&disk, 1, 2);
    assert!(matches!(journal.standing(), Standing::Doubtful(Doubt::Replaced)), "{:?}", journal.standing());
    let end = journal.tip().unwrap();
    let written = append_one(&mut journal, "after", NOON_MS).unwrap();
    assert_eq!(written.opened, Some(Doubt::Replaced));
    assert_eq!(names_before(&disk, &journal), end.cid.to_string());
    let mut replicas = replicas(&disk, Some(&journal));
    for datagram in &datagrams {
        replicas.store(datagram, Branch::Main).unwrap();
    }
    assert_eq!(replicas.sync_all().held.len(), 1, "the old epoch; the present one is the journal's");
    assert_eq!(disk.get(&path).unwrap(), bytes, "the old epoch's file is what it was");
}

#[test]
fn r07_a_file_cut_in_place_is_seen_by_a_journal_that_is_open() {
    let (disk, path, bytes, _) = written(5);
    let mut journal = open(&disk, 1, 2);
    assert!(matches!(journal.standing(), Standing::Proven(Proof::LastSeen)));
    let file = disk.open(&path, cocli_journal::disk::Open::Append).unwrap();
    file.truncate(bytes.len() as u64 / 2).unwrap();
    let written = append_one(&mut journal, "after", NOON_MS).unwrap();
    assert_eq!(written.opened, Some(Doubt::Length));
}

#[test]
fn r09_what_an_editor_does_to_line_ends_is_undone_and_kept() {
    let (_, path, bytes, _) = written(3);
    let text = String::from_utf8(bytes.clone()).unwrap();
    let cases = [
        ("CRLF", text.replace('\n', "\r\n")),
        ("byte order mark", format!("\u{feff}{text}")),
        ("mark and CRLF", format!("\u{feff}{}", text.replace('\n', "\r\n"))),
        ("no newline at the end", text.trim_end_matches('\n').to_owned()),
        ("one newline more", format!("{text}\n")),
        ("empty lines", text.replace("\x1e\n", "\x1e\n\n")),
        ("lines joined", text.replace("\x1e\n", "\x1e")),
    ];
    for (name, edited) in cases {
        let (disk, _, _, _) = written(3);
        disk.put(&path, edited.as_bytes());
        let mut journal = open(&disk, 1, 2);
        assert_eq!(disk.get(&path).unwrap(), bytes, "{name}");
        let recovery = journal.take_recovery();
        assert_eq!(recovery.quarantined.len(), 1, "{name}: what the editor wrote is kept");
        assert_eq!(recovery.damaged, [], "{name}");
        assert_eq!(journal.standing(), Standing::Doubtful(Doubt::Replaced), "{name}");
        append_one(&mut journal, "after", NOON_MS).unwrap();
        assert_eq!(values(&disk).len(), 4, "{name}");
    }
}

#[test]
fn r09_foreign_edits_leave_the_rest_of_the_chain_intact() {
    let (_, path, bytes, all) = written(4);
    let text = String::from_utf8(bytes.clone()).unwrap();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let without = |gone: usize| {
        let kept: Vec<&str> = lines.iter().enumerate().filter(|(i, _)| *i != gone).map(|(_, line)| *line).collect();
        kept.concat()
    };
    // name, what the editor saved, records left, seqs missing in the middle
    let (second, third) = (all[1].first(), all[2].first());
    let cases = [
        ("a value changed", text.replace("value 1", "value X"), 3, vec![(second, second)]),
        ("a row removed", without(3), 3, vec![(second, second)]),
        ("a seal removed", without(4), 3, vec![(second, second)]),
        ("a row and its seal removed", text.replace(&[lines[3], lines[4]].concat(), ""), 3, vec![(second, second)]),
        ("a datagram twice", text.replace(lines[6], &[lines[6], lines[5], lines[6]].concat()), 4, vec![]),
        ("a line in between", text.replace(lines[5], &["hello\n", lines[5]].concat()), 4, vec![]),
        ("words in between", text.replace(lines[5], &["hello", lines[5]].concat()), 3, vec![(third, third)]),
        ("the last value changed", text.replace("value 3", "value Y"), 3, vec![]),
        ("all sorted away", "nothing of ours\n".to_owned(), 0, vec![]),
        ("emptied", String::new(), 0, vec![]),
    ];
    for (name, edited, left, missing) in cases {
        let (disk, _, _, _) = written(4);
        disk.put(&path, edited.as_bytes());
        let mut journal = open(&disk, 1, 2);
        let recovery = journal.take_recovery();
        let damaged = seqs(&recovery.damaged);
        assert_eq!(damaged.iter().filter(|(from, to)| from <= to).copied().collect::<Vec<_>>(), missing, "{name}");
        assert!(matches!(journal.standing(), Standing::Doubtful(_)), "{name}");
        append_one(&mut journal, "after", NOON_MS).unwrap();
        assert_eq!(values(&disk).len(), left + 1, "{name}");
        // A peer has it all: the old epoch's file becomes what it was.
        let mut replicas = replicas(&disk, Some(&journal));
        let damages: Vec<Damage> = replicas.damages().cloned().collect();
        for damage in damages.iter().filter(|damage| damage.from <= damage.to) {
            let peer: Vec<Datagram> =
                all.iter().filter(|d| d.first() >= damage.from && d.last() <= damage.to).cloned().collect();
            replicas.repair(damage, &peer).unwrap();
        }
        for datagram in &all {
            replicas.store(datagram, Branch::Main).unwrap();
        }
        assert_eq!(disk.get(&path).unwrap(), bytes, "{name}");
    }
}

#[test]
fn the_originals_files_and_other_programs_files_are_never_touched() {
    let disk = SimDisk::new(1);
    let foreign = ["20261120_pi.usv", "remote_pi.usv", "notes.txt", "20261120_pi~abcdefghijkl.hb.usv"];
    for name in foreign {
        disk.put(&place().wal().join(name), b"torn\x1e\n without an end");
    }
    let mut journal = open(&disk, 1, 1);
    append_one(&mut journal, "v0", NOON_MS).unwrap();
    drop(replicas(&disk, Some(&journal)));
    for name in foreign {
        assert_eq!(disk.get(&place().wal().join(name)).unwrap(), b"torn\x1e\n without an end", "{name}");
    }
    assert_eq!(quarantine(&disk), Vec::<String>::new());
}

#[test]
fn r15_a_file_renamed_to_another_day_gets_its_name_back() {
    let (_, path, bytes, _) = written(3);
    let other = path.with_file_name(path.file_name().unwrap().to_str().unwrap().replace("20261120", "20261231"));
    // The journal itself, in its present epoch.
    let (disk, ..) = written(3);
    disk.rename(&path, &other).unwrap();
    let mut journal = open(&disk, 1, 2);
    assert_eq!(disk.get(&path).unwrap(), bytes);
    assert_eq!(journal.take_recovery(), cocli_journal::Recovery::default(), "nothing was cut");
    append_one(&mut journal, "after", NOON_MS).unwrap();
    assert_eq!(values(&disk).len(), 4);
    // A replica, and a day in the middle of a journal.
    let disk = SimDisk::new(1);
    disk.put(&other, &bytes);
    let replicas = replicas(&disk, None);
    assert_eq!(disk.get(&path).unwrap(), bytes);
    assert_eq!(replicas.holdings().count(), 1);
    assert_eq!(quarantine(&disk), Vec::<String>::new());
}

#[test]
fn journals_concatenated_by_hand_are_told_apart_again() {
    let (disk, path, bytes, _) = written(3);
    let other = SimDisk::new(9);
    let mut stranger = open_as(&other, Config { identity: identity(2, "laptop"), ..config(1) }, 9);
    append_one(&mut stranger, "a stranger's", NOON_MS).unwrap();
    let foreign = other.get(&only_file(&other)).unwrap();
    for edited in
        [[bytes.clone(), foreign.clone()].concat(), [foreign.clone(), bytes.clone()].concat(), bytes.repeat(2)]
    {
        disk.put(&path, &edited);
        drop(open(&disk, 1, 2));
        assert_eq!(disk.get(&path).unwrap(), bytes);
    }
    assert_eq!(quarantine(&disk).len(), 3);
}

#[test]
fn r08_a_line_end_that_rots_costs_no_datagram_beside_it() {
    let (disk, path, bytes, all) = written(2);
    let mut first = Vec::new();
    all[0].write_usv(&mut first);
    for bit in 0..8 {
        let disk = disk.clone_card(bit);
        disk.put(&path, &bytes);
        // The line feed behind the first seal: without it the text reads as if an editor
        // had glued two lines.
        disk.flip_bit(&path, first.len() as u64 - 1, u8::try_from(bit).unwrap());
        drop(open(&disk, 2, 2));
        let there = datagrams(&disk.get(&path).unwrap());
        assert!(all[1..].iter().all(|datagram| there.contains(datagram)), "bit {bit}");
    }
}
