/** What the demo says as data, and what has to be true of it. Nothing in here is known beforehand: it is all observed. */
import { isDeepStrictEqual } from 'node:util'
import { type CallStage, type Code, type Did, KernelError, type TrustPolicy, trustPolicies } from '@hansa/protocols'

export type Organisation = 'orga' | 'orgb'
/** `refused` is also a call that came with an approval which did not count. */
export type Outcome = 'released' | 'refused' | 'approval'

export type DemoCall = {
  id: string
  trustPolicy: TrustPolicy
  /** At orgb, without the alias of the import. */
  capability: string
  outcome: Outcome
  stage?: CallStage
  code?: Code
  ms: number
}

/** One field that one firewall hid, as the verdict in that kernel's own log has it. */
export type DemoRedaction = {
  call: string
  kernel: Organisation
  by: 'egress_result' | 'ingress_result'
  rule: string
  field: string
  count: number
}

export type DemoReport = {
  /** All of it was seen, and was as it has to be. */
  ok: boolean
  kernels: { name: string; did: Did; pid: number; endpoint: string }[]
  discovered: { by: 'registry' | 'peer_url'; did: Did; seq: number }[]
  calls: DemoCall[]
  redactions: DemoRedaction[]
  tokenReuse: { outcome: 'accepted' | 'refused' | 'not_tried'; code: string | null }
  audit: {
    logs: { did: Did; size: number; root: string }[]
    pair: 'consistent' | 'incomplete' | 'violation' | 'not_checked'
  }
  tamper: { detected: boolean; log: string | null; entry: number | null }
}

export function emptyReport(): DemoReport {
  return {
    ok: false,
    kernels: [],
    discovered: [],
    calls: [],
    redactions: [],
    tokenReuse: { outcome: 'not_tried', code: null },
    audit: { logs: [], pair: 'not_checked' },
    tamper: { detected: false, log: null, entry: null },
  }
}

export type DemoErrorDetail = { code: 'not_as_expected'; what: string }

/** Something was seen that should not have been. */
export class DemoError extends KernelError<DemoErrorDetail> {
  override readonly name: string = 'DemoError'
}

/** @throws DemoError that says what was seen. */
export function check(what: string, seen: unknown, expected: unknown): void {
  if (isDeepStrictEqual(seen, expected)) return
  const message = `${what}\nexpected: ${JSON.stringify(expected)}\nseen:     ${JSON.stringify(seen)}`
  throw new DemoError({ code: 'not_as_expected', what }, message)
}

/** @returns what is missing in a report, or not as it has to be; one sentence each. */
export function faultsOf(report: DemoReport): string[] {
  return claims.flatMap(([claim, holds]) => (holds(report) ? [] : [claim]))
}

export const claims: readonly [claim: string, holds: (report: DemoReport) => boolean][] = [
  ['two kernels ran in processes of their own', ({ kernels }) => differ(kernels, 'pid') && differ(kernels, 'did')],
  ['orgb was found in the registry and by its URL, as the same kernel', foundBothWays],
  [
    'calls were made under each trust policy',
    ({ calls }) => trustPolicies.every((one) => calls.some(({ trustPolicy }) => trustPolicy === one)),
  ],
  ['a call was released', ({ calls }) => calls.some(({ outcome }) => outcome === 'released')],
  ['orga refused a call by policy', ({ calls }) => calls.some((call) => refusedAt(call, 'policy'))],
  ['orgb refused a call by policy', ({ calls }) => calls.some((call) => refusedAt(call, 'remote'))],
  ['a call waited for an approval', ({ calls }) => calls.some(({ outcome }) => outcome === 'approval')],
  [
    'orgb hid exactly one field on the way out',
    ({ redactions }) => fieldsOf(redactions, 'orgb', 'egress_result').size === 1,
  ],
  ['orga hid exactly one other field on the way in', hidAnother],
  [
    'a token of orga was refused by orgb',
    ({ tokenReuse }) => tokenReuse.outcome === 'refused' && tokenReuse.code === 'token_rejected',
  ],
  [
    'both logs were verified, as a pair',
    ({ audit, kernels }) => audit.pair === 'consistent' && sameDids(audit.logs, kernels),
  ],
  [
    'a changed byte was found, and its entry named',
    ({ tamper }) => tamper.detected && tamper.log === 'orgb' && tamper.entry !== null,
  ],
]

function foundBothWays({ discovered, kernels }: DemoReport): boolean {
  const orgb = kernels.find(({ name }) => name === 'orgb')?.did
  const ways = new Set(discovered.filter(({ did }) => did === orgb).map(({ by }) => by))
  return ways.has('registry') && ways.has('peer_url')
}

function hidAnother({ redactions }: DemoReport): boolean {
  const [ofA, ofB] = [fieldsOf(redactions, 'orga', 'ingress_result'), fieldsOf(redactions, 'orgb', 'egress_result')]
  return ofA.size === 1 && ofA.isDisjointFrom(ofB)
}

function fieldsOf(redactions: readonly DemoRedaction[], kernel: Organisation, by: DemoRedaction['by']): Set<string> {
  return new Set(redactions.filter((one) => one.kernel === kernel && one.by === by).map(({ field }) => field))
}

function refusedAt({ outcome, stage, code }: DemoCall, where: CallStage): boolean {
  return outcome === 'refused' && stage === where && code === 'policy_denied'
}

function sameDids(logs: readonly { did: Did }[], kernels: readonly { did: Did }[]): boolean {
  const sorted = (those: readonly { did: Did }[]) => those.map(({ did }) => did).sort()
  return logs.length === 2 && isDeepStrictEqual(sorted(logs), sorted(kernels))
}

function differ<K extends string>(those: readonly Record<K, unknown>[], key: K): boolean {
  return those.length === 2 && those[0]?.[key] !== those[1]?.[key]
}
