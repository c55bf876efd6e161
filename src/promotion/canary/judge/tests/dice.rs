//! Chance.

/// SplitMix64: small, and the same everywhere.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Between 0 and 1, neither of them.
    pub(super) fn uniform(&mut self) -> f64 {
        ((self.next() >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    /// How many of `n` requests fail: by the gaps between failures, which are geometric.
    pub(super) fn failures(&mut self, n: u64, rate: f64) -> u64 {
        let (mut failures, mut at) = (0, 0.0);
        loop {
            at += (self.uniform().ln() / (1.0 - rate).ln()).floor() + 1.0;
            if at > n as f64 {
                return failures;
            }
            failures += 1;
        }
    }
}
