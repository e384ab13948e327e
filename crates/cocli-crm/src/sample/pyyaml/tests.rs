use super::*;

/// What PyYAML 6.0.3 wrote of the same values.
const WRITTEN: &str = r#"name: "Caf\xE9 No\xEBl: \"the\" 'best' & only"
domain: acme.com
plain: O'Brien & Sons, "since 1912"
colon: 'Ortega: wealth planning'
hash: 'No #1 roofer'
dash: 9am --- 5pm
zip_new_jersey: 08901
zip_texas: '78701'
octal: '01234'
when: '2026-02-13T11:39:36.339391Z'
naive: '2026-02-13T11:39:36.339391'
note_time: 2026-03-01T12:00:05+00:00Z
truth: 'yes'
empty: ''
sexagesimal: '12:30'
rating: 4.5
count: -3
flag: false
none: []
nothing: {}
long: We have served families and small firms of the whole county for more than thirty
  years, and our door is always open to those who want to ask something first
quoted: 'It''s simple: we listen first, we plan with you, and then we look after what
  you''ve built, year after year, without jargon'
wide: "Pl\xE4ne f\xFCr heute \u2014 und f\xFCr morgen: \u201Ewir h\xF6ren zu\u201C\
  , sagen alle, die bei uns waren, und kommen wieder"
services:
- Tax
- "Estate planning:\r\nwills\tand trusts"
- 'Retirement

  Second line: with a colon


  last'
- '- dashed'
- a long item of a list that goes on beyond the column at which a line has to be folded
  up and over
contexts:
  a@b.com: "Sales \xE9"
  c@d.com: a context that is long enough to be folded where the emitter of PyYAML
    thinks that a line ends
astral: "\U0001F4DE call"
"#;

fn values() -> Vec<(&'static str, Yaml)> {
    vec![
        ("name", Yaml::text("Café Noël: \"the\" 'best' & only")),
        ("domain", Yaml::text("acme.com")),
        ("plain", Yaml::text("O'Brien & Sons, \"since 1912\"")),
        ("colon", Yaml::text("Ortega: wealth planning")),
        ("hash", Yaml::text("No #1 roofer")),
        ("dash", Yaml::text("9am --- 5pm")),
        ("zip_new_jersey", Yaml::text("08901")),
        ("zip_texas", Yaml::text("78701")),
        ("octal", Yaml::text("01234")),
        ("when", Yaml::text("2026-02-13T11:39:36.339391Z")),
        ("naive", Yaml::text("2026-02-13T11:39:36.339391")),
        ("note_time", Yaml::text("2026-03-01T12:00:05+00:00Z")),
        ("truth", Yaml::text("yes")),
        ("empty", Yaml::text("")),
        ("sexagesimal", Yaml::text("12:30")),
        ("rating", Yaml::Float(4.5)),
        ("count", Yaml::Int(-3)),
        ("flag", Yaml::Bool(false)),
        ("none", Yaml::List(Vec::new())),
        ("nothing", Yaml::Map(Vec::new())),
        (
            "long",
            Yaml::text(
                "We have served families and small firms of the whole county for more than thirty years, and our \
                 door is always open to those who want to ask something first",
            ),
        ),
        (
            "quoted",
            Yaml::text(
                "It's simple: we listen first, we plan with you, and then we look after what you've built, year \
                 after year, without jargon",
            ),
        ),
        (
            "wide",
            Yaml::text(
                "Pläne für heute — und für morgen: „wir hören zu“, sagen alle, die bei uns waren, und kommen wieder",
            ),
        ),
        (
            "services",
            Yaml::list([
                "Tax",
                "Estate planning:\r\nwills\tand trusts",
                "Retirement\nSecond line: with a colon\n\nlast",
                "- dashed",
                "a long item of a list that goes on beyond the column at which a line has to be folded up and over",
            ]),
        ),
        (
            "contexts",
            Yaml::Map(vec![
                ("a@b.com".into(), "Sales é".into()),
                (
                    "c@d.com".into(),
                    "a context that is long enough to be folded where the emitter of PyYAML thinks that a line ends"
                        .into(),
                ),
            ]),
        ),
        ("astral", Yaml::text("📞 call")),
    ]
}

#[test]
fn values_are_written_as_pyyaml_writes_them() {
    let ours = dump(&values());
    for (ours, theirs) in ours.lines().zip(WRITTEN.lines()) {
        assert_eq!(ours, theirs);
    }
    assert_eq!(ours, WRITTEN);
}

#[test]
fn what_would_be_read_as_something_else_is_quoted() {
    let not_texts =
        ["0x1F", "0b1", "1_000", "1.5", "-.inf", ".5", "1.5e+3", "=", "<<", "~", "190:20:30", "2026-2-3 4:05:06 +1"];
    for scalar in not_texts {
        assert_eq!(dump(&[("k", Yaml::text(scalar))]), format!("k: '{scalar}'\n"));
    }
    let texts = ["1e5", "1.5e3", "0o7", "08", "2026-2-3", "1.2.3", "+1 714 555 0101", "0:30", "-", "- x", "y"];
    for scalar in &texts[..8] {
        assert_eq!(dump(&[("k", Yaml::text(*scalar))]), format!("k: {scalar}\n"));
    }
    assert_eq!(dump(&[("k", Yaml::text("-"))]), "k: '-'\n");
}
