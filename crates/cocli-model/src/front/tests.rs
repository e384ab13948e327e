use proptest::prelude::*;
use serde_json::json;

use super::*;

/// As the original writes it, and as people leave it.
const ACME: &str = "---
name: Acme, Inc.
# asked on the phone
type:   'N/A'   # not known yet
tags:
- a
  - b
phone_number: \"15125550100\"
hours: 9am --- 5pm
note: a long text that
  folds here
categories: []

custom: {x: 1}
---

Body text --- with dashes
---
";

fn acme() -> FrontMatter {
    FrontMatter::parse(ACME.replace("  - b", "- b  # second").as_bytes()).unwrap()
}

#[test]
fn a_file_reads_as_its_keys_and_its_body() {
    let front = acme();
    let keys: Vec<&str> = front.keys().collect();
    let all = ["name", "type", "tags", "phone_number", "hours", "note", "categories", "custom"];
    assert_eq!(keys, all);
    assert_eq!(front.values()["tags"], json!(["a", "b"]));
    assert_eq!(front.values()["hours"], json!("9am --- 5pm"));
    assert_eq!(front.values()["note"], json!("a long text that folds here"));
    assert_eq!(front.values()["custom"], json!({"x": 1}));
    assert_eq!(front.body(), "\nBody text --- with dashes\n---\n");
}

#[test]
fn only_the_value_moves() {
    let mut front = acme();
    let before = front.text().to_owned();
    let cases = [
        ("type", json!("Agency"), "type:   'Agency'   # not known yet\n"),
        ("phone_number", json!("1"), "phone_number: \"1\"\n"),
        ("name", json!("Acme"), "name: Acme\n"),
        ("tags", json!(["b", "c"]), "tags:\n- b  # second\n- c\n"),
        ("note", json!("short"), "note: short\n"),
        ("categories", json!(["X"]), "categories:\n- X\n"),
        ("custom", json!(7), "custom: 7\n"),
        ("new", json!(true), "new: true\n"),
    ];
    for (key, value, line) in cases {
        let patch = front.set(key, &value).unwrap();
        assert!(front.text().contains(line), "{key}: {}", front.text());
        assert_eq!(front.values()[key], value);
        front.apply(&patch.inverse()).unwrap();
        assert_eq!(front.text(), before);
    }
    front.remove("custom").unwrap();
    assert_eq!(front.text(), before.replace("custom: {x: 1}\n", ""));
}

#[test]
fn quotes_comments_and_spaces_come_back_with_the_value() {
    let mut front = acme();
    let before = front.text().to_owned();
    for (key, other) in [("type", "x"), ("phone_number", "0"), ("name", "Other")] {
        let value = front.values()[key].clone();
        front.set(key, &json!(other)).unwrap();
        front.set(key, &value).unwrap();
        assert_eq!(front.text(), before, "{key}");
    }
}

#[test]
fn line_ends_and_byte_order_mark_stay() {
    let mut front = FrontMatter::parse("\u{feff}---\r\na: 1\r\nb: 2\r\n---\r\nBody\r\n".as_bytes()).unwrap();
    front.set("a", &json!(3)).unwrap();
    front.set("c", &json!(["x"])).unwrap();
    assert_eq!(front.text(), "\u{feff}---\r\na: 3\r\nb: 2\r\nc:\r\n- x\r\n---\r\nBody\r\n");
}

#[test]
fn a_file_without_front_matter_gets_it() {
    let mut front = FrontMatter::parse(b"# Just text\n").unwrap();
    assert_eq!((front.keys().count(), front.body()), (0, "# Just text\n"));
    front.set("name", &json!("Acme")).unwrap();
    assert_eq!(front.text(), "---\nname: Acme\n---\n# Just text\n");
    front.set_body("other\n");
    assert_eq!(front.text(), "---\nname: Acme\n---\nother\n");
}

#[test]
fn what_cannot_be_read_is_refused_with_its_line() {
    let refused = |text: &str| FrontMatter::parse(text.as_bytes()).unwrap_err();
    assert_eq!(refused("---\na: 1\n"), FrontError::Unclosed);
    assert_eq!(refused("---\na: 1\n\tb: 2\n---\n"), FrontError::Tab(3));
    assert_eq!(refused("---\na: 1\nwhat\n---\n"), FrontError::NoKey(3));
    let twice = FrontError::Twice { key: "a".to_owned(), first: 2, again: 4 };
    assert_eq!(refused("---\na: 1\nb: 2\n'a': 3\n---\n"), twice);
    assert_eq!(refused("---\na: \0\n---\n"), FrontError::Nul(7));
    assert!(matches!(refused("---\na: [1\n---\n"), FrontError::Yaml(_)));
    assert!(matches!(refused("---\n<<: {b: 1}\n---\n"), FrontError::NotFlat | FrontError::Yaml(_)));
    assert_eq!(FrontMatter::parse(b"---\na: \xff\n---\n").unwrap_err(), FrontError::NotUtf8(7));
}

/// A scalar as people write it.
fn scalar() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z][a-zA-Z0-9 ,.-]{0,12}[a-z]",
        "'[a-z: #]{0,9}'",
        "\"[a-z: #]{0,9}\"",
        "[0-9]{1,6}",
        Just("true".to_owned()),
        Just("~".to_owned()),
        Just(String::new()),
    ]
}

/// An entry as people write it: scalars, lists, folded and literal texts.
fn entry() -> impl Strategy<Value = String> {
    let spaced = (1..4usize, scalar(), "( +# [a-z']{0,6})?").prop_map(|(gap, scalar, comment)| {
        if scalar.is_empty() { format!("{comment}\n") } else { format!("{}{scalar}{comment}\n", " ".repeat(gap)) }
    });
    let list = (prop::collection::vec(scalar(), 1..4), 0..3usize).prop_map(|(items, indent)| {
        let items: Vec<String> = items.iter().map(|item| format!("{}- {item}\n", " ".repeat(indent))).collect();
        format!("\n{}", items.concat())
    });
    prop_oneof![
        4 => spaced,
        2 => list,
        1 => Just(" |\n  one\n\n  two: x\n".to_owned()),
        1 => Just(" >-\n  folded\n  text\n".to_owned()),
        1 => Just(" [a, 'b']  # flow\n".to_owned()),
        1 => Just(" a text\n  that folds\n".to_owned()),
    ]
}

fn file() -> impl Strategy<Value = String> {
    let between = prop_oneof![4 => Just(""), 1 => Just("\n"), 1 => Just("# a comment\n")];
    let entries = prop::collection::btree_map("[a-z_]{1,5}", (between, entry()), 0..6);
    (entries, any::<bool>(), any::<bool>(), "[ -~\n]{0,20}").prop_map(|(entries, mark, crlf, body)| {
        let lines: String =
            entries.into_iter().map(|(key, (between, value))| format!("{between}{key}:{value}")).collect();
        let text = format!("{}---\n{lines}---\n{body}", if mark { "\u{feff}" } else { "" });
        if crlf { text.replace('\n', "\r\n") } else { text }
    })
}

fn value() -> impl Strategy<Value = Json> {
    let one = prop_oneof![
        ".{0,8}".prop_filter("no NUL", |text| !text.contains('\0')).prop_map(Json::from),
        any::<i32>().prop_map(Json::from),
        any::<bool>().prop_map(Json::from),
        Just(Json::Null),
    ];
    prop_oneof![3 => one.clone(), 1 => prop::collection::vec(one, 0..4).prop_map(Json::from)]
}

proptest! {
    /// An edit changes what its key holds and nothing else, and its inverse brings back
    /// every byte.
    #[test]
    fn edit_and_undo_gives_the_original_bytes(text in file(), at: prop::sample::Index, value in value(), new in "[a-z]{6}") {
        let Ok(mut front) = FrontMatter::parse(text.as_bytes()) else { return Ok(()) };
        let mut keys: Vec<String> = front.keys().map(str::to_owned).collect();
        keys.push(new);
        let key = at.get(&keys);
        let (before, body) = (front.values().clone(), front.body().to_owned());
        let patch = front.set(key, &value).unwrap();
        prop_assert_eq!(&front.values()[key], &value);
        prop_assert_eq!(front.body(), body);
        prop_assert!(before.iter().all(|(other, value)| other == key || front.values()[other] == *value));
        front.apply(&patch.inverse()).unwrap();
        prop_assert_eq!(front.text(), &text);
        if before.contains_key(key) {
            let patch = front.remove(key).unwrap();
            prop_assert!(!front.values().contains_key(key));
            front.apply(&patch.inverse()).unwrap();
            prop_assert_eq!(front.text(), &text);
        }
    }

    /// People's files are read: what the generator writes is not refused.
    #[test]
    fn what_people_write_is_read(text in file()) {
        let read = FrontMatter::parse(text.as_bytes());
        prop_assert!(read.is_ok(), "{text:?}: {read:?}");
    }

    /// Whatever the bytes: an answer, and the text as it was.
    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>, text in "(---\n)?[a: \n'\"#|>\\[\\]{}-]{0,30}(---\n)?") {
        let _ = FrontMatter::parse(&bytes);
        if let Ok(front) = FrontMatter::parse(text.as_bytes()) {
            prop_assert_eq!(front.text(), text);
        }
    }
}

#[test]
fn a_plain_scalar_is_what_its_canonical_text_says_and_else_a_text() {
    let texts = [
        "yes",
        "y",
        "n",
        "on",
        "off",
        "No",
        "01234",
        "1.0",
        "0x1f",
        "0o17",
        "1e3",
        "1_000",
        ".5",
        "+1",
        "True",
        "TRUE",
        "NULL",
        "Null",
        "~",
        "2026-01-01",
        "12:30:00",
        "1.5e3",
        ".inf",
        ".nan",
        "-0",
        "1.10",
        "9007199254740993",
        "y.es",
        "=",
    ];
    for text in texts {
        let front = FrontMatter::parse(format!("---\nk: {text}\nl:\n- {text}\n---\n").as_bytes()).unwrap();
        let want = json!(text);
        assert_eq!(front.values()["k"], want, "{text}");
        assert_eq!(front.values()["l"], json!([want]), "{text}");
    }
    for (text, want) in [("true", json!(true)), ("false", json!(false)), ("12", json!(12)), ("-1.5", json!(-1.5))] {
        let front = FrontMatter::parse(format!("---\nk: {text}\n---\n").as_bytes()).unwrap();
        assert_eq!(front.values()["k"], want, "{text}");
    }
    for text in ["null", ""] {
        let front = FrontMatter::parse(format!("---\nk: {text}\n---\n").as_bytes()).unwrap();
        assert!(front.values()["k"].is_null(), "{text:?}");
    }
}
