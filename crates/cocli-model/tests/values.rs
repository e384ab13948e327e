//! Values, their JSON, and fields: tables of golden texts, and properties whose judge is
//! `serde_json` or the law itself.

#![allow(clippy::unwrap_used)]

use cocli_model::field::{self, FIELD_BYTES_MAX, FIELD_TEXT_BYTES_MAX, FieldError};
use cocli_model::json::{self, DEPTH_MAX, JsonError};
use cocli_model::value::{self, VALUE_BYTES_MAX, ValueError};
use cocli_model::{Field, FieldName, Operator, Value};
use proptest::collection::{hash_map, vec};
use proptest::prelude::*;
use serde::de::IgnoredAny;
use serde_json::{Value as Json, json};

/// What a column must not hold: US, RS, LF, and NUL for the sake of C.
const SEPARATORS: [char; 4] = ['\u{1f}', '\u{1e}', '\n', '\0'];

// --- JSON ---------------------------------------------------------------------------

/// The other opinion on the grammar: skips without a bound on depth or numbers.
fn serde_recognises(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

#[test]
fn the_recogniser_knows_the_grammar_and_nothing_else() {
    let deep = "[".repeat(40_000) + &"]".repeat(40_000);
    let cases = [
        // text, JSON?
        ("null", true),
        ("nul", false),
        ("nullx", false),
        ("Null", false),
        ("true false", false),
        ("", false),
        (" ", false),
        (" \t\r\n1 \t\r\n", true),
        ("\u{a0}1", false),
        ("\u{feff}1", false),
        ("0", true),
        ("-0", true),
        ("-", false),
        ("00", false),
        ("01", false),
        ("+1", false),
        (".5", false),
        ("5.", false),
        ("5.0e", false),
        ("5e+07", true),
        ("1e999", true),
        ("1E-999", true),
        ("0x10", false),
        ("NaN", false),
        ("Infinity", false),
        (r#""""#, true),
        (r#"""#, false),
        (r#""a"b"#, false),
        (r#""\u12g4""#, false),
        (r#""\u123""#, false),
        (r#""\ud800""#, true),
        (r#""\x""#, false),
        ("\"\u{7f}\"", true),
        ("\"\t\"", false),
        ("'a'", false),
        ("[]", true),
        ("[ ]", true),
        ("[1,]", false),
        ("[,1]", false),
        ("[1 2]", false),
        ("[1", false),
        ("[1}", false),
        ("]", false),
        ("{}", true),
        ("{ }", true),
        (r#"{"a":1,"a":2}"#, true),
        (r#"{"a" : [ {} , {"b":[]} ] }"#, true),
        (r#"{"a":1,}"#, false),
        (r#"{"a"}"#, false),
        ("{a:1}", false),
        ("{1:1}", false),
        (r#"{"a":1]"#, false),
        ("[link](https://acme.com)", false),
        ("// no comment\n1", false),
        (&deep, true),
        (&deep[1..], false),
    ];
    for (text, want) in cases {
        let name = &text[..text.len().min(40)];
        assert_eq!(json::is_json_text(text), want, "{name}");
        assert_eq!(serde_recognises(text), want, "{name}, in the other opinion");
    }
    for c in '\0'..='\u{a0}' {
        let text = format!("[\"{c}\"]");
        assert_eq!(json::is_json_text(&text), c >= ' ' && c != '"' && c != '\\', "{c:?} raw in a string");
    }
}

#[test]
fn the_parser_refuses_what_has_no_single_meaning() {
    let nested = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
    let cases = [
        ("half a pair", r#"["\ud800"]"#.to_owned(), JsonError::LoneSurrogate { offset: 2 }),
        ("a pair the wrong way round", r#""\ude00\ud83d""#.to_owned(), JsonError::LoneSurrogate { offset: 1 }),
        ("a high one before a letter", r#""x\ud83dy""#.to_owned(), JsonError::LoneSurrogate { offset: 2 }),
        ("a high one before another escape", r#""\ud83d\n""#.to_owned(), JsonError::LoneSurrogate { offset: 1 }),
        ("two high ones", r#""\ud83d\ud83d""#.to_owned(), JsonError::LoneSurrogate { offset: 1 }),
        ("a key twice", r#"{"a":1,"a":2}"#.to_owned(), JsonError::RepeatedKey { offset: 10 }),
        ("a key twice, once escaped", r#"{"a":1,"\u0061":2}"#.to_owned(), JsonError::RepeatedKey { offset: 15 }),
        ("beyond a double", "[-1e309]".to_owned(), JsonError::NumberRange { offset: 1 }),
        ("one level too deep", nested(DEPTH_MAX + 1), JsonError::TooDeep { offset: DEPTH_MAX }),
        ("no end", "[1".to_owned(), JsonError::Syntax { offset: 2 }),
        ("two values", "1 2".to_owned(), JsonError::Syntax { offset: 2 }),
    ];
    for (name, text, want) in cases {
        assert_eq!(json::parse(&text), Err(want), "{name}");
    }
    assert!(json::parse(&nested(DEPTH_MAX)).is_ok(), "the last level allowed");
    for (text, integer) in [("9007199254740992", true), ("-9007199254740992", true), ("9007199254740993", false)] {
        assert_eq!(json::parse(text).unwrap().is_i64(), integer, "{text} stays an integer up to 2^53");
    }
    assert_eq!(json::parse(r#" "\ud83d\ude00" "#), Ok(json!("😀")), "a pair is a character");
}

/// RFC 8785, appendix B, and the neighbourhood of 2⁵³.
#[test]
fn numbers_are_written_as_ecmascript_writes_them() {
    let cases: [(u64, &str); 24] = [
        (0x0000_0000_0000_0000, "0"),
        (0x8000_0000_0000_0000, "0"),
        (0x0000_0000_0000_0001, "5e-324"),
        (0x8000_0000_0000_0001, "-5e-324"),
        (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
        (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"),
        (0x4340_0000_0000_0000, "9007199254740992"),
        (0xc340_0000_0000_0000, "-9007199254740992"),
        (0x4430_0000_0000_0000, "295147905179352830000"),
        (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
        (0x44b5_2d02_c7e1_4af6, "1e+23"),
        (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
        (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
        (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
        (0x444b_1ae4_d6e2_ef50, "1e+21"),
        (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
        (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
        (0x41b3_de43_5555_5553, "333333333.3333332"),
        (0x41b3_de43_5555_5554, "333333333.33333325"),
        (0x41b3_de43_5555_5555, "333333333.3333333"),
        (0x41b3_de43_5555_5556, "333333333.3333334"),
        (0x41b3_de43_5555_5557, "333333333.33333343"),
        (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
        (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
    ];
    for (bits, want) in cases {
        assert_eq!(json::canonical(&json!(f64::from_bits(bits))), want, "{bits:016x}");
    }
    for (integer, want) in [
        (json!(9_007_199_254_740_993_u64), "9007199254740992"),
        (json!(u64::MAX), "18446744073709552000"),
        (json!(i64::MIN), "-9223372036854776000"),
    ] {
        assert_eq!(json::canonical(&integer), want, "an integer beyond 2^53 is a double");
    }
}

/// RFC 8785, the examples of 3.2.2 and 3.2.3.
#[test]
fn objects_are_written_as_rfc_8785_shows() {
    let sample = r#"{
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false]
    }"#;
    let want = r#"{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}"#;
    assert_eq!(json::canonical(&json::parse(sample).unwrap()), want);

    let keys = r#"{"\u20ac":5,"\r":1,"\ufb33":7,"1":2,"\ud83d\ude00":6,"\u0080":3,"\u00f6":4}"#;
    let want = "{\"\\r\":1,\"1\":2,\"\u{80}\":3,\"ö\":4,\"€\":5,\"😀\":6,\"\u{fb33}\":7}";
    assert_eq!(json::canonical(&json::parse(keys).unwrap()), want, "keys sort by UTF-16 code units");
}

/// Texts that are JSON, or nearly.
fn nearly_json() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        "\"",
        "\"a\"",
        "\"\\u00e9\"",
        "\"\\ud83d",
        "\\",
        "u12",
        "\u{feff}",
        "é",
        " ",
        "\n",
        "\t",
        "null",
        "true",
        "false",
        "nul",
        "0",
        "-",
        "1",
        "12",
        ".",
        "e",
        "E+",
        "1e9",
        "{\"a\":",
        "[]",
        "{}",
        "\u{7f}",
        "\u{1f}",
    ]);
    vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// Strings of the kinds that break formats.
fn any_text() -> impl Strategy<Value = String> {
    let nasty = prop::sample::select(vec![
        '\u{1f}', '\u{1e}', '\n', '\r', '\0', '\t', '"', '\\', '\u{7f}', '\u{85}', '\u{9f}', '\u{a0}', '\u{2028}',
        '\u{2029}', '\u{feff}', '\u{241f}', '\u{241e}', '😀', 'é', '1', '[', ']', '+', '-', '~', '!', ' ',
    ]);
    prop_oneof![
        any::<String>(),
        vec(prop_oneof![nasty, any::<char>()], 0..12).prop_map(String::from_iter),
        nearly_json(),
    ]
}

/// JSON values, with many that differ only in how they are written.
fn any_json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        (-3_i64..3).prop_map(Json::from),
        (-3_i32..3).prop_map(|n| Json::from(f64::from(n))),
        any::<i64>().prop_map(Json::from),
        any::<u64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        any_text().prop_map(Json::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Json::from),
            hash_map(any_text(), inner, 0..4).prop_map(|entries| Json::Object(entries.into_iter().collect())),
        ]
    })
}

/// Whether two values are one by RFC 8785: numbers as doubles, objects without order.
fn same(left: &Json, right: &Json) -> bool {
    match (left, right) {
        (Json::Number(left), Json::Number(right)) => left.as_f64() == right.as_f64(),
        (Json::Array(left), Json::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (Json::Object(left), Json::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(key, item)| right.get(key).is_some_and(|other| same(item, other)))
        }
        _ => left == right,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Our recogniser and the other opinion decide alike.
    #[test]
    fn the_recogniser_agrees_with_another(text in prop_oneof![nearly_json(), any_text(), any_json().prop_map(|json| json.to_string())]) {
        prop_assert_eq!(json::is_json_text(&text), serde_recognises(&text));
        json_check(text.as_bytes());
    }

    /// The parser reads what another writer wrote, to the last bit of each number.
    #[test]
    fn the_parser_reads_what_another_wrote(json in any_json()) {
        let read = json::parse(&serde_json::to_string_pretty(&json).unwrap()).unwrap();
        prop_assert!(same(&read, &json), "{read} for {json}");
    }

    /// A number's text is read back to the same double, and none is shorter.
    #[test]
    fn the_text_of_a_number_is_the_shortest_that_comes_back(bits in any::<u64>()) {
        let double = f64::from_bits(bits);
        prop_assume!(double.is_finite());
        let text = json::canonical(&json!(double));
        prop_assert_eq!(text.parse::<f64>().unwrap(), double);
        let digits = |text: &str| {
            let mantissa: String = text.split('e').next().unwrap().chars().filter(char::is_ascii_digit).collect();
            mantissa.trim_matches('0').len()
        };
        prop_assert_eq!(digits(&text), digits(&format!("{double:e}")));
    }
}

fn json_check(data: &[u8]) {
    value::check::json(data);
}

// --- Values -------------------------------------------------------------------------

#[test]
fn a_string_is_quoted_only_where_it_must_be() {
    let cases = [
        // string, its text
        ("Acme, Inc.", "Acme, Inc."),
        ("", r#""""#),
        (" ", " "),
        ("78701", r#""78701""#),
        (" 78701", r#"" 78701""#),
        ("78701 ", r#""78701 ""#),
        ("01234", "01234"),
        ("1e999", r#""1e999""#),
        ("null", r#""null""#),
        ("Null", "Null"),
        ("true", r#""true""#),
        (r#""quoted""#, r#""\"quoted\"""#),
        (r#"say "hi""#, r#"say "hi""#),
        (r"back\slash", r"back\slash"),
        ("[1]", r#""[1]""#),
        ("[link](x)", "[link](x)"),
        (r#"{"a":1,"a":2}"#, r#""{\"a\":1,\"a\":2}""#),
        (r#""\ud800""#, r#""\"\\ud800\"""#),
        ("two\nlines", r#""two\nlines""#),
        ("a\u{1f}b\u{1e}c\0d", r#""a\u001fb\u001ec\u0000d""#),
        ("\u{8}\u{c}\r\t", r#""\b\f\r\t""#),
        ("\u{7f}", "\"\u{7f}\""),
        ("a\u{85}b", "\"a\u{85}b\""),
        ("a\u{2028}b", "\"a\u{2028}b\""),
        ("\u{feff}a", "\"\u{feff}a\""),
        ("\u{a0}a", "\u{a0}a"),
        ("\u{241f}\u{241e}", "\u{241f}\u{241e}"),
        ("Fundação 😀", "Fundação 😀"),
    ];
    for (string, text) in cases {
        let value = Value::string(string).unwrap();
        assert_eq!(value.as_text(), text, "text of {string:?}");
        assert_eq!(value.as_str().as_deref(), Some(string), "string of {text:?}");
        assert_eq!(Value::from_text(text), Ok(value.clone()), "{text:?} read");
        assert_eq!(Value::from_json(&json!(string)), Ok(value), "{string:?} as JSON");
    }
    let deep = "[".repeat(200) + &"]".repeat(200);
    let value = Value::string(&deep).unwrap();
    assert_eq!(value.as_text(), format!("\"{deep}\""), "too deep for a value, but JSON: quoted");
    assert!(matches!(Value::from_text(&deep), Err(ValueError::Json(JsonError::TooDeep { .. }))));
}

#[test]
fn a_text_that_is_not_canonical_is_no_value() {
    let control = |offset, character| ValueError::Control { offset, character };
    let cases = [
        // text, why not
        ("", ValueError::Empty),
        (r#""bare would do""#, ValueError::NotCanonical),
        (" 1", ValueError::NotCanonical),
        ("1.0", ValueError::NotCanonical),
        ("-0", ValueError::NotCanonical),
        ("1E5", ValueError::NotCanonical),
        ("1e-999", ValueError::NotCanonical),
        ("9007199254740993", ValueError::NotCanonical),
        ("[1, 2]", ValueError::NotCanonical),
        (r#"{"b":1,"a":2}"#, ValueError::NotCanonical),
        (r#"["\u00e9"]"#, ValueError::NotCanonical),
        (r#"["\/"]"#, ValueError::NotCanonical),
        (r#""\u000A""#, ValueError::NotCanonical),
        (r#""\u000a""#, ValueError::NotCanonical),
        ("\n1", ValueError::NotCanonical),
        ("1e999", ValueError::Json(JsonError::NumberRange { offset: 0 })),
        (r#"{"a":1,"a":1}"#, ValueError::Json(JsonError::RepeatedKey { offset: 10 })),
        (r#""\udc00""#, ValueError::Json(JsonError::LoneSurrogate { offset: 1 })),
        ("a\u{1f}b", control(1, '\u{1f}')),
        ("é\u{1e}", control(2, '\u{1e}')),
        ("a\n", control(1, '\n')),
        ("a\u{7f}", control(1, '\u{7f}')),
        ("\u{feff}", control(0, '\u{feff}')),
    ];
    for (text, want) in cases {
        assert_eq!(Value::from_text(text), Err(want), "{text:?}");
    }
}

#[test]
fn what_a_person_types_is_a_string_unless_yaml_and_its_text_agree() {
    let numbers = ["0", "5", "-1.5", "15125550100", "1e+21", "1e-7", "null", "true", "false"];
    for typed in numbers {
        let value = Value::from_typed(typed).unwrap();
        assert_eq!(value.as_text(), typed, "{typed} is no string");
        assert_eq!(value.as_str(), None, "{typed} is no string");
    }
    let strings = [
        "",
        "01234",
        "1.0",
        "+17145550100",
        "-0",
        "1e5",
        "1E5",
        ".5",
        "5.",
        "0x10",
        "0o7",
        ".inf",
        ".nan",
        "~",
        "Null",
        "NULL",
        "True",
        "yes",
        "no",
        "on",
        "2026-02-16",
        "12:30",
        " 5",
        "5 ",
        "9007199254740993",
        "[1]",
        "{}",
        "\"5\"",
        "Acme",
        "1e999",
        "a\nb",
    ];
    for typed in strings {
        assert_eq!(Value::from_typed(typed).unwrap().as_str().as_deref(), Some(typed), "{typed:?} is a string");
    }
}

#[test]
fn the_constructors_and_questions_agree() {
    let string = |text| Value::string(text).unwrap();
    let cases = [
        // value, text, null?, empty or null?
        (Value::null(), "null", true, true),
        (string(""), r#""""#, false, true),
        (string("null"), r#""null""#, false, false),
        (string(" "), " ", false, false),
        (Value::bool(true), "true", false, false),
        (Value::bool(false), "false", false, false),
        (Value::from_json(&json!(0)).unwrap(), "0", false, false),
        (Value::from_json(&json!([])).unwrap(), "[]", false, false),
        (Value::from_json(&json!({})).unwrap(), "{}", false, false),
    ];
    for (value, text, null, empty) in cases {
        assert_eq!(value.as_text(), text);
        assert_eq!(value.to_string(), text);
        assert_eq!(value.is_null(), null, "{text} is null");
        assert_eq!(value.is_empty_or_null(), empty, "{text} is empty or null");
        assert_eq!(Value::from_text(text), Ok(value), "{text}");
    }
    assert!(string("[a") < string("b"), "values sort by the bytes of their text");
    assert_eq!(Value::from_text("3").unwrap().to_json(), json!(3), "integers come out as integers");
}

#[test]
fn r11_bytes_that_are_not_utf_8_are_refused_with_their_place() {
    let cases: [(&str, &[u8], usize); 9] = [
        ("a byte that never occurs", b"ab\xffc", 2),
        ("a continuation alone", b"\x80", 0),
        ("an overlong slash", b"a\xc0\xaf", 1),
        ("an overlong separator", b"\xe0\x80\x9f", 0),
        ("a surrogate in three bytes", b"abc\xed\xa0\x80", 3),
        ("beyond the last character", b"\xf4\x90\x80\x80", 0),
        ("a 4-byte character cut after one", b"x\xf0", 1),
        ("a 4-byte character cut after three", "x😀".as_bytes().split_last().unwrap().1, 1),
        ("a Latin-1 letter", b"Caf\xe9", 3),
    ];
    for (name, bytes, offset) in cases {
        assert_eq!(Value::from_bytes(bytes), Err(ValueError::Utf8 { offset }), "{name}");
    }
    assert_eq!(Value::from_bytes("x😀".as_bytes()).unwrap().as_text(), "x😀");
}

#[test]
fn r12_a_value_over_the_limit_is_refused_by_its_size_and_an_empty_one_has_a_text() {
    let full = "x".repeat(VALUE_BYTES_MAX);
    assert_eq!(Value::string(&full).unwrap().as_text().len(), VALUE_BYTES_MAX, "the limit itself is a value");
    assert!(Value::from_text(&full).is_ok());

    let huge = "x".repeat(100_000_000);
    let too_large = |bytes| Err(ValueError::TooLarge { bytes });
    assert_eq!(Value::string(&huge), too_large(100_000_000));
    assert_eq!(Value::from_text(&huge), too_large(100_000_000));
    assert_eq!(Value::from_typed(&huge), too_large(100_000_000));
    assert_eq!(Value::from_bytes(huge.as_bytes()), too_large(100_000_000));
    assert_eq!(Value::from_bytes(&vec![0xff; 65_537]), too_large(65_537), "the size is looked at first");
    assert_eq!(Value::from_json(&json!(huge)), too_large(100_000_000));
    assert_eq!(Value::from_json(&json!([huge])), too_large(100_000_004), "an array is measured with its brackets");
    assert_eq!(Value::string(&"\n".repeat(32_768)), too_large(65_538), "quotes and escapes count");
    assert!(Value::string(&"\n".repeat(32_767)).is_ok(), "the longest string of line feeds");
    let message = Value::string(&huge).unwrap_err().to_string();
    assert!(message.contains("100000000") && message.contains("65536"), "{message} names both sizes");

    let empty = Value::string("").unwrap();
    assert_eq!((empty.as_text(), empty.as_str().as_deref()), (r#""""#, Some("")));
    assert_eq!(Value::from_bytes(b""), Err(ValueError::Empty), "an empty column is no value");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Every string comes back, from a text that holds no separator; quoted by the rule.
    #[test]
    fn r10_every_string_comes_back_and_no_text_holds_a_separator(string in any_text()) {
        let value = Value::string(&string).unwrap();
        prop_assert!(value.as_str().as_deref() == Some(string.as_str()), "{:?} from {:?}", string, value);
        prop_assert_eq!(Value::from_text(value.as_text()), Ok(value.clone()));
        prop_assert!(!value.as_text().contains(SEPARATORS), "a separator in {value:?}");
        let control = |c: char| c.is_control() || "\u{2028}\u{2029}\u{feff}".contains(c);
        let quoted = string.is_empty() || string.contains(control) || serde_recognises(&string);
        let want = if quoted { serde_json::to_string(&string).unwrap() } else { string.clone() };
        prop_assert_eq!(value.as_text(), want);
    }

    /// Equal values have equal texts, different values different ones.
    #[test]
    fn r10_one_text_for_each_value_and_one_value_for_each_text(left in any_json(), right in any_json()) {
        let (one, other) = (Value::from_json(&left).unwrap(), Value::from_json(&right).unwrap());
        prop_assert_eq!(one == other, same(&left, &right), "{} and {}", one, other);
        prop_assert!(same(&one.to_json(), &left), "{one} for {left}");
        prop_assert_eq!(Value::from_text(one.as_text()), Ok(one));
    }

    /// What is typed comes back as typed, whatever it became.
    #[test]
    fn what_is_typed_is_kept_to_the_letter(typed in prop_oneof![any_text(), "[-+]?[0-9]{0,3}[.]?[0-9]{0,3}(e[-+]?[0-9]{1,2})?"]) {
        let value = Value::from_typed(&typed).unwrap();
        let shown = value.as_str().map_or(value.as_text().to_owned(), |text| text.into_owned());
        prop_assert_eq!(shown, typed);
    }

    /// No bytes bring a decoder down.
    #[test]
    fn r11_any_bytes_are_a_value_or_refused(bytes in prop_oneof![vec(any::<u8>(), 0..64), any_text().prop_map(String::into_bytes)]) {
        value::check::value(&bytes);
        value::check::json(&bytes);
        field::check(&bytes);
        let utf8 = std::str::from_utf8(&bytes).map_err(|error| error.valid_up_to());
        prop_assert_eq!(value::utf8(&bytes), utf8.map_err(|offset| ValueError::Utf8 { offset }));
    }
}

// --- Fields -------------------------------------------------------------------------

#[test]
fn a_field_has_one_text() {
    let cases = [
        // text, name, operator
        ("name", "name", Operator::Set),
        ("tags+", "tags", Operator::Add),
        ("tags-", "tags", Operator::Remove),
        ("name~", "name", Operator::Withdraw),
        ("!", "!", Operator::Visibility),
        (r#""!""#, "!", Operator::Set),
        (r#""!"~"#, "!", Operator::Withdraw),
        (r#""""#, "", Operator::Set),
        (r#"""+"#, "", Operator::Add),
        (r#""c++""#, "c++", Operator::Set),
        (r#""c++"+"#, "c++", Operator::Add),
        (r#""e-"-"#, "e-", Operator::Remove),
        (r#""~""#, "~", Operator::Set),
        (r#""\"a""#, "\"a", Operator::Set),
        (r#""a\nb"~"#, "a\nb", Operator::Withdraw),
        ("\"a\u{7f}\"", "a\u{7f}", Operator::Set),
        ("a-b", "a-b", Operator::Set),
        ("a\"b!", "a\"b!", Operator::Set),
        (" a ", " a ", Operator::Set),
        ("Größe", "Größe", Operator::Set),
        ("78701", "78701", Operator::Set),
    ];
    for (text, name, op) in cases {
        let field = Field::new(name, op).unwrap();
        assert_eq!(field.to_string(), text, "{name:?} with {op:?}");
        assert_eq!(text.parse(), Ok(field), "{text:?}");
    }
    assert_eq!(Field::visibility(), Field::new("!", Operator::Visibility).unwrap());
    assert_ne!(Field::visibility(), Field::new("!", Operator::Set).unwrap(), "a register may be called !");
    let words = [Operator::Set, Operator::Add, Operator::Remove, Operator::Withdraw, Operator::Visibility];
    assert_eq!(words.map(Operator::as_str), ["=", "+", "-", "~", "!"], "the words of state entries");
}

#[test]
fn broken_structure_and_broken_meaning_are_told_apart() {
    let control = |offset, character| FieldError::Control { offset, character };
    let cases = [
        // text, why not, is its row stored?
        ("", FieldError::Empty, false),
        ("a\u{1f}b", control(1, '\u{1f}'), false),
        ("a\u{85}+", control(1, '\u{85}'), false),
        ("!\0", control(1, '\0'), false),
        (r#"""#, FieldError::BadQuotes, false),
        (r#""a"#, FieldError::BadQuotes, false),
        ("\"a\nb\"", FieldError::BadQuotes, false),
        (r#""\u000a""#, FieldError::BadQuotes, false),
        (r#""\ud800""#, FieldError::BadQuotes, false),
        (r#""\/+""#, FieldError::BadQuotes, false),
        (r#""name""#, FieldError::NeedlessQuotes, false),
        (r#""tags"+"#, FieldError::NeedlessQuotes, false),
        ("\"c+\"\u{1e}", control(4, '\u{1e}'), false),
        ("+", FieldError::UnknownOperator, true),
        ("~", FieldError::UnknownOperator, true),
        ("tags++", FieldError::UnknownOperator, true),
        ("tags+-", FieldError::UnknownOperator, true),
        ("!x", FieldError::UnknownOperator, true),
        ("!!", FieldError::UnknownOperator, true),
        ("!+", FieldError::UnknownOperator, true),
        (r#""c+"*"#, FieldError::UnknownOperator, true),
        (r#""c+"+-"#, FieldError::UnknownOperator, true),
        (r#""name"*"#, FieldError::UnknownOperator, true),
    ];
    for (text, want, stored) in cases {
        let error = text.parse::<Field>().unwrap_err();
        assert_eq!(error, want, "{text:?}");
        assert_eq!(error.is_meaning(), stored, "{text:?} is stored");
    }
    assert_eq!(Field::new("name", Operator::Visibility), Err(FieldError::UnknownOperator));
}

#[test]
fn r12_a_field_name_has_a_limit_and_reaches_it_in_every_form() {
    let widest = "\u{1}".repeat(FIELD_BYTES_MAX);
    let field = Field::new(&widest, Operator::Withdraw).unwrap();
    assert_eq!(field.to_string().len(), FIELD_TEXT_BYTES_MAX, "the widest column there is");
    assert_eq!(field.to_string().parse(), Ok(field));

    let long = "n".repeat(FIELD_BYTES_MAX + 1);
    let too_long = FieldError::TooLong { bytes: FIELD_BYTES_MAX + 1 };
    assert_eq!(FieldName::new(&long), Err(too_long.clone()));
    assert_eq!(long.parse::<Field>(), Err(too_long.clone()), "bare");
    assert_eq!(format!("{}+", &long[1..]).parse::<Field>().unwrap().op, Operator::Add, "the operator is not counted");
    assert_eq!(format!("\"{}+\"", &long[1..]).parse::<Field>(), Err(too_long), "quoted");
    let huge = "n".repeat(100_000_000);
    assert_eq!(huge.parse::<Field>(), Err(FieldError::TooLong { bytes: 100_000_000 }));
}

#[test]
fn sets_and_identities_are_those_of_the_design() {
    let name = |text: &str| FieldName::new(text).unwrap();
    for set in ["tags", "aliases", "categories", "all_emails", "keywords", "services", "products", "tech_stack"] {
        assert!(name(set).is_set() && !name(set).is_identity(), "{set}");
    }
    for identity in ["name", "domain", "place_id", "slug"] {
        assert!(name(identity).is_identity() && !name(identity).is_set(), "{identity}");
    }
    for other in ["phone", "email", "Tags", "tag", "", "street", "!"] {
        assert!(!name(other).is_set() && !name(other).is_identity(), "{other}");
    }
}

proptest! {
    /// Every name can be written with every operator, no two alike, none with a separator.
    #[test]
    fn r10_every_field_name_comes_back(left in any_text(), right in any_text(), ops in (0..4_usize, 0..4_usize)) {
        prop_assume!(left.len() <= FIELD_BYTES_MAX && right.len() <= FIELD_BYTES_MAX);
        let op = |at: usize| [Operator::Set, Operator::Add, Operator::Remove, Operator::Withdraw][at];
        let one = Field::new(&left, op(ops.0)).unwrap();
        let other = Field::new(&right, op(ops.1)).unwrap();
        prop_assert!(!one.to_string().contains(SEPARATORS), "a separator in {one:?}");
        prop_assert_eq!(one == other, one.to_string() == other.to_string());
        prop_assert_eq!(one.to_string().parse::<Field>(), Ok(one));
        field::check(left.as_bytes());
    }
}
