/** The door of the room `errors/`: every error class, every sentence about a failure, and the hints. */

export {
  contradiction,
  invalidType,
  invalidValue,
  notStarted,
  outOfRange,
  slotTaken,
  unknownCommand,
  unknownName,
  unknownOption,
  usageError,
  withRemedy,
} from './arguments.js';
export { CarrelError, ExitError, ReadyError } from './classes.js';
export { connectionsDegraded, endDegraded, violationsDegraded } from './degraded.js';
export { errorName, type SystemErrorPaths, systemError } from './numbers.js';
export { poolClosed } from './pools.js';
export { notReady } from './ready.js';
export type { Refusal, StepPlace } from './refusal.js';
export {
  addonsForbidden,
  bundled,
  cannotListen,
  cgroupUnavailable,
  changesTooLarge,
  descriptorNotOpen,
  descriptorNotSent,
  directoryTooLarge,
  fileTooLarge,
  givenLost,
  hasEnded,
  hookFailed,
  installedLauncher,
  invalidArchive,
  type LauncherObstacle,
  labelUnavailable,
  landlockUnavailable,
  launcherFailed,
  launcherUnreached,
  noCgroup,
  noIdRange,
  noLocks,
  noOutbound,
  notInstalled,
  planRejected,
  planUnwritten,
  protocolBroken,
  serverLost,
  serversStuck,
  serverTimeout,
  snapshotDirectory,
  snapshotGone,
  socketsLost,
  startRefused,
  subordinateIds,
  supervisorFailed,
  supervisorLost,
  timedOut,
  treeTooLarge,
  unknownUser,
  unsupported,
  usersUnknown,
} from './situations.js';
export { StepError } from './step.js';
