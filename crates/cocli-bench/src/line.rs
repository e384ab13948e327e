//! A line of the scoreboard: a number, what limits it, and what is wanted of it.

use crate::figures::{percent, times};

/// How much slower than wanted a time may be before `--check` fails: machines differ, and
/// a program that got slower by a power of ten is broken.
const ABSOLUTE_ALLOWANCE: f64 = 10.0;

/// Which way a ratio is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Good {
    /// Ours is a share of the limit: more is better.
    AtLeast,
    /// Ours is a multiple of the limit: less is better.
    AtMost,
}

/// What is wanted of a ratio.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Wanted {
    good: Good,
    /// The bound that must be kept, if there is one.
    must: Option<f64>,
    /// The bound aimed at, if there is one.
    aim: Option<f64>,
    /// Whether the limit is a fixed number, and not measured in the same run.
    absolute: bool,
}

/// How a line stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// What must be reached is; or, where nothing must be, the aim is.
    Met,
    /// What must be reached is not.
    Missed,
    /// Only aimed at, and not reached.
    Aim,
    /// Nothing is wanted of it.
    Told,
}

impl Verdict {
    /// As the scoreboard says it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Verdict::Met => "met",
            Verdict::Missed => "missed",
            Verdict::Aim => "aim",
            Verdict::Told => "-",
        }
    }
}

impl Wanted {
    /// At least this share of the limit.
    pub(crate) fn share(must: Option<f64>, aim: Option<f64>) -> Wanted {
        Wanted { good: Good::AtLeast, must, aim, absolute: false }
    }

    /// At most this multiple of the limit.
    pub(crate) fn multiple(must: Option<f64>, aim: Option<f64>) -> Wanted {
        Wanted { good: Good::AtMost, must, aim, absolute: false }
    }

    /// At most the limit, which is a fixed number and must be kept.
    pub(crate) fn must_stay_below() -> Wanted {
        Wanted { good: Good::AtMost, must: Some(1.0), aim: None, absolute: true }
    }

    /// At most the limit, which is a fixed number and aimed at.
    pub(crate) fn aims_below() -> Wanted {
        Wanted { good: Good::AtMost, must: None, aim: Some(1.0), absolute: true }
    }

    /// At least the limit, which is a fixed number and aimed at.
    pub(crate) fn aims_above() -> Wanted {
        Wanted { good: Good::AtLeast, must: None, aim: Some(1.0), absolute: true }
    }

    /// At least the limit, which is a count that nothing excuses.
    pub(crate) fn all() -> Wanted {
        Wanted { good: Good::AtLeast, must: Some(1.0), aim: None, absolute: false }
    }

    /// Nothing: a number to know.
    pub(crate) fn nothing() -> Wanted {
        Wanted { good: Good::AtMost, must: None, aim: None, absolute: true }
    }

    fn keeps(&self, ratio: f64, bound: f64) -> bool {
        match self.good {
            Good::AtLeast => ratio >= bound,
            Good::AtMost => ratio <= bound,
        }
    }

    /// How `ratio` stands.
    pub(crate) fn verdict(&self, ratio: f64) -> Verdict {
        match (self.must, self.aim) {
            (Some(must), _) if self.keeps(ratio, must) => Verdict::Met,
            (Some(_), _) => Verdict::Missed,
            (None, Some(aim)) if self.keeps(ratio, aim) => Verdict::Met,
            (None, Some(_)) => Verdict::Aim,
            (None, None) => Verdict::Told,
        }
    }

    /// Whether `--check` accepts `ratio`.
    fn is_checked(&self, ratio: f64) -> bool {
        let allowance = match (self.absolute, self.good) {
            (false, _) => 1.0,
            (true, Good::AtMost) => ABSOLUTE_ALLOWANCE,
            (true, Good::AtLeast) => 1.0 / ABSOLUTE_ALLOWANCE,
        };
        self.must.is_none_or(|must| self.keeps(ratio, must * allowance))
    }

    /// A ratio in the words of its kind.
    fn say(&self, ratio: f64) -> String {
        match self.good {
            Good::AtLeast => percent(ratio),
            Good::AtMost => times(ratio),
        }
    }

    /// What is wanted, for a column.
    fn text(&self) -> String {
        let sign = if self.good == Good::AtLeast { "≥" } else { "≤" };
        let bound = |bound: f64| format!("{sign} {}", self.say(bound));
        match (self.must, self.aim) {
            (Some(must), Some(aim)) => format!("must {}, aim {}", bound(must), bound(aim)),
            (Some(must), None) => format!("must {}", bound(must)),
            (None, Some(aim)) => format!("aim {}", bound(aim)),
            (None, None) => "-".to_owned(),
        }
    }
}

/// One measured number.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// What it is; what `docs/proof.toml` asks for by this name comes without a comma.
    pub(crate) name: String,
    /// The limit, with its unit.
    pub(crate) limit: String,
    /// Ours, with its unit.
    pub(crate) ours: String,
    /// Ours to the limit.
    pub(crate) ratio: f64,
    /// What is wanted of the ratio.
    pub(crate) wanted: Wanted,
}

impl Line {
    /// How it stands.
    pub(crate) fn verdict(&self) -> Verdict {
        self.wanted.verdict(self.ratio)
    }

    /// Whether `--check` accepts it.
    pub(crate) fn passes_check(&self) -> bool {
        self.wanted.is_checked(self.ratio)
    }

    /// The columns of the scoreboard that do not depend on the machine.
    pub(crate) fn columns(&self) -> [String; 6] {
        let Line { name, limit, ours, ratio, wanted } = self;
        let verdict = self.verdict().word().to_owned();
        [name.clone(), limit.clone(), ours.clone(), wanted.say(*ratio), wanted.text(), verdict]
    }

    /// The same number under the name of the whole row.
    pub(crate) fn named(&self, name: &str) -> Line {
        Line { name: name.to_owned(), ..self.clone() }
    }
}

/// A row of several numbers: first, under the row's name, the one that is worst off
/// against what is wanted, then all.
pub(crate) fn worst_first(name: &str, lines: Vec<Line>) -> Vec<Line> {
    let badness = |line: &Line| {
        let bound = line.wanted.must.or(line.wanted.aim).unwrap_or(f64::INFINITY);
        let off = if line.wanted.good == Good::AtLeast { bound / line.ratio } else { line.ratio / bound };
        (line.verdict() == Verdict::Missed, off)
    };
    let is_wanted = |line: &&Line| line.wanted.must.or(line.wanted.aim).is_some();
    let wanted = lines.iter().filter(is_wanted);
    let worst = wanted.max_by(|a, b| badness(a).partial_cmp(&badness(b)).unwrap_or(std::cmp::Ordering::Equal));
    let headline = worst.map(|line| line.named(name));
    headline.into_iter().chain(lines).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_by_what_is_wanted() {
        let both = Wanted::share(Some(0.7), Some(0.85));
        let cases = [
            ("must and aim, both kept", both, 0.9, Verdict::Met, true),
            ("must kept, aim not", both, 0.75, Verdict::Met, true),
            ("must not kept", both, 0.69, Verdict::Missed, false),
            ("aim kept", Wanted::multiple(None, Some(2.2)), 2.2, Verdict::Met, true),
            ("aim not kept", Wanted::multiple(None, Some(2.2)), 9.0, Verdict::Aim, true),
            ("a time over its bound", Wanted::must_stay_below(), 1.5, Verdict::Missed, true),
            ("a time far over its bound", Wanted::must_stay_below(), 11.0, Verdict::Missed, false),
            ("one of 5,000 lost", Wanted::all(), 4_999.0 / 5_000.0, Verdict::Missed, false),
            ("a number to know", Wanted::nothing(), 5.0, Verdict::Told, true),
        ];
        for (name, wanted, ratio, verdict, checked) in cases {
            assert_eq!((wanted.verdict(ratio), wanted.is_checked(ratio)), (verdict, checked), "{name}");
        }
    }

    #[test]
    fn the_worst_number_speaks_for_the_row() {
        let line = |name: &str, ratio| Line {
            name: name.to_owned(),
            limit: String::new(),
            ours: String::new(),
            ratio,
            wanted: Wanted::share(Some(0.7), None),
        };
        let lines = worst_first("row", vec![line("row, a", 0.9), line("row, b", 0.6), line("row, c", 0.8)]);
        let told: Vec<_> = lines.iter().map(|line| (line.name.as_str(), line.ratio)).collect();
        assert_eq!(told, [("row", 0.6), ("row, a", 0.9), ("row, b", 0.6), ("row, c", 0.8)]);
    }
}
