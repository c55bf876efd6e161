#!/usr/bin/env python3
"""Times other programs on the reports that we read, so that our own figures have something to stand beside.

    python3 benches/evidence/peers.py KIND FILE [--runs N]        KIND: junit, cobertura, lcov or sarif

Every peer runs as a process of its own and computes the same totals that our reader computes. One line per peer, separated by
tabs: name, sort, version, wall seconds (the best of N runs, 3 unless told), largest resident memory in MiB, totals.

What the figures mean
- The time is that of the whole process: starting Python or Node is in it, as it is for whoever uses the peer in CI. On a small file
  that is all there is to see; use large ones.
- The sort says where the work is done. `native`: compiled code makes the totals (it may be called from Python). `interpreted`: a Python,
  Perl or JavaScript loop touches every case, line or result, whatever parses the bytes underneath.
- The totals are printed to show that a peer did the work. Peers differ in what they count (repeated lines, attributes instead of
  cases); such a difference is theirs and no error of this script. test-results-parser, for one, takes a case with an empty
  `<skipped/>`, `<error/>` or `<failure/>` element for passed, and refuses a report whose cases have no time.
- Memory is read by GNU time where there is one. Without it the kernel's figure for the child is used, which is never lower than
  what this script itself needs (some 15 MiB).

A peer that is not installed is named with `not installed` and left out. Python peers are looked for in the Python that runs this
script; to have them all:

    python3 -m venv peers && peers/bin/pip install junitparser lxml test-results-parser sarif-tools pycobertura
    npm install --prefix peers junit2json lcov-parse cobertura-parse
    apt-get install jq libxml2-utils lcov time
    NODE_PATH=peers/node_modules peers/bin/python benches/evidence/peers.py junit FILE
"""

import argparse
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from typing import Callable, Optional

# A run that takes longer than this is given up, in seconds.
LIMIT = 900


@dataclass
class Peer:
    """One program to time: its name, its sort, its version (None = not installed) and how to start it on a file."""

    name: str
    sort: str
    version: Callable[[], Optional[str]]
    command: Callable[[str], list]


def package(name: str) -> Callable[[], Optional[str]]:
    """The version of an installed Python package."""

    def version() -> Optional[str]:
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            return None

    return version


def node_package(name: str) -> Callable[[], Optional[str]]:
    """The version of a Node package, by its own package.json (found through NODE_PATH)."""

    def version() -> Optional[str]:
        if not shutil.which("node"):
            return None
        # Packages may hide their package.json, so the folders are searched by hand.
        for folder in os.environ.get("NODE_PATH", "node_modules").split(os.pathsep):
            description = os.path.join(folder, name, "package.json")
            if os.path.exists(description):
                with open(description, encoding="utf-8") as text:
                    found = re.search(r'"version"\s*:\s*"([^"]+)"', text.read())
                return found.group(1) if found else "unknown"
        return None

    return version


def program(name: str, *arguments: str) -> Callable[[], Optional[str]]:
    """The first number with a dot that a program prints about its version."""

    def version() -> Optional[str]:
        if not shutil.which(name):
            return None
        done = subprocess.run([name, *arguments], capture_output=True, text=True, check=False)
        found = re.search(r"\d+[.\d]+", done.stdout + done.stderr)
        return found.group(0) if found else "unknown"

    return version


def standard() -> Optional[str]:
    """The version of Python itself, for what its standard library does."""
    return sys.version.split()[0]


def python(code: str) -> Callable[[str], list]:
    """Runs a piece of Python with the file as sys.argv[1]."""
    return lambda file: [sys.executable, "-c", code, file]


def node(code: str) -> Callable[[str], list]:
    """Runs a piece of JavaScript with the file as process.argv[1]."""
    return lambda file: ["node", "-e", code, file]


# --- JUnit: cases, failed, errored, skipped -----------------------------------------------------------------------------------

JUNIT_CODECOV = """
import sys, test_results_parser as t
runs = t.parse_junit_xml(open(sys.argv[1], 'rb').read()).testruns
of = lambda outcome: sum(1 for r in runs if r.outcome == outcome)
O = t.Outcome
print(len(runs), of(O.Failure), of(O.Error), of(O.Skip))
"""

JUNIT_JUNITPARSER = """
import sys
from junitparser import JUnitXml, Failure, Error, Skipped, TestSuite
def cases(node):
    for item in node:
        if isinstance(item, TestSuite): yield from cases(item)
        else: yield item
total = [0, 0, 0, 0]
root = JUnitXml.fromfile(sys.argv[1])
for case in cases(root):
    total[0] += 1
    for one in case.result:
        for at, sort in enumerate((Failure, Error, Skipped), 1):
            if isinstance(one, sort): total[at] += 1
print(*total)
"""

# The same loop over two parsers: the standard library's and lxml's. Elements are dropped as they end, so memory stays flat.
JUNIT_ITERPARSE = """
import sys
from %s import iterparse
total, names = [0, 0, 0, 0], {'testcase': 0, 'failure': 1, 'error': 2, 'skipped': 3}
for _, element in iterparse(sys.argv[1]):
    at = names.get(element.tag)
    if at is not None: total[at] += 1
    element.clear()
print(*total)
"""

JUNIT_XPATH = """
import sys
from lxml import etree
tree = etree.parse(sys.argv[1], etree.XMLParser(huge_tree=True, resolve_entities=False))
print(*(int(tree.xpath('count(//%s)' % name)) for name in ('testcase', 'failure', 'error', 'skipped')))
"""

JUNIT_EXPAT = """
import sys
from xml.parsers import expat
total, names = [0, 0, 0, 0], {'testcase': 0, 'failure': 1, 'error': 2, 'skipped': 3}
def start(name, attributes):
    at = names.get(name)
    if at is not None: total[at] += 1
parser = expat.ParserCreate()
parser.StartElementHandler = start
parser.ParseFile(open(sys.argv[1], 'rb'))
print(*total)
"""

JUNIT_NODE = """
// Resolved first, because import() alone does not look into NODE_PATH.
import(require('url').pathToFileURL(require.resolve('junit2json'))).then(async ({ parse }) => {
  const root = await parse(require('fs').readFileSync(process.argv[1], 'utf8'));
  const total = [0, 0, 0, 0];
  const walk = (node) => {
    for (const suite of node.testsuite ?? []) walk(suite);
    for (const one of node.testcase ?? []) {
      total[0]++;
      if (one.failure) total[1]++;
      if (one.error) total[2]++;
      if (one.skipped) total[3]++;
    }
  };
  walk(root);
  console.log(...total);
});
"""

# --- Cobertura: distinct lines of files, covered ones -------------------------------------------------------------------------

COBERTURA_PYCOBERTURA = """
import sys
from pycobertura import Cobertura
report = Cobertura(sys.argv[1])
total, missed = report.total_statements(), report.total_misses()
print(total, total - missed)
"""

COBERTURA_ITERPARSE = """
import sys
from %s import iterparse
name, inside, lines = None, 0, {}
for event, element in iterparse(sys.argv[1], events=('start', 'end')):
    tag = element.tag
    if event == 'start':
        if tag == 'class': name = lines.setdefault(element.get('filename'), {})
        elif tag == 'methods': inside += 1
    else:
        if tag == 'line' and not inside:
            number = element.get('number')
            name[number] = name.get(number, False) or element.get('hits') != '0'
        elif tag == 'methods': inside -= 1
        element.clear()
print(sum(map(len, lines.values())), sum(sum(file.values()) for file in lines.values()))
"""

COBERTURA_XPATH = """
import sys
from lxml import etree
tree = etree.parse(sys.argv[1], etree.XMLParser(huge_tree=True, resolve_entities=False, load_dtd=False, no_network=True))
print(int(tree.xpath('count(//class/lines/line)')), int(tree.xpath("count(//class/lines/line[@hits!='0'])")))
"""

COBERTURA_NODE = """
require('cobertura-parse').parseFile(process.argv[1], (error, files) => {
  if (error) throw error;
  let found = 0, hit = 0;
  for (const file of files) { found += file.lines.found; hit += file.lines.hit; }
  console.log(found, hit);
});
"""

# --- LCOV: distinct lines of files, covered ones ------------------------------------------------------------------------------

LCOV_PYTHON = """
import sys
files, lines = {}, None
for row in open(sys.argv[1], encoding='utf-8', errors='replace'):
    if row.startswith('DA:'):
        number, hits = row[3:].rstrip().split(',')[:2]
        lines[number] = lines.get(number, False) or hits != '0'
    elif row.startswith('SF:'):
        lines = files.setdefault(row[3:].rstrip(), {})
print(sum(map(len, files.values())), sum(sum(file.values()) for file in files.values()))
"""

LCOV_AWK = """
/^SF:/ { file = $0 }
/^DA:/ { split(substr($0, 4), part, ","); key = file SUBSEP part[1]; if (!(key in seen)) { seen[key]; total++ }
         if (part[2] != "0" && !(key in hit)) { hit[key]; covered++ } }
END { print total + 0, covered + 0 }
"""

LCOV_NODE_PARSE = """
require('lcov-parse')(process.argv[1], (error, files) => {
  if (error) throw new Error(error);
  let found = 0, hit = 0;
  for (const file of files) for (const line of file.lines.details) { found++; if (line.hit > 0) hit++; }
  console.log(found, hit);
});
"""

# --- SARIF: results, and how many of each level -------------------------------------------------------------------------------

SARIF_JSON = """
import json, sys
from collections import Counter
levels = Counter()
for run in json.load(open(sys.argv[1], encoding='utf-8-sig'))['runs']:
    rules = run['tool']['driver'].get('rules', [])
    usual = {rule['id']: rule.get('defaultConfiguration', {}).get('level', 'warning') for rule in rules}
    for result in run.get('results') or []:
        levels[result.get('level') or usual.get(result.get('ruleId'), 'warning')] += 1
print(sum(levels.values()), *(name + '=' + str(count) for name, count in sorted(levels.items())))
"""

SARIF_TOOLS = """
import sys
from sarif import loader
files = loader.load_sarif_files(sys.argv[1])
report = files.get_report()
levels = {name: report.get_issue_count_for_severity(name) for name in report.get_severities()}
print(sum(levels.values()), *(name + '=' + str(count) for name, count in sorted(levels.items()) if count))
"""

SARIF_JQ = """
reduce (.runs[] | (reduce (.tool.driver.rules // [])[] as $rule ({}; .[$rule.id] = ($rule.defaultConfiguration.level // "warning"))) as $usual
  | (.results // [])[] | .level // $usual[.ruleId // ""] // "warning") as $level ({}; .[$level] += 1)
| ([.[]] | add // 0 | tostring) + " " + (to_entries | sort_by(.key) | map(.key + "=" + (.value | tostring)) | join(" "))
"""


def xmllint(*counts: str) -> Peer:
    """xmllint with one XPath expression that gives all the counts."""
    joined = "concat(" + ", ' ', ".join(f"count({one})" for one in counts) + ")"
    return Peer("xmllint --xpath", "native", program("xmllint", "--version"), lambda file: ["xmllint", "--huge", "--nonet", "--xpath", joined, file])


# xmllint's bare pass over the tokens: no totals, the floor of what libxml2 needs for the bytes.
XMLLINT_STREAM = Peer("xmllint --stream (no totals)", "native", program("xmllint", "--version"), lambda file: ["xmllint", "--huge", "--nonet", "--noout", "--stream", file])

PEERS = {
    "junit": [
        Peer("test-results-parser", "native", package("test-results-parser"), python(JUNIT_CODECOV)),
        Peer("lxml xpath", "native", package("lxml"), python(JUNIT_XPATH)),
        xmllint("//testcase", "//failure", "//error", "//skipped"),
        XMLLINT_STREAM,
        Peer("junitparser", "interpreted", package("junitparser"), python(JUNIT_JUNITPARSER)),
        Peer("lxml iterparse", "interpreted", package("lxml"), python(JUNIT_ITERPARSE % "lxml.etree")),
        Peer("xml.etree iterparse", "interpreted", standard, python(JUNIT_ITERPARSE % "xml.etree.ElementTree")),
        Peer("expat handlers", "interpreted", standard, python(JUNIT_EXPAT)),
        Peer("junit2json", "interpreted", node_package("junit2json"), node(JUNIT_NODE)),
    ],
    "cobertura": [
        Peer("lxml xpath", "native", package("lxml"), python(COBERTURA_XPATH)),
        xmllint("//class/lines/line", "//class/lines/line[@hits!='0']"),
        XMLLINT_STREAM,
        Peer("pycobertura", "interpreted", package("pycobertura"), python(COBERTURA_PYCOBERTURA)),
        Peer("lxml iterparse", "interpreted", package("lxml"), python(COBERTURA_ITERPARSE % "lxml.etree")),
        Peer("xml.etree iterparse", "interpreted", standard, python(COBERTURA_ITERPARSE % "xml.etree.ElementTree")),
        Peer("cobertura-parse", "interpreted", node_package("cobertura-parse"), node(COBERTURA_NODE)),
    ],
    "lcov": [
        Peer("lcov --summary", "interpreted", program("lcov", "--version"), lambda file: ["lcov", "--summary", file]),
        Peer("awk", "native", lambda: "system" if shutil.which("awk") else None, lambda file: ["awk", LCOV_AWK, file]),
        Peer("Python loop", "interpreted", standard, python(LCOV_PYTHON)),
        Peer("lcov-parse", "interpreted", node_package("lcov-parse"), node(LCOV_NODE_PARSE)),
    ],
    "sarif": [
        Peer("jq", "native", program("jq", "--version"), lambda file: ["jq", "-r", SARIF_JQ, file]),
        Peer("sarif-tools", "interpreted", package("sarif-tools"), python(SARIF_TOOLS)),
        Peer("json.load and a loop", "interpreted", standard, python(SARIF_JSON)),
    ],
}


def once(command: list) -> tuple:
    """Runs a command; gives its exit code, wall seconds, largest resident memory in KiB, and what it printed."""
    gnu_time = shutil.which("time")
    with tempfile.NamedTemporaryFile("r") as told, tempfile.TemporaryFile() as said:
        if gnu_time:
            command = [gnu_time, "--quiet", "-f", "%M", "-o", told.name, *command]
        started = time.perf_counter()
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT)
        # wait4 gives the memory of this child alone; getrusage would give the largest of all children so far.
        while True:
            found, status, usage = os.wait4(child.pid, os.WNOHANG)
            if found:
                break
            if time.perf_counter() - started > LIMIT:
                child.kill()
            time.sleep(0.0005)
        seconds = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        lines = said.read().decode("utf-8", "replace").split("\n")
        memory = told.read().split()
    kib = int(memory[-1]) if gnu_time and memory and memory[-1].isdigit() else usage.ru_maxrss
    return child.returncode, seconds, kib, lines


def totals(lines: list) -> str:
    """What a peer printed, on one line and without the words around it."""
    text = " ".join(line.strip() for line in lines if line.strip())
    summary = re.search(r"lines\.*: .*", text)
    return (summary.group(0) if summary else text)[:120].replace("\t", " ")


def main() -> int:
    """Times every installed peer of a kind on a file; exit code 1 when one of them failed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("kind", choices=sorted(PEERS))
    parser.add_argument("file")
    parser.add_argument("--runs", type=int, default=3, help="runs of each peer; the best counts")
    asked = parser.parse_args()
    if not os.path.isfile(asked.file) or asked.runs < 1:
        parser.error("a file that exists and at least one run are needed")
    failed = 0
    print("name", "sort", "version", "seconds", "max_rss_mib", "totals", sep="\t", flush=True)
    for peer in PEERS[asked.kind]:
        version = peer.version()
        if version is None:
            print(peer.name, peer.sort, "not installed", "", "", "", sep="\t", flush=True)
            continue
        runs = [once(peer.command(asked.file)) for _ in range(asked.runs)]
        broken = next((run for run in runs if run[0] != 0), None)
        if broken:
            failed = 1
            print(peer.name, peer.sort, version, "", "", f"failed ({broken[0]}): {totals(broken[3][-3:])}", sep="\t", flush=True)
            continue
        seconds, kib = min(run[1] for run in runs), max(run[2] for run in runs)
        print(peer.name, peer.sort, version, f"{seconds:.3f}", f"{kib / 1024:.1f}", totals(runs[0][3]), sep="\t", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
