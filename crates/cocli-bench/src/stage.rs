//! What is measured on: writers of journals, folders of companies, replicas in memory,
//! clusters of real daemons, wires that lose.

pub(crate) mod cluster;
pub(crate) mod lossy;
pub(crate) mod pair;
pub(crate) mod pen;
pub(crate) mod program;
pub(crate) mod views;
