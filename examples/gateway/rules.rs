//! [`Rules`]: what of a route may change while it runs: who may send, and what is done with each
//! message before it is passed on.

use std::{path::Path as File, sync::Arc};

use hl7_ack::{AcceptOnly, AnyHandler, Rule, Validate};
use hl7_parse::Path;
use hl7_transport::{AllowList, Networks};

use crate::{
    authorize,
    config::{Accept, Route, Source, Text},
    filter,
    reload::Current,
    transform::Transform,
    validate,
};

/// Handles to what of a running route others can take the place of.
pub(crate) struct Rules {
    name: &'static str,
    is_stored: bool,
    allowed: AllowList,
    validate: Current<Arc<Validate>>,
    /// Which certificates may send, around `behind`.
    entrance: Current<AnyHandler>,
    behind: AnyHandler,
    /// What is done with each message, around `beyond`.
    inside: Current<AnyHandler>,
    beyond: AnyHandler,
}

impl Rules {
    /// `beyond` is where messages go, and `around_inside` what has to outlive the rules: which
    /// messages were answered already, and who waits for an answer. `validate` is in use there too.
    pub(crate) fn new(
        name: &'static str,
        route: &Route,
        folder: &File,
        validate: Current<Arc<Validate>>,
        beyond: AnyHandler,
        around_inside: impl FnOnce(AnyHandler) -> AnyHandler,
    ) -> Result<Self, String> {
        let is_stored = is_stored(route);
        let inside = inside(name, route, folder, &validate.get(), beyond.clone())?;
        let inside = Current::new(inside);
        let behind = around_inside(inside.handler());
        let entrance = Current::new(entrance(route, behind.clone()));
        let allowed = AllowList::new(allowed(&route.from));
        Ok(Self { name, is_stored, allowed, validate, entrance, behind, inside, beyond })
    }

    /// Where messages come in.
    pub(crate) fn handler(&self) -> AnyHandler {
        self.entrance.handler()
    }

    /// The networks that may connect, as they are then.
    pub(crate) fn allowed(&self) -> AllowList {
        self.allowed.clone()
    }

    /// Reads the tables and builds all that the route says now; it takes its place with a call.
    pub(crate) fn prepare(
        &self,
        route: &Route,
        folder: &File,
    ) -> Result<impl FnOnce() + use<'_>, String> {
        let validate = Arc::new(validator(route, self.is_stored));
        let inside = inside(self.name, route, folder, &validate, self.beyond.clone());
        let inside = inside.map_err(|fault| format!("route {}: {fault}", self.name))?;
        let entrance = entrance(route, self.behind.clone());
        let networks = allowed(&route.from);
        Ok(move || {
            self.allowed.replace(networks);
            self.validate.set(validate);
            self.inside.set(inside);
            self.entrance.set(entrance);
        })
    }
}

/// The rules that a route has for the content of messages.
pub(crate) fn validator(route: &Route, is_stored: bool) -> Validate {
    let rules = validate::rules(route.validate.iter().map(|check| check.get_ref()));
    // Without MSH-10 nothing says that a message is a copy, and no acknowledgment can name it.
    let known = is_stored.then(|| Rule::required(const { Path::new("MSH-10") }));
    Validate::new(known.into_iter().chain(rules))
}

/// Whether a route leads to a database.
pub(crate) fn is_stored(route: &Route) -> bool {
    route.to.iter().any(|to| to.get_ref().store.is_some())
}

pub(crate) fn accept_only(accept: &Accept) -> AcceptOnly {
    let mut only = match &accept.types {
        Some(types) => AcceptOnly::types(types.iter().map(Text::as_str)),
        None => AcceptOnly::types(["*"]),
    };
    if let Some(versions) = &accept.versions {
        only = only.versions(versions.iter().map(Text::as_str));
    }
    if let Some(ids) = &accept.processing_ids {
        only = only.processing_ids(ids.iter().map(Text::as_str));
    }
    only
}

/// From the outside in: the header is looked at, then the content, then it is changed.
fn inside(
    name: &'static str,
    route: &Route,
    folder: &File,
    validate: &Validate,
    beyond: AnyHandler,
) -> Result<AnyHandler, String> {
    let mut handler = beyond;
    if !route.transform.is_empty() {
        let steps = route.transform.iter().map(|step| step.get_ref().clone()).collect();
        handler = Transform::new(steps, folder)?.around(name, handler);
    }
    if !route.filter.is_empty() {
        let rules = route.filter.iter().map(|rule| rule.get_ref().clone()).collect();
        handler = filter::around(rules, route.filtered, name, handler);
    }
    if is_stored(route) || !route.validate.is_empty() {
        handler = validate::around(validate.clone(), name, handler);
    }
    if let Some(accept) = &route.accept {
        handler = accept_only(accept.get_ref()).around(handler);
    }
    Ok(handler)
}

fn entrance(route: &Route, behind: AnyHandler) -> AnyHandler {
    match &route.senders {
        Some(senders) => authorize::around(senders.clone(), behind),
        None => behind,
    }
}

/// Everybody, where nothing is said.
fn allowed(source: &Source) -> Networks {
    let listed = match source {
        Source::Mllp(mllp) => mllp.allow.as_ref(),
        Source::Http(http) => http.allow.as_ref(),
        Source::Poll(_) => None,
    };
    listed.map_or_else(Networks::everybody, |listed| listed.0.clone())
}
