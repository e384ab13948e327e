use super::*;
use cocli_model::SigningKey;

fn member(n: u8, name: &str, addresses: &[&str]) -> Member {
    let key = SigningKey::from_bytes(&[n; 32]).verifying_key();
    Member { name: name.parse().unwrap(), key, addresses: addresses.iter().map(|a| a.parse().unwrap()).collect() }
}

#[test]
fn members_are_added_updated_and_known_and_comments_stay() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cluster.toml");
    write_new(&path, &member(1, "pi-1", &["127.0.0.1:9001"])).unwrap();
    let text = fs::read_to_string(&path).unwrap() + "# the laptop sleeps a lot\n";
    fs::write(&path, text).unwrap();
    let cases = [
        ("new", member(2, "laptop", &[]), Added::New, 2),
        ("again", member(2, "laptop", &[]), Added::Known, 2),
        ("found", member(2, "laptop", &["[::1]:9002"]), Added::Updated, 2),
        ("named without its address", member(2, "laptop", &[]), Added::Known, 2),
        ("renamed", member(2, "notebook", &[]), Added::Updated, 2),
    ];
    for (name, member, want, members) in cases {
        assert_eq!(add(&path, &member).unwrap(), want, "{name}");
        assert_eq!(Roster::read(&path).unwrap().members().len(), members, "{name}");
    }
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("# the laptop sleeps a lot") && text.contains("[::1]:9002"), "{text}");
}

#[test]
fn the_hash_counts_keys_and_neither_names_nor_addresses_nor_order() {
    let one = Roster::of(vec![member(1, "a", &[]), member(2, "b", &[])]).unwrap();
    let same = Roster::of(vec![member(2, "c", &["127.0.0.1:1"]), member(1, "a", &[])]).unwrap();
    let other = Roster::of(vec![member(1, "a", &[]), member(3, "b", &[])]).unwrap();
    assert_eq!(one.hash(), same.hash());
    assert_ne!(one.hash(), other.hash());
    assert_eq!(one.canonical().lines().count(), 2);
}

#[test]
fn a_roster_that_breaks_a_rule_is_refused_whole_and_says_why() {
    let key = member(1, "pi-1", &[]).key_text();
    let id = member(1, "pi-1", &[]).id();
    let cases = [
        ("no key", "[[member]]\nname = \"a\"\n".to_owned(), "has no key"),
        ("bad key", "[[member]]\nname = \"a\"\nkey = \"AAAA\"\n".to_owned(), "has no key"),
        ("bad name", format!("[[member]]\nname = \"../x\"\nkey = \"{key}\"\n"), "not a node name"),
        ("another's id", format!("[[member]]\nname = \"a\"\nid = \"aaaaaaaaaaaa\"\nkey = \"{key}\"\n"), id.as_str()),
        ("twice", format!("[[member]]\nname = \"a\"\nkey = \"{key}\"\n").repeat(2), "have one id"),
        ("unknown key", format!("[[member]]\nname = \"a\"\nrole = \"x\"\nkey = \"{key}\"\n"), "unknown key"),
        ("bad address", format!("[[member]]\nname = \"a\"\nkey = \"{key}\"\naddresses = [\"pi:1\"]\n"), "no ip:port"),
        ("no list", "member = 1\n".to_owned(), "not a list"),
    ];
    for (name, text, want) in cases {
        let reason = Roster::parse(&text).unwrap_err();
        assert!(reason.contains(want), "{name}: {reason}");
    }
}
