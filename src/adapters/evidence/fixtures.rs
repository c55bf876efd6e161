//! The sample reports under `fixtures/evidence`, and what each of them must say.
