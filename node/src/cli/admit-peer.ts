/**
 * Making a kernel known from the command line: it is found, a person compares its fingerprint, it is pinned, and the rules
 * that were asked for are written. `hansa peer add` and `hansa join` are made of it.
 */
import { userInfo } from 'node:os'
import type { ChannelWord, ControlResult, DiscoveredPeer, KnownPeer, PolicyReload, TrustPolicy } from '@hansa/protocols'
import { type Command, Option } from 'commander'
import { accountPerson } from './account-person.ts'
import { type AgreedPeer, channelsText } from './agreed-words.ts'
import type { Invocation } from './cli.ts'
import { canAsk, confirm } from './confirm.ts'
import type { ControlClient } from './control-client.ts'
import { failed, usage } from './errors.ts'
import { fingerprint } from './fingerprint.ts'
import { collect, integer } from './options.ts'
import { peerRulesTemplate } from './peer-rules.ts'
import type { Style } from './print.ts'
import { facts } from './table.ts'

/** As in `@hansa/protocols`, which is not loaded for a help text; the parser of the node checks it again. */
const TRUST_POLICIES: readonly TrustPolicy[] = ['most_restrictive', 'local_only', 'remote_deferred']

/** What an operator says of the kernel that is made known. */
export type Admission = {
  as?: string
  yes?: boolean
  fingerprint?: string
  serve?: string[]
  use?: string[]
  clearance?: string[]
  sameOwner?: boolean
  delegation?: boolean
  standing?: number
  trustPolicy?: TrustPolicy
}

export type PutRules = { file?: string; reload?: PolicyReload }

export type Admitted = { known: KnownPeer; rules: PutRules; agreed?: readonly ChannelWord[] }

export function admissionOptions(command: Command): Command {
  return command
    .option('--as <alias>', 'its name here (default: the name in its manifest)')
    .option('--fingerprint <hex>', 'what its operator read to you; it is compared, and nothing is asked')
    .option('--yes', 'the fingerprint was compared; nothing is asked')
    .option('--serve <pattern>', 'own capabilities that it may call; can be repeated', collect)
    .option('--use <pattern>', 'its capabilities that own agents may call; can be repeated', collect)
    .option('--clearance <label>', 'a label that it may be sent, such as PII; can be repeated', collect)
    .option('--same-owner', 'both kernels have one owner: its calls are permitted where no rule speaks')
    .option('--delegation', 'chains of delegations may pass between it and this node; both ends have to consent')
    .option('--standing <n>', '0 to 1000: a floor for its score (default: 700)', integer('--standing', 0, 1000))
    .addOption(
      new Option('--trust-policy <policy>', 'whose decision counts (default: most_restrictive)').choices(
        TRUST_POLICIES,
      ),
    )
}

/** @param did the only kernel that may answer. @throws CliError when it is not there. */
export async function findKernel(client: ControlClient, url: string, did?: string): Promise<DiscoveredPeer> {
  const { peers, faults } = await client.call('discover', { peerUrls: [url], ...(did !== undefined && { did }) })
  const [found] = peers
  if (found !== undefined && (did === undefined || found.did === did)) return found
  const reasons = faults.map(({ reason, code }) => `  ${reason} (${code}).`)
  const what = did === undefined ? `There is no kernel at ${url}.` : `${did} was not found at ${url}.`
  throw failed([what, ...reasons, '  Check the address with its operator.'].join('\n'))
}

/**
 * A person, or the fingerprint on the command line, says that it is the right kernel.
 * @throws CliError otherwise. Nothing has changed then.
 */
export async function askSame(
  { print, stdin, stderr, options }: Invocation<Admission>,
  did: string,
  own: Pick<ControlResult<'status'>, 'did'>,
): Promise<void> {
  const theirs = fingerprint(did)
  if (options.fingerprint !== undefined) {
    if (digits(options.fingerprint) === digits(theirs)) return
    throw failed(`The fingerprint of ${did} is ${theirs}, and not ${options.fingerprint}. Nothing was added.`)
  }
  print.note((style) =>
    facts(style, [
      ['its fingerprint', style.bold(theirs)],
      ['own fingerprint', fingerprint(own.did)],
    ]),
  )
  if (options.yes === true) return
  if (!canAsk(stdin, stderr)) {
    throw usage(
      'Compare the fingerprint with its operator, and give it with --fingerprint, or --yes once it is compared.',
    )
  }
  if (!(await confirm('Does its operator read the same to you?', stdin, stderr)))
    throw failed('Nothing was added. A DID with another fingerprint is another kernel.')
}

function digits(text: string): string {
  return text.toLowerCase().replace(/[\s:-]/g, '')
}

/** Pins it and puts the rules in force that were asked for; nothing is allowed that was not named. */
export async function admit(
  invocation: Invocation<Admission>,
  client: ControlClient,
  did: string,
  found: DiscoveredPeer | undefined,
): Promise<Admitted> {
  const known = await client.call('addPeer', addition(did, found, invocation.options))
  return { known, rules: await putRules(invocation, client, known) }
}

/** Nobody has vouched for what only channels agree on, so its standing is what it earns unless one is said. */
export async function admitAgreed(
  invocation: Invocation<Admission>,
  client: ControlClient,
  { peer, alias, agreed }: AgreedPeer,
): Promise<Admitted> {
  const { standing = 0, ...options } = invocation.options
  const known = await client.call('addPeer', addition(peer, undefined, { ...options, as: alias, standing }))
  return { known, rules: await putRules(invocation, client, known), agreed }
}

function addition(did: string, found: DiscoveredPeer | undefined, options: Admission) {
  const { as, clearance, sameOwner, delegation, standing, trustPolicy } = options
  return {
    did,
    by: accountPerson(userInfo().username),
    ...(found !== undefined && { manifest: found.signed.jws }),
    ...(as !== undefined && { alias: as }),
    ...(clearance !== undefined && { clearance }),
    ...(sameOwner !== undefined && { sameOwner }),
    ...(delegation !== undefined && { delegation }),
    ...(standing !== undefined && { standing }),
    ...(trustPolicy !== undefined && { trustPolicy }),
  }
}

/** @throws CliError before anything is added. */
export async function checkPatterns({ serve = [], use = [] }: Admission): Promise<void> {
  if (serve.length + use.length === 0) return
  const { checkPattern } = await import('./peer-rules-file.ts')
  for (const pattern of serve) checkPattern('--serve', pattern)
  for (const pattern of use) checkPattern('--use', pattern)
}

async function putRules(
  { home, options }: Invocation<Admission>,
  client: ControlClient,
  { alias = '', clearance }: KnownPeer,
): Promise<PutRules> {
  const { serve = [], use = [] } = options
  if (serve.length + use.length === 0) return {}
  const { checkedRulesText, peerRulesPath, writePeerRules } = await import('./peer-rules-file.ts')
  const text = checkedRulesText({ alias, serve, use, clearance })
  const file = peerRulesPath(home, alias)
  await writePeerRules(file, text)
  return { file, reload: await client.call('reloadPolicy', {}) }
}

/** What of it is pinned, and what may be called. */
export function admittedText(
  style: Style,
  { known, rules, agreed }: Admitted,
  found: DiscoveredPeer | undefined,
): string[] {
  const { did, alias = '', clearance, standing, sameOwner, delegation } = known
  const capabilities = pinnedRefs(known, found)
  const head = facts(style, [
    ['added', `${style.name(alias)}, in rules peer:${alias}`],
    ['did', did],
    ['fingerprint', style.bold(fingerprint(did))],
    ['named by', agreed === undefined ? undefined : channelsText(agreed)],
    ['endpoint', found?.signed.manifest.endpoints[0]?.url ?? 'none: it can call, and cannot be called'],
    ['clearance', clearance.join(', ') || 'none: nothing labelled is sent to it'],
    ['standing', `${standing}${sameOwner ? ', same owner' : ''}`],
    ['delegation', delegation === true ? 'chains may pass between it and this node' : undefined],
  ])
  const offered = capabilities.length === 0 ? [] : ['Pinned:', ...capabilities.map((ref) => `  ${style.name(ref)}`)]
  return [head, ...offered, ...rulesText(style, alias, rules)]
}

export function pinnedRefs({ alias = '' }: KnownPeer, found: DiscoveredPeer | undefined): string[] {
  return found?.signed.manifest.capabilities.map(({ id }) => `${alias}/${id}`) ?? []
}

function rulesText(style: Style, alias: string, { file, reload }: PutRules): string[] {
  if (file === undefined) {
    return ['No rule speaks of it yet, so every call is denied. Rules to fill in:', style.dim(peerRulesTemplate(alias))]
  }
  if (reload?.ok === true) return [`Rules: ${file}, in force as version ${reload.version}.`]
  return [style.bad(`Rules: ${file} was written, and the policy stays as it was:`), ...(reload?.faults ?? [])]
}
