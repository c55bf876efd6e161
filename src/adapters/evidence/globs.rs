//! Which files a source names: its globs, below the working directory, without following links.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};
use walkdir::WalkDir;

use crate::adapters::evidence::said::Defect;

/// The most files that one source may name.
pub const MAX_FILES: usize = 10_000;

/// What globs chose.
#[derive(Debug, Default)]
pub struct Chosen {
    /// The files, in the order of their paths as they are shown: relative to the root, with `/`.
    pub files: BTreeMap<String, PathBuf>,
    /// Links to directories that were not entered.
    pub links: Vec<String>,
}

/// Finds the files that the globs match below `root`. Each glob has to match something: of two reports that are asked
/// for, one is not enough. (`{a,b}.xml` asks for either.)
pub fn choose(root: &Path, globs: &[String], service: &str, environment: &str) -> Result<Chosen, Defect> {
    let mut chosen = Chosen::default();
    let mut unmatched = Vec::new();
    for glob in globs {
        let (glob, matcher) = matcher(glob, service, environment)?;
        if !walk(root, &glob, &matcher, &mut chosen)? {
            unmatched.push(unmatched_why(root, &glob));
        }
    }
    if globs.is_empty() {
        return Err(Defect::Missing("the source names no file".to_owned()));
    }
    if !unmatched.is_empty() {
        let links = match chosen.links.first() {
            Some(link) => format!(" ({link} is a symbolic link, which is not followed)"),
            None => String::new(),
        };
        return Err(Defect::Missing(format!("nothing matches {}{links}", unmatched.join(", "))));
    }
    Ok(chosen)
}

/// A glob with its placeholders filled in, and what it matches.
pub fn matcher(glob: &str, service: &str, environment: &str) -> Result<(String, GlobMatcher), Defect> {
    let glob = relative(&glob.replace("{service}", service).replace("{environment}", environment))?;
    let wrong = |why: String| Defect::Unreadable(format!("`{glob}` is not a glob: {why}"));
    let matcher =
        GlobBuilder::new(&glob).literal_separator(true).build().map_err(|fault| wrong(fault.kind().to_string()))?;
    Ok((glob, matcher.compile_matcher()))
}

/// A glob without `./` before it; one that could lead out of the root is refused.
fn relative(glob: &str) -> Result<String, Defect> {
    let parts: Vec<&str> = glob.split('/').filter(|part| *part != ".").collect();
    let drive = glob.as_bytes().get(1) == Some(&b':');
    if glob.starts_with(['/', '\\']) || drive || parts.contains(&"..") {
        return Err(Defect::Unreadable(format!("`{glob}` leads out of the working directory; name a path below it")));
    }
    Ok(parts.join("/"))
}

fn unmatched_why(root: &Path, glob: &str) -> String {
    if !glob.is_empty() && root.join(glob).is_dir() {
        return format!("{glob}, which is a directory (write {}/**/*)", glob.trim_end_matches('/'));
    }
    glob.to_owned()
}

/// Walks from the last directory that the glob names without a wildcard.
fn walk(root: &Path, glob: &str, matcher: &GlobMatcher, chosen: &mut Chosen) -> Result<bool, Defect> {
    let Some(start) = start(root, glob)? else { return Ok(false) };
    let mut matched = false;
    for entry in WalkDir::new(start).sort_by_file_name() {
        let entry = entry.map_err(|fault| Defect::Unreadable(format!("the files cannot be listed: {fault}")))?;
        let path = shown(entry.path().strip_prefix(root).unwrap_or(entry.path()));
        let hit = is_hit(matcher, &path);
        if entry.path_is_symlink() {
            if hit {
                return Err(Defect::Unreadable(format!("{path} is a symbolic link, which is not followed")));
            }
            if entry.path().is_dir() {
                chosen.links.push(path);
            }
        } else if hit && entry.file_type().is_file() {
            matched = true;
            chosen.files.insert(path, entry.into_path());
            if chosen.files.len() > MAX_FILES {
                return Err(Defect::Unreadable(format!("`{glob}` matches more than {MAX_FILES} files")));
            }
        }
    }
    Ok(matched)
}

fn is_hit(matcher: &GlobMatcher, path: &str) -> bool {
    !path.is_empty() && matcher.is_match(path)
}

/// The directory or file where a glob's plain beginning leads; `None` if it does not exist.
fn start(root: &Path, glob: &str) -> Result<Option<PathBuf>, Defect> {
    let mut start = root.to_path_buf();
    for part in glob.split('/').take_while(|part| !part.contains(['*', '?', '[', '{', '\\'])) {
        start.push(part);
        match start.symlink_metadata() {
            Ok(meta) if meta.is_symlink() => {
                let link = shown(start.strip_prefix(root).unwrap_or(&start));
                return Err(Defect::Unreadable(format!("{link} is a symbolic link, which is not followed")));
            }
            Ok(_) => {}
            Err(fault) if matches!(fault.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
            Err(fault) => return Err(Defect::Unreadable(format!("{part} cannot be looked at: {fault}"))),
        }
    }
    Ok(Some(start))
}

fn shown(path: &Path) -> String {
    let parts: Vec<_> = path.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for path in ["a/unit/x.xml", "a/unit/deep/y.xml", "a/unit/z.txt", "a/dev/app.xml", "b.xml"] {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        root
    }

    fn found(root: &Path, globs: &[&str]) -> Result<Vec<String>, Defect> {
        let globs: Vec<String> = globs.iter().map(|&glob| glob.to_owned()).collect();
        Ok(choose(root, &globs, "app", "dev")?.files.into_keys().collect())
    }

    #[test]
    fn a_star_does_not_cross_directories() {
        let root = tree();
        for (glob, wanted) in [
            ("a/unit/*.xml", vec!["a/unit/x.xml"]),
            ("./a/unit/**/*.xml", vec!["a/unit/deep/y.xml", "a/unit/x.xml"]),
            ("a/{environment}/{service}.xml", vec!["a/dev/app.xml"]),
            ("*.xml", vec!["b.xml"]),
            ("b.xml", vec!["b.xml"]),
            ("a/{unit,none}/x.xml", vec!["a/unit/x.xml"]),
        ] {
            assert_eq!(found(root.path(), &[glob]).unwrap(), wanted, "{glob}");
        }
        assert_eq!(found(root.path(), &["b.xml", "*.xml", "a/dev/*"]).unwrap(), ["a/dev/app.xml", "b.xml"]);
    }

    #[test]
    fn nothing_is_missing_and_names_the_glob() {
        let root = tree();
        for (globs, why) in [
            (vec!["c/*.sarif"], "nothing matches c/*.sarif"),
            (vec!["b.xml", "c/*.xml", "d.xml"], "nothing matches c/*.xml, d.xml"),
            (vec!["b.xml/c"], "nothing matches b.xml/c"),
            (vec!["a/unit"], "nothing matches a/unit, which is a directory (write a/unit/**/*)"),
            (vec![], "the source names no file"),
        ] {
            assert_eq!(found(root.path(), &globs), Err(Defect::Missing(why.to_owned())));
        }
    }

    #[test]
    fn what_leads_out_is_refused() {
        let root = tree();
        for glob in ["/etc/passwd", "../b.xml", "a/../../b.xml", "C:\\x", "\\\\host\\x"] {
            let Err(Defect::Unreadable(why)) = found(root.path(), &[glob]) else { panic!("{glob}") };
            assert!(why.contains("leads out of the working directory"), "{why}");
        }
        assert!(matches!(found(root.path(), &["a/[.xml"]), Err(Defect::Unreadable(_))));
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_followed_and_not_passed_over() {
        let root = tree();
        std::os::unix::fs::symlink(root.path().join("b.xml"), root.path().join("a/unit/w.xml")).unwrap();
        std::os::unix::fs::symlink(root.path().join("a/unit"), root.path().join("linked")).unwrap();
        for (glob, why) in [
            ("a/unit/*.xml", "a/unit/w.xml is a symbolic link, which is not followed"),
            ("linked/*.xml", "linked is a symbolic link, which is not followed"),
        ] {
            assert_eq!(found(root.path(), &[glob]), Err(Defect::Unreadable(why.to_owned())));
        }
        let why = "nothing matches **/y.xmlx (linked is a symbolic link, which is not followed)";
        assert_eq!(found(root.path(), &["**/y.xmlx"]), Err(Defect::Missing(why.to_owned())));
    }
}
