import type { AgreedLimits, AgreementInfo } from '@hansa/protocols'
import { type Command, InvalidArgumentError } from 'commander'
import { AS_HELP, AS_OPTION, actingPerson } from '../acting-person.ts'
import { agreementTable, agreementText } from '../agreement-text.ts'
import type { Cli, Invocation } from '../cli.ts'
import { type Expiry, expiry, limits } from '../delegation-options.ts'
import { usage } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { collect } from '../options.ts'
import type { Style } from '../print.ts'
import { facts } from '../table.ts'

const ID_HELP = 'its id, or the first eight characters of it: hansa agreement list'

export function agreementCommand(cli: Cli): Command {
  return cli.group('agreement', 'agree with other kernels on who may call what', [
    proposeCommand(cli),
    listCommand(cli),
    showCommand(cli),
    acceptCommand(cli),
    endingCommand(cli, 'reject'),
    endingCommand(cli, 'end'),
    verifyCommand(cli),
  ])
}

type ProposeOptions = {
  purpose: string
  permit: string[]
  permitLabels: string[]
  permitCallsPerDay?: number
  permitLimit: string[]
  ask: string[]
  askLabels: string[]
  askCallsPerDay?: number
  askLimit: string[]
  standing?: number
  from?: Expiry
  until: Expiry
  acceptBy?: Expiry
  as?: string
}

function proposeCommand(cli: Cli): Command {
  return cli
    .command('propose', {
      summary: 'sign terms, and hand them to another kernel',
      description:
        'Signs what each of two kernels may call at the other one, and hands it over. It binds nobody until a person there accepts exactly these terms. Then each vouches for the other at --standing, and rules of both can ask for it: agreement.covers, agreement.purposes.',
      examples: [
        'hansa agreement propose orgb --purpose billing --ask "invoices.*" --until 365d',
        'hansa agreement propose orgb --purpose reports --permit "reports.*" --permit-limit rows=100000 money=50000EUR --until 365d',
        'hansa agreement propose orgb --purpose support --permit tickets.read --permit-labels PII --permit-calls-per-day 500 --until 2027-06-30',
      ],
    })
    .argument('<peer>', 'alias or DID of a kernel that is known: hansa peer list')
    .requiredOption('--purpose <text>', 'what it is for, one line; calls that name another purpose are not covered')
    .requiredOption('--until <when>', 'three years at most: 90d, 52w, or a date', expiry)
    .option('--permit <capability...>', 'what they may call here: an id, files.*, or *', [])
    .option('--permit-labels <label...>', 'what data of these calls may be labelled with', [])
    .option('--permit-calls-per-day <n>', 'beyond which their calls are not covered', count)
    .option('--permit-limit <limit...>', LIMIT_HELP, [])
    .option('--ask <capability...>', 'what this kernel may call there', [])
    .option('--ask-labels <label...>', 'what data of these calls may be labelled with', [])
    .option('--ask-calls-per-day <n>', 'beyond which calls of this kernel are not covered', count)
    .option('--ask-limit <limit...>', 'the same of calls of this kernel', [])
    .option('--standing <n>', 'what each vouches for with itself of the other, 0 to 700 (default: 700)', standing)
    .option('--from <when>', 'when it begins (default: now)', expiry)
    .option('--accept-by <when>', 'ninety days at most (default: 14d)', expiry)
    .option(AS_OPTION, AS_HELP)
    .action(
      cli.action<ProposeOptions>(async (invocation) => {
        const { home, options, args } = invocation
        const { ask } = await import('../control-client.ts')
        const { systemClock } = await import('../../system-clock.ts')
        const now = systemClock.now()
        const { purpose, permit, permitLabels, permitCallsPerDay, ask: asks, askLabels, askCallsPerDay } = options
        const { standing: vouched, from, until, acceptBy, as, permitLimit, askLimit } = options
        const proposed = await ask(home, 'proposeAgreement', {
          ...{ with: String(args[0]), purpose, permit, permitLabels, ask: asks, askLabels, until: until(now) },
          ...(permitCallsPerDay === undefined ? {} : { permitCallsPerDay }),
          ...(permitLimit.length === 0 ? {} : { permitLimits: agreedLimits(permitLimit) }),
          ...(askLimit.length === 0 ? {} : { askLimits: agreedLimits(askLimit) }),
          ...(askCallsPerDay === undefined ? {} : { askCallsPerDay }),
          ...(vouched === undefined ? {} : { standing: vouched }),
          ...(from === undefined ? {} : { from: from(now) }),
          ...(acceptBy === undefined ? {} : { acceptBy: acceptBy(now) }),
          by: actingPerson(as),
        })
        await show(invocation, proposed)
        return undefined
      }),
    )
}

function listCommand(cli: Cli): Command {
  return cli
    .command('list', {
      summary: 'list agreements, and what waits for whom',
      description: 'Lists agreements that are not over; with --all every one.',
      examples: ['hansa agreement list', 'hansa agreement list --all --json | jq \'.[] | select(.state == "ended")\''],
    })
    .option('--all', 'also those that are over')
    .action(
      cli.action<{ all?: boolean }>(async ({ home, print, options }) => {
        const { ask } = await import('../control-client.ts')
        const known = await ask(home, 'agreements', {})
        const shown = options.all === true ? known : known.filter(({ state }) => state !== 'ended')
        print.result(shown, (style) =>
          shown.length === 0
            ? 'Nothing is agreed with another kernel. Propose something with: hansa agreement propose PEER'
            : agreementTable(style, shown),
        )
        return undefined
      }),
    )
}

function showCommand(cli: Cli): Command {
  return cli
    .command('show', {
      summary: 'show one agreement; with --json what both sides have signed',
      examples: ['hansa agreement show 3q2xV0bT1mYc', 'hansa agreement show 3q2xV0bT1mYc --json > agreement.json'],
    })
    .argument('<agreement>', ID_HELP)
    .action(
      cli.action(async (invocation) => {
        const { ask } = await import('../control-client.ts')
        await show(invocation, await ask(invocation.home, 'agreement', { id: String(invocation.args[0]) }))
        return undefined
      }),
    )
}

function acceptCommand(cli: Cli): Command {
  return cli
    .command('accept', {
      summary: 'sign what another kernel has proposed',
      description:
        'Signs exactly the terms of this id and hands the signature over. It is in force when the other kernel has it: at once, or when it is reached.',
      examples: ['hansa agreement accept 3q2xV0bT1mYc --as person:ana'],
    })
    .argument('<agreement>', ID_HELP)
    .option(AS_OPTION, AS_HELP)
    .action(
      cli.action<{ as?: string }>(async (invocation) => {
        const { ask } = await import('../control-client.ts')
        const what = { id: String(invocation.args[0]), by: actingPerson(invocation.options.as) }
        await show(invocation, await ask(invocation.home, 'acceptAgreement', what))
        return undefined
      }),
    )
}

const endingFacts = {
  reject: {
    summary: 'say no to what another kernel has proposed',
    description: 'Says no, under the signature of this kernel, and for good: the other one is told.',
    examples: ['hansa agreement reject 3q2xV0bT1mYc --reason "too many labels"'],
    method: 'rejectAgreement',
  },
  end: {
    summary: 'end an agreement, or take an own proposal back',
    description:
      'Ends it at once and for good, under the signature of this kernel alone: the other one is told. What it vouched for ends with it; calls are then what the rules make of them.',
    examples: ['hansa agreement end 3q2xV0bT1mYc --reason "contract ended"'],
    method: 'endAgreement',
  },
} as const

function endingCommand(cli: Cli, name: keyof typeof endingFacts): Command {
  const { method, ...texts } = endingFacts[name]
  return cli
    .command(name, { ...texts, examples: [...texts.examples] })
    .argument('<agreement>', ID_HELP)
    .option('--reason <text>', 'why; the other kernel reads it; at most 256 characters')
    .option(AS_OPTION, AS_HELP)
    .action(
      cli.action<{ reason?: string; as?: string }>(async (invocation) => {
        const { home, options, args } = invocation
        const { ask } = await import('../control-client.ts')
        const { reason } = options
        const what = { id: String(args[0]), by: actingPerson(options.as), ...(reason === undefined ? {} : { reason }) }
        await show(invocation, await ask(home, method, what))
        return undefined
      }),
    )
}

function verifyCommand(cli: Cli): Command {
  return cli
    .command('verify', {
      summary: 'verify both signatures of an agreement, with no node and no network',
      description:
        'Verifies that both parties have signed the same terms, at the times that they name. Whether one of them has ended it since is in their logs, and what hansa agreement show says. Keys of a did:webvh are taken from the log of its identity, as they were when each side says that it signed; one that was revoked since is good for nothing. Exit code 0 when it holds, 1 when it does not, 2 when a key is not at hand.',
      examples: [
        'hansa agreement verify agreement.json',
        'hansa agreement verify agreement.json --did orga.did.jsonl --did orgb.did.jsonl',
      ],
    })
    .argument('<file>', 'as hansa agreement show --json printed it')
    .option('--did <file>', 'did.jsonl of a kernel that signed, or the home of its node; can be repeated', collect)
    .action(
      cli.action<{ did?: string[] }>(async ({ print, options, args: [file] }) => {
        const { verifyBothSignatures } = await import('../signed-by-both.ts')
        const { isKeyUnknown } = await import('../verify/did-files.ts')
        const { terms, ...verdict } = await verifyBothSignatures(String(file), options.did)
        const unknown = !verdict.ok && isKeyUnknown(verdict.reason)
        const word = (style: Style) => {
          if (verdict.ok) return style.good('signed by both')
          return unknown
            ? style.warn('cannot be told: give the logs of the identities of both parties with --did FILE')
            : style.bad(`does not hold: ${verdict.reason}`)
        }
        print.result({ ...verdict, terms }, (style) =>
          facts(style, [
            ['agreement', word(style)],
            ['hash', verdict.hash],
            ['proposed by', terms.iss],
            ['accepted by', terms.aud],
            ['purpose', terms.purpose],
          ]),
        )
        if (unknown) return exitCodes.incomplete
        return verdict.ok ? exitCodes.ok : exitCodes.failed
      }),
    )
}

async function show({ print }: Invocation<unknown>, info: AgreementInfo): Promise<void> {
  const { systemClock } = await import('../../system-clock.ts')
  print.result(info, (style) => agreementText(style, info, Math.floor(systemClock.now() / 1000)))
}

const LIMIT_HELP =
  'what all their calls may use up, as the kernel that serves counts it: rows=5000, tokens=20000, money=5000EUR'

/** @throws CliError */
function agreedLimits(given: readonly string[]): AgreedLimits {
  const { calls, ...rest } = limits(given)
  if (calls !== undefined) throw usage('Calls of an agreement are limited by the day: --permit-calls-per-day.')
  return rest
}

function count(text: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('it is a number of calls, 1 to 9999999.')
}

function standing(text: string): number {
  if (/^\d{1,3}$/.test(text) && Number(text) <= 700) return Number(text)
  throw new InvalidArgumentError('an agreement vouches for 0 to 700.')
}
