//! What can go wrong: the words for it. What happens then is the world's business.

use crate::time::{MINUTE, Us};

/// How long a partition or an outage lasts at most.
pub(crate) const OUTAGE_US: Us = 2 * MINUTE;

/// What the bad member does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Attack {
    /// Tells different histories to different peers.
    Equivocate,
    /// Sends old datagrams again.
    Replay,
    /// Sends datagrams in others' names, alone and in ranges.
    Forge,
    /// Does not answer.
    Withhold,
    /// Stamps its records with the year 2100.
    FarFuture,
    /// Stamps its records with the last microseconds of a millisecond, or of a day.
    EdgeOfTime,
    /// Claims frontiers nobody can have.
    Absurd,
    /// Leaves a datagram of its journal out for good.
    Hole,
}

impl Attack {
    /// All of them.
    pub const ALL: [Attack; 8] = [
        Attack::Equivocate,
        Attack::Replay,
        Attack::Forge,
        Attack::Withhold,
        Attack::FarFuture,
        Attack::EdgeOfTime,
        Attack::Absurd,
        Attack::Hole,
    ];
}

/// Something that goes wrong once. Machines are numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// The power fails, for so long.
    PowerCut(usize, Us),
    /// The power fails right after the machine's next write.
    PowerCutAfterWrite(usize, Us),
    /// The power fails during one of the next operations of its disk.
    PowerCutAt(usize, u64),
    /// The daemon is killed, for so long.
    Kill(usize, Us),
    /// The daemon is killed right after its next write.
    KillAfterWrite(usize, Us),
    /// The daemon is stopped and started.
    Restart(usize, Us),
    /// A backup is made.
    Backup(usize),
    /// The last backup is put back: of the data alone, or of the state folder too.
    Restore(usize, bool),
    /// A running virtual machine is copied, and both go on.
    Clone(usize),
    /// The disk is full, for so long.
    DiskFull(usize, Us),
    /// The next sync fails.
    Eio(usize),
    /// The next write fails half-way.
    WriteError(usize),
    /// A bit of a stored datagram flips while the machine is off.
    BitFlip(usize),
    /// The wall clock is set forward or back by so many milliseconds.
    ClockStep(usize, i64),
    /// The machine boots with its clock set back by so many milliseconds.
    BootBack(usize, i64),
    /// Machines whose bit is set and the others do not hear each other, for so long.
    Partition(u32, Us),
    /// One direction is blocked, for so long.
    Deaf(usize, usize, Us),
    /// A connection breaks.
    Break(usize, usize),
    /// A machine's roads carry so many bytes a second, for so long.
    Thin(usize, u64, Us),
    /// A road is wide again.
    Wide(usize),
    /// There is room on the disk again.
    Room(usize),
}
