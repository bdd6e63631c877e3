//! R4: the log, the streams on it and the view in memory, here and in other processes.

use std::time::Duration;

use lockstep::{Binding, Event, EventStream, Runtime, SchemaState};

use super::{end, log, s, seq, start, v};
use crate::support::{Engine, Folder, PATIENCE, steady};

const WITHIN: Duration = Duration::from_secs(2);

async fn next(stream: &mut EventStream) -> Event {
    let next = tokio::time::timeout(PATIENCE, stream.next()).await;
    next.expect("an event comes").expect("the stream goes on")
}

async fn take(stream: &mut EventStream, many: u64) -> Vec<Event> {
    let mut all = Vec::new();
    for _ in 0..many {
        all.push(next(stream).await);
    }
    all
}

async fn some_life(runtime: &Runtime) {
    runtime.activate(v("users@1.0.0")).await.unwrap();
    runtime.activate(v("users@2.0.0")).await.unwrap();
    runtime.deactivate(v("users@1.0.0")).await.unwrap();
    runtime.deactivate(v("users@2.0.0")).await.unwrap();
}

pub async fn another_runtime_sees_it_within_two_seconds(engine: Engine) {
    steady(WITHIN / 8, async || seen_within_two_seconds(engine).await).await;
}

async fn seen_within_two_seconds(engine: Engine) {
    let (database, here) = start(engine, &Folder::users()).await;
    let there = database.runtime(|b| b).await;
    let seen = async |state: SchemaState| {
        let wait = async {
            while there.status(s("schema_v1")) != Some(state) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(WITHIN, wait).await.expect("within two seconds");
    };
    here.activate(v("users@1.0.0")).await.unwrap();
    seen(SchemaState::Applied).await;
    let usage = there.usage(s("schema_v1")).unwrap();
    assert_eq!(usage.references(), 1);
    here.deactivate(v("users@1.0.0")).await.unwrap();
    seen(SchemaState::RolledBack).await;
    assert_eq!(there.statistics().rolled_back, 1);
    end(database, [here, there]).await;
}

pub async fn what_one_did_one_sees_at_once(engine: Engine) {
    let (database, runtime) = start(engine, &Folder::users()).await;
    assert_eq!(runtime.status(s("schema_v1")), Some(SchemaState::Pending));
    for _ in 0..5 {
        runtime.activate(v("users@2.0.0")).await.unwrap();
        assert_eq!(runtime.active_schemas(), [s("schema_v1"), s("schema_v2")]);
        assert!(runtime.used_by_others(s("schema_v1"), &v("users@1.0.0")));
        let numbers = runtime.statistics();
        assert_eq!((numbers.total, numbers.active, numbers.pending), (2, 2, 0));
        runtime.deactivate(v("users@2.0.0")).await.unwrap();
        assert!(runtime.active_schemas().is_empty());
        assert_eq!(runtime.usage(s("schema_v1")).unwrap().references(), 0);
    }
    end(database, [runtime]).await;
}

pub async fn a_stream_elsewhere_is_gapless_and_in_order(engine: Engine) {
    let (database, here) = start(engine, &Folder::users()).await;
    let there = database.runtime(|b| b).await;
    let mut stream = there.events();
    let after = seq(&here).await;
    some_life(&here).await;
    let last = seq(&here).await;
    let heard = take(&mut stream, last - after).await;
    let expected: Vec<_> = log(&here).await.into_iter().filter(|e| e.seq > after).collect();
    assert_eq!(heard, expected);
    end(database, [here, there]).await;
}

pub async fn a_stream_from_the_start_replays_everything_and_goes_on(engine: Engine) {
    let (database, runtime) = start(engine, &Folder::users()).await;
    some_life(&runtime).await;
    let past = seq(&runtime).await;
    let mut stream = runtime.events_from(0);
    let old = take(&mut stream, past).await;
    assert_eq!(old, log(&runtime).await);
    some_life(&runtime).await;
    let new = take(&mut stream, seq(&runtime).await - past).await;
    assert_eq!(new[0].seq, past + 1);
    let mut half = runtime.events_from(past / 2);
    assert_eq!(next(&mut half).await.seq, past / 2 + 1);
    end(database, [runtime]).await;
}

pub async fn a_stream_that_falls_far_behind_misses_nothing(engine: Engine) {
    let (database, runtime) = start(engine, &Folder::users()).await;
    let there = database.runtime(|b| b).await;
    let (mut here_stream, mut there_stream) = (runtime.events(), there.events());
    let after = seq(&runtime).await;
    let tagged = |version: &str, schema: &str| Binding {
        tags: (0..700).map(|n| format!("tag-{n}").parse().unwrap()).collect(),
        ..Binding::new(v(version), s(schema))
    };
    // Moving a tag is an event.
    for _ in 0..2 {
        runtime
            .register_binding(tagged("users@1.0.0", "schema_v1"))
            .await
            .unwrap();
        runtime
            .register_binding(tagged("users@2.0.0", "schema_v2"))
            .await
            .unwrap();
    }
    let many = seq(&runtime).await - after;
    assert!(many > 1300, "more than a stream holds: {many}");
    for stream in [&mut here_stream, &mut there_stream] {
        let heard = take(stream, many).await;
        let gap = heard
            .iter()
            .zip(after + 1..)
            .find(|(event, expected)| event.seq != *expected);
        assert!(gap.is_none(), "{gap:?}");
    }
    some_life(&runtime).await;
    assert_eq!(next(&mut here_stream).await.seq, after + many + 1);
    end(database, [runtime, there]).await;
}

pub async fn a_stream_ends_with_its_runtime(engine: Engine) {
    let (database, runtime) = start(engine, &Folder::users()).await;
    let mut stream = runtime.events();
    runtime.shutdown().await;
    let ended = tokio::time::timeout(PATIENCE, stream.next()).await;
    assert_eq!(ended.expect("it ends"), None);
    let error = runtime.activate(v("users@1.0.0")).await;
    assert!(error.is_err(), "after a shutdown nothing begins");
    end(database, []).await;
}
