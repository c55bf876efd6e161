//! What a body must look like: refused with 422 as GitHub does, field by field.

use serde_json::{Map, Value};

use super::answer::Answer;

/// What a field may hold.
pub(super) enum Is {
    /// A text of at most so many characters.
    Text(usize),
    /// One of these.
    OneOf(&'static [&'static str]),
    Number,
    Flag,
    /// A list of at most so many.
    List(usize),
    Object,
    /// Anything.
    Any,
}

/// A field: its name, what it may hold, and whether it must be there.
pub(super) type Field = (&'static str, Is, bool);

/// Refuses a body whose fields are not these.
pub(super) fn check(resource: &str, body: &Map<String, Value>, fields: &[Field]) -> Result<(), Answer> {
    for (name, is, required) in fields {
        match body.get(*name) {
            None if *required => {
                return Err(Answer::invalid(resource, name, "missing_field", &format!("\"{name}\" wasn't supplied.")));
            }
            None | Some(Value::Null) => {}
            Some(value) => holds(is, name, value).map_err(|why| Answer::invalid(resource, name, "custom", &why))?,
        }
    }
    Ok(())
}

fn holds(is: &Is, name: &str, value: &Value) -> Result<(), String> {
    let kind = |fits: bool, kind: &str| if fits { Ok(()) } else { Err(format!("{name}: {value} is not {kind}.")) };
    match is {
        Is::Any => Ok(()),
        Is::Number => kind(value.is_u64() || value.is_i64(), "an integer"),
        Is::Flag => kind(value.is_boolean(), "a boolean"),
        Is::Object => kind(value.is_object(), "an object"),
        Is::Text(most) => {
            kind(value.is_string(), "a string")?;
            let length = value.as_str().unwrap_or_default().chars().count();
            if length > *most { Err(format!("{name} is too long (maximum is {most} characters)")) } else { Ok(()) }
        }
        Is::OneOf(known) => {
            let fits = value.as_str().is_some_and(|text| known.contains(&text));
            if fits {
                Ok(())
            } else {
                Err(format!("{value} is not a possible value. Must be one of: {}.", known.join(", ")))
            }
        }
        Is::List(most) => {
            kind(value.is_array(), "an array")?;
            let length = value.as_array().map_or(0, Vec::len);
            if length > *most {
                Err(format!("No more than {most} items are allowed; {length} were supplied."))
            } else {
                Ok(())
            }
        }
    }
}
