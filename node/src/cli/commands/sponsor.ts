import { userInfo } from 'node:os'
import type { Did, SponsorInfo } from '@hansa/protocols'
import type { Command } from 'commander'
import { accountPerson } from '../account-person.ts'
import type { Cli } from '../cli.ts'
import { type Expiry, expiry } from '../delegation-options.ts'
import { failed, usage } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { collect } from '../options.ts'
import type { Style } from '../print.ts'
import { facts, table, time } from '../table.ts'

export function sponsorCommand(cli: Cli): Command {
  return cli.group('sponsor', 'vouch for agents, and keep who vouches for them', [
    keyCommand(cli),
    signCommand(cli),
    verifyCommand(cli),
    addCommand(cli),
    listCommand(cli),
    removeCommand(cli),
  ])
}

function keyCommand(cli: Cli): Command {
  return cli
    .command('key', {
      summary: 'make the key under which a person vouches',
      description:
        'Makes a key of a person in a file of mode 0600, and prints its DID. It vouches for agents and does nothing else; keep it with the person, not with the node. Needs no node.',
      examples: ['hansa sponsor key olga.key'],
    })
    .argument('<file>', 'where it is written; there must be none')
    .action(
      cli.action(async ({ print, args: [file] }) => {
        const { createKeyFile } = await import('@hansa/trust')
        const { did } = await createKeyFile(String(file))
        print.result({ did, file: String(file) }, () => did)
        return undefined
      }),
    )
}

type SignOptions = { agent: string; kernel: string; purpose: string; expires: Expiry; key?: string }

function signCommand(cli: Cli): Command {
  return cli
    .command('sign', {
      summary: 'vouch for an agent of a kernel',
      description:
        'Signs that an agent acts for a purpose, for a time: under the key of a person (--key, which needs no node), or of this kernel, whose organisation is the sponsor then. Prints the claim. It grants nothing; the rules of the kernel of the agent can ask for it.',
      examples: [
        'hansa sponsor sign --agent agent:reporter --kernel did:key:z6Mk… --purpose "monthly report" --expires 90d --key olga.key > reporter.claim',
        'hansa sponsor sign --agent agent:reporter --kernel did:key:z6Mk… --purpose "monthly report" --expires 2027-06-30 > reporter.claim',
      ],
    })
    .requiredOption('--agent <principal>', 'agent:NAME, as its kernel names it')
    .requiredOption('--kernel <did>', 'behind which it acts')
    .requiredOption('--purpose <text>', 'what it is for')
    .requiredOption('--expires <when>', 'a year at most: 30d, 12w, or a date', expiry)
    .option('--key <file>', 'of a person, made by hansa sponsor key (default: the key of the running node)')
    .action(
      cli.action<SignOptions>(async ({ home, print, options }) => {
        const { purpose, expires, key } = options
        const { agentPrincipalSchema, isDid } = await import('@hansa/protocols')
        const { systemClock } = await import('../../system-clock.ts')
        const agent = agentPrincipalSchema.safeParse(options.agent)
        if (!agent.success) throw usage(`--agent ${options.agent} is no agent: write agent:NAME.`)
        if (!isDid(options.kernel)) throw usage(`--kernel ${options.kernel} is no DID, such as did:key:z6Mk….`)
        const draft = { agent: agent.data, kernel: options.kernel, purpose, exp: expires(systemClock.now()) }
        const { claim } = key === undefined ? await byNode(home, draft) : await byPerson(key, draft, systemClock.now())
        print.result({ claim }, () => claim)
        return undefined
      }),
    )
}

type Draft = { agent: string; kernel: Did; purpose: string; exp: number }

async function byNode(home: string, draft: Draft): Promise<{ claim: string }> {
  const { ask } = await import('../control-client.ts')
  return ask(home, 'sponsorSign', draft)
}

async function byPerson(file: string, draft: Draft, nowMs: number): Promise<{ claim: string }> {
  const { makeSponsorClaim, readKeyFile } = await import('@hansa/trust')
  const made = makeSponsorClaim(await readKeyFile(file), draft, Math.floor(nowMs / 1000))
  if (made.ok) return { claim: made.read.jws }
  throw usage(
    made.reason === 'claim_life' ? 'A claim ends after it begins, and lives a year at most.' : `${made.reason}.`,
  )
}

function verifyCommand(cli: Cli): Command {
  return cli
    .command('verify', {
      summary: 'verify a claim, with no node and no network',
      description:
        'Verifies the signature of a claim, and that it has not expired. The key of a did:webvh is taken from the log of its identity, as it was when the claim was made; one that was revoked since is good for nothing. Exit code 0 when it holds, 1 when it does not, 2 when the key is not at hand.',
      examples: ['hansa sponsor verify reporter.claim', 'hansa sponsor verify reporter.claim --did orgb.did.jsonl'],
    })
    .argument('<file>', 'as hansa sponsor sign printed it')
    .option('--did <file>', 'did.jsonl of a kernel that signed, or the home of its node; can be repeated', collect)
    .action(
      cli.action<{ did?: string[] }>(async ({ print, options, args: [file] }) => {
        const { keptSponsorClaim, verifySponsorClaim } = await import('@hansa/trust')
        const { isKeyUnknown, keysAt, readDidFiles, signersOf } = await import('../verify/did-files.ts')
        const { systemClock } = await import('../../system-clock.ts')
        const jws = await claimIn(String(file))
        const claim = keptSponsorClaim(jws)?.claim
        if (claim === undefined) throw usage(`${file} is no claim, as hansa sponsor sign printed it.`)
        const now = Math.floor(systemClock.now() / 1000)
        const resolver = keysAt(signersOf(await readDidFiles(options.did ?? []), now), claim.iat)
        const reading = await verifySponsorClaim(jws, { resolver, kernel: claim.kernel, now })
        const verdict = reading.ok ? { ok: true } : { ok: false, reason: reading.reason }
        const unknown = !reading.ok && isKeyUnknown(reading.reason)
        const word = (style: Style) => {
          if (reading.ok) return style.good('holds')
          return unknown
            ? style.warn('cannot be told: give the log of the identity of its sponsor with --did FILE')
            : style.bad(`does not hold: ${reading.reason}`)
        }
        print.result({ ...verdict, claim }, (style) =>
          facts(style, [
            ['claim', word(style)],
            ['sponsor', claim.iss],
            ['agent', claim.agent],
            ['behind', claim.kernel],
            ['purpose', claim.purpose],
            ['until', time(claim.exp)],
          ]),
        )
        if (unknown) return exitCodes.incomplete
        return reading.ok ? exitCodes.ok : exitCodes.failed
      }),
    )
}

function addCommand(cli: Cli): Command {
  return cli
    .command('add', {
      summary: 'take in who vouches for an agent of this kernel',
      description:
        'Verifies a claim about an agent of this kernel and keeps it. Rules see it as sponsor.present, sponsor.did and sponsor.purpose; hansa agent show names it.',
      examples: ['hansa sponsor add reporter.claim'],
    })
    .argument('<file>', 'as hansa sponsor sign printed it')
    .action(
      cli.action(async ({ home, print, args: [file] }) => {
        const { ask } = await import('../control-client.ts')
        const claim = await claimIn(String(file))
        const added = await ask(home, 'sponsorAdd', { claim, by: accountPerson(userInfo().username) })
        print.result(added, (style) => infoText(style, added))
        return undefined
      }),
    )
}

function listCommand(cli: Cli): Command {
  return cli
    .command('list', {
      summary: 'list who vouches for agents of this kernel',
      examples: ['hansa sponsor list', 'hansa sponsor list --json | jq ".[].sponsor"'],
    })
    .action(
      cli.action(async ({ home, print }) => {
        const { ask } = await import('../control-client.ts')
        const claims = await ask(home, 'sponsors', {})
        print.result(claims, (style) => {
          if (claims.length === 0)
            return 'Nobody vouches for an agent of this kernel. Take a claim in with: hansa sponsor add FILE'
          const rows = claims.map(({ id, state, agent, sponsor, purpose, exp }) => [
            style.name(id.slice(0, 12)),
            state === 'valid' ? style.good(state) : style.bad(state),
            agent,
            sponsor,
            time(exp),
            purpose,
          ])
          return table(style, ['claim', 'state', 'agent', 'sponsor', 'until', 'purpose'], rows)
        })
        return undefined
      }),
    )
}

function removeCommand(cli: Cli): Command {
  return cli
    .command('remove', {
      summary: 'forget a claim',
      examples: ['hansa sponsor remove 3q2xV0bT1mYc'],
    })
    .argument('<claim>', 'its id, or the first eight characters of it')
    .action(
      cli.action(async ({ home, print, args: [id] }) => {
        const { ask } = await import('../control-client.ts')
        const removed = await ask(home, 'sponsorRemove', { id, by: accountPerson(userInfo().username) })
        print.result(removed, () => `${removed.sponsor} no longer vouches for ${removed.agent} here.`)
        return undefined
      }),
    )
}

async function claimIn(file: string): Promise<string> {
  const { readGivenFile } = await import('../read-given-file.ts')
  const text = (await readGivenFile(file)).toString('utf8').trim()
  if (/^[\w-]+\.[\w-]+\.[\w-]+$/.test(text)) return text
  throw failed(`${file} is no claim: it is one line, as hansa sponsor sign printed it.`)
}

function infoText(style: Style, { id, state, sponsor, agent, purpose, exp }: SponsorInfo): string {
  return facts(style, [
    ['claim', style.name(id)],
    ['state', state === 'valid' ? style.good(state) : style.bad(state)],
    ['sponsor', sponsor],
    ['agent', agent],
    ['purpose', purpose],
    ['until', time(exp)],
  ])
}
