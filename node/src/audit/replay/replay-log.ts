/** Decides every recorded call again and says what would have been otherwise. Reads entry by entry; asks for arguments in groups. */
import type { ContinuationArguments, Entry } from '@hansa/protocols'
import type { UnknownFact } from '@hansa/trust'
import { type DecisionKind, type RecordedDecision, recordedDecision } from './recorded-decision.ts'
import { type ReplayAnswer, type ReplayWorld, replayDecision } from './replay-decision.ts'

export type ReplayInit = {
  entries: AsyncIterable<Entry>
  world: ReplayWorld
  /** Learns of a capability before calls of it are decided. */
  prepare(ref: string): Promise<void>
  /** Arguments that were kept of these calls of one log; without those that were not, or are not what the log commits to. */
  argumentsOf(origin: string, calls: readonly RecordedDecision[]): Promise<ReadonlyMap<string, unknown>>
  wanted(entry: Entry): boolean
  progress?(entries: number): void
}

export type ReplayedCall = {
  seq: number
  callId: string
  time: string
  capability: string
  principal: string
  peer?: string
  was: DecisionKind
  rulesWas: readonly string[]
}
export type Difference = ReplayedCall & { now: DecisionKind; rulesNow: string[]; reason: string }
export type Undecidable = ReplayedCall & { rules: string[]; needs: UnknownFact[] }

export type ReplayReport = {
  /** Calls that rules decided. */
  calls: number
  same: number
  different: number
  undecidable: number
  /** How many calls went from which answer to which, as `permit -> deny`. */
  changes: Record<string, number>
  /** The first of them. */
  differences: Difference[]
  undecided: Undecidable[]
}

/** Calls that are listed one by one; all of them are counted. */
export const MAX_LISTED = 10_000
/** Calls whose arguments are asked for together. */
const GROUP = 32

export async function replayLog(init: ReplayInit): Promise<ReplayReport> {
  const replay = new Replay(init)
  let read = 0
  for await (const entry of init.entries) {
    read += 1
    if (read % 1_000 === 0) init.progress?.(read)
    const call = init.wanted(entry) ? recordedDecision(entry) : undefined
    if (call !== undefined) await replay.take(call)
  }
  return replay.end()
}

class Replay {
  readonly #init: ReplayInit
  readonly #report: ReplayReport = {
    calls: 0,
    same: 0,
    different: 0,
    undecidable: 0,
    changes: {},
    differences: [],
    undecided: [],
  }
  readonly #known = new Set<string>()
  /** Calls that arguments could decide. */
  #waiting: RecordedDecision[] = []

  constructor(init: ReplayInit) {
    this.#init = init
  }

  async take(call: RecordedDecision): Promise<void> {
    const { prepare, world } = this.#init
    if (!this.#known.has(call.capability)) {
      await prepare(call.capability)
      this.#known.add(call.capability)
    }
    this.#report.calls += 1
    const answer = replayDecision(call, world)
    const canAsk = call.begun && call.argsUnchanged && call.argsCommitment !== undefined
    if (answer.decided || !answer.needs.includes('args') || !canAsk) return this.#count(call, answer)
    this.#waiting.push(call)
    if (this.#waiting.length >= GROUP) await this.#askForArguments()
  }

  async end(): Promise<ReplayReport> {
    await this.#askForArguments()
    const bySeq = (a: ReplayedCall, b: ReplayedCall) => a.time.localeCompare(b.time) || a.seq - b.seq
    this.#report.differences.sort(bySeq)
    this.#report.undecided.sort(bySeq)
    const changes = Object.entries(this.#report.changes).sort(([a], [b]) => (a < b ? -1 : 1))
    return { ...this.#report, changes: Object.fromEntries(changes) }
  }

  async #askForArguments(): Promise<void> {
    const waiting = this.#waiting
    this.#waiting = []
    for (const origin of new Set(waiting.map((call) => call.origin))) {
      const calls = waiting.filter((call) => call.origin === origin)
      const found = await this.#init.argumentsOf(origin, calls)
      for (const call of calls) {
        const args = found.has(call.callId) ? { value: argumentsIn(found.get(call.callId), call) } : undefined
        this.#count(call, replayDecision(call, this.#init.world, args))
      }
    }
  }

  #count(call: RecordedDecision, answer: ReplayAnswer): void {
    const report = this.#report
    if (!answer.decided) {
      report.undecidable += 1
      const { rules, needs } = answer
      if (report.undecided.length < MAX_LISTED) report.undecided.push({ ...shown(call), rules, needs })
      return
    }
    const { now, rules: rulesNow, reason } = answer
    if (now === call.was || (call.orApproval && now === 'approval')) {
      report.same += 1
      return
    }
    report.different += 1
    const change = `${call.was} -> ${now}`
    report.changes[change] = (report.changes[change] ?? 0) + 1
    if (report.differences.length < MAX_LISTED) report.differences.push({ ...shown(call), now, rulesNow, reason })
  }
}

function shown({ seq, callId, tMs, capability, principal, peer, was, rules }: RecordedDecision): ReplayedCall {
  return {
    seq,
    callId,
    time: new Date(tMs).toISOString(),
    capability,
    principal,
    ...(peer === undefined ? {} : { peer }),
    was,
    rulesWas: rules,
  }
}

/** As the rules saw them. */
function argumentsIn(kept: unknown, { continued }: RecordedDecision): unknown {
  return continued ? (kept as ContinuationArguments).arguments : kept
}
