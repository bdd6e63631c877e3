//! Metrics: what an operator sees, with bounded labels.

use std::sync::OnceLock;
use std::time::Duration;

use lockstep::metric;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use super::{end, folder, start, v};
use crate::support::{Engine, renewed, steady, stretched};

/// One recorder for the whole binary: operations run in tasks of their own, where a local one is not heard.
fn recorder() -> &'static PrometheusHandle {
    static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();
    RECORDER.get_or_init(|| PrometheusBuilder::new().install_recorder().expect("the only recorder"))
}

pub async fn what_happens_is_counted_and_timed_with_bounded_labels(engine: Engine) {
    steady(Duration::from_millis(100), async || counted_and_timed(engine).await).await;
}

async fn counted_and_timed(engine: Engine) {
    let handle = recorder();
    let schema = format!("metered_{engine:?}").to_lowercase();
    let made = folder(
        &format!("[handlers.meter]\n\"1.0.0\" = \"{schema}\"\n"),
        &[(
            &format!("{schema}/001_t"),
            "CREATE TABLE t (id INTEGER);",
            "DROP TABLE t;",
        )],
    );
    let (database, runtime) = start(engine, &made).await;
    let lease = runtime
        .lease_for(v("meter@1.0.0"), stretched(Duration::from_secs(3)), false)
        .await
        .unwrap();
    renewed(&database, &lease, 1).await;
    let live = handle.render();
    let line = |name: &str, rest: &str| {
        let found = live.lines().find(|l| l.starts_with(name) && l.contains(rest));
        found
            .unwrap_or_else(|| panic!("{name} {rest} is missing:\n{live}"))
            .to_owned()
    };
    line(metric::ACTIVATIONS, "outcome=\"applied\"");
    line(metric::LEASE_RENEWALS, "outcome=\"renewed\"");
    line(metric::STEP_DURATION, &format!("schema=\"{schema}\",direction=\"up\""));
    line(metric::OPERATION_DURATION, "kind=\"activate\"");
    line(metric::LOCK_WAIT, "");
    line(metric::EVENTS, "kind=\"schema_applied\"");
    let references = line(metric::SCHEMA_REFERENCES, &format!("schema=\"{schema}\""));
    assert!(references.ends_with(" 1"), "{references}");
    lease.release().await.unwrap();
    let after = handle.render();
    let gone = format!("{}{{schema=\"{schema}\"}} 0", metric::SCHEMA_REFERENCES);
    assert!(after.contains(&gone), "{gone} is missing:\n{after}");
    for text in [&live, &after] {
        assert!(
            !text.contains(&runtime.instance().to_string()),
            "an instance id is a label value"
        );
        assert!(!text.contains("meter@1.0.0"), "a handler version is a label value");
    }
    end(database, [runtime]).await;
}
