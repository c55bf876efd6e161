//! `list --json`: promotions in short.

use schemars::JsonSchema;
use serde::Serialize;

use crate::promotion::head::Review;
use crate::promotion::image::ImageRef;
use crate::promotion::life::State;
use crate::promotion::listing;
use crate::promotion::listing::Listing;
use crate::promotion::outcome::Outcome;
use crate::promotion::record::Bypass;
use crate::promotion::time::Time;
use crate::render::json::{SCHEMA, written};

/// What `promote list --json` prints: the newest promotions and all open ones, of those that were asked for.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "promote list")]
pub(super) struct List<'a> {
    /// The number of the document's form.
    schema: u32,
    /// Where the ledger is.
    ledger: &'a str,
    /// How many promotions there are of the services and environments that were asked for.
    known: u64,
    /// The promotions: open ones first, then the newest.
    promotions: Vec<Row<'a>>,
    /// The reviews of hotfixes that are open, oldest first.
    reviews: Vec<OpenReview<'a>>,
    /// What could not be read.
    damaged: Vec<Damaged<'a>>,
}

/// A hotfix that nobody has reviewed yet.
#[derive(Debug, Serialize, JsonSchema)]
struct OpenReview<'a> {
    /// The service.
    service: &'a str,
    /// The environment that it went to.
    to: &'a str,
    /// The hotfix.
    #[serde(flatten)]
    review: &'a Review,
}

/// A promotion in short.
#[derive(Debug, Serialize, JsonSchema)]
struct Row<'a> {
    /// Its id.
    promotion_id: &'a str,
    /// The service.
    service: &'a str,
    /// The source environment; for a rollback the environment itself.
    from: &'a str,
    /// The target environment.
    to: &'a str,
    /// The promotion that it undoes, if it is a rollback.
    undoes: Option<&'a str>,
    /// The versions that it brings.
    images: &'a [ImageRef],
    /// Where it stands.
    state: State,
    /// Whether it is not over.
    open: bool,
    /// How its newest run ended, if it did.
    outcome: Option<Outcome>,
    /// When it was asked for.
    created_at: Time,
    /// When it ended, if it did.
    completed_at: Option<Time>,
    /// The name of who asked for it.
    requested_by: &'a str,
    /// What was set aside for it.
    bypassed: &'a [Bypass],
}

/// A record or a head that could not be read.
#[derive(Debug, Serialize, JsonSchema)]
struct Damaged<'a> {
    /// A promotion's id, or `head of app in staging`.
    what: &'a str,
    /// What is wrong, with the file.
    why: &'a str,
    /// What to do about it.
    hint: Option<&'a str>,
}

/// `list --json`; `place` is where the ledger is.
pub fn list(listing: &Listing, place: &str) -> String {
    written(&List {
        schema: SCHEMA,
        ledger: place,
        known: listing.known,
        promotions: listing.rows.iter().map(row).collect(),
        reviews: listing.reviews.iter().map(review).collect(),
        damaged: listing.damaged.iter().map(damaged).collect(),
    })
}

fn row(row: &listing::Row) -> Row<'_> {
    let summary = &row.summary;
    Row {
        promotion_id: &summary.promotion,
        service: &row.service,
        from: &summary.from,
        to: &row.to,
        undoes: summary.undoes.as_deref(),
        images: &summary.images,
        state: summary.state,
        open: !summary.state.is_over(),
        outcome: summary.outcome,
        created_at: summary.created_at,
        completed_at: summary.completed_at,
        requested_by: &summary.by,
        bypassed: &summary.bypassed,
    }
}

fn review(open: &listing::OpenReview) -> OpenReview<'_> {
    OpenReview { service: &open.service, to: &open.to, review: &open.review }
}

fn damaged(damaged: &listing::Damaged) -> Damaged<'_> {
    Damaged { what: &damaged.what, why: &damaged.why, hint: damaged.hint.as_deref() }
}
