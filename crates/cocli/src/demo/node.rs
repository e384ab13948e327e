//! One node: its folders and its daemon.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use cocli_crm::folder::Now;
use cocli_crm::marker::Marker;
use cocli_crm::{Folder, Home};
use cocli_journal::Role;
use cocli_model::{FieldName, Target};
use cocli_node::socket::{AskError, Request, ask, socket_path};
use cocli_node::status::Status;
use cocli_replica::fold::Cells;
use cocli_store::{StateError, Tx};
use serde_json::Value as Json;

use super::backstage::Backstage;
use super::cli::Cli;
use super::processes::Process;

/// One node.
pub(super) struct Node<'a> {
    pub(super) name: &'static str,
    pub(super) cli: Cli,
    backstage: &'a Backstage,
    home: Home,
    log: PathBuf,
    /// `DEMO_BREAK`, if this node heeds it.
    broken: Option<String>,
    daemon: Option<Process>,
}

impl<'a> Node<'a> {
    /// A folder with a node in it.
    pub(super) fn init(
        name: &'static str,
        (base, port): (&Path, u16),
        backstage: &'a Backstage,
        broken: Option<String>,
    ) -> Result<Node<'a>> {
        let base = base.join(name);
        std::fs::create_dir_all(&base)?;
        let cli = Cli::new(&base, &backstage.processes)?;
        cli.run(&["init", "--name", name, "--address", &format!("127.0.0.1:{port}")])?;
        let home = Home::at(cli.data(), base.join("state/cocli"), base.join("cache/cocli"));
        Ok(Node { name, cli, backstage, home, log: base.join("log"), broken, daemon: None })
    }

    pub(super) fn roster(&self) -> PathBuf {
        cocli_crm::roster::path(self.home.root())
    }

    pub(super) fn log(&self) -> &Path {
        &self.log
    }

    /// Asks the daemon.
    pub(super) fn ask(&self, request: &Request) -> Result<Json, AskError> {
        let marker = Marker::read(self.home.root()).map_err(|_| AskError::NoDaemon)?;
        ask(&socket_path(self.home.place(marker.id).state()), request)
    }

    /// How the daemon is; `None` if it had no time to say so.
    pub(super) fn status(&self) -> Result<Option<Status>> {
        use std::io::ErrorKind::{TimedOut, WouldBlock};
        match self.ask(&Request::Status) {
            Err(AskError::Io { source, .. }) if matches!(source.kind(), TimedOut | WouldBlock) => Ok(None),
            answer => {
                let answer = answer.with_context(|| format!("the daemon of {}", self.name))?;
                Ok(Some(serde_json::from_value(answer)?))
            }
        }
    }

    /// Starts the daemon and waits until it answers.
    pub(super) fn start(&mut self) -> Result<()> {
        let log = File::options().create(true).append(true).open(&self.log)?;
        let mut command = self.cli.command(&["node", "run"]);
        command.envs(self.broken.iter().map(|broken| ("DEMO_BREAK", broken)));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let daemon = self.backstage.processes.start(&mut command)?;
        self.backstage.until(&format!("the daemon of {} answers", self.name), || {
            if let Some(ended) = daemon.ended()? {
                bail!("the daemon of {} ended with {ended}", self.name);
            }
            Ok(self.ask(&Request::Status).ok())
        })?;
        self.daemon = Some(daemon);
        Ok(())
    }

    /// SIGKILL, whatever the daemon is doing.
    pub(super) fn kill(&self) -> Result<()> {
        let daemon = self.daemon.as_ref().context("no daemon to kill")?;
        Ok(daemon.kill()?)
    }

    /// Starts the daemon again after a [`Node::kill`].
    pub(super) fn start_again(&mut self) -> Result<()> {
        // Dropped, it has been waited for.
        drop(self.daemon.take());
        self.start()
    }

    /// A clean end.
    pub(super) fn stop(&mut self) -> Result<()> {
        let daemon = self.daemon.take().context("no daemon to stop")?;
        let told = self.cli.try_run(&["node", "stop"])?;
        let ended = self.backstage.until(&format!("the daemon of {} stops", self.name), || Ok(daemon.ended()?))?;
        let said = String::from_utf8_lossy(&told.stderr);
        ensure!(ended.success(), "the daemon of {} ended with {ended}; node stop said {}", self.name, said.trim());
        Ok(())
    }

    /// What a field shows in the folded state, read without folding anything: what the
    /// daemon has made of what it heard.
    pub(super) fn shows(&self, target: &str, field: &str) -> Result<Option<String>> {
        let (target, field): (Target, FieldName) = (target.parse()?, FieldName::new(field)?);
        let entity = self.read(|tx| tx.entity(&target))?;
        Ok(entity.and_then(|entity| entity.shown(&field).map(|value| value.as_text().to_owned())))
    }

    /// The same, as JSON.
    #[cfg(feature = "dev")]
    pub(super) fn shown(&self, target: &str, field: &str) -> Result<Option<Json>> {
        let (target, field): (Target, FieldName) = (target.parse()?, FieldName::new(field)?);
        let entity = self.read(|tx| tx.entity(&target))?;
        Ok(entity.and_then(|entity| entity.shown(&field).map(|value| value.to_json())))
    }

    /// The hash of the folded state, which commands and the daemon share.
    pub(super) fn state_hash(&self) -> Result<String> {
        Ok(self.read(|tx| tx.state_hash())?.to_string())
    }

    fn read<T>(&self, what: impl FnOnce(&Tx<'_>) -> Result<T, StateError>) -> Result<T> {
        let now: Now = Arc::new(|| 0);
        Ok(Folder::open(&self.home, Role::Command, now)?.read(what)?)
    }

    /// What a field shows, as `cocli` prints it.
    pub(super) fn prints(&self, slug: &str, field: &str) -> Result<String> {
        Ok(self.cli.run(&["show", slug, "--field", field])?.trim().to_owned())
    }

    /// Companies as `cocli` counts them.
    pub(super) fn companies(&self) -> Result<u64> {
        let text = self.cli.run(&["company", "ls", "--count"])?;
        text.trim().parse().with_context(|| format!("{text:?} is no count"))
    }
}
