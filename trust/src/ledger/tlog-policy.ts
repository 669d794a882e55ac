/**
 * Trust policies of logs in the C2SP tlog-policy format (https://c2sp.org/tlog-policy): which logs are known, which
 * witnesses, and which of the witnesses together are a quorum. Pure, strict and bounded; all faults at once.
 *
 *   log <vkey> [<url>]
 *   witness <name> <vkey> [<url>]
 *   group <name> <k>|all|any <member>...
 *   quorum <name>|none
 */
import { type CosignerVerifier, parseCosignerVkey, verifyCosignatures } from './cosignature.ts'
import { type NoteVerifier, parseVkey } from './note.ts'

/** The specification asks for at least 32 of each. */
const MAX_LOGS = 256
const MAX_WITNESSES = 64
const MAX_GROUPS = 64
/** A policy of the largest keys with their URLs fits several times. */
export const MAX_POLICY_CHARS = 1_048_576
const MAX_FAULTS = 20

export type PolicyLog = { verifier: NoteVerifier; url?: string }
export type PolicyWitness = { name: string; verifier: CosignerVerifier; url?: string }
type PolicyGroup = { threshold: number; members: readonly string[] }

/** What `parseTlogPolicy` and `witnessQuorum` make; names are valid, and no witness counts twice. */
export type TlogPolicy = {
  readonly logs: readonly PolicyLog[]
  readonly witnesses: readonly PolicyWitness[]
  readonly groups: ReadonlyMap<string, PolicyGroup>
  /** Of a witness or a group; undefined for `none`: no cosignature is needed. */
  readonly quorum: string | undefined
}

export type TlogPolicyFault = { line: number; reason: string }
export type TlogPolicyReading = { ok: true; policy: TlogPolicy } | { ok: false; faults: TlogPolicyFault[] }

/** @param text the file; octets above 0x7f are opaque, so decode it as UTF-8 or Latin-1. */
export function parseTlogPolicy(text: string): TlogPolicyReading {
  if (text.length > MAX_POLICY_CHARS) return { ok: false, faults: [{ line: 1, reason: 'the policy is too long' }] }
  const reader = new PolicyReader()
  for (const [at, line] of text.split('\n').entries()) reader.line(line, at + 1)
  return reader.end()
}

/**
 * The policy that `quorum` of these witnesses have to cosign.
 * @param quorum default: more than half. @returns the fault as `parseTlogPolicy` would, under line 0.
 */
export function witnessQuorum(vkeys: readonly string[], quorum = defaultQuorum(vkeys.length)): TlogPolicyReading {
  const names = vkeys.map((_, at) => `w${at + 1}`)
  const witnesses = vkeys.map((vkey, at) => `witness ${names[at]} ${vkey}`)
  const reading = parseTlogPolicy(
    `${[...witnesses, `group quorum ${quorum} ${names.join(' ')}`].join('\n')}\nquorum quorum\n`,
  )
  return reading.ok ? reading : { ok: false, faults: reading.faults.map(({ reason }) => ({ line: 0, reason })) }
}

/** More than half: 1 of 1, 2 of 2, 2 of 3, 3 of 4. */
export function defaultQuorum(witnesses: number): number {
  return Math.floor(witnesses / 2) + 1
}

/** @param cosigned the witnesses of the policy that cosigned. */
export function isQuorum(policy: TlogPolicy, cosigned: ReadonlySet<CosignerVerifier>): boolean {
  const { quorum, groups, witnesses } = policy
  if (quorum === undefined) return true
  const byName = new Map(witnesses.map(({ name, verifier }) => [name, verifier]))
  // Members are defined before the group that names them, so this ends.
  const holds = (name: string): boolean => {
    const witness = byName.get(name)
    if (witness !== undefined) return cosigned.has(witness)
    const group = groups.get(name)
    return group !== undefined && group.members.filter(holds).length >= group.threshold
  }
  return holds(quorum)
}

export type QuorumVerdict = {
  /** Whether those that cosigned are a quorum. */
  reached: boolean
  /** By the names of the policy, with when they cosigned, Unix seconds. */
  cosigned: { name: string; time: number }[]
  /** Why nothing in the note counts. */
  fault?: string
}

/** Whether the witnesses of a policy have cosigned a note as it demands; whether the log signed it is not looked at. */
export function checkQuorum(note: string, policy: TlogPolicy): QuorumVerdict {
  const verdict = verifyCosignatures(
    note,
    policy.witnesses.map(({ verifier }) => verifier),
  )
  if (!verdict.ok) return { reached: false, cosigned: [], fault: verdict.reason }
  const times = new Map(verdict.cosignatures.map(({ verifier, time }) => [verifier, time]))
  const cosigned = policy.witnesses.flatMap(({ name, verifier }) => {
    const time = times.get(verifier)
    return time === undefined ? [] : [{ name, time }]
  })
  return { reached: isQuorum(policy, new Set(times.keys())), cosigned }
}

class PolicyReader {
  readonly #faults: TlogPolicyFault[] = []
  readonly #logs: PolicyLog[] = []
  readonly #witnesses: PolicyWitness[] = []
  readonly #groups = new Map<string, PolicyGroup>()
  readonly #names = new Set<string>()
  readonly #members = new Set<string>()
  readonly #keys = { log: new Set<string>(), witness: new Set<string>() }
  #quorum: { name: string | undefined } | undefined

  line(text: string, line: number): void {
    const wrong = this.#read(text)
    if (wrong !== undefined && this.#faults.length < MAX_FAULTS) this.#faults.push({ line, reason: wrong })
  }

  end(): TlogPolicyReading {
    if (this.#quorum === undefined && this.#faults.length === 0)
      this.#faults.push({ line: 0, reason: 'there is no quorum line' })
    if (this.#faults.length > 0 || this.#quorum === undefined) return { ok: false, faults: this.#faults }
    const [logs, witnesses, groups] = [this.#logs, this.#witnesses, this.#groups]
    return { ok: true, policy: { logs, witnesses, groups, quorum: this.#quorum.name } }
  }

  /** @returns what is wrong with the line. */
  #read(text: string): string | undefined {
    if (hasControl(text)) return 'holds a control character'
    const [keyword = '', ...items] = text.split(/[ \t]+/).filter((item) => item !== '')
    if (keyword === '' || keyword.startsWith('#')) return undefined
    if (keyword === 'log') return this.#log(items)
    if (keyword === 'witness') return this.#witness(items)
    if (keyword === 'group') return this.#group(items)
    if (keyword === 'quorum') return this.#setQuorum(items)
    return `begins with ${keyword.slice(0, 32)} instead of log, witness, group or quorum`
  }

  #log([vkey, url, ...rest]: string[]): string | undefined {
    if (vkey === undefined || rest.length > 0) return 'is not: log <vkey> [<url>]'
    if (this.#logs.length >= MAX_LOGS) return `is log ${MAX_LOGS + 1}; there may be ${MAX_LOGS}`
    const verdict = parseVkey(vkey)
    if (!verdict.ok) return `has no key of a log: ${verdict.reason}`
    const key = Buffer.from(verdict.verifier.key.publicKey).toString('hex')
    if (this.#keys.log.has(key)) return 'names the key of another log line'
    this.#keys.log.add(key)
    this.#logs.push({ verifier: verdict.verifier, ...(url === undefined ? {} : { url }) })
    return undefined
  }

  #witness([name, vkey, url, ...rest]: string[]): string | undefined {
    if (name === undefined || vkey === undefined || rest.length > 0) return 'is not: witness <name> <vkey> [<url>]'
    if (this.#witnesses.length >= MAX_WITNESSES) return `is witness ${MAX_WITNESSES + 1}; there may be ${MAX_WITNESSES}`
    const verdict = parseCosignerVkey(vkey)
    if (!verdict.ok) return `has no key of a witness: ${verdict.reason}`
    const { verifier } = verdict
    if (this.#keys.witness.has(verifier.publicKey)) return 'names the key of another witness'
    const taken = this.#define(name)
    if (taken !== undefined) return taken
    this.#keys.witness.add(verifier.publicKey)
    this.#witnesses.push({ name, verifier, ...(url === undefined ? {} : { url }) })
    return undefined
  }

  #group([name, k, ...members]: string[]): string | undefined {
    if (name === undefined || k === undefined || members.length === 0)
      return 'is not: group <name> <k>|all|any <member>...'
    if (this.#groups.size >= MAX_GROUPS) return `is group ${MAX_GROUPS + 1}; there may be ${MAX_GROUPS}`
    const threshold = thresholdOf(k, members.length)
    if (threshold === undefined)
      return `needs all, any or a number from 1 to ${members.length}, and not ${k.slice(0, 32)}`
    for (const member of members) {
      if (member === 'none' || !this.#names.has(member))
        return `names ${member.slice(0, 64)}, which no line before it defines`
      if (this.#members.has(member)) return `names ${member.slice(0, 64)} once more: a member counts in one place`
      this.#members.add(member)
    }
    const taken = this.#define(name)
    if (taken !== undefined) return taken
    this.#groups.set(name, { threshold, members })
    return undefined
  }

  #setQuorum([name, ...rest]: string[]): string | undefined {
    if (name === undefined || rest.length > 0) return 'is not: quorum <name>'
    if (this.#quorum !== undefined) return 'is a second quorum line'
    if (name !== 'none' && !this.#names.has(name)) return `names ${name.slice(0, 64)}, which no line before it defines`
    this.#quorum = { name: name === 'none' ? undefined : name }
    return undefined
  }

  #define(name: string): string | undefined {
    if (name === 'none') return 'may not define the name none'
    if (this.#names.has(name)) return `defines ${name.slice(0, 64)} once more`
    this.#names.add(name)
    return undefined
  }
}

function thresholdOf(k: string, members: number): number | undefined {
  if (k === 'any') return 1
  if (k === 'all') return members
  const number = /^[1-9][0-9]{0,3}$/.test(k) ? Number(k) : 0
  return number >= 1 && number <= members ? number : undefined
}

function hasControl(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if ((code < 0x20 && code !== 0x09) || code === 0x7f) return true
  }
  return false
}
