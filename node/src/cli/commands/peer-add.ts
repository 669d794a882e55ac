import { userInfo } from 'node:os'
import type { ControlResult, DiscoveredPeer, KnownPeer, PolicyReload, TrustPolicy } from '@hansa/protocols'
import { type Command, Option } from 'commander'
import { accountPerson } from '../account-person.ts'
import type { Cli, Invocation } from '../cli.ts'
import { canAsk, confirm } from '../confirm.ts'
import type { ControlClient } from '../control-client.ts'
import { failed, usage } from '../errors.ts'
import { fingerprint } from '../fingerprint.ts'
import { collect, integer } from '../options.ts'
import { peerRulesTemplate } from '../peer-rules.ts'
import type { Style } from '../print.ts'
import { facts } from '../table.ts'

/** As in `@hansa/protocols`, which is not loaded for a help text; the parser of the node checks it again. */
const TRUST_POLICIES: readonly TrustPolicy[] = ['most_restrictive', 'local_only', 'remote_deferred']

type Options = {
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

export function peerAddCommand(cli: Cli): Command {
  return cli
    .command('add', {
      summary: 'pin a kernel, vouch for it, and say what may be called',
      description:
        'Finds the kernel at URL, checks that it is DID, and shows a fingerprint to compare with its operator over another channel. Then it is known here: its identity, the key of its log, its endpoint and its capabilities are pinned, and rules can name it as peer:ALIAS. Its certificate needs no certificate authority: its manifest names the key. Without URL it is known and can call; nothing of it is callable. What may be called has to be said, with --serve and --use; everything else stays denied.',
      examples: [
        'hansa peer add did:key:z6Mk… https://kernel.orgb.example --use reports.read',
        'hansa peer add did:key:z6Mk… https://kernel.orga.example --as orga --serve reports.read --fingerprint "a7c5 c777 231c 3016 1fa8 5e6e c2de 2b60"',
        'hansa peer add did:key:z6Mk… --as field-agent --serve shipments.*',
      ],
    })
    .argument('<did>', 'who it is, as its operator told you')
    .argument('[url]', 'base URL at which it is reached')
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
    .action(
      cli.action<Options>(async (invocation) => {
        const { home, options, args } = invocation
        const [did, url] = args as [string, string | undefined]
        const { isDid } = await import('@hansa/protocols')
        if (!isDid(did))
          throw usage(`"${did}" is not a DID, such as did:key:z6Mk…; its operator sees it with: hansa status`)
        await checkPatterns(options)
        const { controlClient } = await import('../control-client.ts')
        await using client = await controlClient(home)
        const found = url === undefined ? undefined : await find(client, did, url)
        await compare(invocation, did, await client.call('status', {}))
        const known = await client.call('addPeer', addition(did, found, options))
        const rules = await putRules(invocation, client, known)
        tell(invocation, known, found, rules)
        return rules.reload?.ok === false ? 1 : undefined
      }),
    )
}

async function find(client: ControlClient, did: string, url: string): Promise<DiscoveredPeer> {
  const { peers, faults } = await client.call('discover', { peerUrls: [url], did })
  const [found] = peers
  if (found !== undefined && found.did === did) return found
  const reasons = faults.map(({ reason, code }) => `  ${reason} (${code}).`)
  throw failed([`${did} was not found at ${url}.`, ...reasons, '  Check both with its operator.'].join('\n'))
}

/** @throws CliError unless a person, or the fingerprint on the command line, says that it is the right kernel. */
async function compare(
  { print, stdin, stderr, options }: Invocation<Options>,
  did: string,
  own: ControlResult<'status'>,
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

function addition(did: string, found: DiscoveredPeer | undefined, options: Options) {
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
async function checkPatterns({ serve = [], use = [] }: Options): Promise<void> {
  if (serve.length + use.length === 0) return
  const { checkPattern } = await import('../peer-rules-file.ts')
  for (const pattern of serve) checkPattern('--serve', pattern)
  for (const pattern of use) checkPattern('--use', pattern)
}

type PutRules = { file?: string; reload?: PolicyReload }

/** Rules that were asked for are written and put in force; nothing is allowed that was not named. */
async function putRules(
  { home, options }: Invocation<Options>,
  client: ControlClient,
  { alias = '', clearance }: KnownPeer,
): Promise<PutRules> {
  const { serve = [], use = [] } = options
  if (serve.length + use.length === 0) return {}
  const { checkedRulesText, peerRulesPath, writePeerRules } = await import('../peer-rules-file.ts')
  const text = checkedRulesText({ alias, serve, use, clearance })
  const file = peerRulesPath(home, alias)
  await writePeerRules(file, text)
  return { file, reload: await client.call('reloadPolicy', {}) }
}

function tell({ print }: Invocation<Options>, known: KnownPeer, found: DiscoveredPeer | undefined, rules: PutRules) {
  const { did, alias = '', clearance, standing, sameOwner, delegation } = known
  const capabilities = found?.signed.manifest.capabilities.map(({ id }) => `${alias}/${id}`) ?? []
  const endpoint = found?.signed.manifest.endpoints[0]?.url
  print.result({ ...known, fingerprint: fingerprint(did), capabilities, ...rules }, (style) => {
    const head = facts(style, [
      ['added', `${style.name(alias)}, in rules peer:${alias}`],
      ['did', did],
      ['fingerprint', style.bold(fingerprint(did))],
      ['endpoint', endpoint ?? 'none: it can call, and cannot be called'],
      ['clearance', clearance.join(', ') || 'none: nothing labelled is sent to it'],
      ['standing', `${standing}${sameOwner ? ', same owner' : ''}`],
      ['delegation', delegation === true ? 'chains may pass between it and this node' : undefined],
    ])
    const offered = capabilities.length === 0 ? [] : ['Pinned:', ...capabilities.map((ref) => `  ${style.name(ref)}`)]
    return [head, ...offered, ...rulesText(style, alias, rules)].join('\n')
  })
}

function rulesText(style: Style, alias: string, { file, reload }: PutRules): string[] {
  if (file === undefined) {
    return ['No rule speaks of it yet, so every call is denied. Rules to fill in:', style.dim(peerRulesTemplate(alias))]
  }
  if (reload?.ok === true) return [`Rules: ${file}, in force as version ${reload.version}.`]
  return [style.bad(`Rules: ${file} was written, and the policy stays as it was:`), ...(reload?.faults ?? [])]
}
