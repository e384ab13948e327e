//! Targets and slugs: what becomes a path, what never does, and what names become.

#![allow(clippy::unwrap_used)]

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

use cocli_model::slug::{self, Identity, SLUG_BYTES_MAX, SlugError};
use cocli_model::target::{self, TARGET_BYTES_MAX, TargetError, TargetKind};
use cocli_model::{Slug, Stamp, Target};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;

const NOTE: &str = "2026-02-16T10-11-12Z-abcdefgh.7";

fn target(text: &str) -> Result<Target, TargetError> {
    text.parse()
}

// --- Targets ------------------------------------------------------------------------

#[test]
fn a_target_knows_its_kind_its_entity_and_its_file() {
    let company_note = format!("companies/acme/notes/{NOTE}");
    let person_meeting = format!("people/jane-doe/meetings/{NOTE}");
    let cases = [
        // text, kind, parent, file
        ("companies/acme", TargetKind::Company, None, Some("companies/acme/_index.md".to_owned())),
        ("people/jane-doe", TargetKind::Person, None, Some("people/jane-doe/jane-doe.md".to_owned())),
        (&company_note, TargetKind::Note, Some("companies/acme"), Some(format!("{company_note}.md"))),
        (&person_meeting, TargetKind::Meeting, Some("people/jane-doe"), Some(format!("{person_meeting}.md"))),
        ("objects/exports/2026/list.csv", TargetKind::Object, None, None),
        ("objects/Größe 1: über/a.b", TargetKind::Object, None, None),
        ("campaigns/roofers", TargetKind::Campaign, None, None),
        ("campaigns/test/sub/my-camp", TargetKind::Campaign, None, None),
        ("system", TargetKind::System, None, None),
    ];
    for (text, kind, parent, file) in cases {
        let target = target(text).unwrap();
        assert_eq!(target.kind(), kind, "{text}");
        assert_eq!(target.parent().map(|parent| parent.to_string()).as_deref(), parent, "parent of {text}");
        assert_eq!(target.relative_path(), file, "file of {text}");
        assert_eq!(target.to_string(), text);
        assert_eq!(target.is_system(), text == "system", "{text}");
    }
    let slug = target(&company_note).unwrap().slug().unwrap();
    assert_eq!(Target::company(&slug), target("companies/acme").unwrap());
    assert_eq!(Target::person(&slug), target("people/acme").unwrap());
    assert_eq!(Target::system(), target("system").unwrap());
    let by_text = HashMap::from([(Target::company(&slug), 1)]);
    assert_eq!(by_text.get("companies/acme"), Some(&1), "a map can be asked with a text");
}

#[test]
fn a_note_is_named_by_its_moment_and_its_record() {
    let stamp: Stamp = "2026-02-16T10:11:12.123004+00:00".parse().unwrap();
    let epoch = "abcdefgh".parse().unwrap();
    let company = target("companies/acme").unwrap();
    assert_eq!(company.note(stamp, epoch, 7).unwrap().as_str(), format!("companies/acme/notes/{NOTE}"));
    let person = target("people/jane-doe").unwrap();
    assert_eq!(person.meeting(stamp, epoch, 7).unwrap().as_str(), format!("people/jane-doe/meetings/{NOTE}"));
    assert_eq!(Target::system().note(stamp, epoch, 7), None, "only entities have notes");
    assert_eq!(company.note(stamp, epoch, 7).unwrap().note(stamp, epoch, 8), None, "a note has no notes");
    assert_eq!(company.note(stamp, epoch, 0), None, "sequences start at 1");
    assert_eq!(company.note(stamp, epoch, 1 << 63), None, "sequences end at 2^63 - 1");
    assert!(company.note(stamp, epoch, (1 << 63) - 1).is_some());
}

#[test]
fn r82_what_is_unsafe_or_unknown_is_refused_with_its_reason() {
    let long = format!("objects/{}", "k".repeat(TARGET_BYTES_MAX));
    // What is wrong with it, and whether its row is stored all the same.
    let kind = |error: &TargetError| match error {
        TargetError::Empty => ("empty", error.is_meaning()),
        TargetError::TooLong { .. } => ("long", error.is_meaning()),
        TargetError::Control { .. } => ("control", error.is_meaning()),
        TargetError::Unsafe { .. } => ("unsafe", error.is_meaning()),
        TargetError::Reserved { .. } => ("reserved", error.is_meaning()),
        TargetError::Slug { .. } => ("slug", error.is_meaning()),
        TargetError::Unknown { .. } => ("unknown", error.is_meaning()),
        _ => ("other", error.is_meaning()),
    };
    let cases = [
        ("", ("empty", false)),
        (&long, ("long", false)),
        ("companies/a\u{1f}b", ("control", false)),
        ("companies/a\0", ("control", false)),
        ("objects/a\nb", ("control", false)),
        ("objects/a\u{85}b", ("control", false)),
        ("objects/\u{feff}a", ("control", false)),
        ("/etc/passwd", ("unsafe", true)),
        ("..", ("unsafe", true)),
        ("../x", ("unsafe", true)),
        ("companies/../x", ("unsafe", true)),
        ("companies/..", ("unsafe", true)),
        ("companies/./acme", ("unsafe", true)),
        ("companies//acme", ("unsafe", true)),
        ("companies/", ("unsafe", true)),
        ("companies/...", ("unsafe", true)),
        ("objects/a./b", ("unsafe", true)),
        ("objects/a /b", ("unsafe", true)),
        ("objects/..\\..\\x", ("unsafe", true)),
        ("\\\\server\\share", ("unsafe", true)),
        ("C:/x", ("unsafe", true)),
        ("c:x", ("unsafe", true)),
        ("objects/d:evil", ("unsafe", true)),
        ("companies/con", ("unsafe", true)),
        ("companies/nul", ("unsafe", true)),
        ("objects/AUX.txt", ("unsafe", true)),
        ("objects/com1", ("unsafe", true)),
        ("objects/LPT¹.log", ("unsafe", true)),
        ("objects/CON .txt", ("unsafe", true)),
        ("objects/conin$", ("unsafe", true)),
        ("wal/20260216_pi~a.usv", ("reserved", true)),
        ("wal", ("reserved", true)),
        ("WAL/x", ("reserved", true)),
        (".cocli/cluster.toml", ("reserved", true)),
        (".Cocli/x", ("reserved", true)),
        ("companies/wal", ("slug", true)),
        ("companies/Acme", ("slug", true)),
        ("companies/a", ("slug", true)),
        ("companies/-x", ("slug", true)),
        ("people/josé", ("slug", true)),
        ("companies/Acme/notes/2026-02-16T10-11-12Z-abcdefgh.7", ("slug", true)),
        ("companies", ("unknown", true)),
        ("companies/acme/notes", ("unknown", true)),
        ("companies/acme/notes/my title", ("unknown", true)),
        ("companies/acme/enrichments/website", ("unknown", true)),
        ("companies/acme/notes/2026-02-16T10-11-12Z-abcdefgh.7/x", ("unknown", true)),
        ("system/x", ("unknown", true)),
        ("System", ("unknown", true)),
        ("config/cocli_config.toml", ("unknown", true)),
        (".git/hooks/post-checkout", ("unknown", true)),
    ];
    for (text, want) in cases {
        assert_eq!(kind(&target(text).unwrap_err()), want, "{text:?}");
    }
    assert!(target("objects/common/con-1/com10/auxiliary").is_ok(), "only whole device names are reserved");
    assert!(target(&long[..TARGET_BYTES_MAX]).is_ok(), "the limit itself is a target");
}

#[test]
fn r82_the_name_of_a_note_is_a_moment_and_a_dot_and_nothing_else() {
    let cases = [
        ("2026-02-16T10-11-12Z-abcdefgh.7", true),
        ("9998-12-31T23-59-59Z-22222222.9223372036854775807", true),
        ("2026-02-16T10-11-12Z-abcdefgh.9223372036854775808", false),
        ("2026-02-16T10-11-12Z-abcdefgh.07", false),
        ("2026-02-16T10-11-12Z-abcdefgh.+7", false),
        ("2026-02-16T10-11-12Z-abcdefgh.", false),
        ("2026-02-16T10-11-12Z-abcdefgh", false),
        ("2026-02-16T10-11-12Z-ABCDEFGH.7", false),
        ("2026-02-16T10-11-12Z-abcdefg1.7", false),
        ("2026-02-16t10-11-12z-abcdefgh.7", false),
        ("2026-02-30T10-11-12Z-abcdefgh.7", false),
        ("2026-02-16T24-11-12Z-abcdefgh.7", false),
        ("2026-02-16T10:11:12Z-abcdefgh.7", false),
        ("1969-02-16T10-11-12Z-abcdefgh.7", false),
        ("2026-02-16T10-11-12Z-abcdefgh.7.md", false),
        ("2026-02-16T10-11-1é-abcdefgh.7", false),
    ];
    for (name, want) in cases {
        assert_eq!(target(&format!("companies/acme/notes/{name}")).is_ok(), want, "{name}");
    }
}

/// Where a path leads, by its text alone: the naive reading of `.` and `..`.
fn normalised(path: &Path) -> PathBuf {
    let mut place = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                place.pop();
            }
            other => place.push(other),
        }
    }
    place
}

/// Texts that look like targets and would like to be elsewhere.
fn hostile_target() -> impl Strategy<Value = String> {
    let part = prop::sample::select(vec![
        "companies",
        "Companies",
        "people",
        "objects",
        "campaigns",
        "notes",
        "meetings",
        "system",
        "..",
        ".",
        "...",
        "",
        "con",
        "NUL.txt",
        "com1",
        "wal",
        ".cocli",
        "acme",
        "ACME",
        "acmé",
        "acme\u{301}",
        "ab",
        "a",
        "x.",
        "x ",
        "C:",
        "c:x",
        "\\",
        "..\\x",
        "~",
        "$HOME",
        "\0",
        "a\u{1f}",
        NOTE,
        "2026-02-16T10-11-12Z-ABCDEFGH.7",
        "-rf",
        "a:b",
    ]);
    prop_oneof![
        3 => vec(part.clone(), 1..6).prop_map(|parts| parts.join("/")),
        1 => any::<String>(),
        1 => (part, any::<String>()).prop_map(|(root, rest)| format!("{root}/{rest}")),
        1 => ("(companies|people)/[a-z-]{1,5}", prop::sample::select(vec!["", "/notes/", "/meetings/"]))
            .prop_map(|(entity, folder)| if folder.is_empty() { entity } else { format!("{entity}{folder}{NOTE}") }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    /// Joined to any folder and normalised, a target stays strictly inside, and Windows
    /// would read no part of it as something else.
    #[test]
    fn r82_no_target_leaves_the_root(text in hostile_target(), root in "(/|[.]/|[a-z.]{1,3}/){1,3}[a-z]{1,3}") {
        target::check(text.as_bytes());
        let Ok(target) = target(&text) else { return Ok(()) };
        let root = normalised(Path::new(&root));
        for path in [Some(text.clone()), target.relative_path()].into_iter().flatten() {
            let place = normalised(&root.join(&path));
            prop_assert!(place.starts_with(&root) && place != root, "{path:?} under {root:?} is {place:?}");
            prop_assert!(!path.contains(['\\', '\0', '\u{1f}', '\u{1e}', '\n']), "{path:?}");
            for part in path.split('/') {
                let device = part.split('.').next().unwrap().trim_end().to_uppercase();
                let devices = ["CON", "PRN", "AUX", "NUL", "COM0", "COM1", "COM9", "LPT1"];
                prop_assert!(!devices.contains(&device.as_str()), "{part:?} is a device");
                prop_assert!(!part.is_empty() && !part.ends_with(['.', ' ']), "{part:?} is trimmed");
            }
            let first = path.split('/').next().unwrap().to_lowercase();
            prop_assert!(first != "wal" && first != ".cocli", "{path:?} is reserved");
        }
    }

    /// Two targets with files have two files, also where case and Unicode forms fold.
    #[test]
    fn r82_distinct_targets_have_distinct_files(
        left in "(companies|people)/[a-m]{2,4}(/(notes|meetings)/2026-02-16T10-11-12Z-abcdefgh[.]7)?",
        upper in vec(prop::bool::weighted(0.1), 64),
        accent in prop::sample::select(vec!["", "é", "e\u{301}", ".", " ", "\u{200d}"]),
        at in 7_usize..10,
    ) {
        let mut right: String =
            left.chars().zip(upper).map(|(c, upper)| if upper { c.to_ascii_uppercase() } else { c }).collect();
        right.insert_str(at, accent);
        let file = |text: &str| target(text).ok().and_then(|target| target.relative_path());
        let one = file(&left).expect("an entity or a note of it; no reserved name is made of a to m");
        prop_assert!(one.is_ascii(), "{one:?} has several Unicode forms");
        prop_assert_eq!(file(&right).is_some(), left == right, "{} beside {}", right, left);
    }

    /// No bytes bring the decoders down.
    #[test]
    fn r11_any_bytes_are_a_target_and_a_name_or_refused(bytes in vec(any::<u8>(), 0..64)) {
        target::check(&bytes);
        slug::check(&bytes);
    }
}

// --- Slugs --------------------------------------------------------------------------

#[test]
fn r82_what_is_no_slug_says_why() {
    let reserved = |slug: &str| SlugError::Reserved { slug: slug.to_owned() };
    let strange = |offset, character| SlugError::Character { offset, character };
    let long = "a".repeat(300);
    let cases = [
        ("", SlugError::Length { bytes: 0 }),
        ("a", SlugError::Length { bytes: 1 }),
        (&long[..SLUG_BYTES_MAX + 1], SlugError::Length { bytes: 129 }),
        (&long, SlugError::Length { bytes: 300 }),
        ("../x", strange(0, '.')),
        ("a/b", strange(1, '/')),
        ("Acme", strange(0, 'A')),
        ("josé", strange(3, 'é')),
        ("a_b", strange(1, '_')),
        ("a\0b", strange(1, '\0')),
        ("-ab", SlugError::Dash),
        ("ab-", SlugError::Dash),
        ("--", SlugError::Dash),
        ("wal", reserved("wal")),
        ("con", reserved("con")),
        ("nul", reserved("nul")),
        ("lpt1", reserved("lpt1")),
    ];
    for (text, want) in cases {
        assert_eq!(Slug::new(text), Err(want), "{text:?}");
    }
    for text in ["ab", "a-b", "a--b", "78701", "conn", "walmart", "com10", &long[..SLUG_BYTES_MAX]] {
        assert_eq!(Slug::new(text).unwrap().as_str(), text, "{text} stays as it is");
    }
}

/// Part of the format: a change here gives one firm two slugs on two versions.
#[test]
fn r82_names_become_these_slugs() {
    let cases = [
        ("Acme, Inc.", "acme-inc"),
        ("Fundação Hermínio Ometto", "fundacao-herminio-ometto"),
        ("Fundac\u{327}a\u{303}o Hermi\u{301}nio Ometto", "fundacao-herminio-ometto"),
        ("北京大学", "bei-jing-da-xue"),
        ("東京大学", "dong-jing-da-xue"),
        ("서울대학교", "seouldaehaggyo"),
        ("Московский университет", "moskovskii-universitet"),
        ("Ελληνικό Πανεπιστήμιο", "elleniko-panepistemio"),
        ("Straße & Söhne", "strasse-sohne"),
        ("L’Oréal® Paris™", "loreal-paris"),
        ("AT&T", "att"),
        ("a/b_c.d – e", "a-b-c-d-e"),
        ("  -- Trim me --  ", "trim-me"),
        ("../x", "x-sshk3"),
        ("../../etc/passwd", "etc-passwd"),
        ("HP", "hp"),
        ("X", "x-664wn"),
        ("Con", "con-plchm"),
        ("WAL", "wal-rjylq"),
        ("COM1", "com1-gixi6"),
        ("", "unnamed-v4jut"),
        ("!!!", "unnamed-ywuqw"),
        ("\0\u{1f}\n", "unnamed-ith4t"),
    ];
    let made: Vec<(&str, String)> = cases.map(|(name, _)| (name, Slug::from_name(name).to_string())).into();
    let want: Vec<(&str, String)> = cases.map(|(name, slug)| (name, slug.to_owned())).into();
    assert_eq!(made, want);
    for name in ["../x", "X", "Con", "WAL", "COM1", "", "!!!", "\0\u{1f}\n"] {
        let slug = Slug::from_name(name);
        assert!(slug.as_str().ends_with(&format!("-{}", letters(name))), "{slug} carries the hash of {name:?}");
    }
}

#[test]
fn r82_a_name_of_three_hundred_letters_is_cut_and_stays_its_own() {
    let one = Slug::from_name(&"a".repeat(300));
    let other = Slug::from_name(&format!("{}b", "a".repeat(299)));
    assert_eq!(one.as_str().len(), SLUG_BYTES_MAX);
    assert_ne!(one, other, "what was cut still counts");
    assert_eq!(Slug::from_name(&"a".repeat(122)).as_str().len(), 122, "the longest that is not cut");
    let cut_at_a_space = Slug::from_name(&format!("{} {}", "a".repeat(121), "b".repeat(50)));
    assert!(
        cut_at_a_space.as_str().starts_with(&format!("{}-", "a".repeat(121)))
            && !cut_at_a_space.as_str().contains("--")
    );
    assert!(Slug::from_name(&"é".repeat(50_000_000)).as_str().starts_with("eee"), "100 MB");
}

/// The first 25 bits of the hash as base32, the slow way.
fn letters(text: &str) -> String {
    let hash = blake3::hash(text.as_bytes());
    let bits: String = hash.as_bytes()[..4].iter().map(|byte| format!("{byte:08b}")).collect();
    let letter = |at: usize| usize::from_str_radix(&bits[5 * at..5 * at + 5], 2).unwrap();
    (0..5).map(|at| char::from(b"abcdefghijklmnopqrstuvwxyz234567"[letter(at)])).collect()
}

#[test]
fn a_machine_adds_five_letters_of_the_first_identity_there_is() {
    let all =
        Identity { place_id: Some("ChIJ0001"), domain: Some("acme.com"), name: "Acme", street: Some("1 Main St") };
    let cases = [
        ("place id before all", all, r#"{"place_id":"ChIJ0001"}"#, "acme-cth7c"),
        ("then the domain", Identity { place_id: None, ..all }, r#"{"domain":"acme.com"}"#, "acme-uo2ea"),
        ("an empty one is none", Identity { place_id: Some(""), ..all }, r#"{"domain":"acme.com"}"#, "acme-uo2ea"),
        (
            "then name and street",
            Identity { place_id: None, domain: None, ..all },
            r#"{"name":"Acme","street":"1 Main St"}"#,
            "acme-wy7i6",
        ),
        (
            "a street nobody knows is null",
            Identity { place_id: None, domain: Some(""), name: "Acmé", street: None },
            r#"{"name":"Acmé","street":null}"#,
            "acme-qqcyt",
        ),
    ];
    let slug = Slug::new("acme").unwrap();
    for (name, identity, text, want) in cases {
        assert_eq!(identity.to_json(), serde_json::from_str::<serde_json::Value>(text).unwrap(), "{name}");
        let made = slug.with_identity_suffix(&identity);
        assert_eq!(made.as_str(), format!("acme-{}", letters(text)), "{name}");
        assert_eq!(made.as_str(), want, "{name}, as it always was");
    }
    assert_eq!(all.to_json(), json!({"place_id": "ChIJ0001"}));
    let full = Slug::new(&"a".repeat(SLUG_BYTES_MAX)).unwrap();
    assert_eq!(full.with_identity_suffix(&all).as_str().len(), SLUG_BYTES_MAX, "a full slug makes room");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Every name has a slug that is a safe folder, and a slug is a name of itself.
    #[test]
    fn r82_every_name_has_a_safe_slug(name in any::<String>()) {
        slug::check(name.as_bytes());
        let slug = Slug::from_name(&name);
        prop_assert!(target(Target::company(&slug).as_str()).is_ok());
        prop_assert!(target(Target::person(&slug).as_str()).is_ok());
    }

    /// The rule, once more and slowly.
    #[test]
    fn r82_a_slug_is_what_the_rule_says(text in "[-a-zA-Z0-9_.]{0,6}|.{0,4}") {
        let letters = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        let reserved = ["wal", "con", "prn", "aux", "nul"].contains(&text.as_str())
            || ["com", "lpt"].iter().any(|port| (0..10).any(|n| text == format!("{port}{n}")));
        let want = letters && text.len() >= 2 && !text.starts_with('-') && !text.ends_with('-') && !reserved;
        prop_assert_eq!(Slug::new(&text).is_ok(), want);
    }
}
