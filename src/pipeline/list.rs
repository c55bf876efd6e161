//! Gathering a list of promotions: from the heads alone as far as they reach, then record by record.
//!
//! A head names the newest promotions of its service and environment. Behind them every record names the one before it, so
//! that a list reads no record that it does not show. Where a head or a record is damaged that chain is broken: then all
//! records are looked at, and nothing but the damaged one is missing.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::ports::{Fault, FaultKind, Ledger};
use crate::promotion::folded::{self, Folded};
use crate::promotion::heads::{HeadFile, RECENT, Summary};
use crate::promotion::listing::{Damaged, LISTED, Listing, OpenReview, Row};

/// Which promotions are asked for. Names are compared without case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Asked<'a> {
    /// Those of one service.
    pub service: Option<&'a str>,
    /// Those to one environment.
    pub environment: Option<&'a str>,
    /// Those whose gates or approvals were bypassed. Finding the newest of them may take every record.
    pub bypassed: bool,
}

/// A service and an environment.
type Place = (String, String);

/// Gathers the newest promotions and all open ones.
pub fn list(ledger: &dyn Ledger, asked: Asked<'_>) -> Result<Listing, Fault> {
    let mut gathering = Gathering { ledger, asked, damaged: Vec::new(), all: None };
    let mut lanes = Vec::new();
    let (mut known, mut reviews) = (0, Vec::new());
    for (place, head) in ledger.heads()? {
        if asked.covers(&place) {
            let open = head.as_ref().map(|file| file.head.reviews.clone()).unwrap_or_default();
            let (service, to) = place.clone();
            let open = open.into_iter().map(|review| OpenReview { service: service.clone(), to: to.clone(), review });
            reviews.extend(open);
            let lane = gathering.lane(place, head)?;
            known += lane.known;
            lanes.push(lane);
        }
    }
    let rows = gathering.newest(&mut lanes)?;
    reviews.sort_by_key(|open| open.review.since);
    let mut listing = Listing { rows, known, reviews, damaged: gathering.damaged };
    listing.arrange();
    Ok(listing)
}

impl Asked<'_> {
    fn covers(self, (service, environment): &Place) -> bool {
        let is = |wanted: Option<&str>, is: &str| wanted.is_none_or(|wanted| wanted.eq_ignore_ascii_case(is));
        is(self.service, service) && is(self.environment, environment)
    }
}

/// The promotions of one service to one environment, newest first.
struct Lane {
    place: Place,
    rows: VecDeque<Summary>,
    /// The ids of all rows that it has had.
    seen: BTreeSet<String>,
    beyond: Beyond,
    /// How many there are in all.
    known: u64,
}

impl Lane {
    fn new(place: Place, rows: VecDeque<Summary>, beyond: Beyond, known: u64) -> Self {
        let seen = rows.iter().map(|row| row.promotion.clone()).collect();
        Self { place, rows, seen, beyond, known }
    }

    /// Adds a row at the end, once.
    fn add(&mut self, row: Summary) {
        if self.seen.insert(row.promotion.clone()) {
            self.rows.push_back(row);
        }
    }

    fn row(&self, summary: Summary) -> Row {
        Row { service: self.place.0.clone(), to: self.place.1.clone(), summary }
    }
}

/// What lies behind the rows of a lane.
enum Beyond {
    /// Nothing.
    End,
    /// What the record of this promotion, which is among the rows, names as the one before it.
    Before(String),
    /// This promotion.
    At(String),
}

struct Gathering<'a> {
    ledger: &'a dyn Ledger,
    asked: Asked<'a>,
    damaged: Vec<Damaged>,
    /// Every record that can be read, newest first; looked at only where a chain is broken.
    all: Option<BTreeMap<Place, Vec<Summary>>>,
}

impl Gathering<'_> {
    fn lane(&mut self, place: Place, head: Result<HeadFile, Fault>) -> Result<Lane, Fault> {
        let file = match head {
            Ok(file) => file,
            Err(fault) => {
                let what = format!("head of {} in {}", place.0, place.1);
                self.note(Damaged { what, why: fault.why, hint: fault.hint });
                let rows = VecDeque::from(self.every(&place)?);
                let known = rows.len() as u64;
                return Ok(Lane::new(place, rows, Beyond::End, known));
            }
        };
        let known = file.head.sequence + u64::from(file.head.open.is_some());
        let mut rows: VecDeque<Summary> = file.recent.into();
        let beyond = match rows.back() {
            Some(oldest) if rows.len() >= RECENT => Beyond::Before(oldest.promotion.clone()),
            // A head of an earlier version lists nothing.
            None => file.head.current.map_or(Beyond::End, Beyond::At),
            Some(_) => Beyond::End,
        };
        if let Some(open) = file.head.open.filter(|open| rows.iter().all(|row| row.promotion != *open)) {
            match self.read(&open)? {
                Ok(story) => rows.push_front(Summary::of(&story)),
                Err(damaged) => self.note(damaged),
            }
        }
        Ok(Lane::new(place, rows, beyond, known))
    }

    /// The newest rows of all lanes that are asked for, and all open ones.
    fn newest(&mut self, lanes: &mut [Lane]) -> Result<Vec<Row>, Fault> {
        let mut rows = Vec::new();
        while rows.len() < LISTED {
            for lane in lanes.iter_mut() {
                self.refill(lane)?;
            }
            let newest = lanes.iter_mut().filter(|lane| !lane.rows.is_empty());
            let newest = newest.max_by_key(|lane| lane.rows.front().map(|row| row.created_at));
            let Some(lane) = newest else { break };
            rows.extend(lane.rows.pop_front().filter(|row| self.wants(row)).map(|row| lane.row(row)));
        }
        for lane in lanes {
            let open = std::mem::take(&mut lane.rows).into_iter().filter(|row| !row.state.is_over() && self.wants(row));
            rows.extend(open.map(|row| lane.row(row)));
        }
        Ok(rows)
    }

    fn wants(&self, row: &Summary) -> bool {
        !self.asked.bypassed || !row.bypassed.is_empty()
    }

    /// Brings the next row of a lane that has run out.
    fn refill(&mut self, lane: &mut Lane) -> Result<(), Fault> {
        while lane.rows.is_empty() {
            let (id, is_new) = match std::mem::replace(&mut lane.beyond, Beyond::End) {
                Beyond::End => return Ok(()),
                Beyond::Before(id) => (id, false),
                Beyond::At(id) if lane.seen.contains(&id) => return Ok(()),
                Beyond::At(id) => (id, true),
            };
            match self.read(&id)? {
                Ok(story) => {
                    let previous = &story.requested.request.previous;
                    if !previous.is_empty() {
                        lane.beyond = Beyond::At(previous.clone());
                    }
                    if is_new {
                        lane.add(Summary::of(&story));
                    }
                }
                Err(damaged) => {
                    self.note(damaged);
                    self.every(&lane.place)?.into_iter().for_each(|row| lane.add(row));
                }
            }
        }
        Ok(())
    }

    /// One promotion, or what is wrong with its record. What may be gone the next time ends the list.
    fn read(&self, id: &str) -> Result<Result<Folded, Damaged>, Fault> {
        let damaged = |why: String, hint| Damaged { what: id.to_owned(), why, hint };
        match self.ledger.entries(id) {
            Ok(entries) => Ok(folded::fold(&entries).ok_or_else(|| {
                let why =
                    if entries.is_empty() { "there is no such record" } else { "it does not begin with a request" };
                damaged(why.to_owned(), Some("restore it from a copy of the ledger".to_owned()))
            })),
            Err(fault) if fault.kind == FaultKind::Broken => Ok(Err(damaged(fault.why, fault.hint))),
            Err(fault) => Err(fault),
        }
    }

    fn note(&mut self, damaged: Damaged) {
        if self.damaged.iter().all(|known| known.what != damaged.what) {
            self.damaged.push(damaged);
        }
    }

    /// Every promotion of a place whose record can be read, newest first.
    fn every(&mut self, place: &Place) -> Result<Vec<Summary>, Fault> {
        if self.all.is_none() {
            let mut all: BTreeMap<Place, Vec<Summary>> = BTreeMap::new();
            for id in self.ledger.matching("")? {
                match self.read(&id)? {
                    Ok(story) => {
                        let request = &story.requested.request;
                        let place = (request.service.clone(), request.to.clone());
                        all.entry(place).or_default().push(Summary::of(&story));
                    }
                    Err(damaged) => self.note(damaged),
                }
            }
            all.values_mut().for_each(|rows| rows.sort_by_key(|row| std::cmp::Reverse(row.created_at)));
            self.all = Some(all);
        }
        Ok(self.all.as_ref().and_then(|all| all.get(place)).cloned().unwrap_or_default())
    }
}
