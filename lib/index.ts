/**
 * carrel: containers for Node.js. The public names, nothing else.
 *
 * @packageDocumentation
 */

export type { Pressure, PressureLine } from './cgroup/control.js';
export { Container } from './container.js';
export type { CapabilityChoice, CapabilitySets } from './definition/capabilities.js';
export type { ContainerDefinition, DefinitionInput } from './definition/definition.js';
export type { EgressList } from './definition/egress.js';
export {
  type DirectoryEntry,
  directory,
  type EntryOptions,
  type FileEntry,
  file,
  type SymlinkEntry,
  symlink,
} from './definition/entries.js';
export type { Hosts } from './definition/hosts.js';
export type { IdMap, IdMapping, IdMappings, OneId } from './definition/idmap.js';
export type { InsertedStep } from './definition/inserted.js';
export type { ProcChoice } from './definition/kernel-files.js';
export type { Landlock, LandlockInput } from './definition/landlock.js';
export type { IoLimit, IoLimitInput, Limits, LimitsInput, LimitsUpdate } from './definition/limits.js';
export {
  type BindMount,
  type BindOptions,
  bind,
  type Mount,
  type TmpfsMount,
  type TmpfsOptions,
  tmpfs,
} from './definition/mounts.js';
export type {
  Clock,
  InNamespaces,
  JoinedNamespace,
  NamespaceEntry,
  NamespaceHandle,
  NamespaceSource,
  TimeOffset,
  TimeOffsets,
  TimeOffsetsInput,
} from './definition/namespaces.js';
export type { JoinedNetwork, Network, NetworkInput } from './definition/network.js';
export {
  type Overlay,
  type OverlayMount,
  type OverlayMountOptions,
  type OverlayOptions,
  overlay,
} from './definition/overlay.js';
export type { Publication, PublicationInput, PublishOptions } from './definition/publish.js';
export type {
  LimitInput,
  LimitValue,
  ResourceLimit,
  ResourceLimits,
  ResourceLimitsInput,
} from './definition/rlimits.js';
export type { MountSafety, SafetyOptions, TargetOptions } from './definition/safety.js';
export type {
  ReportedSeccomp,
  Seccomp,
  SeccompArgument,
  SeccompCondition,
  SeccompInput,
  SeccompOperator,
  SeccompOptions,
  SeccompProfile,
  SeccompRule,
} from './definition/seccomp.js';
export type { Session } from './definition/session.js';
export type { Sysctl } from './definition/sysctl.js';
export type { NamedUser, User, UserInput } from './definition/user.js';
export type { DoctorOptions } from './doctor/doctor.js';
export type { DoctorReport, Finding, OptionFinding, Verdict } from './doctor/findings.js';
export { CarrelError, ExitError, ReadyError, StepError } from './errors/errors.js';
export type { StdioEntry, StdioOption } from './launch/stdio.js';
export type {
  Capability,
  LandlockFileRight,
  LandlockPortRight,
  LandlockScope,
  MountAttribute,
  Namespace,
  Resource,
  SeccompAction,
  SeccompFlag,
} from './plan/constants.js';
export type { Plan } from './plan/plan.js';
export type { ContainerStep, HostStep, ServedStep, Step } from './plan/steps.js';
export type { TimedAct } from './plan/timing.js';
export type { Collected, CollectedPath } from './running/collected.js';
export type { SpawnOptions } from './running/command.js';
export type { StatsOptions } from './running/control.js';
export type { Connection } from './running/egress/connection.js';
export { doctor, isSupported } from './running/engine.js';
export type { ContainerProcessEvents, RunningContainerEvents } from './running/events.js';
export type { CopyOptions, CopyProgress, CopyReport, Skipped } from './running/files/copies/course.js';
export type { MkdirOptions, ReaddirOptions, RmOptions } from './running/files/directories.js';
export type { ContainerFile } from './running/files/file.js';
export type { Files } from './running/files/files.js';
export type { ReadFileOptions } from './running/files/reading.js';
export type { Entry, FileStats } from './running/files/stats.js';
export type { ContainerPath } from './running/files/view.js';
export type { FileData, WriteFileOptions } from './running/files/writing.js';
export type { Hook, HookContext } from './running/hooks.js';
export type { OutputStream } from './running/log.js';
export type { LogStream, LogsOptions } from './running/log-stream.js';
export type { PoolOptions } from './running/pool/options.js';
export type { Pool, TakeOptions } from './running/pool/pool.js';
export type { Listener } from './running/ports/listener.js';
export type { Published } from './running/ports/published.js';
export type { ConnectionHandler, ConnectOptions, PortTarget } from './running/ports/target.js';
export { ContainerProcess } from './running/process.js';
export type { WaitOptions } from './running/readiness.js';
export type { ReadyCall, ReadyCommand, ReadyFile, ReadyHttp, ReadyLine, ReadyOf, ReadyPort } from './running/ready.js';
export type { ExitStatus, Reason, Usage } from './running/result.js';
export type { RunOptions, RunResult } from './running/run.js';
export { type Ready, RunningContainer } from './running/running-container.js';
export type { Change } from './running/snapshot/changes.js';
export type { SnapshotOptions } from './running/snapshot/snapshot.js';
export type { Snapshot } from './running/snapshot/taken.js';
export type { StartOptions } from './running/start.js';
export type { Stats } from './running/stats.js';
export type { StopOptions } from './running/stop.js';
export type { Violation } from './running/violation.js';
export type { EnterOptions } from './running/workings.js';
