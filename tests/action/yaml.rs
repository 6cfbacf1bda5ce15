//! YAML as a tree; every scalar is text.

use saphyr_parser::{Event, Parser};
use serde_json::{Map, Value};

/// The first document of a text.
pub fn parse(text: &str) -> Value {
    let mut events = Parser::new_from_str(text).map(|event| event.expect("it is YAML").0);
    loop {
        match events.next().expect("there is a document") {
            Event::StreamStart | Event::DocumentStart(_) => {}
            event => return value(event, &mut events),
        }
    }
}

fn value<'a>(event: Event<'a>, events: &mut impl Iterator<Item = Event<'a>>) -> Value {
    match event {
        Event::Scalar(text, ..) => Value::String(text.into_owned()),
        Event::SequenceStart(..) => {
            let mut all = Vec::new();
            loop {
                match events.next().expect("it ends") {
                    Event::SequenceEnd => return Value::Array(all),
                    event => all.push(value(event, events)),
                }
            }
        }
        Event::MappingStart(..) => {
            let mut all = Map::new();
            loop {
                match events.next().expect("it ends") {
                    Event::MappingEnd => return Value::Object(all),
                    Event::Scalar(name, ..) => {
                        let event = events.next().expect("it has a value");
                        let known = all.insert(name.into_owned(), value(event, events));
                        assert!(known.is_none(), "a key comes twice");
                    }
                    event => panic!("a key is text: {event:?}"),
                }
            }
        }
        event => panic!("this is not read: {event:?}"),
    }
}
