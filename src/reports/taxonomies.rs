//! The taxonomies that results refer to: weaknesses, and the frameworks whose requirements a result
//! supports evidence for. No report says that anybody complies.

use serde_sarif::sarif::{
    MultiformatMessageString, ReportingDescriptor, ReportingDescriptorReference,
    ReportingDescriptorRelationship, ToolComponent, ToolComponentReference,
};

use crate::inventory::{FRAMEWORKS, titles};

/// The weaknesses' place among the frameworks, and that of the risks of machine identities.
const CWE: &str = "CWE";
const NHI: &str = "OWASP NHI Top 10 2025";

/// A taxon: its id, its place in its taxonomy, the taxonomy's name and place.
pub(super) type Taxon = (String, i64, &'static str, i64);

/// All taxonomies, in the order that taxa count in.
pub(super) fn all() -> Vec<ToolComponent> {
    let taxon = |(id, title): (&str, &str)| {
        let short = MultiformatMessageString::builder().text(title).build();
        ReportingDescriptor::builder()
            .id(id)
            .name(title)
            .short_description(short)
            .build()
    };
    let all = FRAMEWORKS.iter().map(|framework| {
        let mut component = ToolComponent::builder()
            .name(framework.short)
            .organization(framework.organization)
            .information_uri(framework.site)
            .taxa(titles(framework.name).map(taxon).collect::<Vec<_>>())
            .build();
        if !framework.version.is_empty() {
            component.version = Some(framework.version.to_owned());
        }
        component
    });
    all.collect()
}

/// The taxonomies, as the tool names those that it supports.
pub(super) fn supported() -> Vec<ToolComponentReference> {
    let all = FRAMEWORKS.iter().zip(0..);
    all.map(|(framework, index)| component(framework.short, index))
        .collect()
}

fn component(name: &str, index: i64) -> ToolComponentReference {
    ToolComponentReference::builder()
        .name(name)
        .index(index)
        .build()
}

/// The taxon of a requirement, as records name it; if there is one.
pub(super) fn of(framework: &str, id: &str) -> Option<Taxon> {
    let number = FRAMEWORKS.iter().position(|f| f.name == framework)?;
    let index = titles(framework).position(|(known, _)| known == id)?;
    let short = FRAMEWORKS[number].short;
    Some((id.to_owned(), index as i64, short, number as i64))
}

/// The taxon of a CWE number, if the taxonomy has it.
pub(super) fn cwe(number: u16) -> Option<Taxon> {
    of(CWE, &format!("CWE-{number}"))
}

/// The taxon of an id such as `NHI2`.
pub(super) fn nhi(id: &str) -> Option<Taxon> {
    of(NHI, &format!("{id}:2025"))
}

/// A reference to a taxon.
pub(super) fn reference((id, index, taxonomy, number): Taxon) -> ReportingDescriptorReference {
    ReportingDescriptorReference::builder()
        .id(id)
        .index(index)
        .tool_component(component(taxonomy, number))
        .build()
}

/// How a rule is related to a taxon: `superset` of weaknesses and risks, `relevant` for requirements that
/// its results support evidence for.
pub(super) fn related(taxon: Taxon, kind: &str) -> ReportingDescriptorRelationship {
    ReportingDescriptorRelationship::builder()
        .target(reference(taxon))
        .kinds(vec![kind.to_owned()])
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::Catalogue;
    use crate::inventory::cwe_title;

    #[test]
    fn every_id_that_a_pattern_names_has_a_taxon() {
        for p in Catalogue::embedded().patterns() {
            for number in p.cwe {
                assert!(cwe(*number).is_some(), "{}: {number}", p.id);
                assert!(cwe_title(*number).is_some(), "{}: {number}", p.id);
            }
            assert!(
                p.nhi.iter().all(|id| nhi(id).is_some()),
                "{}: {:?}",
                p.id,
                p.nhi
            );
        }
    }

    #[test]
    fn a_taxon_stands_where_its_numbers_say() {
        let all = all();
        let taxa = [
            cwe(798),
            nhi("NHI10"),
            of("NIST SP 800-53", "IA-5(7)"),
            of("CSA MAESTRO", "L3"),
        ];
        for (id, index, name, number) in taxa.into_iter().map(|t| t.expect("there is one")) {
            let component = &all[number as usize];
            assert_eq!(component.name, name);
            let taxa = component.taxa.as_ref().expect("taxa");
            assert_eq!(taxa[index as usize].id, id);
        }
        assert!(of("NIST SP 800-53", "IA-99").is_none());
    }
}
