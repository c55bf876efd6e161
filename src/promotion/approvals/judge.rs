//! The judgement: each approval that a promotion needs is held against what GitHub says, and filled by a person of its own.
//!
//! Why it is so. GitHub says of a review neither when nor in which attempt it was given. So a review counts for the plan whose digest
//! stands in the name of the approving job, in the first attempt only, and never in an environment that somebody could walk past.
//! A comment names its plan itself; there the author's role is asked for instead.

use crate::promotion::approvals::facts::{ApprovalFacts, Person};
use crate::promotion::approvals::heard::{Heard, Vote, people, reviewed};
use crate::promotion::approvals::obstacle::{NEW_RUN, Obstacle};
use crate::promotion::approvals::report::{ApprovalReport, Given, JudgedApprovals, RoleRow, Standing};
use crate::promotion::approvals::slots::{Slot, slots};
use crate::promotion::approvals::spoken::{Hearing, spoken};
use crate::promotion::approvals::{legs, matching, origin, protection};
use crate::promotion::rules::Promotion;
use crate::promotion::rules::roles::{AtGitHub, Role};
use crate::promotion::time::Time;

/// What is judged.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The promotion, with its roles.
    pub promotion: &'a Promotion,
    /// Where GitHub asks them, and by which workflow promotions run.
    pub github: &'a AtGitHub,
    /// The plan's digest, whole.
    pub digest: &'a str,
    /// The first moment at which this digest was published; words before it do not count, and none where it is not known.
    pub planned_at: Option<Time>,
    /// The time of the judgement.
    pub now: Time,
    /// The logins that asked for it, as the record has them.
    pub requested_by: &'a [String],
}

/// One approval that is needed, with what was heard for it.
struct Ask<'a> {
    slot: Slot,
    role: &'a Role,
    reviews: Vec<Vote>,
    words: Vec<Vote>,
    refused: Vec<Given>,
    passed_over: Vec<String>,
    obstacles: Vec<Obstacle>,
    holding: Vec<Obstacle>,
    filled: Option<Vote>,
}

/// What the approvals of a plan come to. Without roles to ask, nothing is missing.
pub fn judge(question: &Question<'_>, facts: &ApprovalFacts) -> ApprovalReport {
    let promotion = question.promotion;
    if promotion.approvals.is_empty() {
        return ApprovalReport::of(Vec::new(), Vec::new(), Vec::new());
    }
    let (barred, unknown) = origin::barred(facts, question.requested_by);
    let mut whole: Vec<Obstacle> = unknown.into_iter().collect();
    if let Some(run) = &facts.run {
        whole.extend(origin::obstacles(run, facts, &question.github.workflow));
        whole.extend(legs::replanned(run));
    }
    let mut asks = asked(question, facts, &barred);
    fill(&mut asks, promotion.same_person, facts.run.as_ref().is_some_and(|run| run.attempt > 1));
    let least = whole.iter().map(|obstacle| obstacle.standing).max().unwrap_or(Standing::Approved);
    let rows = promotion.approvals.iter().map(|role| row(role, &asks, least)).collect();
    let (because, hints) = said(&whole);
    ApprovalReport::of(rows, because, hints)
}

/// The same as a record keeps it, with everything that the judgement went by.
pub fn judged(question: &Question<'_>, facts: ApprovalFacts) -> JudgedApprovals {
    let report = judge(question, &facts);
    JudgedApprovals {
        digest: question.digest.to_owned(),
        planned_at: question.planned_at,
        at: Some(question.now),
        requested_by: question.requested_by.to_vec(),
        facts,
        report,
    }
}

/// How the environments that will ask are protected, before anybody could approve: open where they are as the rules say.
pub fn protections(promotion: &Promotion, github: &AtGitHub, facts: &ApprovalFacts) -> Vec<RoleRow> {
    let slots = slots(promotion, github);
    let row = |role: &Role| {
        let names: Vec<String> =
            slots.iter().filter(|slot| slot.role == role.name).map(|slot| slot.environment.clone()).collect();
        let found: Vec<Obstacle> = names.iter().flat_map(|name| protection::obstacles(role, name, facts)).collect();
        let worst = found.iter().map(|obstacle| obstacle.standing).max();
        let (because, hints) = said(&found);
        let standing = worst.unwrap_or(Standing::Open).max(Standing::Open);
        RoleRow { because, hints, standing, ..empty(role, names) }
    };
    promotion.approvals.iter().map(row).collect()
}

fn empty(role: &Role, environments: Vec<String>) -> RoleRow {
    RoleRow {
        role: role.name.clone(),
        needed: role.min,
        people: people(role),
        environments,
        given: Vec::new(),
        standing: Standing::Open,
        because: Vec::new(),
        hints: Vec::new(),
    }
}

/// Every approval that is needed, with what was heard for it.
fn asked<'a>(question: &Question<'a>, facts: &ApprovalFacts, barred: &[Person]) -> Vec<Ask<'a>> {
    let Question { promotion, digest, planned_at, .. } = *question;
    let hearing = Hearing { promotion, digest, planned_at, barred, facts };
    let mut asks = Vec::new();
    for role in &promotion.approvals {
        let Heard { votes, refused, passed_over, obstacles, holding } = spoken(role, &hearing);
        for slot in slots(promotion, question.github).into_iter().filter(|slot| slot.role == role.name) {
            let mut ask = Ask {
                role,
                reviews: Vec::new(),
                words: votes.clone(),
                refused: refused.clone(),
                passed_over: passed_over.clone(),
                obstacles: obstacles.clone(),
                holding: holding.clone(),
                filled: None,
                slot,
            };
            ask.review(question, facts, barred);
            asks.push(ask);
        }
    }
    asks
}

impl Ask<'_> {
    /// Adds what the reviews of its environment say, where they can be believed.
    fn review(&mut self, question: &Question<'_>, facts: &ApprovalFacts, barred: &[Person]) {
        let heard = reviewed(self.role, &self.slot, facts, barred);
        self.refused.extend(heard.refused);
        self.passed_over.extend(heard.passed_over);
        let Some(run) = &facts.run else {
            let because = "outside of GitHub Actions nobody is asked in an environment";
            self.obstacles.push(Obstacle::new(Standing::Open, because).hint("approve by a comment: promote approve"));
            self.obstacles.extend(overdue(self.role, question.planned_at, "the plan", question.now));
            return;
        };
        let mut doubts = protection::obstacles(self.role, &self.slot.environment, facts);
        doubts.extend(legs::obstacle(&self.slot, question.digest, run));
        doubts.extend(overdue(self.role, Some(run.created), "the run", question.now));
        if !legs::asks(&self.slot, run) {
            self.obstacles.extend(overdue(self.role, question.planned_at, "the plan", question.now));
        }
        if doubts.is_empty() {
            self.reviews = heard.votes;
        }
        self.obstacles.extend(doubts);
    }

    /// The people who could fill it, those who reviewed first.
    fn people(&self) -> Vec<u64> {
        let mut ids = Vec::new();
        for vote in self.reviews.iter().chain(&self.words) {
            if !ids.contains(&vote.person.id) {
                ids.push(vote.person.id);
            }
        }
        ids
    }
}

/// That the time for a role's approval has passed.
fn overdue(role: &Role, since: Option<Time>, what: &str, now: Time) -> Option<Obstacle> {
    let (since, within) = since.zip(role.within)?;
    let end = within.after(since);
    let because = format!("its deadline passed: it was to be approved within {within} of {what}, until {end}");
    (now > end)
        .then(|| Obstacle::new(Standing::Rejected, because).hint("start a new run, and have it approved in time"))
}

/// Fills each approval with a person of its own: across all roles, or within each role where one person may stand for several.
fn fill(asks: &mut [Ask<'_>], same_person: bool, mixed: bool) {
    // The rules' order of roles is not to decide who stands for what.
    let mut order: Vec<usize> = (0..asks.len()).collect();
    order.sort_by_key(|n| (asks[*n].slot.role.clone(), asks[*n].slot.number));
    let mut scopes: Vec<Vec<usize>> = Vec::new();
    for n in order {
        match scopes.last_mut() {
            Some(scope) if !same_person || asks[scope[0]].slot.role == asks[n].slot.role => scope.push(n),
            _ => scopes.push(vec![n]),
        }
    }
    for scope in scopes {
        if mixed {
            worst_case(asks, &scope);
        }
        let candidates: Vec<Vec<u64>> = scope.iter().map(|n| asks[*n].people()).collect();
        let filled = matching::assign(&candidates);
        for (n, person) in scope.iter().zip(&filled) {
            let ask = &mut asks[*n];
            ask.filled = ask.reviews.iter().chain(&ask.words).find(|vote| Some(vote.person.id) == *person).cloned();
        }
        for n in &scope {
            contested(asks, *n, &scope);
        }
    }
}

/// In a later attempt the reviews of all attempts are mixed, and of each approval any of its reviewers may be the one of the first.
/// It stands only if every choice of them gives distinct people.
fn worst_case(asks: &mut [Ask<'_>], scope: &[usize]) {
    let mut reviewers: Vec<u64> = Vec::new();
    for n in scope {
        let own: Vec<u64> = asks[*n].reviews.iter().map(|vote| vote.person.id).collect();
        for other in scope.iter().filter(|other| *other != n) {
            let shared = asks[*other].reviews.iter().find(|vote| own.contains(&vote.person.id));
            let Some(login) = shared.map(|vote| vote.person.login.clone()) else { continue };
            let roles = format!("{} and {}", asks[*n].slot.environment, asks[*other].slot.environment);
            let because = format!(
                "the run was run again, its reviews of all attempts are mixed, and @{login} gave some in both {roles}"
            );
            asks[*n].holding.push(Obstacle::new(Standing::Broken, because).hint(NEW_RUN));
        }
        reviewers.extend(own);
    }
    for n in scope {
        asks[*n].words.retain(|vote| !reviewers.contains(&vote.person.id));
    }
}

/// Says of an approval that stays empty who gave it, and what they stand for already.
fn contested(asks: &mut [Ask<'_>], empty: usize, scope: &[usize]) {
    if asks[empty].filled.is_some() {
        return;
    }
    let mut found = Vec::new();
    for person in asks[empty].people() {
        let is = |vote: &Vote| vote.person.id == person;
        let Some(other) = scope.iter().find(|n| asks[**n].filled.as_ref().is_some_and(is)) else { continue };
        let Some(login) = asks[*other].filled.as_ref().map(|vote| vote.person.login.clone()) else { continue };
        let stands = &asks[*other].slot;
        let what = if stands.role == asks[empty].slot.role { "another approval of " } else { "" };
        let because = format!("@{login} approved this too, and stands for {what}{} already", stands.role);
        let hint = "each approval needs a person of its own, and an environment takes one review in a run: \
                    start a new run, and let another person approve one of them";
        found.push(Obstacle::new(Standing::Open, because).hint(hint));
    }
    let ask = &mut asks[empty];
    if found.is_empty() && ask.obstacles.is_empty() {
        let because = format!("nobody whose review counts approved in {}, and its job went on", ask.slot.environment);
        found.push(Obstacle::new(Standing::Open, because).hint(NEW_RUN));
    }
    ask.obstacles.extend(found);
}

fn row(role: &Role, asks: &[Ask<'_>], least: Standing) -> RoleRow {
    let asks: Vec<&Ask<'_>> = asks.iter().filter(|ask| ask.slot.role == role.name).collect();
    let mut obstacles: Vec<Obstacle> = asks.iter().flat_map(|ask| ask.holding.clone()).collect();
    let open = asks.iter().filter(|ask| ask.filled.is_none());
    let missing = asks.iter().any(|ask| ask.filled.is_none()) || asks.is_empty();
    obstacles.extend(open.flat_map(|ask| ask.obstacles.clone()));
    let mut refused: Vec<Given> = asks.iter().flat_map(|ask| ask.refused.clone()).collect();
    refused.sort_by(|a, b| {
        (&a.login, &a.environment, &a.word, &a.comment).cmp(&(&b.login, &b.environment, &b.word, &b.comment))
    });
    refused.dedup();
    let worst = obstacles.iter().map(|obstacle| obstacle.standing).max().unwrap_or(Standing::Approved);
    let base = if missing { Standing::Open } else { Standing::Approved };
    let rejected = if refused.is_empty() { base } else { Standing::Rejected };
    let (held, hints) = said(&obstacles);
    let mut because: Vec<String> = refused.iter().map(refusal).chain(held).collect();
    let mut passed_over: Vec<String> = asks.iter().flat_map(|ask| ask.passed_over.clone()).collect();
    passed_over.sort();
    passed_over.dedup();
    because.extend(passed_over);
    let given = asks.iter().filter_map(|ask| ask.filled.as_ref().map(|vote| vote.given.clone())).collect();
    RoleRow {
        given: if refused.is_empty() { given } else { refused },
        standing: worst.max(base).max(rejected).max(least),
        because,
        hints,
        ..empty(role, asks.iter().map(|ask| ask.slot.environment.clone()).collect())
    }
}

fn refusal(given: &Given) -> String {
    let who = if given.login.is_empty() { "somebody who is gone".to_owned() } else { format!("@{}", given.login) };
    let place =
        given.environment.clone().or_else(|| given.word.as_ref().map(|word| word.url.clone())).unwrap_or_default();
    let comment = if given.comment.is_empty() { String::new() } else { format!(": {}", given.comment) };
    format!("{who} refused it in {place}{comment}")
}

/// The sentences and the hints of obstacles, each once.
fn said(obstacles: &[Obstacle]) -> (Vec<String>, Vec<String>) {
    let once = |texts: Vec<&String>| {
        let mut all: Vec<String> = Vec::new();
        for text in texts {
            if !all.contains(text) {
                all.push(text.clone());
            }
        }
        all
    };
    let hints = obstacles.iter().filter_map(|obstacle| obstacle.hint.as_ref()).collect();
    (once(obstacles.iter().map(|obstacle| &obstacle.because).collect()), once(hints))
}

#[cfg(test)]
mod tests;
