//! Observers: told after the commit, in order, at least once, and unable to do harm.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use lockstep::lifecycle::Failure;
use lockstep::{Event, HandlerVersion, Runtime, SchemaObserver, SchemaVersion};

use super::{end, failed, log, one, seq, soon, start_with, v};
use crate::support::{Database, Engine, Folder};

/// What an observer does when a schema is applied.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Mood {
    Calm,
    Panics,
    Hangs,
}

struct Witness {
    name: &'static str,
    mood: Mood,
    heard: Mutex<Vec<u64>>,
    told: Mutex<Vec<String>>,
}

impl Witness {
    fn new(name: &'static str, mood: Mood) -> Arc<Self> {
        let (heard, told) = (Mutex::default(), Mutex::default());
        Arc::new(Self {
            name,
            mood,
            heard,
            told,
        })
    }

    fn heard(&self) -> Vec<u64> {
        self.heard.lock().unwrap().clone()
    }

    fn tell(&self, what: String) {
        self.told.lock().unwrap().push(what);
    }

    /// Waits until it was told so much by what an event means, which comes after the event itself; returns all of it.
    async fn told(&self, many: usize) -> Vec<String> {
        soon("the observer is told", async || {
            let told = self.told.lock().unwrap();
            (told.len() >= many).then(|| told.clone())
        })
        .await
    }

    /// Waits until it heard of an event, and returns all it heard.
    async fn until(&self, seq: u64) -> Vec<u64> {
        soon("the observer hears of it", async || {
            (self.heard().last() == Some(&seq)).then(|| self.heard())
        })
        .await
    }
}

#[async_trait]
impl SchemaObserver for Witness {
    fn name(&self) -> &str {
        self.name
    }

    async fn on_event(&self, event: &Event) {
        self.heard.lock().unwrap().push(event.seq);
    }

    async fn on_schema_applied(&self, schema: &SchemaVersion, _event: &Event) {
        match self.mood {
            Mood::Calm => self.tell(format!("applied {schema}")),
            Mood::Panics => panic!("an observer's own fault"),
            Mood::Hangs => std::future::pending().await,
        }
    }

    async fn on_schema_rolled_back(&self, schema: &SchemaVersion, _event: &Event) {
        self.tell(format!("rolled back {schema}"));
    }

    async fn on_schema_failed(&self, failure: &Failure, _event: &Event) {
        self.tell(format!("failed {}", failure.step));
    }

    async fn on_handler_activated(&self, handler_version: &HandlerVersion, _event: &Event) {
        self.tell(format!("activated {handler_version}"));
    }

    async fn on_handler_deactivated(&self, handler_version: &HandlerVersion, _event: &Event) {
        self.tell(format!("deactivated {handler_version}"));
    }
}

async fn observed(engine: Engine, folder: &Folder, witness: &Arc<Witness>) -> (Database, Runtime) {
    let observer: Arc<dyn SchemaObserver> = witness.clone();
    start_with(engine, |b| {
        b.schemas_dir(folder.path())
            .observer(observer)
            .settings(|x| x.observer_timeout = Duration::from_millis(200))
    })
    .await
}

pub async fn each_hears_of_everything_in_order(engine: Engine) {
    let witness = Witness::new("calm", Mood::Calm);
    let (database, runtime) = observed(engine, &Folder::users(), &witness).await;
    // What another process does is heard of too.
    let other = database.runtime(|b| b).await;
    runtime.activate(v("users@2.0.0")).await.unwrap();
    other.deactivate(v("users@2.0.0")).await.unwrap();
    let last = seq(&runtime).await;
    assert_eq!(witness.until(last).await, (1..=last).collect::<Vec<_>>());
    let expected = [
        "applied schema_v1",
        "applied schema_v2",
        "activated users@2.0.0",
        "deactivated users@2.0.0",
        "rolled back schema_v2",
        "rolled back schema_v1",
    ];
    assert_eq!(witness.told(expected.len()).await, expected);
    end(database, [runtime, other]).await;
}

pub async fn one_that_panics_or_hangs_is_contained(engine: Engine) {
    for mood in [Mood::Panics, Mood::Hangs] {
        let witness = Witness::new("bad", mood);
        let (database, runtime) = observed(engine, &Folder::users(), &witness).await;
        runtime.activate(v("users@2.0.0")).await.unwrap();
        runtime.deactivate(v("users@2.0.0")).await.unwrap();
        let last = seq(&runtime).await;
        assert_eq!(witness.until(last).await, (1..=last).collect::<Vec<_>>(), "{mood:?}");
        soon("it is told of the way back", async || {
            let told = witness.told.lock().unwrap();
            told.contains(&"rolled back schema_v1".to_owned()).then_some(())
        })
        .await;
        end(database, [runtime]).await;
    }
}

pub async fn one_hears_of_failures(engine: Engine) {
    let witness = Witness::new("calm", Mood::Calm);
    let folder = one(&[("001_a", "INSERT INTO nowhere VALUES (1);", "DELETE FROM nowhere;")]);
    let (database, runtime) = observed(engine, &folder, &witness).await;
    failed(runtime.activate(v("one@1.0.0")).await);
    witness.until(seq(&runtime).await).await;
    assert_eq!(witness.told(1).await, ["failed 001_a"]);
    end(database, [runtime]).await;
}

pub async fn a_named_process_goes_on_where_it_stopped(engine: Engine) {
    let (database, folder) = (Database::new(engine).await, Folder::users());
    let named = async |witness: &Arc<Witness>| {
        let observer: Arc<dyn SchemaObserver> = witness.clone();
        let builder = |b: lockstep::Builder| {
            b.schemas_dir(folder.path())
                .instance("reporter".parse().unwrap())
                .observer(observer)
        };
        database.runtime(builder).await
    };
    let first = Witness::new("place", Mood::Calm);
    let runtime = named(&first).await;
    runtime.activate(v("users@1.0.0")).await.unwrap();
    let heard = first.until(seq(&runtime).await).await;
    runtime.shutdown().await;
    // Meanwhile others go on.
    let other = database.runtime(|b| b.schemas_dir(folder.path())).await;
    other.activate(v("users@2.0.0")).await.unwrap();
    other.deactivate(v("users@1.0.0")).await.unwrap();

    let second = Witness::new("place", Mood::Calm);
    let again = named(&second).await;
    let last = log(&other).await.len() as u64;
    let more = second.until(last).await;
    let (stopped, went_on) = (heard[heard.len() - 1], more[0]);
    assert!(
        went_on <= stopped + 1,
        "none is skipped: heard up to {stopped}, then from {went_on}"
    );
    assert!(
        went_on >= stopped,
        "at most the last one is told twice: {stopped}, {went_on}"
    );
    assert_eq!(more, (went_on..=last).collect::<Vec<_>>());
    end(database, [other, again]).await;
}
