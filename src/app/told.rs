//! What there is to tell of a run, and the parts that every page about it is made of.

use crate::adapters::argocd::options::{Options, base};
use crate::adapters::http::shown;
use crate::app::settings::Settings;
use crate::pipeline::job::{End, Job};
use crate::promotion::image::ImageRef;
use crate::render::diff::FileDiff;
use crate::render::ending::Ending;
use crate::render::links::{Places, links};
use crate::render::markdown::Summary;
use crate::render::report::Heading;

/// Everything there is to tell.
pub struct Told<'a> {
    /// What was run.
    pub job: &'a Job<'a>,
    /// How it ended, with what is known of it.
    pub end: Option<&'a End>,
    /// The same in words.
    pub ending: &'a Ending,
    /// The plan's diffs.
    pub diffs: &'a [FileDiff],
    /// The directory that got the promotion's bundle.
    pub bundle: Option<&'a str>,
}

/// What a page needs that is nowhere as it needs it.
pub struct Parts {
    images: Vec<ImageRef>,
    path: Vec<String>,
    links: Vec<(String, String)>,
}

impl Parts {
    /// The parts of what is told.
    pub fn of(settings: &Settings, told: &Told<'_>) -> Self {
        let Told { job, end, .. } = told;
        let asked = end.and_then(|end| end.request.as_ref()).map(|request| request.images.as_slice());
        let github = settings.github.as_ref();
        let argocd = argocd(settings);
        let places = Places {
            run_url: settings.actions.as_ref().and_then(|actions| actions.run_url.as_deref()),
            github: &settings.github_server,
            repository: github.map(|github| github.repository.as_str()),
            pull_request: github.and_then(|github| github.pull_request),
            argocd: argocd.as_deref(),
            plan: end.and_then(|end| end.plan.as_deref()),
            commit: end.and_then(|end| end.commit.as_deref()),
        };
        Self {
            images: asked.unwrap_or_default().iter().map(|wanted| wanted.new.clone()).collect(),
            path: job.service.environments.iter().map(|environment| environment.name.clone()).collect(),
            links: links(&places),
        }
    }

    /// The page that they make.
    pub fn summary<'a>(&'a self, told: &Told<'a>) -> Summary<'a> {
        let end = told.end;
        let request = end.and_then(|end| end.request.as_ref());
        let promotion = told.job.promotion;
        let heading = Heading {
            service: &told.job.service.name,
            from: request.map_or(&promotion.from, |request| &request.from),
            to: &promotion.to,
            images: &self.images,
            commit: end.and_then(|end| end.facts.as_deref()).and_then(|facts| facts.commit.as_deref()),
        };
        Summary {
            heading,
            path: &self.path,
            ending: Some(told.ending),
            report: end.and_then(|end| end.report.as_ref()),
            approvals: end.and_then(|end| end.approvals.as_deref()),
            plan: end.and_then(|end| end.plan.as_deref()),
            diffs: told.diffs,
            links: &self.links,
        }
    }
}

/// Where Argo CD's pages are: where its API is.
fn argocd(settings: &Settings) -> Option<String> {
    let options = Options::parse(settings.argocd_opts.as_deref().unwrap_or_default()).ok()?;
    base(settings.argocd_server.as_deref()?, &options).ok().map(|url| shown(&url))
}
