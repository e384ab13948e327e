use cocli_model::legacy::pieces;

use super::*;

fn file(path: &str, text: &str) -> FileRead {
    FileRead { path: path.to_owned(), bytes: text.as_bytes().to_vec(), mtime_ns: 1_000_000_000 }
}

fn acme() -> Entity {
    Entity { target: "companies/acme".parse().unwrap(), index: None, tags: None, website: None, odd: Vec::new() }
}

fn row(time: &str, field: &str, value: &str) -> LegacyRow {
    let text = format!("{time}\x1fvm\x1fc\x1fprod\x1fcompanies/acme\x1f{field}\x1f{value}\x1f\x1e");
    pieces(text.as_bytes()).next().unwrap().row.unwrap()
}

/// `field op value @time source`, sorted.
fn words(found: &Found) -> Vec<String> {
    let word = |told: &Told| {
        let time = told.time.to_string();
        let op = match told.op {
            Operator::Add => "+",
            Operator::Remove => "-",
            _ => "=",
        };
        format!("{}{op}{} @{} {:?}", told.field, told.value, &time[..10], told.source)
    };
    let mut words: Vec<String> = found.told.iter().map(word).collect();
    words.sort();
    words
}

#[test]
fn a_file_counts_by_the_greatest_time_inside_and_else_by_its_own() {
    let mut entity = acme();
    entity.index = Some(file("i", "---\nname: Acme\nlast_enriched: '2026-02-13T11:39:36'\n---\n\nText\n"));
    let found = self::entity(&entity, &[], &Times::default());
    assert_eq!(
        words(&found),
        [
            "description=Text @2026-02-13 File",
            "last_enriched=2026-02-13T11:39:36 @2026-02-13 File",
            "name=Acme @2026-02-13 File"
        ]
    );
    entity.index = Some(file("i", "---\nname: Acme\n---\n"));
    assert_eq!(words(&self::entity(&entity, &[], &Times::default())), ["name=Acme @1970-01-01 File"]);
}

#[test]
fn tags_lst_wins_unless_it_is_empty() {
    let mut entity = acme();
    entity.index = Some(file("i", "---\nname: A\ntags:\n- x\n- y\n---\n"));
    let rows = [row("2026-02-01T00:00:00Z", "tags", "[\"z\"]")];
    entity.tags = Some(file("t", "b\na\n"));
    let found = self::entity(&entity, &rows, &Times::default());
    assert_eq!(words(&found), ["name=A @1970-01-01 File", "tags+a @1970-01-01 Tags", "tags+b @1970-01-01 Tags"]);
    assert!(found.drops, "the tags of the file are left out");
    entity.tags = Some(file("t", "\n"));
    let found = self::entity(&entity, &rows, &Times::default());
    assert_eq!(
        words(&found)[1..],
        [
            "tags+x @1970-01-01 File",
            "tags+y @1970-01-01 File",
            "tags+z @2026-02-01 Journal",
            "tags-x @2026-02-01 Journal",
            "tags-y @2026-02-01 Journal"
        ]
    );
}

#[test]
fn every_row_stays_and_the_newest_stands() {
    let rows = [row("2026-02-01T00:00:00Z", "city", "Brea"), row("2026-02-02T00:00:00", "city", "Yorba")];
    let found = entity(&acme(), &rows, &Times::default());
    assert_eq!(words(&found), ["city=Brea @2026-02-01 Journal", "city=Yorba @2026-02-02 Journal"]);
    assert_eq!(found.text("city").as_deref(), Some("Yorba"));
}

#[test]
fn a_website_fills_and_adds_and_brings_no_junk() {
    let mut entity = acme();
    entity.index = Some(file("i", "---\nname: A\nemail: a@a.com\ncategories:\n- Roofing\n---\n"));
    entity.website = Some(file(
        "w",
        "---\nurl: https://a.com\nemail: b@a.com\nphone: (714) 555-0142\nall_emails:\n- Email:C@a.com\n- logo@2x.png\n\
         categories:\n- Gutters\n---\n",
    ));
    let found = self::entity(&entity, &[], &Times::default());
    assert_eq!(
        words(&found),
        [
            "all_emails+c@a.com @1970-01-01 Website",
            "categories+Gutters @1970-01-01 Website",
            "categories+Roofing @1970-01-01 File",
            "email=a@a.com @1970-01-01 File",
            "name=A @1970-01-01 File",
            "phone_from_website=\"17145550142\" @1970-01-01 Website"
        ]
    );
}

#[test]
fn what_cannot_be_read_is_named_and_costs_itself() {
    let mut entity = acme();
    entity.index = Some(file("i", "---\nname: A\n"));
    let rows = [row("2026-02-01T00:00:00Z", "city", "Brea")];
    let found = self::entity(&entity, &rows, &Times::default());
    assert_eq!(words(&found), ["city=Brea @2026-02-01 Journal"]);
    assert!(!found.is_sound && found.odd[0].starts_with("i: "), "{:?}", found.odd);

    entity.index = Some(file("i", "---\nname: A\nemail: logo@2x.png\n---\n"));
    let found = self::entity(&entity, &[], &Times::default());
    assert_eq!(words(&found), ["name=A @1970-01-01 File"]);
    assert!(found.is_sound && found.drops && found.odd.len() == 1);
}

#[test]
fn many_rows_of_one_field_are_told_each_once() {
    let row = |n: i64| LegacyRow { time: Stamp::from_us(n).unwrap(), ..row("2026-02-01T00:00:00Z", "city", "Brea") };
    let rows: Vec<LegacyRow> = (0..50_000).chain(0..50_000).map(row).collect();
    assert_eq!(entity(&acme(), &rows, &Times::default()).told.len(), 50_000);
}
