//! Rules files, read whole.

use promote::promotion::rules::fault::render;
use promote::promotion::rules::read::read;

#[test]
fn probe() {
    match read("promotion/promotion-rules.yaml", include_str!("../../fixtures/rules/design.yaml")) {
        Ok(rules) => println!("{rules:#?}"),
        Err(faults) => println!("{}", render(&faults)),
    }
    match read("promotion/promotion-rules.yaml", include_str!("../../fixtures/rules/twelve-faults.yaml")) {
        Ok(rules) => println!("{rules:#?}"),
        Err(faults) => println!("{}", render(&faults)),
    }
}
