//! The calls of the axis, by the names of its addresses.

/// What can be asked of the axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Call {
    /// Hands a message over.
    SendEdoc,
    /// Lists what waits.
    GetReceivedEdocList,
    /// Lists what was sent.
    GetSentEdocList,
    /// A message, as base64 within JSON.
    GetEdoc,
    /// A message, as it is.
    DownloadEdoc,
    /// Acknowledges a message's transport.
    UpdateStatus,
    /// How many documents wait.
    CountReceiveEdoc,
    /// How many status messages wait.
    CountReceiveStatus,
    /// The directory, by the codes of QCVN 102.
    GetAgenciesList,
    /// The directory, by the codes of Decision 20/2020/QĐ-TTg.
    GetAgenciesListQd20,
    /// The units that centres synchronise.
    GetSynchronizeUnit,
    /// Adds an agency to the directory.
    RegisterAgency,
    /// Takes one out.
    DeleteAgency,
}

impl Call {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::SendEdoc,
        Self::GetReceivedEdocList,
        Self::GetSentEdocList,
        Self::GetEdoc,
        Self::DownloadEdoc,
        Self::UpdateStatus,
        Self::CountReceiveEdoc,
        Self::CountReceiveStatus,
        Self::GetAgenciesList,
        Self::GetAgenciesListQd20,
        Self::GetSynchronizeUnit,
        Self::RegisterAgency,
        Self::DeleteAgency,
    ];

    /// What follows the address of the service: `sendEdoc`.
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::SendEdoc => "sendEdoc",
            Self::GetReceivedEdocList => "getReceivedEdocList",
            Self::GetSentEdocList => "getSentEdocList",
            Self::GetEdoc => "getEdoc",
            Self::DownloadEdoc => "downloadEdoc",
            Self::UpdateStatus => "updateStatus",
            Self::CountReceiveEdoc => "countReceiveEdoc",
            Self::CountReceiveStatus => "countReceiveStatus",
            Self::GetAgenciesList => "getAgenciesList",
            Self::GetAgenciesListQd20 => "getAgenciesListQD20",
            Self::GetSynchronizeUnit => "getSynchronizeUnit",
            Self::RegisterAgency => "registerAgency",
            Self::DeleteAgency => "deleteAgency",
        }
    }

    /// From the last segment of a path.
    #[must_use]
    pub fn from_path(path: &str) -> Option<Self> {
        let name = path.rsplit('/').next()?;
        Self::ALL.into_iter().find(|it| it.path() == name)
    }
}
