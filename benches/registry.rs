//! Reads of the live map, alone and while eight threads write.
#![allow(missing_docs, clippy::unwrap_used)] // a benchmark may panic

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use lockstep::registry::{LiveMap, SchemaState, SchemaUsage, SchemaVersion};

fn main() {
    divan::main();
}

fn version(at: usize) -> SchemaVersion {
    SchemaVersion::new(&format!("schema_v{at}")).unwrap()
}

fn map(schemas: usize) -> Arc<LiveMap> {
    let map = LiveMap::new();
    map.update((0..schemas).map(|at| {
        let mut usage = SchemaUsage::unused(version(at), SchemaState::Applied);
        usage
            .handler_versions
            .insert(format!("users@{at}.0.0").parse().unwrap(), 3);
        (version(at), Some(usage))
    }));
    Arc::new(map)
}

/// Threads that replace entries all the time, until dropped.
struct Writers {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Writers {
    fn start(map: &Arc<LiveMap>, count: usize) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let threads = (0..count).map(|writer| {
            let (map, stop) = (Arc::clone(map), Arc::clone(&stop));
            std::thread::spawn(move || {
                let mut round = 0;
                while !stop.load(Ordering::Relaxed) {
                    let name = version((writer * 97 + round * 31) % 1000);
                    map.update([(name.clone(), Some(SchemaUsage::unused(name, SchemaState::Applied)))]);
                    round += 1;
                    // As fast as a database could commit, and a good deal faster; not a spin that only measures the scheduler.
                    std::thread::sleep(std::time::Duration::from_micros(50));
                }
            })
        });
        Self {
            threads: threads.collect(),
            stop,
        }
    }
}

impl Drop for Writers {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

#[divan::bench(args = [0, 8])]
fn is_active(bencher: divan::Bencher<'_, '_>, writers: usize) {
    let map = map(1000);
    let _writers = Writers::start(&map, writers);
    let name = version(500);
    bencher.bench_local(|| divan::black_box(&map).is_active(divan::black_box(name.as_str())));
}

#[divan::bench(args = [0, 8])]
fn usage(bencher: divan::Bencher<'_, '_>, writers: usize) {
    let map = map(1000);
    let _writers = Writers::start(&map, writers);
    let name = version(500);
    bencher.bench_local(|| divan::black_box(&map).usage(divan::black_box(name.as_str())));
}

#[divan::bench(args = [0, 8])]
fn statistics(bencher: divan::Bencher<'_, '_>, writers: usize) {
    let map = map(1000);
    let _writers = Writers::start(&map, writers);
    bencher.bench_local(|| divan::black_box(&map).statistics());
}
