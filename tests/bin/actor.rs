//! A process that acts out one part of a scenario: `actor URL SCHEMAS VERB ARGUMENTS…`. Prints one JSON line a result.
//!
//! - `activate HANDLER@VERSION INSTANCE`, `deactivate HANDLER@VERSION INSTANCE`
//! - `lease HANDLER@VERSION TTL_MS SECONDS` holds a timed lease that long, and says so if it is lost
//! - `measure HANDLER@VERSION COUNT` activates, renews that often, and tells how many milliseconds each took
//! - `rounds HANDLER@VERSION INSTANCE COUNT` activates and deactivates that often, and tells how many microseconds each
//!   took and what went wrong
//! - `write HANDLER@VERSION TTL_MS PAUSE_MS` takes a timed lease and writes notes through guarded transactions, pausing
//!   before each commit, until the lease is lost; a line for each that counts
//! - `reap`, `rollback SCHEMA`, `repair SCHEMA resume|undo|mark-done`
#![allow(clippy::print_stdout)] // its results are read by the test that started it

use std::process::ExitCode;
use std::time::{Duration, Instant};

use lockstep::{ActivateOptions, DeactivateOptions, Error, HandlerVersion, InstanceId, Lease, RepairAction, Runtime};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match act(&arguments).await {
        Ok(told) => {
            println!("{told}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            let kind = format!("{:?}", error.kind());
            println!(
                "{}",
                json!({"error": error.to_string(), "kind": kind, "code": error.code()})
            );
            ExitCode::FAILURE
        }
    }
}

fn usage() -> Error {
    Error::Setting {
        name: "arguments",
        message: "are not understood".to_owned(),
    }
}

async fn act(arguments: &[String]) -> lockstep::Result<Value> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let [url, schemas, verb, rest @ ..] = words.as_slice() else {
        return Err(usage());
    };
    let runtime = Runtime::builder(url)
        .schemas_dir(schemas)
        .settings(|s| {
            // Nothing happens behind a scenario's back.
            s.reap_every = None;
            s.operation_timeout = Duration::from_secs(300);
            s.connect_timeout = Duration::from_secs(60);
            s.guarded_timeout = Duration::from_secs(3);
        })
        .build()
        .await?;
    let told = perform(&runtime, verb, rest).await;
    runtime.shutdown().await;
    told
}

async fn perform(runtime: &Runtime, verb: &str, rest: &[&str]) -> lockstep::Result<Value> {
    let instance = |name: &str| InstanceId::new(name).map(Some);
    match (verb, rest) {
        ("activate", [version, name]) => {
            let options = ActivateOptions {
                instance: instance(name)?,
                ..ActivateOptions::default()
            };
            Ok(json!(runtime.activate_with(version.parse()?, options).await?))
        }
        ("deactivate", [version, name]) => {
            let options = DeactivateOptions {
                instance: instance(name)?,
                ..DeactivateOptions::default()
            };
            Ok(json!(runtime.deactivate_with(version.parse()?, options).await?))
        }
        ("lease", [version, ttl, seconds]) => {
            let ttl = Duration::from_millis(ttl.parse().map_err(|_| usage())?);
            let seconds = Duration::from_secs_f64(seconds.parse().map_err(|_| usage())?);
            let lease = runtime.lease_for(version.parse()?, ttl, false).await?;
            println!("{}", json!({"held": lease.granted()}));
            tokio::select! {
                lost = lease.lost() => return Err(lost),
                () = tokio::time::sleep(seconds) => {}
            }
            Ok(json!(lease.release().await?))
        }
        ("measure", [version, count]) => {
            let count: u32 = count.parse().map_err(|_| usage())?;
            measure(runtime, version.parse()?, count).await
        }
        ("rounds", [version, name, count]) => {
            let count: u32 = count.parse().map_err(|_| usage())?;
            rounds(runtime, version.parse()?, InstanceId::new(name)?, count).await
        }
        ("write", [version, ttl, pause]) => {
            let ttl = Duration::from_millis(ttl.parse().map_err(|_| usage())?);
            let pause = Duration::from_millis(pause.parse().map_err(|_| usage())?);
            let lease = runtime.lease_for(version.parse()?, ttl, false).await?;
            println!("{}", json!({"held": lease.granted()}));
            Err(write(&lease, pause).await)
        }
        ("reap", []) => Ok(json!(runtime.reap().await?)),
        ("rollback", [schema]) => Ok(json!(runtime.rollback(schema.parse()?, false).await?)),
        ("repair", [schema, action]) => {
            let action = match *action {
                "resume" => RepairAction::Resume,
                "undo" => RepairAction::Undo,
                "mark-done" => RepairAction::MarkDone,
                _ => return Err(usage()),
            };
            Ok(json!(runtime.repair(schema.parse()?, action, false).await?))
        }
        _ => Err(usage()),
    }
}

/// Goes on until it cannot; returns why. That one could not begin must be heard of from the lease, too.
async fn write(lease: &Lease, pause: Duration) -> Error {
    for at in 0.. {
        let mut guarded = match lease.begin().await {
            Ok(guarded) => guarded,
            Err(error @ Error::LeaseLost { .. }) => {
                return match tokio::time::timeout(Duration::from_secs(20), lease.lost()).await {
                    Ok(Error::LeaseLost { .. }) if !lease.is_live() => error,
                    _ => usage(),
                };
            }
            Err(error) => return error,
        };
        let written = guarded.execute(&format!("INSERT INTO notes VALUES ('{at}')")).await;
        tokio::time::sleep(pause).await;
        match written {
            Ok(_) => match guarded.commit().await {
                Ok(()) => println!("{}", json!({"written": at})),
                Err(error) => println!("{}", json!({"failed": error.to_string()})),
            },
            Err(error) => println!("{}", json!({"failed": error.to_string()})),
        }
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    usage()
}

async fn measure(runtime: &Runtime, version: HandlerVersion, count: u32) -> lockstep::Result<Value> {
    let options = ActivateOptions {
        instance: Some(runtime.instance().clone()),
        ttl: Some(Duration::from_secs(300)),
        ..ActivateOptions::default()
    };
    let started = Instant::now();
    runtime.activate_with(version.clone(), options).await?;
    let activated = started.elapsed().as_millis();
    let mut renewed = Vec::new();
    for _ in 0..count {
        let started = Instant::now();
        runtime.renew(&version, runtime.instance()).await?;
        renewed.push(started.elapsed().as_millis());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(json!({"activate_ms": activated, "renew_ms": renewed}))
}

async fn rounds(runtime: &Runtime, version: HandlerVersion, name: InstanceId, count: u32) -> lockstep::Result<Value> {
    let (mut up, mut down, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..count {
        let options = ActivateOptions {
            instance: Some(name.clone()),
            ..ActivateOptions::default()
        };
        let started = Instant::now();
        match runtime.activate_with(version.clone(), options).await {
            Ok(_) => up.push(started.elapsed().as_micros()),
            Err(error) => failed.push(error.to_string()),
        }
        let options = DeactivateOptions {
            instance: Some(name.clone()),
            ..DeactivateOptions::default()
        };
        let started = Instant::now();
        match runtime.deactivate_with(version.clone(), options).await {
            Ok(_) => down.push(started.elapsed().as_micros()),
            Err(error) => failed.push(error.to_string()),
        }
    }
    Ok(json!({"activate_us": up, "deactivate_us": down, "failed": failed}))
}
