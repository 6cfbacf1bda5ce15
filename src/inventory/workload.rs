//! What uses a credential: the nearest thing that is deployed or run around the place where it
//! stands.

use std::collections::HashMap;

use super::environment::is_ci;
use super::ground::Ground;
use super::keys::{has_ending, is_yaml, yaml_value};
use super::owner::OfFile;
use super::record::{Source, Sureness, Told, Workload};

/// Files that say that a folder is a package.
const MANIFESTS: &[&str] = &[
    "package.json",
    "Cargo.toml",
    "go.mod",
    "pyproject.toml",
    "setup.py",
    "requirements.txt",
    "pom.xml",
    "build.gradle",
    "build.gradle.kts",
    "composer.json",
    "Gemfile",
    "mix.exs",
    "Dockerfile",
    "Chart.yaml",
];

/// Remembers which folders are packages.
#[derive(Debug, Default)]
pub struct Packages {
    known: HashMap<(usize, String), bool>,
}

impl Packages {
    /// What uses a credential that stands in a file, at a key.
    pub fn workload(
        &mut self,
        grounds: &mut [Box<dyn Ground + '_>],
        file: &OfFile,
        key: Option<&str>,
    ) -> Told<Workload> {
        let repository = grounds
            .get(file.ground)
            .and_then(|g| g.name().map(str::to_owned));
        let make = |kind: &str, name: String, place: String, sure| {
            let workload = Workload {
                kind: kind.to_owned(),
                name,
                repository: repository.clone(),
                path: file.path.clone(),
            };
            Told::new(workload, Source::Config, place, sure)
        };
        let name = file.path.rsplit('/').next().unwrap_or(&file.path);
        let folder = file.path.rsplit_once('/').map_or(".", |(folder, _)| folder);
        let keys: Vec<&str> = key.map_or(Vec::new(), |key| key.split('.').collect());
        let below = |section: &str| {
            let at = keys.iter().position(|k| *k == section)?;
            keys.get(at + 1).map(|k| (*k).to_owned())
        };
        if is_ci(&file.path) {
            let job = below("jobs").or_else(|| keys.first().map(|k| (*k).to_owned()));
            let name = job.map_or(name.to_owned(), |job| format!("{name}: {job}"));
            let place = "definition of continuous integration".to_owned();
            return make("ci-job", name, place, Sureness::Likely);
        }
        let lower = name.to_ascii_lowercase();
        if let Some(server) =
            below("mcpServers").or_else(|| (lower == "mcp.json").then(|| below("servers"))?)
        {
            let place = "entry of an MCP configuration".to_owned();
            return make("mcp-server", server, place, Sureness::Certain);
        }
        if lower.contains("compose")
            && is_yaml(name)
            && let Some(service) = below("services")
        {
            let place = "service of a compose file".to_owned();
            return make("compose-service", service, place, Sureness::Certain);
        }
        if let Some(named) = kubernetes(grounds, file) {
            let place = "manifest, by kind and name".to_owned();
            return make("kubernetes", named, place, Sureness::Certain);
        }
        if has_ending(name, &[".tf", ".tfvars"]) {
            let place = "module: the folder of the file".to_owned();
            return make("terraform", folder.to_owned(), place, Sureness::Likely);
        }
        let mut at = folder;
        loop {
            let inner = if at == "." { "" } else { at };
            if self.is_package(grounds, file.ground, inner) {
                let place = "nearest folder with a package's manifest".to_owned();
                return make("package", at.to_owned(), place, Sureness::Likely);
            }
            if at == "." {
                break;
            }
            at = at.rsplit_once('/').map_or(".", |(above, _)| above);
        }
        let top = file.path.split_once('/').map_or(".", |(top, _)| top);
        let place = "folder at the top".to_owned();
        make("folder", top.to_owned(), place, Sureness::Guess)
    }

    fn is_package(
        &mut self,
        grounds: &mut [Box<dyn Ground + '_>],
        number: usize,
        folder: &str,
    ) -> bool {
        let key = (number, folder.to_owned());
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        let Some(ground) = grounds.get_mut(number) else {
            return false;
        };
        let is_one = MANIFESTS.iter().any(|name| {
            let path = if folder.is_empty() {
                (*name).to_owned()
            } else {
                format!("{folder}/{name}")
            };
            ground.has(&path)
        });
        self.known.insert(key, is_one);
        is_one
    }
}

/// Kind and name of the manifest around a place.
fn kubernetes(grounds: &mut [Box<dyn Ground + '_>], file: &OfFile) -> Option<String> {
    let at = file.at.filter(|_| is_yaml(&file.path))?;
    let text = grounds.get_mut(file.ground)?.file(&file.path)?;
    yaml_value(&text, at, &["apiVersion"])?;
    let kind = yaml_value(&text, at, &["kind"])?;
    let name = yaml_value(&text, at, &["metadata", "name"])?;
    Some(format!("{kind}/{name}"))
}
