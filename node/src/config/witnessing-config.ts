/** The key `witnessing`: who cosigns the log of this node, and whose logs it cosigns. Pure. */

import { resolve } from 'node:path'
import type { AllowPrivate } from '@hansa/mesh'
import { isQuorum, parseTlogPolicy, parseVkey, type TlogPolicy, witnessQuorum } from '@hansa/trust/ledger'
import type { ConfigFile } from './config-schema.ts'
import type { ConfigFault } from './errors.ts'
import type { ConfigContext } from './parse-config.ts'
import { urlFault } from './url-fault.ts'

export type WitnessingConfig = Readonly<{
  /** Verifier keys. */
  logs: readonly string[]
  /** With the URL of each witness. */
  policy?: TlogPolicy
  /** Instead: a file that holds it. */
  policyFile?: string
  withoutQuorum: 'refuse' | 'permit'
}>

type Given = NonNullable<ConfigFile['witnessing']>
export type WitnessingReading = { config?: WitnessingConfig; faults: ConfigFault[] }

export function witnessingConfig(
  { witnessing: given, allow_private: allow = false }: ConfigFile,
  { directory, place }: ConfigContext,
): WitnessingReading {
  if (given === undefined) return { faults: [] }
  const faults: ConfigFault[] = []
  const fault = (path: (string | number)[], reason: string) =>
    faults.push({ ...place(['witnessing', ...path]), reason })
  const { witnesses, quorum, policy: file, logs = [], without_quorum: withoutQuorum = 'refuse' } = given
  for (const [at, vkey] of logs.entries()) {
    const verdict = parseVkey(vkey)
    if (!verdict.ok)
      fault(['logs', at], `is not the verifier key of a log (${verdict.reason}); see it with: hansa key show`)
  }
  if (file !== undefined && (witnesses !== undefined || quorum !== undefined))
    fault(['policy'], 'says who the witnesses are and how many it takes, so leave out witnesses and quorum')
  if (quorum !== undefined && witnesses === undefined) fault(['quorum'], 'is of witnesses, and there are none')
  for (const [at, { url }] of (witnesses ?? []).entries()) {
    const reason = urlFault(url, allow)
    if (reason !== undefined) fault(['witnesses', at, 'url'], reason)
  }
  const made = file === undefined && witnesses !== undefined ? policyOf(witnesses, quorum) : undefined
  if (typeof made === 'string') fault(['witnesses'], made)
  const config = {
    logs,
    withoutQuorum,
    ...(typeof made === 'object' ? { policy: made } : {}),
    ...(file === undefined ? {} : { policyFile: resolve(directory, file) }),
  }
  return { config, faults }
}

function policyOf(witnesses: NonNullable<Given['witnesses']>, quorum: number | undefined): TlogPolicy | string {
  const reading = witnessQuorum(
    witnesses.map(({ vkey }) => vkey),
    quorum,
  )
  if (!reading.ok) return reading.faults.map(({ reason }) => reason).join('; ')
  const { policy } = reading
  const asked = policy.witnesses.map((witness, at) => ({ ...witness, url: witnesses[at]?.url ?? '' }))
  return { ...policy, witnesses: asked }
}

/** @returns the policy of a file that a node can follow, or one sentence for each fault. */
export function witnessPolicy(
  text: string,
  allow: AllowPrivate,
  vkey: string,
): { policy: TlogPolicy } | { faults: string[] } {
  const reading = parseTlogPolicy(text)
  if (!reading.ok) return { faults: reading.faults.map(({ line, reason }) => `line ${line} ${reason}`) }
  const { policy } = reading
  const asked = policy.witnesses.filter(({ url }) => url !== undefined)
  const faults = asked.flatMap(({ name, url = '' }) => urlFault(url, allow)?.replace(/^/, `witness ${name}: `) ?? [])
  if (!isQuorum(policy, new Set(asked.map(({ verifier }) => verifier))))
    faults.push('the witnesses that have a URL are no quorum, so none can be had')
  if (policy.logs.length > 0 && !policy.logs.some(({ verifier }) => verifier.vkey === vkey))
    faults.push(`it names logs, and not that of this node: add a line "log ${vkey}", or leave them out`)
  return faults.length > 0 ? { faults } : { policy }
}
