import type { Did } from '@hansa/protocols'
import type { ChainVerdict } from '@hansa/trust'
import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { usage } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { collect } from '../options.ts'
import type { Style } from '../print.ts'
import { facts, time } from '../table.ts'

type Options = { owner?: string; for?: string; did?: string[]; call?: string; args?: string }

type Report = {
  ok: boolean
  reason?: string
  at?: number
  owner?: string
  audience?: string
  exp?: number
  covered?: boolean
  why?: string
  unchecked: string[]
}

export function delegationVerifyCommand(cli: Cli): Command {
  return cli
    .command('verify', {
      summary: 'verify a chain file, with no node and no network',
      description:
        'Verifies every signature and every link of a chain file as the kernel that serves would, and with --call whether it covers a call. Needs no node. Whether a link was taken back, and what was used up of its limits, only a kernel knows. Exit code 0 when it holds, 1 when it does not, 2 when a key is not at hand: of a did:webvh it is in the log of its identity (--did).',
      examples: [
        'hansa delegation verify acme.chain',
        'hansa delegation verify acme.chain --did orgb.did.jsonl',
        `hansa delegation verify acme.chain --owner did:key:z6Mk… --call billing.invoice.list --args '{"tenant":"acme"}'`,
      ],
    })
    .argument('<file>', 'as hansa delegate printed it')
    .option('--owner <did>', 'whose grants count (default: whoever the first link names)')
    .option('--for <did>', 'who wants to act (default: whoever the last link names)')
    .option('--did <file>', 'did.jsonl of a kernel that signed a link; can be repeated', collect)
    .option('--call <capability>', 'whether it covers this capability of the owner')
    .option('--args <json>', 'with these arguments: JSON, @FILE, or - for standard input (default: {})')
    .action(
      cli.action<Options>(async ({ print, options, stdin, args: [file] }) => {
        const { linksIn } = await import('../given-chain.ts')
        const { readArguments } = await import('../call-input.ts')
        const { readLink, verifyChain } = await import('@hansa/trust')
        const { isKeyUnknown, readDidFiles, signersOf } = await import('../verify/did-files.ts')
        const { systemClock } = await import('../../system-clock.ts')
        const { chainText } = await import('../delegation-text.ts')
        const jwss = await linksIn(String(file))
        const read = jwss.flatMap((jws) => readLink(jws) ?? [])
        const [first, last] = [read[0], read.at(-1)]
        if (first === undefined || last === undefined || read.length < jwss.length)
          throw usage(`${file} holds what is no link of a delegation.`)
        const now = Math.floor(systemClock.now() / 1000)
        const verdict = await verifyChain(jwss, {
          invoker: didOf('--for', options.for) ?? last.link.aud,
          owners: new Set([didOf('--owner', options.owner) ?? first.link.sub]),
          resolver: signersOf(await readDidFiles(options.did ?? []), now),
          now,
          revoked: () => false,
        })
        const call =
          options.call === undefined ? undefined : { id: options.call, args: await readArguments(options.args, stdin) }
        const report = await reportOf(verdict, call, options.owner)
        print.result({ ...report, links: read.map(({ link, hash }) => ({ ...link, hash })) }, (style) =>
          [
            reportText(style, report),
            chainText(
              style,
              read.map(({ link, hash }) => ({ ...link, hash })),
            ),
          ].join('\n'),
        )
        if (!report.ok && isKeyUnknown(report.reason)) return exitCodes.incomplete
        return report.ok && report.covered !== false ? exitCodes.ok : exitCodes.failed
      }),
    )
}

async function reportOf(
  verdict: ChainVerdict,
  call: { id: string; args: unknown } | undefined,
  owner: string | undefined,
): Promise<Report> {
  const unchecked = [
    'Whether a link was taken back, and what was used up of its limits: a kernel knows that.',
    ...(owner === undefined
      ? ['Whether the kernel that serves accepts its owner: say whose grants count with --owner.']
      : []),
  ]
  if (!verdict.ok) {
    const { reason, at } = verdict
    return { ok: false, reason, ...(at === undefined ? {} : { at }), unchecked }
  }
  const { links } = verdict.chain
  const [first, last] = [links[0], links.at(-1)]
  const exp = Math.min(...links.map(({ link }) => link.exp))
  const facts = { owner: first?.link.sub ?? '', audience: last?.link.aud ?? '', exp, unchecked }
  if (call === undefined) return { ok: true, ...facts }
  const { capabilityIdSchema } = await import('@hansa/protocols')
  const { whyNotCovered } = await import('@hansa/trust')
  if (!capabilityIdSchema.safeParse(call.id).success)
    throw usage(`--call ${call.id} is no capability of a kernel, such as billing.invoice.list.`)
  const why = whyNotCovered(verdict.chain, call.id, call.args)
  return { ok: true, ...facts, covered: why === undefined, ...(why === undefined ? {} : { why }) }
}

/** Keys of did:key are in the name itself; those of any other identity have to be given or asked for. */
function isUnknown(reason: string | undefined): boolean {
  return reason === 'did_method_unsupported'
}

function didOf(name: string, text: string | undefined): Did | undefined {
  if (text === undefined) return undefined
  if (/^did:[a-z0-9]+:[A-Za-z0-9._:%-]+$/.test(text)) return text as Did
  throw usage(`${name} ${text} is no DID, such as did:key:z6Mk….`)
}

const UNKNOWN =
  'cannot be told: its issuer is no did:key. Give the log of its identity with --did FILE, or let a node look the key up: hansa delegation add'

function reportText(style: Style, report: Report): string {
  const { ok, reason, at, owner, audience, exp, covered, why, unchecked } = report
  const where = at === undefined ? '' : `link ${at}: `
  return facts(style, [
    [
      'chain',
      ok
        ? style.good('holds')
        : isUnknown(reason)
          ? style.warn(`${where}${UNKNOWN}`)
          : style.bad(`does not hold: ${where}${reason}`),
    ],
    ['owner', owner],
    ['may act', audience],
    ['until', exp === undefined ? undefined : time(exp)],
    [
      'the call',
      covered === undefined ? undefined : covered ? style.good('is covered') : style.bad(`is not covered: ${why}`),
    ],
    ['not checked', unchecked.join('\n')],
  ])
}
