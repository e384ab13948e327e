//! One node: its folders and its daemon.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use cocli_crm::folder::Now;
use cocli_crm::marker::Marker;
use cocli_crm::{Folder, Home};
use cocli_journal::Role;
use cocli_model::{FieldName, Target};
use cocli_node::socket::{AskError, Code, Request, ask, socket_path};
use cocli_node::status::Status;
use serde_json::Value as Json;

use crate::DAEMON;
use crate::cli::Cli;
use crate::stage::{alive, until};

/// How a daemon is started.
#[derive(Clone, Debug)]
pub(crate) enum Program {
    /// As people do: `cocli node run`.
    Cocli,
    /// By this program, with the same library.
    Own(PathBuf),
}

/// One node.
pub(crate) struct Node {
    pub(crate) name: &'static str,
    pub(crate) cli: Cli,
    home: Home,
    log: PathBuf,
    pub(crate) program: Program,
    /// `DEMO_BREAK`, if this node heeds it.
    broken: Option<String>,
    daemon: Option<Child>,
}

impl Node {
    /// A folder with a node in it.
    pub(crate) fn init(
        name: &'static str,
        (base, program, port): (&Path, &Path, u16),
        daemon: Program,
        broken: Option<String>,
    ) -> Result<Node> {
        let base = base.join(name);
        std::fs::create_dir_all(&base)?;
        let cli = Cli::new(program, &base);
        cli.run(&["init", "--name", name, "--address", &format!("127.0.0.1:{port}")])?;
        let home = Home::at(cli.data(), base.join("state/cocli"), base.join("cache/cocli"));
        Ok(Node { name, cli, home, log: base.join("log"), program: daemon, broken, daemon: None })
    }

    pub(crate) fn roster(&self) -> PathBuf {
        cocli_crm::roster::path(self.home.root())
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.cli.data()
    }

    pub(crate) fn log(&self) -> &Path {
        &self.log
    }

    fn socket(&self) -> Result<PathBuf> {
        let marker = Marker::read(self.home.root())?;
        Ok(socket_path(self.home.place(marker.id).state()))
    }

    /// Asks the daemon.
    pub(crate) fn ask(&self, request: &Request) -> Result<Json, AskError> {
        let socket = self.socket().map_err(|_| AskError::NoDaemon)?;
        ask(&socket, request)
    }

    pub(crate) fn status(&self) -> Result<Status> {
        let answer = self.ask(&Request::Status).with_context(|| format!("the daemon of {}", self.name))?;
        Ok(serde_json::from_value(answer)?)
    }

    /// Whether the daemon can cut cables: only builds for demonstrations can.
    pub(crate) fn has_cables(&self) -> Result<bool> {
        match self.ask(&Request::UnblockPeer { peer: "nobody".to_owned() }) {
            Err(AskError::Refused(failure)) => Ok(failure.code != Code::NotInThisBuild),
            Err(error) => Err(error.into()),
            Ok(answer) => bail!("there is a peer called nobody: {answer}"),
        }
    }

    /// Starts the daemon and waits until it answers.
    pub(crate) fn start(&mut self) -> Result<()> {
        let log = File::options().create(true).append(true).open(&self.log)?;
        let mut command = match &self.program {
            Program::Cocli => {
                let mut command = self.cli.other(self.cli.program());
                command.args(["node", "run"]);
                command
            }
            Program::Own(program) => {
                let mut command = self.cli.other(program);
                command.arg(DAEMON);
                command
            }
        };
        command.env_remove("DEMO_BREAK").envs(self.broken.iter().map(|broken| ("DEMO_BREAK", broken)));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let daemon = command.spawn().context("start a daemon")?;
        alive(daemon.id(), true);
        self.daemon = Some(daemon);
        until(&format!("{} answers", self.name), || {
            if let Some(ended) = self.daemon.as_mut().and_then(|daemon| daemon.try_wait().transpose()) {
                bail!("the daemon of {} ended with {}", self.name, ended?);
            }
            Ok(self.ask(&Request::Status).ok())
        })?;
        Ok(())
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self) -> Result<()> {
        let mut daemon = self.daemon.take().context("no daemon to kill")?;
        daemon.kill()?;
        daemon.wait()?;
        alive(daemon.id(), false);
        Ok(())
    }

    /// A clean end.
    pub(crate) fn stop(&mut self) -> Result<()> {
        let mut daemon = self.daemon.take().context("no daemon to stop")?;
        let told = Command::new("kill").args(["-TERM", &daemon.id().to_string()]).status()?;
        let ended = until(&format!("{} stops", self.name), || Ok(daemon.try_wait()?));
        if ended.is_err() {
            daemon.kill()?;
            daemon.wait()?;
        }
        alive(daemon.id(), false);
        match ended? {
            ended if ended.success() && told.success() => Ok(()),
            ended => bail!("the daemon of {} ended with {ended}", self.name),
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.daemon.as_ref().map_or(0, Child::id)
    }

    /// What a field shows in the folded state, read without folding anything: what the
    /// daemon has made of what it heard.
    pub(crate) fn shows(&self, target: &str, field: &str) -> Result<Option<String>> {
        let now: Now = Arc::new(|| 0);
        let folder = Folder::open(&self.home, Role::Command, now)?;
        let (target, field): (Target, FieldName) = (target.parse()?, FieldName::new(field)?);
        let entity = folder.read(|tx| tx.entity(&target))?;
        Ok(entity.and_then(|entity| entity.shown(&field).map(|value| value.as_text().to_owned())))
    }

    /// What a field shows, as `cocli` prints it.
    pub(crate) fn prints(&self, slug: &str, field: &str) -> Result<String> {
        Ok(self.cli.run(&["show", slug, "--field", field])?.trim().to_owned())
    }

    /// Companies as `cocli` counts them.
    pub(crate) fn companies(&self) -> Result<u64> {
        let text = self.cli.run(&["company", "ls", "--count"])?;
        text.trim().parse().with_context(|| format!("{text:?} is no count"))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(mut daemon) = self.daemon.take() {
            // It may have ended by itself; then there is nothing to kill.
            let _ = daemon.kill();
            let _ = daemon.wait();
            alive(daemon.id(), false);
        }
    }
}

/// How often a condition is looked at.
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(2);
