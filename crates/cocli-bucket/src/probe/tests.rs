//! Stores that promise what they do not keep, and the folder, which does.

use std::fmt;
use std::sync::Arc;

use futures::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

use super::*;
use crate::open::Settings;

/// What is wrong with a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lie {
    None,
    /// It writes over what is there and says that it created it.
    IgnoresTheCondition,
    /// It looks, and then writes.
    Races,
    /// It answers that it wrote.
    KeepsNothing,
    /// It deletes nothing.
    DeletesNothing,
    /// It lists nothing behind the first object.
    ListsTheFirst,
}

#[derive(Debug)]
struct Liar {
    honest: InMemory,
    lie: Lie,
}

impl fmt::Display for Liar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.lie)
    }
}

#[async_trait::async_trait]
impl ObjectStore for Liar {
    async fn put_opts(&self, at: &Path, payload: PutPayload, mut options: PutOptions) -> Result<PutResult> {
        match self.lie {
            Lie::IgnoresTheCondition => options.mode = PutMode::Overwrite,
            Lie::KeepsNothing => return Ok(PutResult { e_tag: None, version: None, extensions: Default::default() }),
            Lie::Races => {
                let is_there = self.honest.head(at).await.is_ok();
                tokio::task::yield_now().await;
                if is_there {
                    return self.honest.put_opts(at, payload, options).await;
                }
                options.mode = PutMode::Overwrite;
            }
            _ => {}
        }
        self.honest.put_opts(at, payload, options).await
    }

    async fn put_multipart_opts(&self, at: &Path, options: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.honest.put_multipart_opts(at, options).await
    }

    async fn get_opts(&self, at: &Path, options: GetOptions) -> Result<GetResult> {
        self.honest.get_opts(at, options).await
    }

    fn delete_stream(&self, at: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        if self.lie == Lie::DeletesNothing { at } else { self.honest.delete_stream(at) }
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let all = self.honest.list(prefix);
        if self.lie == Lie::ListsTheFirst { Box::pin(futures::StreamExt::take(all, 1)) } else { all }
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.honest.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.honest.copy_opts(from, to, options).await
    }
}

async fn verdict_on(lie: Lie) -> Verdict {
    let address = "s3://liar/crm".parse().unwrap();
    let store = Store::new(Arc::new(Liar { honest: InMemory::new(), lie }), address, "crm");
    probe(&Arc::new(store), "n").await
}

fn failed(verdict: &Verdict) -> Vec<Capability> {
    let cannot = |(what, shown): &(Capability, Shown)| matches!(shown, Shown::Cannot(_)).then_some(*what);
    verdict.shown.iter().filter_map(cannot).collect()
}

#[tokio::test]
async fn r64_each_lie_of_a_store_is_told_by_its_own_name() {
    let cases = [
        (Lie::None, vec![], (true, Leases::Everybody)),
        (Lie::IgnoresTheCondition, vec![Capability::CreateOnly, Capability::Race], (true, Leases::Nobody)),
        (Lie::Races, vec![Capability::Race], (true, Leases::Nobody)),
        (Lie::KeepsNothing, vec![Capability::WriteAndRead], (false, Leases::Nobody)),
        (Lie::DeletesNothing, vec![Capability::Delete], (true, Leases::Everybody)),
        (Lie::ListsTheFirst, vec![Capability::List, Capability::Delete], (false, Leases::Nobody)),
    ];
    for (lie, want, trust) in cases {
        let verdict = verdict_on(lie).await;
        assert_eq!(failed(&verdict), want, "{lie:?}: {verdict:?}");
        assert_eq!((verdict.is_durable(), verdict.leases), trust, "{lie:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r64_a_folder_of_this_machine_passes_and_is_left_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let address = Address::Folder(folder.path().to_owned());
    let settings = Settings { address, endpoint: None, region: None, credentials: None };
    let store = Arc::new(Store::open(&settings).unwrap());
    let verdict = probe(&store, "n").await;
    assert_eq!(failed(&verdict), [], "{verdict:?}");
    assert_eq!(verdict.leases, Leases::ThisMachine);
    assert!(store.list("", None, 10).await.unwrap().is_empty());
    let counts = store.counts();
    assert!(counts.puts > (ROUNDS * WRITERS) as u64 && counts.deletes > ROUNDS as u64, "{counts:?}");
}

#[test]
fn a_folder_that_is_not_there_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let address = Address::Folder(folder.path().join("not mounted"));
    let settings = Settings { address, endpoint: None, region: None, credentials: None };
    let error = Store::open(&settings).unwrap_err();
    assert!(matches!(error, crate::OpenError::NoFolder(_)), "{error}");
    assert!(!folder.path().join("not mounted").exists());
}
