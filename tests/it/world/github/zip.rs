//! A zip, written plainly: every entry stored as it is, named as it is told, good or bad.

use flate2::Crc;

/// A zip of these files.
pub(crate) fn of(files: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes) in files {
        let offset = length(out.len());
        let mut crc = Crc::new();
        crc.update(bytes);
        let mut common = Vec::new();
        // Version 2.0; UTF-8 names; stored; the first day of 1980.
        for number in [20_u16, 0x0800, 0, 0, 33] {
            common.extend(number.to_le_bytes());
        }
        for number in [crc.sum(), length(bytes.len()), length(bytes.len())] {
            common.extend(number.to_le_bytes());
        }
        common.extend(u16::try_from(name.len()).expect("a short name").to_le_bytes());
        common.extend([0, 0]);
        out.extend(b"PK\x03\x04");
        out.extend(&common);
        out.extend(name.as_bytes());
        out.extend(*bytes);
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&common);
        // No comment, the first disk, no attributes.
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let (start, count) = (length(out.len()), u16::try_from(files.len()).expect("few files"));
    out.extend(&directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend(count.to_le_bytes());
    out.extend(count.to_le_bytes());
    out.extend(length(directory.len()).to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend([0, 0]);
    out
}

fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).expect("a small zip")
}
