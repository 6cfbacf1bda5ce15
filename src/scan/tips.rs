//! What a repository's names stand for: for a report that says what exactly was swept.

use std::collections::BTreeMap;
use std::path::Path;

use crate::base::{path_text, without_userinfo};
use crate::sources::git_config::settings;
use crate::sources::history::{Id, Lookup, Places, PlacesOptions, References, Revisions, hex};

/// The names of a repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tips {
    /// References by full name, with the ids of what they stand for; `HEAD` among them.
    pub references: BTreeMap<String, String>,
    /// Remotes by name, with their addresses, without users and passwords.
    pub remotes: BTreeMap<String, String>,
    /// Whether it has only what its remote promised to give on demand.
    pub partial: bool,
    /// What could not be read of this.
    pub unread: Vec<String>,
}

/// Reads the names of a repository. Of its configuration only the addresses of remotes are read, to
/// be told: nothing is asked of them.
pub fn tips(repository: &Path, options: &PlacesOptions) -> Tips {
    let mut out = Tips::default();
    let places = match Places::find(repository, options) {
        Ok(places) => places,
        Err(skip) => {
            let path = path_text(&skip.path).into_owned();
            out.unread.push(format!("{path}: {}", skip.reason));
            return out;
        }
    };
    out.partial = places.format.partial;
    let bytes = places.format.hash.bytes();
    let told = References::read(&places, "");
    for skip in &told.skips {
        let path = path_text(&skip.path).into_owned();
        out.unread.push(format!("{path}: {}", skip.reason));
    }
    for (name, id) in told.by_name {
        out.references.insert(name, id_text(&id, bytes));
    }
    let lookup = Lookup::open(&places);
    let mut reader = lookup.reader();
    match Revisions::new(&places, &mut reader).head() {
        Ok(Some(id)) => {
            out.references
                .insert("HEAD".to_owned(), id_text(&id, bytes));
        }
        Ok(None) => {}
        Err(why) => out.unread.push(format!("HEAD: {why}")),
    }
    let config = places.common_dir.join("config");
    let text = std::fs::read(&config).unwrap_or_default();
    match settings(&String::from_utf8_lossy(&text)) {
        Ok(all) => {
            for one in all
                .into_iter()
                .filter(|s| s.section == "remote" && s.key == "url")
            {
                if let (Some(name), Some(url)) = (one.subsection, one.value) {
                    out.remotes
                        .insert(name, without_userinfo(&url).into_owned());
                }
            }
        }
        Err(line) => out.unread.push(format!("config:{line}: it does not parse")),
    }
    out
}

/// An id in hex; ids are filled up with zeros behind their bytes.
fn id_text(id: &Id, bytes: usize) -> String {
    hex(id.get(..bytes).unwrap_or_default())
}
