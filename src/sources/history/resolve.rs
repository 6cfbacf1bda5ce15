//! Names of references as git resolves them (`gitrevisions`, without its operators).

use super::{Holders, Objects};

/// The shortest beginning of an id that names an object.
const SHORT: usize = 4;

impl Holders {
    /// The object that a name stands for: a whole id, a reference by its full name or by what is
    /// left of it, or the beginning of an id that no other object has.
    ///
    /// # Errors
    ///
    /// Words, if nothing has the name, or several objects.
    pub fn resolve(&self, name: &str, objects: &Objects) -> Result<u32, String> {
        if let Some(object) = objects.find_hex(name.as_bytes()) {
            return Ok(object);
        }
        for (before, after) in [
            ("", ""),
            ("refs/", ""),
            ("refs/tags/", ""),
            ("refs/heads/", ""),
            ("refs/remotes/", ""),
            ("refs/remotes/", "/HEAD"),
        ] {
            if let Some(object) = self.by_name.get(&format!("{before}{name}{after}")) {
                return Ok(*object);
            }
        }
        let shown = crate::base::quote(name);
        match objects.starting_with(name.as_bytes())[..] {
            [one] if name.len() >= SHORT => Ok(one),
            [_, _, ..] if name.len() >= SHORT => Err(format!(
                "several objects have ids that begin with '{shown}'"
            )),
            _ => Err(format!("no reference and no object is called '{shown}'")),
        }
    }
}
