//! The cyclomatic complexity of a function, out of the words of the linters that measure it.

/// Rules whose last part says that they measure cyclomatic complexity: ESLint, flake8's mccabe and Ruff, golangci-lint, pylint.
const RULES: &[&str] = &["complexity", "c901", "gocyclo", "cyclop", "too-complex", "r1260"];

/// What stands right before the number, the surest first: SwiftLint and PMD name a limit or a sum before it.
const SIGNS: &[&str] = &["currently", "highest", "complex"];

/// The complexity that a finding tells of: `Function 'f' has a complexity of 12. Maximum allowed is 10.` Other measures of
/// the same name (cognitive, NPath, boolean expressions) are none.
pub(super) fn of(rules: &[&str], message: &str) -> Option<u64> {
    if !rules.iter().any(|rule| measures(rule)) {
        return None;
    }
    let message = unquoted(message).to_ascii_lowercase();
    let (_, rest) = SIGNS.iter().find_map(|sign| message.split_once(sign))?;
    rest.split(|c: char| !c.is_alphanumeric() && c != '_').find_map(|word| word.parse().ok())
}

fn measures(rule: &str) -> bool {
    let rule = rule.to_ascii_lowercase();
    let last = rule.rsplit(['/', '.', ':']).next().unwrap_or_default();
    (rule.contains("cyclomatic") || RULES.contains(&last)) && !rule.contains("cognitive")
}

/// Without what stands in quotes: the names of functions hold digits.
fn unquoted(message: &str) -> String {
    let mut text = String::with_capacity(message.len());
    let (mut open, mut last) = (None, ' ');
    for c in message.chars() {
        match (open, c) {
            // Within a word it is an apostrophe.
            (None, '\'' | '"' | '`') if !last.is_alphanumeric() => open = Some(c),
            (Some(quote), c) if c == quote => open = None,
            (None, c) => text.push(c),
            (Some(_), _) => {}
        }
        last = c;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_words_of_linters() {
        for (rule, message, wanted) in [
            ("complexity", "Function 'complexity5' has a complexity of 12. Maximum allowed is 10.", Some(12)),
            ("complexity", "Arrow function has a complexity of 21. Maximum allowed is 20.", Some(21)),
            (
                "com.puppycrawl.tools.checkstyle.checks.metrics.CyclomaticComplexityCheck",
                "Cyclomatic Complexity is 11 (max allowed is 10).",
                Some(11),
            ),
            (
                "Generic.Metrics.CyclomaticComplexity.TooHigh",
                "Function's cyclomatic complexity (13) exceeds 10;",
                Some(13),
            ),
            (
                "org.scalastyle.scalariform.CyclomaticComplexityChecker",
                "Cyclomatic complexity of 16 exceeds max",
                Some(16),
            ),
            ("gocyclo", "cyclomatic complexity 31 of func `Run2` is high (> 30)", Some(31)),
            ("cyclop", "calculated cyclomatic complexity for function run2 is 12, max is 10", Some(12)),
            ("C901", "'load2' is too complex (14)", Some(14)),
            ("R1260", "'f' is too complex. The McCabe rating is 12", Some(12)),
            (
                "cyclomatic_complexity",
                "Function should have complexity 10 or less; currently complexity is 12",
                Some(12),
            ),
            ("CyclomaticComplexity", "The class 'A' has a total cyclomatic complexity of 90 (highest 11).", Some(11)),
            ("sonarjs/cognitive-complexity", "Refactor to reduce its Cognitive Complexity from 21 to 15", None),
            ("NPathComplexityCheck", "NPath Complexity is 250 (max allowed is 200).", None),
            ("no-eval", "a complexity of 12", None),
            ("complexity", "it says nothing", None),
            ("complexity", "a complexity of 99999999999999999999", None),
        ] {
            assert_eq!(of(&[rule], message), wanted, "{rule}: {message}");
        }
    }
}
