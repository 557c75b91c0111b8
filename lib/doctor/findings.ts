/** What the doctor tells, as plain data. */

/** One thing that {@link doctor} has looked at. */
export interface Finding {
  /** What it is about: `'user namespace'`. */
  readonly name: string;
  /** Whether it is as it should be. */
  readonly ok: boolean;
  /** Whether the default container needs it; what is not needed is for some options only. */
  readonly needed: boolean;
  /** What was found; where it was refused, which step, by which system call, with which error. */
  readonly detail: string;
  /** What most likely helps. */
  readonly remedy?: string;
  /** What the kernel has refused. Without it nothing was refused, or not by a system call of a plan. */
  readonly refused?: {
    /** The refused step; none where it was the clone itself. */
    readonly step?: string;
    /** The system call: `'clone3'`. */
    readonly syscall: string;
    /** The error: `'EPERM'`. */
    readonly code: string;
  };
}

/**
 * Whether an option has its effect here: all of it, a part of it, or none, since the container does not start with it.
 */
export type Verdict = 'works' | 'weaker' | 'fails';

/** What an option of a container does on this machine. */
export interface OptionFinding {
  /** The option as it is written, with what matters of its value: `"limits({ memory })"`, `"proc('new')"`. */
  readonly option: string;
  readonly verdict: Verdict;
  /** What is missing: what the kernel refuses, or what the container then lacks. Empty where all of it works. */
  readonly detail: string;
  /** Names of the findings that it follows from. */
  readonly because: readonly string[];
  /** What most likely helps. */
  readonly remedy?: string;
}

/** What {@link doctor} tells. Plain data, frozen. */
export interface DoctorReport {
  /** Whether everything that the default container needs is there. */
  readonly ok: boolean;
  /** In the order in which it was looked at. */
  readonly findings: readonly Finding[];
  /**
   * Of each option what it does here, the default container first. It follows from the findings, and from the plan that
   * a container with this option has. Empty where carrel cannot work at all.
   */
  readonly options: readonly OptionFinding[];
}
