//! The sample of the original's folder holds what it says it holds, counted by a walk that
//! knows nothing of how it was written.

#![allow(clippy::unwrap_used)]

#[path = "sample/walk.rs"]
mod walk;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use cocli_crm::sample::{Age, FileTimes, KNOWN, NEVER_SAVED, PAGE_TITLES, Road, Sample, TAKEN_US, Truth, known};
use walk::Walk;

/// A sample in a folder of its own.
fn written(sample: &Sample) -> (tempfile::TempDir, Truth) {
    let folder = tempfile::tempdir().unwrap();
    let truth = sample.write(&folder.path().join("data")).unwrap();
    (folder, truth)
}

fn two_hundred() -> Sample {
    Sample { home: Some(PathBuf::from("/home/sam/cocli/data")), ..Sample::of(200) }
}

/// Everything below a folder: the bytes of files, where links lead, and times of files.
fn everything(root: &Path) -> BTreeMap<PathBuf, (Vec<u8>, u128)> {
    let mut all = BTreeMap::new();
    for path in walk::files(root) {
        let modified = fs::symlink_metadata(&path).unwrap().modified().unwrap();
        let content = match fs::read_link(&path) {
            Ok(link) => (link.to_string_lossy().into_owned().into_bytes(), 0),
            Err(_) => (fs::read(&path).unwrap(), modified.duration_since(UNIX_EPOCH).unwrap().as_micros()),
        };
        all.insert(path.strip_prefix(root).unwrap().to_owned(), content);
    }
    all
}

#[test]
fn two_hundred_companies_hold_what_the_truth_says() {
    let (folder, truth) = written(&two_hundred());
    let walk = Walk::of(&folder.path().join("data"));
    let counted = Truth {
        companies: walk.folders("companies"),
        people: walk.folders("people"),
        campaigns: walk.folders("campaigns"),
        notes: walk.count("companies/", "/notes/"),
        meetings: walk.count("companies/", "/meetings/"),
        contacts: walk.count("companies/", "/contacts/"),
        websites: walk.count("companies/", "/enrichments/website.md"),
        hollow: walk
            .companies(|text| !text.lines().any(|line| line.trim_start_matches('\u{feff}').starts_with("name:"))),
        page_titles: walk.companies(|text| PAGE_TITLES.iter().any(|title| text.contains(&format!("name: {title}\n")))),
        tag_lists: walk.count("companies/", "/tags.lst"),
        tags_disagree: walk.tags_disagree(),
        glued: walk.companies(|text| text.starts_with("---all_emails:")),
        dashes: walk.companies(|text| walk::front(text).iter().any(|line| line.contains("---"))),
        sorted: walk.companies(|text| {
            let front = walk::front(text);
            front.len() > 4 && front.iter().filter(|line| line.starts_with(char::is_alphabetic)).is_sorted()
        }),
        by_hand: walk.companies(|text| {
            text.contains("\r\n")
                || text.starts_with('\u{feff}')
                || text.contains("\n# ") && text.contains("---\n#")
                || text.contains("414) 321-7507")
        }),
        ragged: walk.ragged(),
        secrets: walk.secrets(),
        wal_rows: walk.journal_rows().len(),
        wal_rows_distinct: walk.journal_rows().into_iter().collect::<std::collections::BTreeSet<_>>().len(),
        wal_rows_damaged: walk.journal_damage(),
        pairs: walk.pairs(),
        files: walk.regular_files(),
        bytes: walk.bytes(),
        edits: truth.edits.clone(),
    };
    let sorted = |mut truth: Truth| {
        truth.pairs.sort();
        truth.ragged.sort();
        truth
    };
    assert_eq!(sorted(counted), sorted(truth));
}

#[test]
fn proportions_are_those_of_the_journey() {
    let full = Sample::of(27_584);
    let counts = [full.people, full.hollow, full.page_titles, full.duplicate_pairs, full.ragged_files];
    assert_eq!(counts, [3_112, 8_500, 1_568, 212, 14]);
    let (_folder, truth) = written(&Sample::of(60));
    let asked = Sample::of(60);
    assert_eq!((truth.hollow, truth.page_titles, truth.ragged.len()), (asked.hollow, asked.page_titles, 1));
    assert_eq!((truth.companies, truth.people, truth.pairs.len()), (60, asked.people, 1));
}

#[test]
fn the_same_sample_is_the_same_bytes_and_times() {
    let (first, truth) = written(&two_hundred());
    let (second, again) = written(&two_hundred());
    assert_eq!(truth, again);
    assert_eq!(everything(&first.path().join("data")), everything(&second.path().join("data")));
    let (other, _) = written(&Sample { seed: 2, ..two_hundred() });
    assert_ne!(everything(&first.path().join("data")), everything(&other.path().join("data")));
}

#[test]
fn an_older_copy_lacks_the_later_edits_and_nothing_else() {
    let copies: Vec<_> =
        (0..=Age::ROUNDS).map(|behind| written(&Sample { age: Age::behind(behind), ..two_hundred() })).collect();
    let (youngest, truth) = &copies[0];
    assert!([Road::Wal, Road::Save, Road::File].iter().all(|road| truth.edits.iter().any(|edit| edit.road == *road)));
    let now = everything(&youngest.path().join("data"));
    for (behind, (folder, older)) in copies.iter().enumerate() {
        let seen: Vec<_> = truth.edits.iter().filter(|edit| usize::from(edit.round) + behind <= 4).cloned().collect();
        assert_eq!(older.edits, seen, "{behind} rounds behind");
        let then = everything(&folder.path().join("data"));
        let touched = |path: &Path| {
            truth.edits.iter().any(|edit| path == Path::new(&format!("companies/{}/_index.md", edit.slug)))
        };
        for (path, content) in &then {
            let may_differ = path.starts_with("wal") || touched(path);
            assert!(may_differ || now.get(path) == Some(content), "{} differs", path.display());
            if touched(path) {
                let keys = |bytes: &[u8]| {
                    let text = std::str::from_utf8(bytes).unwrap().to_owned();
                    let edited = |line: &&str| {
                        !["phone_number: ", "hours: ", "last_enriched: "].iter().any(|key| line.starts_with(key))
                    };
                    text.lines().filter(edited).map(str::to_owned).collect::<Vec<_>>()
                };
                assert_eq!(keys(&content.0), keys(&now[path].0), "{}", path.display());
            }
        }
    }
    assert!(copies.last().unwrap().1.edits.is_empty());
}

#[test]
fn each_edit_stands_where_its_road_says_and_no_other_time_in_the_file_is_later() {
    let (folder, truth) = written(&two_hundred());
    let walk = Walk::of(&folder.path().join("data"));
    assert!(!truth.freshest().is_empty());
    for edit in truth.freshest() {
        let name = format!("companies/{}/_index.md", edit.slug);
        let text = walk.text(&name);
        let at = cocli_model::stamp::Stamp::from_us(edit.at_us).unwrap().to_string();
        let at = at.trim_end_matches("+00:00");
        match edit.road {
            Road::Wal => {
                let row = format!("{}\u{1f}", edit.value);
                assert!(walk.journal_rows().iter().any(|it| it.starts_with(at) && it.contains(&row)), "{edit:?}");
            }
            Road::Save => {
                assert!(text.contains(&format!("\nhours: {}\n", edit.value)), "{edit:?}\n{text}");
                let times = walk::times(&text);
                assert_eq!(times.iter().max().map(String::as_str), Some(at), "{edit:?}\n{text}");
            }
            Road::File => {
                assert!(text.contains(&format!("\nhours: {}\n", edit.value)) && walk::times(&text).is_empty());
                let modified = fs::metadata(walk.root.join(&name)).unwrap().modified().unwrap();
                assert_eq!(modified, UNIX_EPOCH + Duration::from_micros(edit.at_us.unsigned_abs()));
            }
        }
    }
}

#[test]
fn file_times_are_spread_over_a_year_or_within_ten_minutes() {
    let times = |sample: &Sample| {
        let (folder, _) = written(sample);
        let all = everything(&folder.path().join("data"));
        let of_files: Vec<u128> = all.values().map(|(_, at)| *at).filter(|at| *at > 0).collect();
        (*of_files.iter().min().unwrap(), *of_files.iter().max().unwrap())
    };
    let taken = TAKEN_US.unsigned_abs().into();
    let (first, last) = times(&two_hundred());
    assert!(last <= taken && last - first > 200 * 86_400_000_000, "{first} to {last}");
    let copy = Age { times: FileTimes::Together, ..Age::default() };
    let (first, last) = times(&Sample { age: copy, ..two_hundred() });
    assert!(first >= taken && last < taken + 600_000_000, "{first} to {last}");
}

#[test]
fn sizes_of_companies_are_those_of_the_original() {
    let (folder, truth) = written(&two_hundred());
    let walk = Walk::of(&folder.path().join("data"));
    let mut sizes: Vec<usize> = walk.indexes().map(|(_, text)| text.len()).collect();
    sizes.sort_unstable();
    let (median, largest) = (sizes[truth.companies / 2], sizes[truth.companies - 1]);
    assert!((500..1_200).contains(&median) && (2_500..6_000).contains(&largest), "{median}, {largest}");
}

#[test]
fn every_known_company_is_there_at_any_seed_and_age() {
    let (folder, _) = written(&Sample { seed: 99, age: Age::behind(9), ..two_hundred() });
    let walk = Walk::of(&folder.path().join("data"));
    for it in KNOWN {
        assert_eq!(walk.text(&format!("companies/{}/_index.md", it.slug)), it.index);
        assert!(!it.says.is_empty(), "{}", it.slug);
    }
    assert_eq!(walk.text("companies/orchard-tax-group/tags.lst"), known::TAGS.tags.unwrap());
    let rows = walk.journal_rows();
    assert!(rows.iter().any(|row| row.contains(&format!("companies/{NEVER_SAVED}\u{1f}name"))));
    assert!(!walk.root.join("companies").join(NEVER_SAVED).exists());
    let of_wal: Vec<&String> =
        rows.iter().filter(|row| row.contains("companies/harbor-light-planning\u{1f}")).collect();
    let widths: Vec<usize> = of_wal.iter().map(|row| row.matches('\u{1f}').count() + 1).collect();
    assert!([6, 7, 8].iter().all(|width| widths.contains(width)), "{of_wal:?}");
}

#[test]
fn absolute_links_lead_to_what_they_name() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("data");
    let truth = Sample::of(200).write(&root).unwrap();
    let mut links = 0;
    for path in walk::files(&root) {
        if let Ok(to) = fs::read_link(&path) {
            assert!(to.is_absolute() && path.metadata().unwrap().is_dir(), "{} to {}", path.display(), to.display());
            links += 1;
        }
    }
    assert_eq!(links, 2 * truth.contacts);
    assert!(truth.contacts > 0);
}

#[test]
fn a_folder_that_holds_something_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("mine.txt"), "mine").unwrap();
    let refused = Sample::of(200).write(folder.path()).unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::AlreadyExists);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    let too_few = Sample { companies: 20, ..Sample::of(200) };
    let refused = too_few.write(&folder.path().join("new")).unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::InvalidInput);
    assert!(!folder.path().join("new").exists());
}
