//! What happened to a file that people open, in words.

use cocli_model::field::FIELD_BYTES_MAX;
use cocli_model::front::FrontError;
use cocli_model::value::VALUE_BYTES_MAX;
use cocli_model::{FieldName, Target};
use cocli_store::files::{Left, LeftWhy};

/// Characters of a key that are shown.
const KEY_CHARS_MAX: usize = 60;

/// That a field which names a target was emptied in its file.
pub(crate) fn refused(target: &Target, field: &FieldName) -> String {
    format!("{field} identifies {target} and cannot be emptied: it stays")
}

/// That a key of a file is none that a record can hold.
pub(crate) fn odd(target: &Target, key: &str) -> String {
    let key: String = key.chars().take(KEY_CHARS_MAX).collect();
    format!(
        "`{key}` of {target} stays in its file and goes nowhere else: a name has at most {FIELD_BYTES_MAX} bytes, \
         a value {VALUE_BYTES_MAX}"
    )
}

/// That a file was no edit.
pub(crate) fn broken(target: &Target, why: Option<&FrontError>, kept: Option<&str>) -> String {
    let why = why.map_or_else(|| "it held nothing".to_owned(), ToString::to_string);
    let kept = kept.map_or_else(String::new, |kept| format!("; its bytes are in {kept}"));
    format!("the file of {target} was no edit and is written again: {why}{kept}")
}

/// That a file was not written, because of what stands there.
pub(crate) fn left(left: &Left) -> String {
    match &left.why {
        LeftWhy::Unreadable(why) => format!("{} was left as it is: {why}", left.path),
        _ => format!("{} was edited and is left as it is until it is read (cocli scan)", left.path),
    }
}

/// That there are bytes of which nobody knows whose they are.
pub(crate) fn left_by_crash(kept: &str) -> String {
    format!("a crash left {kept}: see whether you miss anything in it")
}
