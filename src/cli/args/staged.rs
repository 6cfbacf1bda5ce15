use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueHint};
use straykey::detect::Engine;

use super::{EngineArg, Look, Reporting, Sought};

#[derive(Debug, ClapArgs)]
pub struct StagedArgs {
    /// A folder of the repository, or its git folder; git's environment variables do not count then
    /// [default: the repository that git says, or .]
    #[arg(long, value_name = "PATH", value_hint = ValueHint::DirPath)]
    pub repo: Option<PathBuf>,
    #[command(flatten)]
    pub report: Reporting,
    #[command(flatten)]
    pub look: LookStaged,
}

/// What is looked for in an index.
#[derive(Clone, Debug, Default, ClapArgs)]
pub struct LookStaged {
    #[command(flatten)]
    pub sought: Sought,
    /// Read configuration from this folder instead of the nearest .straykey
    #[arg(long, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub config: Option<PathBuf>,
    /// Read no configuration, no allowances and no baseline
    #[arg(long, conflicts_with = "config")]
    pub no_config: bool,
    /// Worker threads; 0 for as many as there are cores
    #[arg(short = 'j', long, value_name = "N", default_value_t = 0)]
    pub threads: usize,
}

impl LookStaged {
    /// The same in the words of a scan.
    pub fn look(&self) -> Look {
        Look {
            no_ignore: false,
            sought: self.sought.clone(),
            config: self.config.clone(),
            no_config: self.no_config,
            threads: self.threads,
            engine: EngineArg(Engine::Fast),
        }
    }
}
