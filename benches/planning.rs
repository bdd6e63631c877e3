//! Planning with ten thousand schemas: a chain, and a wide fan on one base.
#![allow(missing_docs, clippy::unwrap_used)] // a benchmark may panic

use lockstep::lifecycle::{Activate, Facts, plan_activate};
use lockstep::registry::{
    Binding, Holder, Incarnation, InstanceId, LeaseKind, Requires, SchemaSpec, SchemaVersion, Specs, Step,
};

fn main() {
    divan::main();
}

const SCHEMAS: usize = 10_000;

fn version(at: usize) -> SchemaVersion {
    SchemaVersion::new(&format!("s{at:05}")).unwrap()
}

fn specs(chain: bool) -> Vec<SchemaSpec> {
    let spec = |at: usize| {
        let spec = SchemaSpec::new(version(at), vec![Step::sql("001", "SELECT 1", "SELECT 1")]);
        match at {
            0 => spec,
            _ => spec.requires(version(if chain { at - 1 } else { 0 })),
        }
    };
    (0..SCHEMAS).map(spec).collect()
}

fn request() -> Activate {
    let of: lockstep::HandlerVersion = "users@1.0.0".parse().unwrap();
    Activate {
        binding: Some(Binding::new(of.clone(), version(SCHEMAS - 1))),
        handler_version: of,
        holder: Holder {
            instance: InstanceId::deploy(),
            incarnation: Incarnation::new("i1").unwrap(),
        },
        kind: LeaseKind::Pinned,
        override_incompatible: false,
    }
}

#[divan::bench(args = [true, false])]
fn build_graph(bencher: divan::Bencher<'_, '_>, chain: bool) {
    bencher
        .with_inputs(|| specs(chain))
        .bench_local_values(|specs| Specs::new(specs).unwrap());
}

#[divan::bench(args = [true, false])]
fn closure(bencher: divan::Bencher<'_, '_>, chain: bool) {
    let specs = Specs::new(specs(chain)).unwrap();
    let top = version(SCHEMAS - 1);
    bencher.bench_local(|| specs.graph().closure(divan::black_box(&top)));
}

#[divan::bench(args = [true, false])]
fn plan(bencher: divan::Bencher<'_, '_>, chain: bool) {
    let specs = Specs::new(specs(chain)).unwrap();
    let request = request();
    bencher
        .with_inputs(Facts::default)
        .bench_local_values(|facts| plan_activate(facts, &request, &specs).unwrap());
}
