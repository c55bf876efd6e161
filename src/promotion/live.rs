//! Is it really live? An application's state as Argo CD tells it, and what it means.

use serde::{Deserialize, Serialize};

/// One application as it was seen at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppState {}
