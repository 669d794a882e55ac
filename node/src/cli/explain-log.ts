/** Adapter: the standing of a kernel, recomputed from the directory of a log without its node. */
import type { Did, StandingExplanation } from '@hansa/protocols'
import { isDid } from '@hansa/protocols'
import { readEntries } from '@hansa/trust/ledger'
import { dayOf, EvidenceLog, explainStanding } from '@hansa/trust/score'
import { usage } from './errors.ts'
import { didOfOrigin, readLogKeys } from './verify-keys.ts'
import { logSources } from './verify-sources.ts'

export type ExplainLogInit = {
  /** A log with those frozen before it, or the home of a node. */
  directory: string
  of: string
  /** Days since 1970. @default the day of the last entry */
  day?: number
}

/** @throws CliError `usage` for what is no log; LedgerError `log_corrupt` for one that is damaged. */
export async function explainFromLog({ directory, of, day }: ExplainLogInit): Promise<StandingExplanation> {
  if (!isDid(of)) throw usage(`${of} is not a DID; a log knows no aliases.`)
  const [source] = await logSources([directory], await readLogKeys([]), [], () => {})
  if (source === undefined) throw usage(`There is no log in ${directory}.`)
  const evidence = new EvidenceLog()
  let by: Did | undefined
  let last = 0
  for (const disk of [...(source.frozen ?? []).map((frozen) => frozen.disk).reverse(), source.disk]) {
    for await (const { entry } of readEntries(disk)) {
      evidence.take(entry)
      by ??= didOfOrigin(entry.origin)
      last = Math.max(last, entry.t_ms)
    }
  }
  if (by === undefined) throw usage(`The log in ${directory} is not named after a kernel.`)
  return explainStanding(evidence, { by, of, day: day ?? dayOf(last) })
}
