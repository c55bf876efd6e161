//! What is asked of the road: a version, from one environment to another, as both pin it now.

use crate::pipeline::keep::Beginning;
use crate::ports::Branch;
use crate::promotion::facts::EnvironmentFacts;
use crate::promotion::folded::Folded;
use crate::promotion::image::ImageRef;
use crate::promotion::pins::Pin;
use crate::promotion::record::Deployment;
use crate::promotion::request::{Request, Wanted};
use crate::promotion::rules::Target;

/// What both environments pin, and what is asked for because of it.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The source environment.
    pub source: EnvironmentFacts,
    /// The target environment.
    pub target: EnvironmentFacts,
    /// What the target pins, and where.
    pub pins: Vec<Pin>,
    /// The request.
    pub request: Request,
    /// Its id.
    pub id: String,
    /// The open promotion whose place it takes.
    pub supersedes: Option<Box<Folded>>,
}

impl Asked {
    /// The promotion, as it begins if the ledger does not know it yet.
    pub fn beginning(&self) -> Beginning<'_> {
        let images = |side: fn(&Wanted) -> &ImageRef| self.request.images.iter().map(side).cloned().collect();
        let deployment = |facts: &EnvironmentFacts, images: Vec<ImageRef>| Deployment {
            environment: facts.name.clone(),
            repository: facts.snapshot.repository.clone(),
            branch: facts.snapshot.branch.clone(),
            commit: facts.snapshot.commit.clone(),
            path: facts.snapshot.path.clone(),
            images,
        };
        Beginning {
            id: &self.id,
            request: &self.request,
            source: Some(deployment(&self.source, images(|wanted| &wanted.new))),
            target: Some(deployment(&self.target, images(|wanted| &wanted.old))),
            supersedes: self.supersedes.as_deref(),
        }
    }
}

/// The branch that a target is written to.
pub fn branch(target: &Target) -> Branch {
    Branch { repo: target.repo.clone(), branch: target.branch.clone() }
}
