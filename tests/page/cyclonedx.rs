//! The bill of materials, held against the schema of its format.

use jsonschema::{Registry, Validator};
use serde_json::Value;
use straykey::inventory::record::{Kind, Liveness};
use straykey::inventory::{Source, Sureness, Told};

use super::{
    Inventory, InventoryFormat, NOW, Path, Record, ReportOptions, ScanResult, Stamp, at, fs,
};
use super::{hostile, record, told};

fn schema(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/cyclonedx");
    let text = fs::read_to_string(path.join(format!("{name}.schema.json"))).expect("a schema");
    serde_json::from_str(&text).expect("JSON")
}

/// The format's own schema, with those that it names.
fn validate(told: &Value) -> Vec<String> {
    let mut registry = Registry::new();
    for name in ["spdx", "jsf-0.82", "cryptography-defs"] {
        let id = format!("http://cyclonedx.org/schema/{name}.schema.json");
        registry = registry.add(id, schema(name)).expect("an address");
    }
    let registry = registry.prepare().expect("prepared");
    let validator: Validator = jsonschema::options()
        .with_registry(&registry)
        .should_validate_formats(true)
        .build(&schema("bom-1.7"))
        .expect("a schema");
    validator
        .iter_errors(told)
        .map(|e| format!("{}: {e}", e.instance_path()))
        .collect()
}

fn bill(records: &[Record]) -> Value {
    let scan = ScanResult::default();
    let inventory = Inventory {
        records,
        as_of: Stamp(NOW),
        later: 0,
        scan: &scan,
        repositories: &[],
        verdicts: &[],
        observed: None,
    };
    let mut out = Vec::new();
    InventoryFormat::CycloneDx
        .write(&inventory, &ReportOptions::default(), &mut out)
        .expect("written");
    serde_json::from_slice(&out).expect("JSON")
}

#[test]
fn a_bill_of_materials_follows_its_schema() {
    let mut records: Vec<Record> = (0..60).map(record).collect();
    records.extend(hostile().into_iter().map(|mut r| {
        r.id = format!("hostile {}", r.id);
        r
    }));
    let mut certificate = record(61);
    certificate.kind = Kind::Certificate;
    certificate.expires = Some(told(at(-30)));
    records.push(certificate);
    let mut live = record(62);
    live.life.state = Told::plain(Liveness::Live, Source::Network, Sureness::Certain);
    live.created = Some(told(at(10)));
    records.push(live);
    let bill = bill(&records);
    assert_eq!(validate(&bill), Vec::<String>::new());

    let components = bill["components"].as_array().expect("a list");
    let of = |id: &str| {
        let found = components
            .iter()
            .find(|c| c["bom-ref"].as_str().is_some_and(|r| r.ends_with(id)));
        found.unwrap_or_else(|| panic!("no {id}"))
    };
    // Retired by the rules of `record`.
    let retired = &of("0000000800")["cryptoProperties"]["relatedCryptoMaterialProperties"];
    assert_eq!(retired["state"], "deactivated");
    let live = &of("0000003e00")["cryptoProperties"]["relatedCryptoMaterialProperties"];
    assert_eq!(live["state"], "compromised");
    assert_eq!(live["creationDate"], "2026-10-22T00:00:00Z");
    let certificate = &of("0000003d00")["cryptoProperties"];
    assert_eq!(
        certificate["certificateProperties"]["notValidAfter"],
        "2026-12-01T00:00:00Z"
    );
    // Nobody asked: nothing is said.
    let unknown = &of("0000000100")["cryptoProperties"]["relatedCryptoMaterialProperties"];
    assert!(unknown.get("state").is_none() && unknown.get("value").is_none());
    // What uses two of them depends on both, and every reference is one of a component.
    let refs: Vec<&str> = components
        .iter()
        .filter_map(|c| c["bom-ref"].as_str())
        .collect();
    let edges = bill["dependencies"].as_array().expect("a list");
    for edge in edges {
        for on in edge["dependsOn"].as_array().expect("a list") {
            assert!(refs.contains(&on.as_str().expect("text")), "{on}");
        }
    }
    let night = edges.iter().find(|e| {
        e["ref"]
            .as_str()
            .is_some_and(|r| r.contains("nightly-export"))
    });
    assert!(night.is_some_and(|e| e["dependsOn"].as_array().is_some_and(|all| all.len() > 5)));
}

#[test]
fn the_schema_is_one_that_can_be_broken() {
    let mut bill = bill(&[record(1)]);
    bill["components"][0]["cryptoProperties"]["relatedCryptoMaterialProperties"]["type"] =
        "api key".into();
    assert_eq!(validate(&bill).len(), 1);
}
