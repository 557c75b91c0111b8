/** The door of the room `errors/`: every error class, every sentence about a failure, and the hints. */

export {
  contradiction,
  invalidType,
  invalidValue,
  notStarted,
  outOfRange,
  unknownCommand,
  unknownName,
  unknownOption,
  usageError,
} from './errors/arguments.js';
export { CarrelError, ExitError } from './errors/classes.js';
export { errorName, type SystemErrorPaths, systemError } from './errors/numbers.js';
export {
  cgroupUnavailable,
  hasEnded,
  hookFailed,
  launcherFailed,
  noCgroup,
  noIdRange,
  planRejected,
  subordinateIds,
  supervisorFailed,
  supervisorLost,
  unknownUser,
  unsupported,
  usersUnknown,
} from './errors/situations.js';
export { type Refusal, StepError, type StepPlace } from './errors/step.js';
