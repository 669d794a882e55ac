/** What a verification took, and what it was spent on. */
import { type LogReport, type PairReport, type Spent, verifyPhases } from '@hansa/trust/ledger'

export type VerifyTiming = {
  elapsedMs: number
  /** Threads beside the main one. */
  threads: number
  entries: number
  /** Bytes that were read. */
  bytes: number
  /** By phase, of all threads together: processor time of what is inspected, elapsed time of framing, tree and checkpoints. */
  spentMs: Spent
  /** What one thread does in a second, phase by phase. */
  perSecondPerCore: {
    /** Entries: framing, chain and tree. */
    chained: number
    /** Entries: schema, and the only spelling. */
    forms: number
    /** Signed objects of other kernels. */
    signatures: number
  }
}

/** @param reports of every log that was verified. */
export function timingOf(
  reports: readonly LogReport[],
  { elapsedMs, threads, bytes }: Pick<VerifyTiming, 'elapsedMs' | 'threads' | 'bytes'>,
): VerifyTiming {
  const spentMs = { framing: 0, chain: 0, tree: 0, form: 0, signatures: 0, checkpoints: 0 }
  let [entries, evidence] = [0, 0]
  for (const report of reports) {
    entries += report.size
    evidence += report.evidence
    for (const phase of verifyPhases) spentMs[phase] += report.spentMs?.[phase] ?? 0
  }
  const { framing, chain, tree, form, signatures } = spentMs
  const perSecondPerCore = {
    chained: perSecond(entries, framing + chain + tree),
    forms: perSecond(entries, form),
    signatures: perSecond(evidence, signatures),
  }
  return { elapsedMs: Math.round(elapsedMs), threads, entries, bytes, spentMs: rounded(spentMs), perSecondPerCore }
}

/** A log with those that were frozen before it. */
export function withFrozen(report: LogReport): LogReport[] {
  return [report, ...(report.frozen ?? [])]
}

export function logsOfPair({ a, b }: PairReport): LogReport[] {
  return [...withFrozen(a.log), ...withFrozen(b.log)]
}

export function timingText({ elapsedMs, threads, entries, bytes, spentMs, perSecondPerCore }: VerifyTiming): string {
  const spent = verifyPhases.map((phase) => `${phase} ${seconds(spentMs[phase])}`).join(', ')
  const { chained, forms, signatures } = perSecondPerCore
  const beside = threads === 0 ? 'one thread' : `${threads + 1} threads`
  return [
    `${seconds(elapsedMs)} in ${beside}: ${thousands(entries)} entries, ${(bytes / 1_048_576).toFixed(1)} MiB`,
    `spent on ${spent}`,
    `a second of one thread: ${thousands(chained)} entries for framing, chain and tree; ${thousands(forms)} for the form; ${thousands(signatures)} signatures`,
  ].join('\n')
}

function perSecond(count: number, ms: number): number {
  return ms <= 0 ? 0 : Math.round((count * 1000) / ms)
}

function rounded(spent: Spent): Spent {
  return Object.fromEntries(verifyPhases.map((phase) => [phase, Math.round(spent[phase])])) as Spent
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`
}

function thousands(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ' ')
}
